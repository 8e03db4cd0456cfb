import numpy as np

from mvn_dask.compiled.packing import TILE_FIELDS, pack_tiles, row_support, tile_width


def test_panels_hold_the_factor() -> None:
    for d in (1, 3, 5, 8, 11, 40):
        matrix = np.tril(np.random.default_rng(d).standard_normal((d, d)))
        packed, width = pack_tiles(matrix, np.arange(d) + 1.0), tile_width(d, 8)
        again = np.zeros((d, d))
        for first, depth, begin in packed.tiles.reshape(-1, TILE_FIELDS):
            rows = min(width, d)
            panel = packed.panels[begin : begin + depth * width].reshape(depth, width)
            again[first : first + rows, :depth] = panel[:, :rows].T
        np.testing.assert_array_equal(again, matrix)
        np.testing.assert_array_equal(packed.mean[:d], np.arange(d) + 1.0)


def test_two_or_four_columns_are_repeated_to_fill_a_vector() -> None:
    for d, dtype, rows in ((2, "float64", 4), (2, "float32", 8), (4, "float64", 2), (4, "float32", 4)):
        matrix = np.arange(d * d, dtype=dtype).reshape(d, d)
        packed = pack_tiles(matrix, matrix[0])
        np.testing.assert_array_equal(packed.panels.reshape(d, rows, d), np.repeat(matrix.T[:, None], rows, axis=1))
        np.testing.assert_array_equal(packed.mean, np.tile(matrix[0], rows))


def test_the_support_leaves_out_zeros_at_the_end() -> None:
    assert row_support(np.array([[1.0, 0.0, 0.0], [0.0, 2.0, 0.0]])) == 2
    assert row_support(np.zeros((2, 3))) == 1
