import multiprocessing.pool
import tracemalloc
from collections.abc import Callable
from typing import Any

import dask
import dask.array as da
import numpy as np
import pytest
import xarray as xr

import mvn_dask
from mvn_dask import dask_matrices
from mvn_dask.array_likes import compute_together
from mvn_dask.covariance import Dense, from_correlation
from mvn_dask.dask_matrices import computed
from mvn_dask.errors import ArgumentError

D = 40


@pytest.fixture(autouse=True)
def small_matrices_are_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dask_matrices, "NUMBERS_IN_PLACE", D * D)


def covariance(d: int = D) -> np.ndarray:
    rows = np.random.default_rng(d).standard_normal((d, d + 5))
    return np.asarray(rows @ rows.T)


@pytest.mark.parametrize("chunks", [D, 7, (20, 13), ((30, 10), (5, 35))])
@pytest.mark.parametrize("dtype", ["f8", "f4", "i8", "u2", "?", ">f8"])
def test_blocks_are_written_in_place(chunks: Any, dtype: str) -> None:
    numbers = covariance().round().astype(dtype)
    matrix, other = computed([da.from_array(numbers, chunks=chunks), da.ones(3)])
    np.testing.assert_array_equal(matrix, numbers.astype(np.float64))
    assert (matrix.dtype, matrix.flags.writeable, matrix.flags.c_contiguous) == (np.float64, False, True)
    np.testing.assert_array_equal(other, np.ones(3))


def test_the_numbers_are_those_of_dask() -> None:
    data = da.random.default_rng(1).standard_normal((1000, D), chunks=(100, D))
    mean, cov = data.mean(axis=0), da.cov(data.T).rechunk(9)
    found = compute_together(mean, cov)
    np.testing.assert_array_equal(found[0], mean.compute())
    np.testing.assert_array_equal(found[1], cov.compute())
    normal = mvn_dask.MultivariateNormal(mean, cov)
    np.testing.assert_array_equal(normal.covariance.to_dense(), found[1])


def test_what_mean_and_covariance_share_is_computed_once() -> None:
    calls = []

    def load(_block: Any) -> Any:
        calls.append(1)
        return np.random.default_rng(len(calls)).standard_normal((100, D))

    data = da.zeros((500, D), chunks=(100, D)).map_blocks(load, dtype=np.float64, meta=np.empty((0, 0)))
    compute_together(data.mean(axis=0), data.T @ data)
    assert len(calls) == 5


def test_labels_of_a_dataarray() -> None:
    names = [f"v{number}" for number in range(D)]
    numbers = covariance()
    lazy = xr.DataArray(da.from_array(numbers, chunks=7), {"x": names, "y": names}, ("x", "y"), "cov", {"note": "1"})
    (found,) = compute_together(lazy)
    xr.testing.assert_identical(found, lazy.compute())
    assert not found.data.flags.writeable
    dense = Dense(lazy)
    assert dense.names == tuple(names)
    assert dense == Dense(numbers)


def test_a_matrix_is_not_copied_again() -> None:
    cov = computed([da.from_array(covariance(), chunks=7)])[0]
    assert Dense(cov).matrix is cov
    negative_zeros = computed([-da.zeros((D, D), chunks=7)])[0]
    assert not np.signbit(negative_zeros).any()


def test_memory() -> None:
    d = 1000
    lazy = da.ones((d, d), chunks=100)
    correlations = np.ones((d, d))
    makes: list[Callable[[], Dense]] = [lambda: Dense(lazy), lambda: from_correlation(correlations, 2.0)]
    for make in makes:
        tracemalloc.start()
        before = tracemalloc.get_traced_memory()[0]
        cov = make()
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak - before < 1.7 * cov.matrix.nbytes


@pytest.mark.parametrize("scheduler", ["threads", "sync", pytest.param("processes", marks=pytest.mark.faults)])
def test_schedulers(scheduler: str) -> None:
    numbers = covariance()
    with dask.config.set(scheduler=scheduler):
        (found,) = computed([da.from_array(numbers, chunks=20)])
    np.testing.assert_array_equal(found, numbers)
    assert found.flags.writeable == (scheduler == "processes")


def test_a_pool_of_the_user() -> None:
    numbers = covariance()
    with multiprocessing.pool.ThreadPool(2) as pool, dask.config.set(pool=pool):
        np.testing.assert_array_equal(computed([da.from_array(numbers, chunks=20)])[0], numbers)


@pytest.mark.parametrize(
    "array",
    [
        da.ones((D, D + 1), chunks=7),
        da.ones((D - 1, D - 1), chunks=7),
        da.ones((D, D), chunks=7, dtype=complex),
        da.ones((D, D), chunks=7).astype(object),
        da.ones(D * D, chunks=7),
        da.ones((2, D, D), chunks=7),
        da.ones((D, D), chunks=7)[da.ones(D, chunks=7) > 0],
        da.ma.masked_array(da.ones((D, D), chunks=7), mask=False),
    ],
    ids=str,
)
def test_other_arrays_are_left_to_dask(array: Any) -> None:
    (found,) = computed([array])
    assert found.flags.writeable
    np.testing.assert_array_equal(found, array.compute())


def test_blocks_that_are_no_plain_arrays() -> None:
    masked = da.ones((D, D), chunks=20).map_blocks(
        lambda block: np.ma.masked_array(block, mask=True), meta=np.empty((0, 0))
    )
    with pytest.raises(ArgumentError, match="must have no masked entries"):
        Dense(masked)


def test_errors_of_blocks_are_the_users() -> None:
    def fail(_block: Any) -> Any:
        raise ZeroDivisionError("of the user")

    with pytest.raises(ZeroDivisionError, match="of the user"):
        Dense(da.ones((D, D), chunks=20).map_blocks(fail, meta=np.empty((0, 0))))
