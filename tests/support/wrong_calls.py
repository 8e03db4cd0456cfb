"""Calls that type checkers must refuse, each on a line of its own; none of them is ever made.

mypy and basedpyright look at this file with the others: a line that one of them does not flag has a comment too many,
and that is flagged. `tests.test_public_types` runs both as users do, without the comments.
"""

from pathlib import Path

import dask.array as da
import numpy as np

import mvn_dask
from mvn_dask import covariance


def wrong_names() -> None:
    mvn_dask.foo()  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue]
    covariance.NoSuchCovariance([1.0])  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue]
    mvn_dask.errors.NoSuchError()  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue]
    mvn_dask.default_rng(1).normal()  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue]
    mvn_dask.MultivariateNormal([0.0], 1.0).var()  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue]
    mvn_dask.Status.finished()  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue]


def wrong_distributions() -> None:
    mvn_dask.multivariate_normal(object(), None)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    mvn_dask.multivariate_normal([0.0], None)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    mvn_dask.multivariate_normal("zeros", [[1.0]])  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    mvn_dask.MultivariateNormal([0.0], {"a": 1.0})  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    mvn_dask.MultivariateNormal(["a"], 1.0)  # type: ignore[list-item]  # pyright: ignore[reportArgumentType]
    mvn_dask.MultivariateNormal([1j], 1.0)  # type: ignore[list-item]  # pyright: ignore[reportArgumentType]
    mvn_dask.MultivariateNormal([0.0], 1.0, names="oil")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    mvn_dask.MultivariateNormal([0.0], 1.0, names=[1])  # type: ignore[list-item]  # pyright: ignore[reportArgumentType]
    mvn_dask.MultivariateNormal([0.0], 1.0, method="qr")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    mvn_dask.MultivariateNormal([0.0], 1.0, check_valid="never")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    mvn_dask.MultivariateNormal([0.0], 1.0, tol="1e-8")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    mvn_dask.MultivariateNormal([0.0])  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    mvn_dask.MultivariateNormal([0.0], 1.0, seed=1)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    covariance.Sparse([1.0])  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    covariance.Dense(None)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    covariance.Dense(np.eye(2), method="lu")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    covariance.Diagonal(object())  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    covariance.Diagonal([1.0], check_valid="no")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    covariance.Factored("matrix")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    covariance.LowRank([[1.0]], None)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    covariance.LowRank([[1.0]])  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    covariance.Kronecker(np.eye(2), None)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    covariance.BlockDiagonal(np.eye(2), names=[1])  # type: ignore[list-item]  # pyright: ignore[reportArgumentType]
    covariance.Scaled(np.eye(2))  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    covariance.Scaled(np.eye(2), None)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    covariance.from_correlation(np.eye(2), "1")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    covariance.nearest_psd(np.eye(2), "nearest")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    covariance.as_covariance(None, 2)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    covariance.as_covariance(1.0, "2")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


def wrong_samples(normal: mvn_dask.MultivariateNormal, rng: mvn_dask.Generator) -> None:
    normal.sample(5, seed=1, as_xarray=1)  # type: ignore[call-overload]  # pyright: ignore[reportCallIssue, reportArgumentType]
    normal.sample("many", seed=1)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    normal.sample(1.5, seed=1)  # type: ignore[call-overload]  # pyright: ignore[reportArgumentType]
    normal.sample((2, 1.5), seed=1)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    normal.sample(5)  # type: ignore[call-overload]  # pyright: ignore[reportCallIssue]
    normal.sample(5, seed="one")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    normal.sample(5, seed=1.5)  # type: ignore[call-overload]  # pyright: ignore[reportArgumentType]
    normal.sample(5, seed=1, dtype="int32")  # type: ignore[call-overload]  # pyright: ignore[reportArgumentType]
    normal.sample(5, seed=1, dtype=np.int64)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    normal.sample(5, seed=1, chunks=1.5)  # type: ignore[call-overload]  # pyright: ignore[reportArgumentType]
    normal.sample(5, seed=1, chunks=object())  # type: ignore[call-overload]  # pyright: ignore[reportArgumentType]
    normal.sample(5, seed=1, chunks={"rows": 5})  # type: ignore[dict-item]  # pyright: ignore[reportArgumentType]
    rng.multivariate_normal([0.0], [[1.0]], "many")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    rng.multivariate_normal([0.0], [[1.0]], method="qr")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    rng.multivariate_normal([0.0], [[1.0]], dtype="int")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    mvn_dask.multivariate_normal([0.0], [[1.0]], size="many")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    mvn_dask.multivariate_normal([0.0], [[1.0]], seed=object())  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    mvn_dask.multivariate_normal([0.0], [[1.0]], method="svd")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    mvn_dask.default_rng("one")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    rng.spawn(1.5)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    mvn_dask.stripe_height("2")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


def wrong_stores(array: da.Array, folder: Path) -> None:
    mvn_dask.to_zarr([1.0], folder)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    mvn_dask.to_zarr(array, 5)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    mvn_dask.to_zarr(array, folder, part=3)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    mvn_dask.to_zarr(array, folder, shards="1")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    mvn_dask.to_zarr(array, folder, storage_options=["a"])  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    mvn_dask.from_zarr(folder, missing="drawn")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    mvn_dask.from_zarr(None)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    mvn_dask.status(5)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    mvn_dask.verify(folder, level="all")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    mvn_dask.verify(5)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    mvn_dask.repair(folder, level="all")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    mvn_dask.replay(None)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    mvn_dask.repair(folder, array=[1.0])  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    mvn_dask.extend(folder, "more")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    mvn_dask.extend(folder, 1.5)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    mvn_dask.report(5)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    mvn_dask.to_xarray([1.0])  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    mvn_dask.to_xarray(array, names="ab")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    mvn_dask.to_xarray(array, dim=5)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


def wrong_jobs(job: mvn_dask.Job) -> None:
    mvn_dask.Job.from_toml(5)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    mvn_dask.Job.from_toml("job.toml", overrides="seed=1")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    mvn_dask.Job.from_mapping("job.toml")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    job.run(part=3)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    job.run(client="tcp://a:1")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    job.plan(part=3)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    mvn_dask.Job(verzion=1)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]


def wrong_laws() -> None:
    mvn_dask.MultivariateT([0.0], 1.0, "many")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    mvn_dask.MultivariateT([0.0], 1.0)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    mvn_dask.GaussianCopula([[1.0]])  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]


def wrong_estimates(array: da.Array, normal: mvn_dask.MultivariateNormal) -> None:
    mvn_dask.statistics.Median()  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue]
    mvn_dask.statistics.Quantile("median")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    mvn_dask.estimate(array, "mean")  # type: ignore[call-overload]  # pyright: ignore[reportCallIssue, reportArgumentType]
    mvn_dask.estimate_until(normal, None, mvn_dask.statistics.Mean(), rtol="1 %", seed=1)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    mvn_dask.estimate_until(normal, None, mvn_dask.statistics.Mean(), rtol=0.1)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    mvn_dask.plot.pairs(array, rows="many")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    mvn_dask.plot.pairs(array, figure=5)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    normal.plot(rows="many")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    mvn_dask.combine(array, "equal")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    mvn_dask.SequentialEstimate.finished()  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue]
