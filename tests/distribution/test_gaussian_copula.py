"""Gaussian copulas: rows are quantiles of normal ones, whatever the path and the cut."""

import os
import pickle
import subprocess
import sys
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import zarr
from scipy import stats
from scipy.special import ndtr

import mvn_dask
from mvn_dask import covariance
from mvn_dask.errors import ArgumentError, ArgumentTypeError
from mvn_dask.random.streams import as_root
from mvn_dask.sampling.array import sample
from mvn_dask.sampling.spec import sample_spec

CORRELATION = np.array([[1.0, 0.6, 0.2, 0.0], [0.6, 1.0, -0.3, 0.1], [0.2, -0.3, 1.0, 0.4], [0.0, 0.1, 0.4, 1.0]])
MARGINALS = [stats.lognorm(0.5, scale=2.0), stats.t(2.5, loc=-1.0), stats.expon(), stats.triang(0.3, loc=5.0)]
COPULA = mvn_dask.GaussianCopula(CORRELATION, MARGINALS)
EXACT = mvn_dask.GaussianCopula(CORRELATION, MARGINALS, exact=True)


@pytest.mark.usefixtures("path")
@pytest.mark.parametrize("copula", [COPULA, EXACT], ids=["tables", "exact"])
def test_rows_are_quantiles_of_normal_ones(copula: mvn_dask.GaussianCopula) -> None:
    normal = mvn_dask.MultivariateNormal(0.0, copula.correlation).sample(30_000, seed=3).compute()
    rows = copula.sample(30_000, seed=3, chunks=9_999).compute()
    for z, x, marginal in zip(normal.T, rows.T, MARGINALS, strict=True):
        expected = np.where(z < 0, marginal.ppf(ndtr(z)), marginal.isf(ndtr(-z)))
        assert (np.abs(x - expected) <= 1e-8 * np.maximum(1.0, np.abs(expected))).all()


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_both_paths_and_any_cut_give_the_same_bits(dtype: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    compiled = COPULA.sample(20_000, seed=3, dtype=dtype, chunks=9_998).compute()
    monkeypatch.setattr("mvn_dask.distribution.quantile_tables.compiled_module", lambda _: None)
    np.testing.assert_array_equal(COPULA.sample(20_000, seed=3, dtype=dtype, chunks=7_777).compute(), compiled)


def test_laws_and_rank_correlations() -> None:
    """Kolmogorov and Smirnov's test of 4 laws at a level of 1 in 1,000, and 6 rank correlations within 5 errors."""
    rows = COPULA.sample(50_000, seed=9).compute()
    for x, marginal in zip(rows.T, MARGINALS, strict=True):
        assert stats.kstest(x, marginal.cdf).pvalue > 1e-3
    found, _ = stats.spearmanr(rows)
    np.testing.assert_allclose(found, 6 / np.pi * np.arcsin(CORRELATION / 2), atol=5 / np.sqrt(len(rows)))


def test_values() -> None:
    assert mvn_dask.GaussianCopula(CORRELATION, MARGINALS) == COPULA
    assert COPULA != EXACT
    assert mvn_dask.GaussianCopula(CORRELATION, [*MARGINALS[:3], stats.triang(0.3)]) != COPULA
    assert repr(COPULA) == (
        "GaussianCopula(ndim=4, correlation=Dense(ndim=4, method='auto'), marginals=[lognorm, t, expon, …])"
    )
    assert "triang (exact)" in repr(mvn_dask.GaussianCopula(np.eye(2), stats.triang(0.3)))
    # Distributions that differ by location and scale alone share a table.
    many = mvn_dask.GaussianCopula(np.eye(3), [stats.gamma(2.0), stats.gamma(2.0, 1.0), stats.gamma(2.0, 0.0, 5.0)])
    assert len(many.families) == 1
    named = mvn_dask.GaussianCopula(np.eye(2), stats.norm(3.0), names=["oil", "gas"])
    assert named.names == ("oil", "gas")
    grid = covariance.StationaryGrid(covariance.exponential(length=0.5), shape=(3, 4))
    field = mvn_dask.GaussianCopula(grid, stats.gamma(2.0), dims=("lat", "lon"))
    assert (field.event_shape, field.dims, field.sample(5, seed=1).shape) == ((3, 4), ("lat", "lon"), (5, 3, 4))
    assert (field.sample(5, seed=1).compute() > 0).all()


def test_wrong_arguments() -> None:
    with pytest.raises(ArgumentError, match="one for each of 4 variables, or be one for all: there are 2"):
        mvn_dask.GaussianCopula(CORRELATION, MARGINALS[:2])
    with pytest.raises(ArgumentError, match=r"`marginals\[1\]` is the discrete distribution 'binom'"):
        mvn_dask.GaussianCopula(np.eye(2), [stats.norm(), stats.binom(3, 0.5)])
    for given in ("norm", 3.0, {"a": stats.norm()}, None):
        with pytest.raises(ArgumentTypeError, match="`marginals` must be a frozen distribution"):
            mvn_dask.GaussianCopula(CORRELATION, given)
    with pytest.raises(ArgumentError, match="`correlation` must have ones on its diagonal"):
        mvn_dask.GaussianCopula(2.0 * CORRELATION, MARGINALS)
    with pytest.raises(ArgumentError, match="`correlation` must have variances of 1: that of variable 1 is 2"):
        mvn_dask.GaussianCopula(covariance.Diagonal([1.0, 2.0]), stats.norm())
    with pytest.raises(ArgumentTypeError, match="`exact` must be True or False"):
        mvn_dask.GaussianCopula(CORRELATION, MARGINALS, exact="yes")  # type: ignore[arg-type]
    wide = mvn_dask.GaussianCopula(np.eye(2), stats.lognorm(15.0))
    assert np.isfinite(wide.sample(1000, seed=1).compute()).all()
    with pytest.raises(ArgumentError, match="marginal of variable 0, lognorm, has tails beyond what float32 holds"):
        wide.sample(3, seed=1, dtype="float32")
    with pytest.raises(ArgumentError, match="has tails beyond what float64 holds"):
        mvn_dask.GaussianCopula(np.eye(2), stats.lognorm(100.0)).sample(3, seed=1)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_stored_verified_repaired_extended_and_reported(dtype: Any, tmp_path: Path) -> None:
    folder, rows = tmp_path / "store", COPULA.sample(40_000, seed=2, dtype=dtype, chunks=10_000)
    mvn_dask.to_zarr(rows, folder, part=(0, 2))
    mvn_dask.to_zarr(rows, folder)
    (folder / "samples" / "c" / "1" / "0").unlink()
    assert mvn_dask.repair(folder).chunks == ((1, 0),)
    mvn_dask.extend(folder, 5)
    assert mvn_dask.verify(folder, level="values", full=True).ok
    longer = COPULA.sample(40_005, seed=2, dtype=dtype).compute()
    np.testing.assert_array_equal(mvn_dask.from_zarr(folder).compute(), longer)
    report = mvn_dask.report(folder)
    assert report.ok, str(report)
    assert next(each for each in report.verdicts if each.family == "covariances").tests == 6


def test_other_rows_are_found_by_a_report(tmp_path: Path) -> None:
    """Rows with another marginal, and with other correlations, under the record of the copula."""
    mvn_dask.to_zarr(COPULA.sample(30_000, seed=2, chunks=10_000), tmp_path / "store")
    array = zarr.open_array(tmp_path / "store" / "samples", mode="r+")
    for other in (
        (CORRELATION, [stats.lognorm(0.53, scale=2.0), *MARGINALS[1:]]),
        (0.9 * CORRELATION + 0.1 * np.eye(4), MARGINALS),
    ):
        array[:] = mvn_dask.GaussianCopula(*other).sample(30_000, seed=2).compute()
        report = mvn_dask.report(tmp_path / "store")
        assert not report.ok


WITHOUT_SCIPY = """
import sys, pickle
from hashlib import sha256
spec = pickle.load(sys.stdin.buffer)
rows = spec.broadcast.sampler.draw(spec.plan, 0, 100)
assert "scipy.stats" not in sys.modules
print(sha256(rows.tobytes()).hexdigest())
"""


@pytest.mark.faults
def test_workers_draw_from_tables_without_scipy() -> None:
    copula = mvn_dask.GaussianCopula(CORRELATION, [*MARGINALS[:3], stats.gamma(3.0)])
    spec = copula.spec((100,), root=as_root(1).child(0), dtype=np.dtype(np.float64), chunks=-1)
    found = subprocess.run(
        [sys.executable, "-c", WITHOUT_SCIPY], input=pickle.dumps(spec), capture_output=True, check=True, env=os.environ
    )
    expected = sha256(copula.sample(100, seed=1).compute().tobytes()).hexdigest()
    assert found.stdout.decode().strip() == expected


DIGESTS = {
    "float64": "dbb51be566dd081a0d613bb2ebad570d5bb03c163f4be3eee56bb2e2f52a28e4",
    "float32": "eeb90bb3dbf3f9e95cb33dc69cb45573307efd468979291a3cd308bd44ee68f8",
}


@pytest.mark.usefixtures("path")
@pytest.mark.parametrize("dtype", DIGESTS)
def test_bits_do_not_depend_on_the_machine(dtype: Any) -> None:
    """Digests that were stored on another one: factor and table are exact, and no normal is in the tail."""
    coefficients = np.random.default_rng(1).integers(-9, 10, (272, 6)) / 8.0
    marginals = [stats.norm(), stats.norm(1.0), stats.norm(0.0, 3.0)]
    copula = mvn_dask.GaussianCopula(np.eye(3), marginals)
    sampler: Any = copula.sampler(np.dtype(dtype))
    sampler = replace(sampler, tables=replace(sampler.tables, coefficients=coefficients))
    spec = sample_spec(sampler, (200,), root=as_root(0).child(0), dtype=np.dtype(dtype), chunks=-1, event=copula.event)
    assert (
        np.abs(mvn_dask.MultivariateNormal(0.0, copula.correlation).sample(200, seed=0, dtype=dtype).compute()).max()
        < 3.65
    )
    rows = np.ascontiguousarray(sample(spec).compute(), np.dtype(dtype).newbyteorder("<"))
    assert sha256(rows.tobytes()).hexdigest() == DIGESTS[dtype]
