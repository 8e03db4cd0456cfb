import numpy as np
import pytest

from mvn_dask.compiled.drawing import Product
from mvn_dask.compiled.product import DEEP, HIGH, PLACE, TALL, cut, reach, tile_width
from mvn_dask.covariance.ordered_product import ordered_product

DTYPES = ["float64", "float32"]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("d", [1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 33, 100, 511, 512, 513, 700])
@pytest.mark.parametrize("lower", [True, False])
def test_every_bit_is_that_of_the_ordered_sum(d: int, lower: bool, dtype: str) -> None:
    rng = np.random.default_rng(d)
    z, matrix, mean = (rng.standard_normal(size).astype(dtype) for size in ((3 * HIGH, d), (d, d), d))
    matrix = np.tril(matrix) if lower else matrix
    expected = ordered_product(z, matrix, np.empty_like(z)) + mean
    out = np.full_like(z, np.nan)
    product = Product(matrix, mean)
    product.place(z, out)
    np.testing.assert_array_equal(out, expected)
    product.place(z, z)
    np.testing.assert_array_equal(z, expected)


@pytest.mark.parametrize("dtype", DTYPES)
def test_a_rectangular_factor_and_many_rows(dtype: str) -> None:
    rng = np.random.default_rng(0)
    z = rng.standard_normal((TALL + 2 * HIGH, DEEP + 9)).astype(dtype)
    matrix, mean = rng.standard_normal((13, DEEP + 9)).astype(dtype), np.ones(13, dtype)
    out = np.empty((len(z), 13), dtype)
    Product(matrix, mean).place(z, out)
    np.testing.assert_array_equal(out, ordered_product(z, matrix, np.empty_like(out)) + mean)


@pytest.mark.parametrize("d", [1, 3, 5, 8, 11, 40])
def test_tiles_hold_the_factor(d: int) -> None:
    matrix = np.tril(np.random.default_rng(d).standard_normal((d, d)))
    tiles, width = cut(matrix, np.arange(d) + 1.0), tile_width(d, 8)
    again = np.zeros((d, d))
    for first, count, line in tiles.places.reshape(-1, PLACE):
        rows = min(width, d)
        again[first : first + rows, :count] = tiles.lines[line : line + count * width].reshape(count, width)[:, :rows].T
    np.testing.assert_array_equal(again, matrix)
    np.testing.assert_array_equal(tiles.shift[:d], np.arange(d) + 1.0)


def test_reach_leaves_out_zeros_at_the_end() -> None:
    assert reach(np.array([[1.0, 0.0, 0.0], [0.0, 2.0, 0.0]])) == 2
    assert reach(np.zeros((2, 3))) == 1
