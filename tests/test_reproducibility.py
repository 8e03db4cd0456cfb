"""The same bits, however they are computed; other bits, wherever they ought to be others."""

import os
import subprocess
import sys
from functools import cache
from hashlib import sha256
from typing import Any

import dask
import numpy as np
import pytest
from distributed import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from threadpoolctl import threadpool_limits

import mvn_dask
from mvn_dask import stripe_height
from mvn_dask.checks import NumpyMethod
from mvn_dask.covariance import Dense
from tests.support.other_processors import PROCESSORS, printed_under
from tests.support.strategies import METHODS, Floats, numpy_stripe, partitions, random_moments

D = 30
ROWS = 3 * 2048 + 77
MEAN, COV = random_moments(D)
NORMAL = mvn_dask.MultivariateNormal(MEAN, COV, method="svd")
CHUNKS: list[Any] = [stripe_height(D), 777, "auto", -1, ((1, 2047, 4000, 173),), "100 kiB", (1000, 7)]


def whole(dtype: Any = np.float64) -> Floats:
    rows: Floats = NORMAL.sample(ROWS, seed=3, dtype=dtype, chunks=-1).compute(scheduler="synchronous")
    return rows


@cache
def third_stripe_and_more(d: int, method: NumpyMethod) -> Floats:
    """The third stripe of the second call and 5 rows of the fourth, by numpy alone."""
    mean, cov = random_moments(d)
    stripes = [numpy_stripe(99, 1, i, mean, cov, method) for i in (2, 3)]
    return np.concatenate(stripes)[: stripe_height(d) + 5]


@cache
def dense(d: int, method: NumpyMethod) -> Dense:
    """Factorised once for both paths."""
    return Dense(random_moments(d)[1], method=method)


@pytest.mark.usefixtures("path")
@pytest.mark.parametrize("d", [1, 2, 3, 30, 128, 300, pytest.param(1000, marks=pytest.mark.faults)])
@pytest.mark.parametrize("method", METHODS)
def test_stripes_are_numpys(d: int, method: NumpyMethod) -> None:
    mean, _ = random_moments(d)
    rng = mvn_dask.default_rng(99)
    rng.multivariate_normal([0.0], [[1.0]])
    height = stripe_height(d)
    rows = rng.multivariate_normal(mean, dense(d, method), 3 * height + 5, method=method)[2 * height :].compute()
    expected = third_stripe_and_more(d, method)
    scale = np.abs(expected).max()
    np.testing.assert_allclose(rows, expected, rtol=0, atol=1e-12 * scale)


@pytest.mark.usefixtures("path")
def test_stripes_of_another_bit_generator_are_numpys() -> None:
    rows = mvn_dask.default_rng(np.random.Philox(5)).multivariate_normal(MEAN, COV, 10).compute()
    expected = numpy_stripe(5, 0, 0, MEAN, COV, "svd", bit_generator=np.random.Philox)[:10]
    np.testing.assert_allclose(rows, expected, rtol=1e-12, atol=1e-12)


@pytest.mark.usefixtures("path")
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("chunks", CHUNKS, ids=str)
@pytest.mark.parametrize("scheduler", ["synchronous", "threads"])
def test_chunks_and_local_schedulers(chunks: Any, scheduler: str, dtype: Any) -> None:
    with dask.config.set({"array.chunk-size": "512 kiB"}):
        rows = NORMAL.sample(ROWS, seed=3, dtype=dtype, chunks=chunks)
    assert rows.npartitions > 1 or chunks == -1
    assert rows.dtype == dtype
    np.testing.assert_array_equal(rows.compute(scheduler=scheduler), whole(dtype))


@pytest.mark.faults
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


PATHS = """
import sys
from hashlib import sha256
import numpy as np
import mvn_dask
from mvn_dask.compiled import compiled_module
assert (compiled_module("drawing") is None) == (sys.argv[1] == "numpy")
for d in (1, 2, 3, 4, 7, 16, 33, 100, 320, 321, 700):
    a = np.random.default_rng(d).standard_normal((d, d))
    for cov, method in ((a @ a.T + np.eye(d), "cholesky"), (a @ a.T + np.eye(d), "svd"), (np.ones(d), "svd")):
        normal = mvn_dask.MultivariateNormal(np.arange(d), cov, method=method)
        for seed in (1, np.random.Philox(1)):
            for dtype in ("float64", "float32"):
                rows = normal.sample(1500, seed=seed, dtype=dtype, chunks=700).compute(scheduler="threads")
                print(d, dtype, sha256(rows.tobytes()).hexdigest())
"""


@pytest.mark.faults
def test_processes_with_and_without_compiled_code() -> None:
    """The same bits for every dimension, precision, kind of factor and bit generator."""
    outputs = []
    for path, disabled in (("compiled", "0"), ("numpy", "1")):
        command = [sys.executable, "-c", PATHS, path]
        environment = {**os.environ, "NUMBA_DISABLE_JIT": disabled}
        outputs.append(subprocess.run(command, capture_output=True, text=True, check=True, env=environment).stdout)
    assert outputs[0].count("\n") == 11 * 12
    assert outputs[0] == outputs[1]


DIGESTS = {
    (1, "float64", 0): "583ad5a0eef1008901d2c33650476c19d16e7aed7e91e781441e5cb7a87a08b1",
    (1, "float32", 0): "b90fff8db6592dec807a662bfedcc0072e5b258a68ee257272633c089e6baf29",
    (2, "float64", 0): "3c7c7c8b2f90290e37436266c3a691d843b6879ae1c436e9096389acf1641d81",
    (2, "float32", 0): "53e563019e9eedca3bdd503e09fb19657eb960e0419504b7b1c9b4c8dfa3f6a7",
    (3, "float64", 0): "ec02276d42df48d6b2dda9435706d36531d19a8b094ff006b5e0eee72ebf691e",
    (3, "float32", 0): "1ee75ca75841d0cdf4958d976af69cbf2232fe618338220bc868c2312abee16c",
    (4, "float64", 0): "f7ae9bd9ff9d911b89b8cb54bacd0830d61b3ce4b1123c08967d16aaa8bceb70",
    (4, "float32", 0): "8166935d88c3f09da514902af0187c44499cf214bdebf61c54fc9906db373d16",
    (5, "float64", 0): "dd5b64b5e7ac91fdf8a137e9c92b4451beb27aab29dd47caf6672d7c33bf27ee",
    (5, "float32", 0): "559e855d6110966d2601c7f239315a7e37ab19d69c521982614b9164d9d173d1",
    (8, "float64", 0): "3ca9e8aded084814eed03d58437aa7d03eccfea81bd654d3fcca332f0256f600",
    (8, "float32", 0): "7f231ffc1afd5a9f1852675bca64fa2655d239c33f9777bfa085e6d930da3c5d",
    (10, "float64", 0): "8e9ac76d788a15ce78682dd31b303d30ce6557c6ff8df5082a8a961a216e5ade",
    (10, "float32", 0): "fbab628324d67c6fe06574a52bcf72458f41f227a36bdc1f38b55a3f18da0aa4",
    (17, "float64", 0): "880e010c7e5a7556810c9ea1463a7d77f0e878533ef156569293019c9f00ec42",
    (17, "float32", 0): "3aac8541fa3fcd7de7fa6d9f90e921ed1f12d0e1a7e2a456bdb2f0eb6de6fa18",
    (33, "float64", 0): "208da198c31e7df2b532610b13bfda108e957f32e754eed9db341de1c06143a4",
    (33, "float32", 0): "364f264150775edcae36a2f46864ef40cc3d21bf9021069fa36bd79a23ac09c4",
    (100, "float64", 0): "f56e7931010ac611362c71135e50e597d17d696bfdb4a93710d4a0934ab3a443",
    (100, "float32", 0): "ded792537237c87a68b7c62ae664d4af8860391622a583f9597d09490666528b",
    (321, "float64", 0): "65ca76b95648ea44f81882c2aa48d7a72d7f860c201038e2a5baf42ed287fe66",
    (321, "float32", 0): "f01a393354497751a09e0f534538005cd82fe4bec5e63dcd388389db158bcb08",
}

DIGEST_OF_POINTS = "6245e42016953745995925101ad2bddcbd79ecb5f15cb4ba4d1921e379d8b3b4"


@pytest.mark.usefixtures("path")
@pytest.mark.parametrize(("d", "dtype", "seed"), DIGESTS)
def test_bits_do_not_depend_on_the_machine(d: int, dtype: str, seed: int) -> None:
    """Digests that were stored on another one. The factor is exact, so that no LAPACK has a say.

    Nor has the C library: its logarithm makes the normals in the tail, and these seeds draw none.
    """
    assert exact_digest(d, dtype, seed) == DIGESTS[d, dtype, seed]


@pytest.mark.usefixtures("path")
def test_bits_of_points_do_not_depend_on_the_machine() -> None:
    """No C library has a say here: its logarithm is not used."""
    assert digest_of_points() == DIGEST_OF_POINTS


@pytest.mark.faults
@pytest.mark.parametrize("variables", PROCESSORS, ids=str)
def test_bits_of_points_for_other_processors(variables: dict[str, str]) -> None:
    code = "from tests.test_reproducibility import digest_of_points; print(digest_of_points())"
    assert printed_under(variables, code) == DIGEST_OF_POINTS


def digest_of_points() -> str:
    normal = mvn_dask.MultivariateNormal(np.arange(3.0), np.array([1.0, 4.0, 9.0]))
    rows = normal.sample(2**12, seed=3, points="sobol", chunks=1000).compute(scheduler="synchronous")
    return sha256(rows.astype("<f8").tobytes()).hexdigest()


def exact_digest(d: int, dtype: Any, seed: int) -> str:
    lower = np.tril(np.random.default_rng(d).integers(-4, 5, (d, d)), -1) + np.diag(np.full(d, 8))
    normal = mvn_dask.MultivariateNormal(np.arange(d) / 8, lower @ lower.T, method="cholesky")
    np.testing.assert_array_equal(normal.covariance.factorize().operand, lower if d > 1 else [8.0])
    rows = normal.sample(max(2, 400 // d), seed=seed, dtype=dtype).compute()
    noise = np.linalg.solve(lower, (rows - normal.mean).T.astype(float))
    assert np.abs(noise).max() < 3.65
    return sha256(np.ascontiguousarray(rows, np.dtype(dtype).newbyteorder("<")).tobytes()).hexdigest()


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("d", [30, 300])
def test_blas_threads_outside(d: int, method: NumpyMethod) -> None:
    """Factor and product: with 2 threads LAPACK would find other eigenvectors at d = 300."""
    mean, cov = random_moments(d)
    drawn = []
    for threads in (1, 2):
        with threadpool_limits(threads, "blas"):
            normal = mvn_dask.MultivariateNormal(mean, cov, method=method)
            drawn.append(normal.sample(1000, seed=1, chunks=300).compute(scheduler="threads"))
    np.testing.assert_array_equal(*drawn)


@pytest.mark.usefixtures("path")
@given(st.data())
@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_partition(data: st.DataObject) -> None:
    pieces = data.draw(partitions(ROWS))
    rows = NORMAL.sample(ROWS, seed=3, chunks=(pieces, -1))
    assert rows.chunks[0] == pieces
    np.testing.assert_array_equal(rows.compute(scheduler="synchronous"), whole())


@pytest.mark.usefixtures("path")
@given(st.integers(0, ROWS))
@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_first_rows_of_a_longer_run_are_the_shorter_run(n: int) -> None:
    rows = NORMAL.sample(n, seed=3).compute(scheduler="synchronous")
    np.testing.assert_array_equal(rows, whole()[:n])


@pytest.mark.usefixtures("path")
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
    np.testing.assert_array_equal(
        mvn_dask.default_rng(3).multivariate_normal(MEAN, Dense(COV, method="svd"), ROWS), first
    )


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
