"""Normals, scaled normals and transformed rows, against numpy, one after the other."""

import numpy as np
import pytest

from mvn_dask._typing import FloatArray
from mvn_dask.compiled.drawing import StripeDrawer
from mvn_dask.compiled.matrix_product import TILE_ROWS
from mvn_dask.compiled.normals import BATCH_STEPS
from mvn_dask.covariance.matrix_factors import FUSED_NDIM
from mvn_dask.covariance.ordered_product import ordered_product
from mvn_dask.random.sfc64 import child_states

PARENT = np.random.SeedSequence(8)
DTYPES = ["float64", "float32"]
EDGES = [1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 15, 16, 17, 23, 33, 100, FUSED_NDIM]
"""Dimensions around those of a narrow tile, of a vector in either precision, and the largest."""


def noise(stripes: int, rows: int, d: int, dtype: str) -> FloatArray:
    states, out = child_states(PARENT, 0, stripes), np.empty((stripes * rows, d), dtype)
    StripeDrawer(dtype).draw(states, out)
    return out


def drawn(stripes: int, rows: int, entries: FloatArray, mean: FloatArray) -> FloatArray:
    """Samples in the midst of memory that must stay as it is."""
    d = len(mean)
    memory = np.full(stripes * rows * d + 128, 7, mean.dtype)
    out = memory[64:-64].reshape(stripes * rows, d)
    StripeDrawer(mean.dtype, entries, mean).draw(child_states(PARENT, 0, stripes), out)
    assert (memory[:64] == 7).all()
    assert (memory[-64:] == 7).all()
    return out


@pytest.mark.parametrize("dtype", DTYPES)
def test_transformed_rows(dtype: str) -> None:
    for d in EDGES:
        rng = np.random.default_rng(d)
        full, mean = rng.standard_normal((d, d)).astype(dtype), rng.standard_normal(d).astype(dtype)
        rows = max(TILE_ROWS, 3 * BATCH_STEPS // d // TILE_ROWS * TILE_ROWS)
        for stripes in (1, 3, 9):
            z = noise(stripes, rows, d, dtype)
            for entries in (full, np.tril(full)):
                expected = ordered_product(z, entries, np.empty_like(z)) + mean
                np.testing.assert_array_equal(drawn(stripes, rows, entries, mean), expected, str((d, stripes)))


@pytest.mark.parametrize("dtype", DTYPES)
def test_scaled(dtype: str) -> None:
    for d in (1, 2, 3, 7, 8, 15, 16, 17, 100, 5000):
        rng = np.random.default_rng(d)
        scale, mean = rng.standard_normal(d).astype(dtype), rng.standard_normal(d).astype(dtype)
        for rows in (1, 37):
            for stripes in (1, 8):
                expected = noise(stripes, rows, d, dtype) * scale + mean
                np.testing.assert_array_equal(drawn(stripes, rows, scale, mean), expected, str((d, rows, stripes)))


def test_rows_do_not_depend_on_what_memory_held() -> None:
    z = noise(1, TILE_ROWS, 3, "float64")
    out = np.full((TILE_ROWS, 3), np.nan)
    StripeDrawer("float64", np.eye(3), np.zeros(3)).draw(child_states(PARENT, 0, 1), out)
    np.testing.assert_array_equal(out, z)
