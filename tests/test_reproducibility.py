"""The same bits, however they are computed; other bits, wherever they ought to be others."""

from typing import Any

import dask
import numpy as np
import pytest
from distributed import Client
from hypothesis import given, settings
from hypothesis import strategies as st
from threadpoolctl import threadpool_limits

import mvn_dask
from mvn_dask import stripe_height
from mvn_dask.checks import Method
from tests.strategies import METHODS, Floats, numpy_stripe, partitions, random_moments

D = 30
ROWS = 3 * 2048 + 77
MEAN, COV = random_moments(D)
NORMAL = mvn_dask.MultivariateNormal(MEAN, COV)
CHUNKS: list[Any] = [stripe_height(D), 777, "auto", -1, ((1, 2047, 4000, 173),), "100 kiB", (1000, 7)]


def whole(dtype: Any = np.float64) -> Floats:
    rows: Floats = NORMAL.sample(ROWS, seed=3, dtype=dtype, chunks=-1).compute(scheduler="synchronous")
    return rows


@pytest.mark.parametrize("d", [1, 2, 3, 30, 128, 300, 1000])
@pytest.mark.parametrize("method", METHODS)
def test_stripes_are_numpys(d: int, method: Method) -> None:
    """Rows of the second call, from the third stripe and a part of the fourth, against numpy alone."""
    mean, cov = random_moments(d)
    rng = mvn_dask.default_rng(99)
    rng.multivariate_normal(mean, cov)
    height = stripe_height(d)
    rows = rng.multivariate_normal(mean, cov, 3 * height + 5, method=method)[2 * height :].compute()
    expected = np.concatenate([numpy_stripe(99, 1, i, mean, cov, method) for i in (2, 3)])[: height + 5]
    scale = np.abs(expected).max()
    np.testing.assert_allclose(rows, expected, rtol=0, atol=1e-12 * scale)


def test_stripes_of_another_bit_generator_are_numpys() -> None:
    rows = mvn_dask.default_rng(np.random.Philox(5)).multivariate_normal(MEAN, COV, 10).compute()
    expected = numpy_stripe(5, 0, 0, MEAN, COV, "svd", bit_generator=np.random.Philox)[:10]
    np.testing.assert_allclose(rows, expected, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("chunks", CHUNKS, ids=str)
@pytest.mark.parametrize("scheduler", ["synchronous", "threads"])
def test_chunks_and_local_schedulers(chunks: Any, scheduler: str, dtype: Any) -> None:
    with dask.config.set({"array.chunk-size": "512 kiB"}):
        rows = NORMAL.sample(ROWS, seed=3, dtype=dtype, chunks=chunks)
    assert rows.npartitions > 1 or chunks == -1
    assert rows.dtype == dtype
    np.testing.assert_array_equal(rows.compute(scheduler=scheduler), whole(dtype))


def test_process_scheduler() -> None:
    rows = NORMAL.sample(ROWS, seed=3, chunks=777)
    np.testing.assert_array_equal(rows.compute(scheduler="processes", num_workers=2), whole())


def test_local_cluster_with_processes(processes: Client) -> None:
    for chunks in CHUNKS:
        rows = NORMAL.sample(ROWS, seed=3, chunks=chunks)
        np.testing.assert_array_equal(processes.compute(rows).result(), whole())


def test_local_cluster_with_threads(threads: Client) -> None:
    for chunks in CHUNKS:
        rows = NORMAL.sample(ROWS, seed=3, chunks=chunks)
        np.testing.assert_array_equal(threads.compute(rows).result(), whole())


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("d", [30, 300])
def test_blas_threads_outside(d: int, method: Method) -> None:
    """Factor and product: with 2 threads LAPACK would find other eigenvectors at d = 300."""
    mean, cov = random_moments(d)
    drawn = []
    for threads in (1, 2):
        with threadpool_limits(threads, "blas"):
            normal = mvn_dask.MultivariateNormal(mean, cov, method=method)
            drawn.append(normal.sample(1000, seed=1, chunks=300).compute(scheduler="threads"))
    np.testing.assert_array_equal(*drawn)


@given(st.data())
@settings(max_examples=30, deadline=None)
def test_any_partition(data: st.DataObject) -> None:
    pieces = data.draw(partitions(ROWS))
    rows = NORMAL.sample(ROWS, seed=3, chunks=(pieces, -1))
    assert rows.chunks[0] == pieces
    np.testing.assert_array_equal(rows.compute(scheduler="synchronous"), whole())


@given(st.integers(0, ROWS))
@settings(max_examples=20, deadline=None)
def test_the_first_rows_of_a_longer_run_are_the_shorter_run(n: int) -> None:
    rows = NORMAL.sample(n, seed=3).compute(scheduler="synchronous")
    np.testing.assert_array_equal(rows, whole()[:n])


@pytest.mark.parametrize("size", [(ROWS,), (3, 741), (741, 3), (2, 3, 370), (1, 0, 5), (7, 1)])
@pytest.mark.parametrize("chunks", ["auto", -1, 100, "100 kiB"])
def test_shaped_samples_are_the_flat_run(size: tuple[int, ...], chunks: Any) -> None:
    shaped = NORMAL.sample(size, seed=3, chunks=chunks)
    flat = whole()[: int(np.prod(size))]
    np.testing.assert_array_equal(shaped.compute(), flat.reshape(*size, D))
    np.testing.assert_array_equal(NORMAL.sample(seed=3).compute(), whole()[0])


def test_shaped_samples_of_any_grid() -> None:
    shaped = NORMAL.sample((40, 50), seed=3, chunks=(7, 11, 13))
    assert shaped.chunks[1][0] == 11
    np.testing.assert_array_equal(shaped.compute(), whole()[:2000].reshape(40, 50, D))


def test_every_way_to_say_it_gives_the_rows_of_the_first_call() -> None:
    first = mvn_dask.default_rng(3).multivariate_normal(MEAN, COV, ROWS).compute()
    np.testing.assert_array_equal(first, whole())
    np.testing.assert_array_equal(mvn_dask.multivariate_normal(MEAN, COV, ROWS, seed=3), first)
    dense = mvn_dask.covariance.Dense(COV)
    np.testing.assert_array_equal(mvn_dask.default_rng(3).multivariate_normal(MEAN, dense, ROWS), first)


def test_other_calls_seeds_and_children_are_uncorrelated() -> None:
    """Correlations of 8 independent streams: 28 pairs within 5 standard errors, error rate 2e-5."""
    n = 200_000
    rng = mvn_dask.default_rng(1)
    calls = [rng.multivariate_normal([0], [[1]], n) for _ in range(3)]
    children = [child.multivariate_normal([0], [[1]], n) for child in rng.spawn(2)]
    again = [child.multivariate_normal([0], [[1]], n) for child in rng.spawn(1)]
    others = [mvn_dask.default_rng(seed).multivariate_normal([0], [[1]], n) for seed in (2, 3)]
    streams = np.stack([x[:, 0].compute() for x in calls + children + again + others])
    assert len({row.tobytes() for row in streams}) == 8
    correlation = np.corrcoef(streams)[np.triu_indices(8, 1)]
    assert np.abs(correlation).max() < 5 / np.sqrt(n)


def test_rows_of_neighbouring_stripes_are_uncorrelated() -> None:
    """All lags between 4 stripes at d = 1000: 6 correlations within 5 standard errors, rate 4e-6."""
    x = mvn_dask.MultivariateNormal(np.zeros(1000), 1.0).sample(4 * 128, seed=8).compute()
    stripes = x.reshape(4, -1)
    correlation = np.corrcoef(stripes)[np.triu_indices(4, 1)]
    assert np.abs(correlation).max() < 5 / np.sqrt(stripes.shape[1])


def test_the_users_array_is_not_computed_early() -> None:
    with dask.config.set(scheduler=lambda *_args, **_kwargs: pytest.fail("computed")):
        NORMAL.sample((10, 10**7), seed=1)
        NORMAL.sample(10**9, seed=1, chunks=(10**6, 10))
