import tracemalloc

import numpy as np
import pytest

from mvn_dask.covariance import Dense, Diagonal
from mvn_dask.random.streams import as_root
from mvn_dask.sampling import kernel
from mvn_dask.sampling.plan import Plan, as_cuts
from tests.support.strategies import numpy_stripe, random_moments
from tests.toys.test_factor import rectangular


@pytest.mark.parametrize("pieces", [(300,), (1, 128, 171), (127, 129, 44), (299, 1)])
def test_blocks_join_to_numpys_stripes(pieces: tuple[int, ...]) -> None:
    mean, cov = random_moments(1000)
    plan = Plan((300,), 1000, 1000, "float64", as_root(5).child(2), as_cuts([pieces]))
    factor = Dense(cov, method="cholesky").factorize()
    rows = np.concatenate([kernel.draw_rows(factor, mean, plan, *plan.bounds((i,))) for i in range(len(pieces))])
    expected = np.concatenate([numpy_stripe(5, 2, i, mean, cov, "cholesky") for i in range(3)])[:300]
    np.testing.assert_allclose(rows, expected, rtol=1e-12, atol=1e-12)


def test_float32_draws_float32_normals() -> None:
    plan = Plan((10,), 2, 2, "float32", as_root(1).child(0), (10,))
    factor = Diagonal([4.0, 9.0]).factorize().astype(np.float32)
    mean = np.array([1.0, 2.0], np.float32)
    rows = kernel.draw_rows(factor, mean, plan, 0, 10)
    stream = np.random.SeedSequence(1).spawn(1)[0].spawn(1)[0]
    noise = np.random.Generator(np.random.SFC64(stream)).standard_normal((10, 2), dtype=np.float32)
    assert rows.dtype == np.float32
    np.testing.assert_array_equal(rows, noise * np.array([2, 3], np.float32) + mean)


def test_no_rows() -> None:
    factor = Diagonal([1.0, 1.0]).factorize()
    none = kernel.draw_rows(factor, np.zeros(2), Plan((0,), 2, 2, "float64", as_root(1), (1,)), 0, 0)
    assert none.shape == (0, 2)


@pytest.mark.faults
@pytest.mark.usefixtures("path")
@pytest.mark.parametrize("bit_generator", ["SFC64", pytest.param("PCG64", marks=pytest.mark.slow)])
@pytest.mark.parametrize(("d", "k"), [(500, 500), (8000, 10), (10, 4000)])
def test_memory_is_what_the_plan_says(d: int, k: int, bit_generator: str) -> None:
    """Beside the rows, and a MiB for the arrays of fixed size."""
    root = as_root(getattr(np.random, bit_generator)(1)).child(0)
    plan = Plan((10**6,), d, k, "float64", root, (700,))
    factor, mean = rectangular(d, k), np.zeros(d)
    kernel.draw_rows(factor, mean, plan, 0, 1)
    tracemalloc.start()
    kernel.draw_rows(factor, mean, plan, 3, 703)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak <= plan.task_bytes(0) + 2**20
