"""What type checkers see of every public name.

`make test` runs mypy and basedpyright in their strict modes over this file, which is right, and over
`tests.support.wrong_calls`.
"""

import ast
import math
from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any, assert_type

import dask.array as da
import numpy as np
import numpy.typing as npt
import pandas as pd
import polars as pl
import scipy.sparse
import scipy.stats
import xarray as xr

import mvn_dask
from mvn_dask import covariance, errors
from mvn_dask.statistics.moments import MomentEstimates
from mvn_dask.statistics.results import Estimate

JOB = """\
version = 1
distribution = {mean = [0.0], cov = 1.0}
sample = {size = 10, seed = 1}
output = {url = "x.zarr"}
"""


class Estimator:
    """As scikit-learn has them."""

    def __init__(self) -> None:
        self.location_ = np.zeros(2)
        self.covariance_ = np.eye(2)


def test_samples() -> None:
    normal = mvn_dask.MultivariateNormal([0.0, 1.0], [[2.0, 1.0], [1.0, 2.0]], method="cholesky", names=["oil", "gas"])
    assert_type(normal, mvn_dask.MultivariateNormal)
    assert_type(normal.ndim, int)
    assert_type(normal.names, tuple[str, ...] | None)
    assert_type(normal.covariance, covariance.Covariance)
    assert_type(normal.covariance.factorize(), covariance.Factor)
    assert_type(normal.sample(10, seed=1, dtype=np.float32, chunks=5), da.Array)
    assert_type(normal.marginal(["gas"]), mvn_dask.MultivariateNormal)
    assert_type(normal.marginal(np.array([0])), mvn_dask.MultivariateNormal)
    assert_type(normal.condition("gas", 2.0, noise=0.5), mvn_dask.MultivariateNormal)
    assert_type(normal.condition([0], pd.Series([2.0])), mvn_dask.MultivariateNormal)
    shifted = normal.shifted([1.0, 0.0])
    assert_type(shifted, mvn_dask.MultivariateNormal)
    assert_type(shifted.log_weights(shifted.sample(5, seed=1)), da.Array)
    assert_type(shifted.log_weights([[1.0, 2.0]]), npt.NDArray[np.float64])
    t = mvn_dask.MultivariateT([0.0, 1.0], [[2.0, 1.0], [1.0, 2.0]], df=5, names=["oil", "gas"])
    assert_type(t.sample(5, seed=1), da.Array)
    assert_type(t.sample(5, seed=1, as_xarray=True), xr.DataArray)
    assert_type(t.sample(5, seed=1, as_xarray=False), da.Array)
    copula = mvn_dask.GaussianCopula([[1.0, 0.5], [0.5, 1.0]], [scipy.stats.lognorm(0.5), scipy.stats.norm()])
    assert_type(copula.sample(5, seed=1), da.Array)
    assert_type(normal.logpdf(normal.sample(10, seed=1)), da.Array)
    assert_type(normal.logpdf([[1.0, 2.0]]), npt.NDArray[np.float64])
    assert_type(normal.mahalanobis(np.ones((3, 2))), npt.NDArray[np.float64])
    factor = normal.covariance.factorize()
    if isinstance(factor, covariance.MatrixFactor):
        assert_type((factor.ndim, factor.noise_ndim, factor.rank), tuple[int, int, int])
    assert_type(covariance.as_covariance(2.0, ndim=2), covariance.Covariance)
    product = covariance.Kronecker(np.eye(2), covariance.Factored([[1.0, 2.0]]), 2.0, names=["oil", "gas"])
    assert_type(product.event_shape, tuple[int, ...])
    members: list[covariance.Covariance] = [
        covariance.Dense(np.eye(2), method="svd"),
        covariance.Diagonal([1.0, 2.0]),
        covariance.LowRank([[1.0], [2.0]], 0.5, names=["oil", "gas"]),
        covariance.BlockDiagonal([[1.0]], product, [1.0, 2.0]),
        covariance.Scaled(np.eye(2), [1.0, 2.0], names=["oil", "gas"]),
        covariance.from_correlation(np.eye(2), 2.0, method="eigh"),
    ]
    functions = [covariance.exponential(3.0), covariance.gaussian(3.0, variance=2.0), covariance.spherical(3.0)]
    assert_type(functions[0], covariance.CovarianceFunction)
    grid = covariance.StationaryGrid(covariance.matern(3.0, nu=1.5), (30, 40), padding=(40, 40))
    assert_type(grid.shape, tuple[int, ...])
    assert_type(grid.report.largest_error, float)
    assert_type(mvn_dask.MultivariateNormal(0.0, grid).sample(seed=1), da.Array)
    grid_factor = grid.factorize()
    if isinstance(grid_factor, covariance.CirculantFactor):
        assert_type(grid_factor.rank, int)
    for series in (covariance.Toeplitz([2.0, 1.0]), covariance.Circulant(np.eye(3)[0]), grid):
        assert_type(series.factorize(), covariance.Factor)
    for each in members:
        assert_type(each.ndim, int)
        assert_type(each.record(), dict[str, object])
    sparse = covariance.Sparse(scipy.sparse.eye_array(2), ordering="natural")
    assert_type(sparse.ordering == "natural", bool)
    assert_type(covariance.Precision(sparse).ndim, int)
    assert_type(covariance.Precision(scipy.sparse.eye_array(2, format="csr")).ndim, int)
    bands = covariance.Banded([[0.5, 0.5], [1.25, 1.25]])
    assert_type(bands.ndim, int)
    assert_type(covariance.Precision(bands).variances(), npt.NDArray[np.float64])
    assert_type(covariance.Precision([[2.0, 1.0], [1.0, 2.0]], names=["a", "b"]).names, tuple[str, ...] | None)
    assert_type(covariance.from_correlation([[1.0]], 2.0), covariance.Dense)
    nearest = covariance.nearest_psd([[1.0, 2.0], [2.0, 1.0]], "clip")
    assert_type((nearest.report.distance, nearest.report.eigenvalues_cut), tuple[float, int])
    estimator = Estimator()
    assert_type(mvn_dask.MultivariateNormal.from_estimator(estimator), mvn_dask.MultivariateNormal)
    assert_type(normal.plot(["gas"], rows=10), npt.NDArray[Any])
    assert_type(mvn_dask.plot.pairs(normal.sample(10, seed=1), ["oil", "gas"]), npt.NDArray[Any])
    assert_type(mvn_dask.stripe_height(2), int)
    assert_type(mvn_dask.__version__, str)


def test_arguments_in_every_form() -> None:
    """What numpy and dask take, and how users come by it; each line is checked, and works."""
    cov: list[list[float]] = [[2.0, 1.0], [1.0, 2.0]]
    frame = pd.DataFrame(cov, index=["a", "b"], columns=["a", "b"])
    lazy = mvn_dask.MultivariateNormal([0.0, 1.0], 1.0).sample(seed=1)
    for normal in (
        mvn_dask.MultivariateNormal((0, 1), cov),
        mvn_dask.MultivariateNormal(range(2), np.array(cov)),
        mvn_dask.MultivariateNormal(np.zeros(2, np.int16), [np.ones(2), np.ones(2)], check_valid="ignore"),
        mvn_dask.MultivariateNormal(pd.Series([0.0, 1.0], ["a", "b"]), frame, names=frame.columns),
        mvn_dask.MultivariateNormal([np.float64(0), np.int8(1)], frame, tol=1e-6),
        mvn_dask.MultivariateNormal([0, Fraction(1, 2)], [[Decimal("2.5"), 1], (Fraction(1), 2.0)]),
        mvn_dask.MultivariateNormal(pl.Series([0, 1]), pl.DataFrame({"gas": [2.0, 1.0], "oil": [1.0, 2.0]})),
        mvn_dask.MultivariateNormal(xr.DataArray([0.0, 1.0]), covariance.Diagonal([1.0, 2.0])),
        mvn_dask.MultivariateNormal(lazy, np.float32(2.0), names=("a", "b")),
        mvn_dask.MultivariateNormal([0.0, 1.0], scipy.stats.Covariance.from_diagonal([1.0, 2.0])),
        mvn_dask.MultivariateNormal([0.0, 1.0], scipy.sparse.eye_array(2)),
        mvn_dask.MultivariateNormal([0.0, 1.0], Estimator()),
    ):
        assert normal.ndim == 2
    samples = [
        normal.sample(seed=1),
        normal.sample(np.int64(6), seed=None, chunks=[2], dtype="float32"),
        normal.sample([2, 3], seed=np.random.SeedSequence(1), chunks=(1, "auto"), dtype=np.dtype("f4")),
        normal.sample((2, 3), seed=[1, 2], chunks={0: 1, 1: -1}, dtype=float),
        normal.sample(6, seed=np.random.default_rng(1), chunks=((2, 4), 2), dtype=samples_dtype()),
        normal.sample(6, seed=np.arange(3), chunks="1 MiB", dtype=np.float64),
        normal.sample(6, seed=np.random.RandomState(1), chunks=np.int64(3)),
        mvn_dask.default_rng(np.random.PCG64(1)).multivariate_normal([0.0, 1.0], cov, (6,), "raise", 1e-6, chunks=-1),
    ]
    assert {math.prod(each.shape) for each in samples} == {2, 12}


def samples_dtype() -> np.dtype[np.floating]:
    return np.ones(1).dtype


def test_generators() -> None:
    rng = mvn_dask.default_rng(1)
    assert_type(rng, mvn_dask.Generator)
    assert_type(rng.spawn(2), list[mvn_dask.Generator])
    assert_type(rng.multivariate_normal([0.0], [[1.0]], 10, method="eigh"), da.Array)
    assert_type(mvn_dask.multivariate_normal([0.0], [[1.0]], size=(2, 3), seed=1), da.Array)


def test_stores(tmp_path: Path) -> None:
    array = mvn_dask.MultivariateNormal([0.0, 1.0], 1.0).sample(10, seed=1, chunks=5)
    assert_type(mvn_dask.to_zarr(array, tmp_path), None)
    assert_type(mvn_dask.from_zarr(tmp_path), da.Array)
    assert_type(mvn_dask.to_xarray(array), xr.DataArray)
    status = mvn_dask.status(tmp_path)
    assert_type(status, mvn_dask.Status)
    assert_type((status.done, status.missing, status.complete), tuple[int, int, bool])
    found = mvn_dask.verify(tmp_path, level="checksum")
    assert_type(found, mvn_dask.Verification)
    assert_type(found.ok, bool)
    assert_type(found.bad, Mapping[tuple[int, ...], str])
    assert_type(mvn_dask.replay(tmp_path), da.Array)
    repaired = mvn_dask.repair(tmp_path)
    assert_type(repaired, mvn_dask.Repair)
    assert_type(repaired.chunks, tuple[tuple[int, ...], ...])
    extended = mvn_dask.extend(tmp_path, 5)
    assert_type(extended, mvn_dask.Extension)
    assert_type(extended.after, tuple[int, ...])
    assert_type(mvn_dask.report(tmp_path), mvn_dask.Report)


def test_estimates() -> None:
    mean, normal = mvn_dask.statistics.Mean(), mvn_dask.MultivariateNormal([0.0, 1.0], 1.0)
    array = normal.sample(1000, seed=1)
    assert_type(mvn_dask.estimate(array, mean), Estimate)
    assert_type(mvn_dask.combine(array, [1.0, 2.0]), da.Array)
    assert_type(mvn_dask.combine(mvn_dask.to_xarray(array, names=["a", "b"]), {"a": 1.0}), da.Array)
    assert_type(mvn_dask.estimate(array, mvn_dask.statistics.Moments(), columns=0).variance, Estimate)
    moments = mvn_dask.statistics.Moments()
    assert_type(mvn_dask.estimate(array, moments, mean), tuple[MomentEstimates, Estimate])
    assert_type(mvn_dask.estimate(array, mean, moments, mean, nan="omit"), tuple[Estimate, MomentEstimates, Estimate])
    assert_type(mvn_dask.estimate(array, mean, moments, mean, mean), Any)
    found = mvn_dask.estimate_until(normal, lambda x: x[:, 0], mean, atol=0.1, seed=1)
    assert_type(found, mvn_dask.SequentialEstimate)
    assert_type(found.count, int)


def test_jobs_and_errors(tmp_path: Path) -> None:
    (tmp_path / "job.toml").write_text(JOB)
    job = mvn_dask.Job.from_toml(tmp_path / "job.toml")
    assert_type(job, mvn_dask.Job)
    try:
        mvn_dask.status(tmp_path)
    except errors.MvnDaskError as error:
        assert_type(error, errors.MvnDaskError)


def test_every_public_name_is_here() -> None:
    used = {node.attr for node in ast.walk(ast.parse(Path(__file__).read_text())) if isinstance(node, ast.Attribute)}
    assert set(mvn_dask.__all__) - {"covariance", "errors"} <= used
    assert set(covariance.__all__) <= used
