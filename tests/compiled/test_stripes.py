"""Normals, scaled normals and transformed rows, against numpy, one after the other."""

import numpy as np
import pytest

from mvn_dask._typing import FloatArray
from mvn_dask.compiled.drawing import FUSED, Drawing
from mvn_dask.compiled.normals import BATCH
from mvn_dask.compiled.product import HIGH
from mvn_dask.covariance.ordered_product import ordered_product
from mvn_dask.random.sfc64 import child_states

PARENT = np.random.SeedSequence(8)
DTYPES = ["float64", "float32"]


def noise(stripes: int, rows: int, d: int, dtype: str) -> FloatArray:
    states, out = child_states(PARENT, 0, stripes), np.empty((stripes * rows, d), dtype)
    Drawing(dtype).draw(states, out)
    return out


def drawn(stripes: int, rows: int, entries: FloatArray, mean: FloatArray) -> FloatArray:
    """Samples in the midst of memory that must stay as it is."""
    d = len(mean)
    memory = np.full(stripes * rows * d + 128, 7, mean.dtype)
    out = memory[64:-64].reshape(stripes * rows, d)
    Drawing(mean.dtype, entries, mean).draw(child_states(PARENT, 0, stripes), out)
    assert (memory[:64] == 7).all()
    assert (memory[-64:] == 7).all()
    return out


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("stripes", [1, 3, 9])
@pytest.mark.parametrize("d", [1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 15, 16, 17, 23, 33, 100, FUSED])
@pytest.mark.parametrize("lower", [True, False])
def test_rows(d: int, stripes: int, lower: bool, dtype: str) -> None:
    rng = np.random.default_rng(d)
    entries, mean = rng.standard_normal((d, d)).astype(dtype), rng.standard_normal(d).astype(dtype)
    entries = np.tril(entries) if lower else entries
    rows = max(HIGH, 3 * BATCH // d // HIGH * HIGH)
    z = noise(stripes, rows, d, dtype)
    np.testing.assert_array_equal(drawn(stripes, rows, entries, mean), ordered_product(z, entries, z) + mean)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("stripes", [1, 8])
@pytest.mark.parametrize("d", [1, 2, 3, 7, 8, 15, 16, 17, 100, 5000])
@pytest.mark.parametrize("rows", [1, 37])
def test_scaled(d: int, rows: int, stripes: int, dtype: str) -> None:
    rng = np.random.default_rng(d)
    scale, mean = rng.standard_normal(d).astype(dtype), rng.standard_normal(d).astype(dtype)
    np.testing.assert_array_equal(drawn(stripes, rows, scale, mean), noise(stripes, rows, d, dtype) * scale + mean)


def test_nothing_fused_is_read_from_what_was_there() -> None:
    z = noise(1, HIGH, 3, "float64")
    out = np.full((HIGH, 3), np.nan)
    Drawing("float64", np.eye(3), np.zeros(3)).draw(child_states(PARENT, 0, 1), out)
    np.testing.assert_array_equal(out, z)
