"""Packing, and `FactorProduct` against the fixed-order sum in numpy, bit for bit."""

from pathlib import Path

import numpy as np
import pytest

from mvn_dask._typing import FloatArray
from mvn_dask.compiled.drawing import FactorProduct
from mvn_dask.compiled.matrix_product import (
    K_BLOCK,
    PANEL_FIELDS,
    PANEL_VECTORS,
    ROW_BLOCK,
    TILE_ROWS,
    pack,
    pack_interleaved,
    pad,
    row_support,
)
from mvn_dask.covariance.ordered_product import ordered_product
from tests.support.registers import REGISTERS, assert_passes_with

DTYPES = ["float64", "float32"]
SQUARE = [1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 33, 100, K_BLOCK - 1, K_BLOCK, K_BLOCK + 1, 700]
RECTANGULAR = [
    (20, 3), (3, 20), (5, 2), (330, 300), (300, 330), (400, 10), (10, 400), (1, 7), (7, 1), (1, K_BLOCK + 1), (17, 16),
    (13, K_BLOCK + 9), (4, 3), (2, 5), (40, 2 * K_BLOCK),
]  # fmt: skip


def random(shape: tuple[int, ...], dtype: str) -> FloatArray:
    return np.random.default_rng(shape).standard_normal(shape).astype(dtype)


def assert_equal_bits(ours: FloatArray, theirs: FloatArray, case: object) -> None:
    assert ours.tobytes() == theirs.tobytes(), case


def assert_ordered(z: FloatArray, matrix: FloatArray, mean: FloatArray, case: object) -> None:
    """In memory that is filled with NaN, with more memory on both sides that must stay as it is."""
    n, d = len(z), len(matrix)
    memory = np.full((n + 2, d), np.nan, z.dtype)
    product = FactorProduct(matrix, mean)
    expected = ordered_product(z, matrix, np.empty((n, d), z.dtype)) + mean
    for _ in range(2):
        product.apply(z, memory[1:-1])
        assert_equal_bits(memory[1:-1], expected, case)
        assert np.isnan(memory[[0, -1]]).all(), case
    if z.shape[1] == d:
        product.apply(z, z)
        assert_equal_bits(z, expected, case)


@pytest.mark.parametrize("dtype", DTYPES)
def test_square_factors(dtype: str) -> None:
    for d in SQUARE:
        z, matrix, mean = random((3 * TILE_ROWS, d), dtype), random((d, d), dtype), random((d,), dtype)
        assert_ordered(z.copy(), matrix, mean, d)
        assert_ordered(z.copy(), np.tril(matrix), mean, (d, "lower"))


@pytest.mark.parametrize("dtype", DTYPES)
def test_rectangular_factors(dtype: str) -> None:
    for d, k in RECTANGULAR:
        z, mean = random((3 * TILE_ROWS, k), dtype), random((d,), dtype)
        assert_ordered(z, random((d, k), dtype), mean, (d, k))
        assert_ordered(z, np.asfortranarray(random((d, k), dtype)), mean, (d, k, "F order"))


@pytest.mark.parametrize("dtype", DTYPES)
def test_rows_of_any_multiple(dtype: str) -> None:
    matrix, mean = random((13, K_BLOCK + 9), dtype), np.ones(13, dtype)
    for rows in (0, TILE_ROWS, ROW_BLOCK - TILE_ROWS, ROW_BLOCK, ROW_BLOCK + 2 * TILE_ROWS, 3 * ROW_BLOCK):
        assert_ordered(random((rows, matrix.shape[1]), dtype), matrix, mean, rows)


@pytest.mark.parametrize("dtype", DTYPES)
def test_zeros_anywhere(dtype: str) -> None:
    """Columns and rows of zeros, at either end and between, and nothing but zeros."""
    for d, k in [(20, 3), (3, 20), (10, 400), (40, K_BLOCK + 40), (9, 9), (2, 2), (33, 33)]:
        z, mean = random((2 * TILE_ROWS, k), dtype), random((d,), dtype)
        mean[0] = 0.0
        for rows in (slice(0, 1), slice(d // 2, None), slice(None)):
            for columns in (slice(0, 1), slice(k // 2, None), slice(None)):
                matrix = random((d, k), dtype)
                matrix[rows] = 0.0
                matrix[:, columns] = 0.0
                assert_ordered(z.copy(), matrix, mean, (d, k, rows, columns))
                matrix = random((d, k), dtype)
                matrix[rows, columns] = 0.0
                assert_ordered(z.copy(), matrix, mean, (d, k, rows, columns, "block"))


@pytest.mark.parametrize("dtype", DTYPES)
def test_panels_hold_the_factor(dtype: str) -> None:
    for d, k in [(1, 1), (3, 3), (5, 5), (8, 8), (11, 11), (40, 40), (129, 129), (50, 7), (7, 50)]:
        for matrix in (np.tril(random((d, k), dtype)), random((d, k), dtype), np.zeros((d, k), dtype)):
            packed, panels = pack(matrix)
            width, fields = panels[0], panels[1:].reshape(-1, PANEL_FIELDS)
            again = np.zeros((max(d, width), k), dtype)
            ends = [begin + width * sum(depths) for begin, _, *depths in fields.tolist()]
            assert [*fields[:, 0]] == [0, *ends[:-1]]
            assert len(packed) == ends[-1]
            for begin, column, *depths in fields.tolist():
                place = begin
                for normal in range(max(depths)):
                    for vector, depth in enumerate(depths):
                        if normal < depth:
                            first = column + vector * width
                            again[first : first + width, normal] = packed[place : place + width]
                            place += width
                assert depths == sorted(depths), "vectors that go on lie side by side"
            np.testing.assert_array_equal(again[:d], matrix)
            assert not again[d:].any()
            np.testing.assert_array_equal(pad(matrix[:, 0]), again[:, 0])


def test_a_triangle_is_packed_without_its_zeros() -> None:
    """But for those in the vectors that it cuts, and twice the columns that two vectors have."""
    d = 1000
    packed, panels = pack(np.tril(np.ones((d, d))))
    assert len(packed) <= d * (d + panels[0]) / 2 + panels[0] ** 2
    assert len(panels) // PANEL_FIELDS <= 2 + d // (PANEL_VECTORS * panels[0])


def test_two_or_four_columns_are_repeated_to_fill_a_vector() -> None:
    for d, dtype, rows in ((2, "float64", 4), (2, "float32", 8), (4, "float64", 2), (4, "float32", 4)):
        matrix = np.arange(d * d, dtype=dtype).reshape(d, d)
        mean, (panels, _) = pack_interleaved(matrix, matrix[0])
        np.testing.assert_array_equal(panels.reshape(d, rows, d), np.repeat(matrix.T[:, None], rows, axis=1))
        np.testing.assert_array_equal(mean, np.tile(matrix[0], rows))


def test_the_support_leaves_out_zeros_at_the_end() -> None:
    assert row_support(np.array([[1.0, 0.0, 0.0], [0.0, 2.0, 0.0]])) == 2
    assert row_support(np.zeros((2, 3))) == 1


@pytest.mark.faults
@pytest.mark.parametrize("registers", REGISTERS)
def test_registers_of_any_processor(registers: tuple[int, int], tmp_path: Path) -> None:
    assert_passes_with(registers, __file__, tmp_path)
