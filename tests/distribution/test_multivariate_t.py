"""The multivariate t distribution, audited by plain numpy and compared with scipy."""

from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import special, stats

import mvn_dask
from mvn_dask import covariance
from mvn_dask.distribution.multivariate_t import MultivariateTSampler
from mvn_dask.distribution.score_tables import equally_probable_length
from mvn_dask.errors import ArgumentError, ArgumentTypeError, NotPositiveDefiniteError
from tests.support.strategies import numpy_stripe, random_moments

MEAN, SHAPE = random_moments(4)
T = mvn_dask.MultivariateT(MEAN, SHAPE, df=3.0)


def mixing_numbers(seed: int, stripes: int, df: float, height: int, bit_generator: Any = np.random.SFC64) -> Any:
    """χ² numbers of a sample's rows, by plain numpy."""
    (call,) = np.random.SeedSequence(seed).spawn(1)
    children = [stripe.spawn(1)[0] for stripe in call.spawn(stripes)]
    return np.concatenate([np.random.Generator(bit_generator(each)).chisquare(df, height) for each in children])


@pytest.mark.usefixtures("path")
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_rows_are_normal_ones_times_what_numpy_draws(dtype: Any) -> None:
    height = mvn_dask.stripe_height(4)
    rows = T.sample(2 * height + 5, seed=7, dtype=dtype, chunks=height // 2).compute()
    normal = mvn_dask.MultivariateNormal(0.0, T.shape).sample(2 * height + 5, seed=7, dtype=dtype).compute()
    scales = np.sqrt(3.0 / mixing_numbers(7, 3, 3.0, height))[: len(rows), None].astype(dtype)
    np.testing.assert_array_equal(rows, normal * scales + MEAN.astype(dtype))


def test_all_of_it_by_plain_numpy() -> None:
    """Normals of numpy's own SVD as well, in another order of additions."""
    t = mvn_dask.MultivariateT(MEAN, SHAPE, df=3.0, method="svd")
    height = mvn_dask.stripe_height(4)
    normal = numpy_stripe(7, 0, 0, np.zeros(4), SHAPE, "svd")
    expected = MEAN + np.sqrt(3.0 / mixing_numbers(7, 1, 3.0, height))[:, None] * normal
    np.testing.assert_allclose(t.sample(height, seed=7).compute(), expected, rtol=1e-10, atol=1e-10)


def test_of_another_bit_generator() -> None:
    rows = T.sample(10, seed=np.random.Philox(7)).compute()
    normal = mvn_dask.MultivariateNormal(0.0, T.shape).sample(10, seed=np.random.Philox(7)).compute()
    scales = np.sqrt(3.0 / mixing_numbers(7, 1, 3.0, 10, np.random.Philox))[:, None]
    np.testing.assert_array_equal(rows, normal * scales + MEAN)


@pytest.mark.parametrize("df", [0.125, 0.5, 1.0, 2.5, 30.0])
def test_marginals_and_distances_are_scipys(df: float) -> None:
    """Kolmogorov and Smirnov's test of 5 laws at a level of 1 in 1,000 each, of a fixed seed."""
    rows = mvn_dask.MultivariateT(MEAN, SHAPE, df).sample(50_000, seed=3).compute()
    assert np.isfinite(rows).all()
    for column in ((rows - MEAN) / np.sqrt(np.diagonal(SHAPE))).T:
        assert stats.kstest(column, stats.t(df).cdf).pvalue > 1e-3
    squares = np.einsum("ij,ij->i", rows - MEAN, np.linalg.solve(SHAPE, (rows - MEAN).T).T)
    # That of stats.f(4, df), which has no digits in the tail for a small df before scipy 1.17.
    below = 1.0 - special.betainc(0.5 * df, 2.0, df / (df + squares))
    assert stats.kstest(below, "uniform").pvalue > 1e-3


def test_moments() -> None:
    """Means and covariances of 400,000 rows with 12 degrees of freedom: each within 5 standard errors, rate 1e-5."""
    t = mvn_dask.MultivariateT(MEAN, SHAPE, 12.0)
    rows, cov = t.sample(400_000, seed=5).compute(), SHAPE * 12 / 10
    deviations = np.sqrt(np.diagonal(cov))
    assert (np.abs(rows.mean(axis=0) - MEAN) < 5 * deviations / np.sqrt(len(rows))).all()
    # The fourth moment of the t distribution makes a product of two variables vary by at most √(2 + 3 · 6 / 8).
    limit = 5 * 2.1 * np.outer(deviations, deviations) / np.sqrt(len(rows))
    assert (np.abs(np.cov(rows.T) - cov) < limit).all()


@pytest.mark.parametrize("rank", [1, 3, 40])
@pytest.mark.parametrize("df", [0.125, 1.0, 7.5])
def test_lengths_of_equal_probability(rank: int, df: float) -> None:
    lengths = np.linspace(0.1, np.sqrt(rank) + 4.0, 50)
    found = equally_probable_length(lengths, rank, df)
    longer = stats.f(rank, df).sf(found**2 / rank)
    np.testing.assert_allclose(longer, stats.chi(rank).sf(lengths), rtol=1e-6)
    assert (np.diff(found) > 0).all()


def test_with_many_degrees_of_freedom_it_is_normal() -> None:
    lengths = np.linspace(0.0, 9.0, 10)
    np.testing.assert_allclose(equally_probable_length(lengths, 3, 0.99e7), lengths, rtol=1e-5)
    np.testing.assert_array_equal(equally_probable_length(lengths, 3, 1e7), lengths)


def test_values() -> None:
    assert mvn_dask.MultivariateT(MEAN, SHAPE, df=3) == T
    assert mvn_dask.MultivariateT(MEAN, SHAPE, df=3.5) != T
    assert mvn_dask.MultivariateNormal(MEAN, SHAPE) != T
    assert repr(T) == "MultivariateT(ndim=4, shape=Dense(ndim=4, method='auto'), df=3.0)"
    named = mvn_dask.MultivariateT([1.0, 2.0], [1.0, 4.0], 2.0, names=["oil", "gas"])
    assert named.names == ("oil", "gas")
    grid = covariance.StationaryGrid(covariance.exponential(length=0.5), shape=(3, 4))
    field = mvn_dask.MultivariateT(0.0, grid, 5.0, dims=("lat", "lon"))
    assert (field.event_shape, field.dims, field.sample(7, seed=1).shape) == ((3, 4), ("lat", "lon"), (7, 3, 4))
    constant = mvn_dask.MultivariateT([1.0, 2.0], [0.0, 1.0], 5.0).sample(50, seed=1).compute()
    assert set(constant[:, 0]) == {1.0}


@pytest.mark.parametrize("df", [0.0, -1.0, 0.1, float("nan"), float("inf"), 10**400])
def test_degrees_of_freedom_that_make_no_sense(df: float) -> None:
    with pytest.raises(ArgumentError, match="`df` must be finite"):
        mvn_dask.MultivariateT(0.0, SHAPE, df)


def test_wrong_arguments_are_named() -> None:
    with pytest.raises(ArgumentTypeError, match="`df` must be a real number, not 'many'"):
        mvn_dask.MultivariateT(MEAN, SHAPE, "many")  # type: ignore[arg-type]
    with pytest.raises(ArgumentError, match=r"location and shape must have same length: `location` has 3"):
        mvn_dask.MultivariateT(MEAN[:3], SHAPE, 3.0)
    with pytest.raises(ArgumentError, match=r"`shape` must be finite: shape\[0, 1\] is nan"):
        mvn_dask.MultivariateT([0.0, 0.0], [[1.0, np.nan], [np.nan, 1.0]], 3.0)
    with pytest.raises(NotPositiveDefiniteError):
        mvn_dask.MultivariateT([0.0, 0.0], [[1.0, 2.0], [2.0, 1.0]], 3.0, method="cholesky")
    with pytest.raises(ArgumentError, match=r"`df` must be at least 0.5 for samples of float32"):
        mvn_dask.MultivariateT(MEAN, SHAPE, 0.25).sample(3, seed=1, dtype="float32")


def test_stored_verified_repaired_extended_and_reported(tmp_path: Path) -> None:
    # Cauchy rows have no mean, and rows of 2 degrees of freedom no variance: reports compare scores.
    t = mvn_dask.MultivariateT(MEAN, SHAPE, 1.0)
    folder = tmp_path / "store"
    mvn_dask.to_zarr(t.sample(40_000, seed=2, chunks=10_000), folder, part=(0, 2))
    mvn_dask.to_zarr(t.sample(40_000, seed=2, chunks=10_000), folder)
    (folder / "samples" / "c" / "1" / "0").unlink()
    assert mvn_dask.repair(folder).chunks == ((1, 0),)
    mvn_dask.extend(folder, 5)
    assert mvn_dask.verify(folder, level="values", full=True).ok
    np.testing.assert_array_equal(mvn_dask.from_zarr(folder).compute(), t.sample(40_005, seed=2).compute())
    report = mvn_dask.report(folder)
    assert report.ok, str(report)
    pairs = next(each for each in report.verdicts if each.family == "covariances")
    assert (pairs.title, pairs.tests) == ("Signs of pairs (normal scores)", 6)
    assert "compared by normal scores" in report.html
    assert report.as_dict()["normal_scores"]


def test_other_rows_are_found_by_a_report(tmp_path: Path) -> None:
    """Rows of other degrees of freedom, and of another shape, under the record of the t distribution."""
    import zarr

    mvn_dask.to_zarr(T.sample(30_000, seed=2, chunks=10_000), tmp_path / "store")
    array = zarr.open_array(tmp_path / "store" / "samples", mode="r+")
    for other in (mvn_dask.MultivariateT(MEAN, SHAPE, 4.0), mvn_dask.MultivariateT(MEAN, np.diag(np.diag(SHAPE)), 3.0)):
        array[:] = other.sample(30_000, seed=2).compute()
        report = mvn_dask.report(tmp_path / "store")
        assert not report.ok
    assert not next(each for each in report.verdicts if each.family == "covariances").ok


@pytest.mark.parametrize(
    "change", [{"df": 3}, {"df": 0.1}, {"df": True}, {"df": "3"}, {"df": None}, {"covariance": 1}, {"factor": {}}]
)
def test_hostile_records_are_refused(change: dict[str, Any]) -> None:
    sampler = T.sampler(np.dtype(np.float64))
    with pytest.raises(ArgumentError):
        MultivariateTSampler.from_parameters({**sampler.record(), **change}, sampler.parameters())
    with pytest.raises(ArgumentError, match="other arrays"):
        MultivariateTSampler.from_parameters(sampler.record(), {**sampler.parameters(), "mean": MEAN})


DIGESTS = {
    "float64": "02c2a33898aaa1a4bba8a43fb19b4ab655e76e23b6992c86ee8720249cfc28fd",
    "float32": "22c215bf5f836fe53795b7d99eed67b93a39f9dde4a574dff81a9c7c34afd0c4",
}


@pytest.mark.usefixtures("path")
@pytest.mark.parametrize("dtype", DIGESTS)
def test_bits_do_not_depend_on_the_machine(dtype: Any) -> None:
    """Digests that were stored on another one: the factor is exact, and no normal is in the tail."""
    lower = np.array([[4.0, 0.0, 0.0], [1.0, 2.0, 0.0], [-3.0, 1.0, 8.0]])
    t = mvn_dask.MultivariateT([0.5, -1.0, 2.0], lower @ lower.T, 4.0, method="cholesky")
    np.testing.assert_array_equal(t.shape.factorize().operand, lower)
    normal = mvn_dask.MultivariateNormal(0.0, t.shape).sample(200, seed=0, dtype=dtype).compute()
    assert np.abs(np.linalg.solve(lower, normal.T.astype(float))).max() < 3.65
    rows = np.ascontiguousarray(t.sample(200, seed=0, dtype=dtype).compute(), np.dtype(dtype).newbyteorder("<"))
    assert sha256(rows.tobytes()).hexdigest() == DIGESTS[dtype]
