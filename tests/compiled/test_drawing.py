"""What the compiled code needs of its arguments. What it draws is tested with its parts."""

import numpy as np
import pytest

from mvn_dask._typing import FloatArray
from mvn_dask.compiled.drawing import FactorProduct, SquareProduct, StripeDrawer, square_product
from mvn_dask.compiled.matrix_product import TILE_ROWS
from mvn_dask.errors import ArgumentError
from mvn_dask.random.sfc64 import child_states


def test_a_drawer_is_used_again() -> None:
    drawer, states = StripeDrawer("float64"), child_states(np.random.SeedSequence(1), 0, 2)
    first, second = np.empty((2, 99)), np.empty((2, 99))
    drawer.draw(states, first)
    drawer.draw(states, second)
    np.testing.assert_array_equal(first, second)


def test_no_stripes() -> None:
    StripeDrawer("float64").draw(np.empty((4, 0), np.uint64), np.empty((0, 3)))


RECTANGULAR = [(20, 3), (3, 20), (5, 2), (330, 300), (300, 330), (400, 10), (10, 400), (1, 7), (7, 1)]


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_only_square_factors_are_fused(dtype: str) -> None:
    for d, k in RECTANGULAR:
        with pytest.raises(ArgumentError, match=rf"must have shape \({d}, {d}\) .*: its shape is \({d}, {k}\)"):
            StripeDrawer(dtype, np.zeros((d, k), dtype), np.zeros(d, dtype))


@pytest.mark.parametrize(
    ("matrix", "mean", "message"),
    [
        (np.zeros((3, 2)), np.zeros(2), r"must have shape \(2, 2\)"),
        (np.zeros(2), np.zeros(2), r"must have shape \(d, k\): its shape is \(2,\)"),
        (np.zeros((2, 2)), np.zeros((2, 1)), r"a mean of shape \(2, 1\)"),
        (np.zeros((2, 2)), np.zeros(2, np.float32), "they are float64 and float32"),
    ],
)
def test_factors_that_do_not_fit(matrix: FloatArray, mean: FloatArray, message: str) -> None:
    with pytest.raises(ArgumentError, match=message):
        FactorProduct(matrix, mean)


def test_precisions_that_do_not_fit() -> None:
    with pytest.raises(ArgumentError, match="factor and mean must be float32"):
        StripeDrawer("float32", np.eye(2), np.zeros(2))


@pytest.mark.parametrize(
    ("out", "message"),
    [
        (np.empty((2 * TILE_ROWS, 3), np.float32), "must be C-contiguous and float64: it is C-contiguous and float32"),
        (np.empty((2 * TILE_ROWS, 6))[:, ::2], "it is not C-contiguous"),
        (np.empty((TILE_ROWS, 3)), r"2 stripes of a multiple of 24 numbers: its shape is \(8, 3\)"),
        (np.empty((2 * TILE_ROWS + 1, 3)), "2 stripes"),
    ],
)
def test_memory_that_does_not_fit(out: FloatArray, message: str) -> None:
    drawer = StripeDrawer("float64", np.eye(3), np.zeros(3))
    with pytest.raises(ArgumentError, match=message):
        drawer.draw(child_states(np.random.SeedSequence(1), 0, 2), out)


@pytest.mark.parametrize(
    ("z", "out", "message"),
    [
        (np.empty((TILE_ROWS, 3), np.float32), np.empty((TILE_ROWS, 2)), "`z` must be C-contiguous and float64"),
        (np.empty((3, TILE_ROWS)).T, np.empty((TILE_ROWS, 2)), "`z` must be C-contiguous"),
        (np.empty((TILE_ROWS + 1, 3)), np.empty((TILE_ROWS + 1, 2)), "multiple of 8 rows of 3 numbers"),
        (np.empty((TILE_ROWS, 2)), np.empty((TILE_ROWS, 2)), "multiple of 8 rows of 3 numbers"),
        (np.empty((TILE_ROWS, 3)), np.empty((TILE_ROWS, 3)), r"`out` must have shape \(8, 2\)"),
    ],
)
def test_rows_that_do_not_fit(z: FloatArray, out: FloatArray, message: str) -> None:
    with pytest.raises(ArgumentError, match=message):
        FactorProduct(np.ones((2, 3)), np.zeros(2)).apply(z, out)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("diagonal", [False, True])
@pytest.mark.parametrize("d", [1, 2, 3, 4, 5, 15, 16, 17, 40])
def test_normals_that_are_there_become_the_rows_that_are_drawn(d: int, diagonal: bool, dtype: str) -> None:
    rng, rows, states = np.random.default_rng(d), 3 * TILE_ROWS, child_states(np.random.SeedSequence(1), 0, 1)
    entries, mean = rng.standard_normal(d if diagonal else (d, d)).astype(dtype), np.arange(d, dtype=dtype)
    expected, z = np.empty((rows, d), dtype), np.empty((rows, d), dtype)
    StripeDrawer(dtype, entries, mean).draw(states, expected)
    StripeDrawer(dtype).draw(states, z)
    product = square_product(entries, mean)
    assert (product.in_place, product.row_multiple) == (diagonal, 1 if diagonal else TILE_ROWS)
    found = np.full((rows + 2, d), np.nan, dtype)
    if diagonal:
        found[1:-1] = z
    product.apply(found[1:-1] if diagonal else z, found[1:-1])
    assert found[1:-1].tobytes() == expected.tobytes()
    assert np.isnan(found[[0, -1]]).all(), "nothing is written beside the rows"


def test_rows_that_do_not_fit_a_square_factor() -> None:
    product = SquareProduct(np.eye(3), np.zeros(3))
    good, few, narrow = np.zeros((TILE_ROWS, 3)), np.zeros((TILE_ROWS - 1, 3)), np.zeros((TILE_ROWS, 2))
    for z, out in ((good, few), (good, narrow), (narrow, good), (few, good)):
        with pytest.raises(ArgumentError, match=rf"must be a multiple of {TILE_ROWS} rows of 3 numbers"):
            product.apply(z, out)
    with pytest.raises(ArgumentError, match="`z` must be C-contiguous and float64"):
        product.apply(good.astype("f4"), good.copy())
    with pytest.raises(ArgumentError, match=r"must have shape \(2, 2\)"):
        SquareProduct(np.zeros((3, 2)), np.zeros(2))
