import numpy as np
import pytest

from mvn_dask.compiled import band_matrix
from mvn_dask.compiled.band_matrix import eliminate, inverse_diagonal, multiply, solve
from mvn_dask.compiled.llvm import LANES
from tests.covariance.test_band_triangle import dense, number_by_number, triangle


@pytest.mark.parametrize("widths", [(1, 1), (2, 3), (7, 8), (8, 8), (13, 13), (64, 1024)])
@pytest.mark.parametrize(("d", "u"), [(1, 0), (40, 0), (40, 1), (41, 2), (42, 3), (40, 9), (26, 25)])
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_blocks_and_lanes_change_no_bit(
    dtype: str, d: int, u: int, widths: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(band_matrix, "BLOCK_VARIABLES", widths)
    bands = triangle(d, u).astype(dtype)
    for rows in (1, LANES - 1, LANES, 2 * LANES + 1):
        z = np.random.default_rng(rows).standard_normal((rows, d)).astype(dtype)
        product, solution = number_by_number(bands, z)
        out = np.empty_like(z)
        multiply(bands, z, out)
        np.testing.assert_array_equal(out, product)
        solve(bands, z, out)
        np.testing.assert_array_equal(out, solution)


def test_arrays_of_workers_are_read_only() -> None:
    bands, z, out = triangle(30, 2), np.ones((2, 30)), np.empty((2, 30))
    bands.setflags(write=False)
    z.setflags(write=False)
    multiply(bands, z, out)
    solve(bands, out, out)
    np.testing.assert_allclose(out, z, rtol=1e-12)


def test_a_row_that_is_not_finite_stays_in_its_lane() -> None:
    bands, z = triangle(30, 2), np.random.default_rng(0).standard_normal((LANES + 2, 30))
    expected = np.empty_like(z)
    solve(bands, z, expected)
    z[3] = np.nan
    found = np.empty_like(z)
    solve(bands, z, found)
    others = np.arange(len(z)) != 3
    np.testing.assert_array_equal(found[others], expected[others])


def test_a_pivot_below_its_limit_is_named() -> None:
    work = np.zeros((6, 2))
    work[:5, 0] = 2.0
    assert eliminate(work.copy(), np.array([0.0, 0.0, 0.0, 2.0, 0.0])) == 3
    work[2, 0] = np.nan
    assert eliminate(work.copy(), np.zeros(5)) == 2
    work[2, 0] = 2.0
    assert eliminate(work, np.zeros(5)) == -1
    np.testing.assert_array_equal(work[:5, 0], np.sqrt(2.0))


@pytest.mark.parametrize(("d", "u"), [(1, 0), (5, 0), (9, 3), (40, 7)])
def test_the_diagonal_of_an_inverse(d: int, u: int) -> None:
    bands, out = triangle(d, u), np.empty(d)
    inverse_diagonal(bands, out)
    inverse = np.linalg.inv(dense(bands))
    np.testing.assert_allclose(out, np.diagonal(inverse @ inverse.T), rtol=1e-12)
