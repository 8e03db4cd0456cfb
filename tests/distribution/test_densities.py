"""Densities and distances, beside those of scipy."""

from typing import Any

import dask
import dask.array as da
import numpy as np
import pandas as pd
import pytest
import scipy.sparse
import scipy.spatial.distance
import scipy.stats
import xarray as xr

import mvn_dask
from mvn_dask.covariance import (
    Banded,
    BlockDiagonal,
    Covariance,
    Dense,
    Diagonal,
    Factored,
    Kronecker,
    LowRank,
    Precision,
    Scaled,
    Sparse,
    StationaryGrid,
    exponential,
)
from mvn_dask.distribution import densities
from mvn_dask.errors import ArgumentError, ArgumentTypeError, UnsupportedOperationError
from tests.support.strategies import random_moments

MEAN, COV = random_moments(4)
BANDS = Banded([[2.0, 3.0, 4.0, 5.0], [0.5, 0.7, -0.9, 0.0]], lower=True)


def members() -> list[Covariance]:
    square = np.random.default_rng(2).standard_normal((4, 6))
    return [
        *(Dense(COV, method=method) for method in ("auto", "svd", "eigh", "cholesky")),
        Diagonal([1.0, 2.0, 3.0, 4.0]),
        LowRank(square[:, :2], [1.0, 2.0, 0.0, 4.0]),
        Factored(square),
        Factored(np.tril(square[:, :4])),
        Scaled(LowRank(square[:, :2], 1.0), [1.0, 2.0, 30.0, 0.4]),
        BANDS,
        Sparse(scipy.sparse.csc_array(BANDS.to_dense())),
        Precision(BANDS),
        Precision(scipy.sparse.csc_array(BANDS.to_dense())),
        Precision(BANDS.to_dense()),
        Kronecker([[2.0, 1.0], [1.0, 2.0]], [[3.0, 1.0], [1.0, 1.0]]),
        BlockDiagonal([[2.0, 1.0], [1.0, 2.0]], [[3.0, 1.0], [1.0, 1.0]]),
    ]


@pytest.mark.parametrize("covariance", members(), ids=lambda value: repr(value)[:40])
def test_they_are_those_of_scipy(covariance: Covariance) -> None:
    normal, whole = mvn_dask.MultivariateNormal(MEAN, covariance, event_shape=4), covariance.to_dense()
    x = np.random.default_rng(3).standard_normal((2, 5, 4)) * 3.0
    inverse = np.linalg.inv(whole)
    expected = scipy.stats.multivariate_normal(MEAN, whole).logpdf(x)
    distances = [[scipy.spatial.distance.mahalanobis(row, MEAN, inverse) for row in rows] for rows in x]
    np.testing.assert_allclose(normal.logpdf(x), expected, rtol=1e-10)
    np.testing.assert_allclose(normal.mahalanobis(x), distances, rtol=1e-10)
    lazy = da.from_array(x, chunks=(1, 2, 3))
    for operation in (normal.logpdf, normal.mahalanobis):
        found = operation(lazy)
        assert isinstance(found, da.Array)
        assert found.chunks == lazy.chunks[:2]
        np.testing.assert_allclose(found.compute(), operation(x), rtol=1e-12)


def normal(**options: Any) -> mvn_dask.MultivariateNormal:
    return mvn_dask.MultivariateNormal(MEAN, COV, **options)


def test_a_row_gives_a_number() -> None:
    assert isinstance(normal().logpdf(MEAN), float)
    assert normal().mahalanobis(MEAN) == 0.0
    lazy = normal().mahalanobis(da.from_array(MEAN + 1.0, chunks=2))
    assert lazy.shape == ()
    np.testing.assert_allclose(lazy.compute(), normal().mahalanobis(MEAN + 1.0))
    assert normal().logpdf(np.empty((0, 4))).shape == (0,)
    one = mvn_dask.MultivariateNormal(1.0, Diagonal([4.0]))
    np.testing.assert_allclose(one.logpdf([[3.0]]), scipy.stats.norm(1.0, 2.0).logpdf([3.0]))


def test_rows_are_worked_on_some_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    x = np.random.default_rng(3).standard_normal((50, 4))
    whole = normal().logpdf(x)
    monkeypatch.setattr(densities, "NUMBERS_WHITENED", 12)
    np.testing.assert_allclose(normal().logpdf(x), whole, rtol=1e-13)


def test_rows_that_are_not_finite_spoil_no_others() -> None:
    x = np.random.default_rng(3).standard_normal((5, 4))
    expected = normal().logpdf(x)
    x[1, 2], x[3, 0], x[4] = np.nan, np.inf, [np.nan, np.inf, 0.0, 0.0]
    found, distances = normal().logpdf(x), normal().mahalanobis(x)
    np.testing.assert_array_equal(found[[1, 3, 4]], [np.nan, -np.inf, np.nan])
    np.testing.assert_array_equal(distances[[1, 3, 4]], [np.nan, np.inf, np.nan])
    np.testing.assert_allclose(found[[0, 2]], expected[[0, 2]], rtol=1e-13)


def test_samples_and_float32_and_integers() -> None:
    rows = normal().sample((30, 20), seed=1, dtype=np.float32)
    distances = normal().mahalanobis(rows)
    assert distances.dtype == np.float64
    np.testing.assert_allclose(distances.compute(), normal().mahalanobis(rows.compute()))
    assert scipy.stats.kstest(np.square(distances.compute().ravel()), scipy.stats.chi2(4).cdf).pvalue > 1e-4
    whole = np.arange(8).reshape(2, 4)
    np.testing.assert_allclose(normal().logpdf(da.from_array(whole)).compute(), normal().logpdf(whole * 1.0))


def test_the_name_of_a_lazy_array_stands_for_its_numbers() -> None:
    rows = normal().sample(10, seed=1)
    assert normal().logpdf(rows).name == normal().logpdf(rows).name
    others = [
        normal().mahalanobis(rows),
        normal().logpdf(normal().sample(10, seed=2)),
        mvn_dask.MultivariateNormal(MEAN + 1.0, COV).logpdf(rows),
    ]
    assert normal().logpdf(rows).name not in {other.name for other in others}


@pytest.mark.slow
def test_other_processes_get_the_factor_once() -> None:
    ndim = 1100
    square = np.random.default_rng(1).standard_normal((ndim, ndim))
    large = mvn_dask.MultivariateNormal(np.zeros(ndim), square @ square.T + np.eye(ndim))
    rows = large.sample(40, seed=1, chunks=20)
    with dask.config.set(scheduler="processes", num_workers=2):
        found = large.mahalanobis(rows).compute()
    np.testing.assert_allclose(found, large.mahalanobis(rows.compute()), rtol=1e-9)


def test_unknown_numbers_of_rows() -> None:
    rows = normal().sample(100, seed=1)
    some = rows[rows[:, 0] > 0.0]
    np.testing.assert_allclose(normal().logpdf(some).compute(), normal().logpdf(some.compute()), rtol=1e-12)


def test_columns_of_frames_are_compared() -> None:
    named = normal(names=["a", "b", "c", "d"])
    frame = pd.DataFrame(np.ones((3, 4)), columns=["a", "b", "c", "d"], index=["x", "y", "z"])
    np.testing.assert_array_equal(named.logpdf(frame), named.logpdf(np.ones((3, 4))))
    assert named.logpdf(frame.iloc[0]) == named.logpdf(np.ones(4))
    array = xr.DataArray(frame.to_numpy(), dims=("time", "kind"), coords={"time": [1, 2, 3], "kind": list("abcd")})
    np.testing.assert_array_equal(named.logpdf(array), named.logpdf(np.ones((3, 4))))
    for wrong in (frame[["b", "a", "c", "d"]], frame.iloc[0, [1, 0, 2, 3]], array[:, [1, 0, 2, 3]]):
        with pytest.raises(ArgumentError, match="and the names of the distribution must agree"):
            named.mahalanobis(wrong)


@pytest.mark.parametrize("lazy", [False, True])
def test_bad_rows(lazy: bool) -> None:
    for shape in ((), (3,), (4, 3), (0,)):
        x: Any = da.zeros(shape) if lazy else np.zeros(shape)
        with pytest.raises(ArgumentError, match="the last axis of `x` must be of length 4, of the variables"):
            normal().logpdf(x)
    for kind in (complex, "U3"):
        x = np.zeros((2, 4), kind)
        with pytest.raises(ArgumentTypeError):
            normal().mahalanobis(da.from_array(x) if lazy else x)


def test_singular_covariances_have_no_density() -> None:
    singular = [
        Dense(np.ones((4, 4))),
        Dense(np.ones((4, 4)), method="svd"),
        Diagonal([1.0, 1.0, 0.0, 1.0]),
        LowRank(np.ones((4, 1)), [1.0, 0.0, 0.0, 1.0]),
        Factored(np.eye(4)[:, :2]),
    ]
    for covariance in singular:
        for operation in ("logpdf", "mahalanobis"):
            with pytest.raises(ArgumentError, match=rf"`{operation}` needs a covariance that is not singular: "):
                getattr(mvn_dask.MultivariateNormal(MEAN, covariance), operation)(MEAN)


def test_structures_without_a_cheap_inverse_say_so() -> None:
    grid = mvn_dask.MultivariateNormal(0.0, StationaryGrid(exponential(2.0), (2, 2)))
    for x in (np.zeros(4), da.zeros(4)):
        with pytest.raises(UnsupportedOperationError, match="`logpdf` needs a cheap inverse and determinant, which"):
            grid.logpdf(x)
