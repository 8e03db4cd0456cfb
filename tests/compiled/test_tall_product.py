"""`multiply_tall` against the fixed-order sum in numpy, bit for bit, whatever processor is compiled for."""

from pathlib import Path

import numpy as np
import pytest

from mvn_dask.compiled import tall_product
from mvn_dask.compiled.tall_product import multiply_tall
from mvn_dask.covariance.ordered_product import ordered_product
from tests.support.registers import REGISTERS, assert_passes_with

SHAPES = [(8, 1000, 5), (1, 1003, 5), (3, 77, 100), (16, 400, 700), (5, 9, 3), (128, 1001, 33), (2, 5, 1), (1, 1, 1)]


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("shape", SHAPES)
def test_bits_of_ordered_products(shape: tuple[int, int, int], dtype: str) -> None:
    n, d, k = shape
    rng = np.random.default_rng(shape)
    z = rng.standard_normal((n, k + d)).astype(dtype)
    loadings, scale = rng.standard_normal((d, k)).astype(dtype), rng.random(d).astype(dtype)
    # Zeros of both signs, and rows and columns of nothing else.
    loadings[rng.random((d, k)) < 0.2] = 0.0
    loadings[:, -1], loadings[d // 2] = -0.0, 0.0
    z[n // 2, :k] = 0.0
    expected = ordered_product(z[:, :k], loadings, np.empty((n, d), dtype)) + np.zeros((), dtype)
    expected += z[:, k:] * scale
    memory = np.full((n + 2, d), np.nan, dtype)
    for writable in (True, False):
        loadings.setflags(write=writable)
        multiply_tall(z, loadings, scale, memory[1:-1])
        np.testing.assert_array_equal(memory[1:-1], expected)
        assert (memory[1:-1] + 0.0).tobytes() == (expected + 0.0).tobytes()
        assert np.isnan(memory[[0, -1]]).all()
    without = np.empty((n, d), dtype)
    multiply_tall(np.ascontiguousarray(z[:, :k]), loadings, scale[:0], without)
    np.testing.assert_array_equal(without, ordered_product(z[:, :k], loadings, np.empty((n, d), dtype)))


def test_parts_of_any_height(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(1)
    z, loadings, scale = rng.standard_normal((4, 103)), rng.standard_normal((100, 3)), rng.random(100)
    whole, parts = np.empty((4, 100)), np.empty((4, 100))
    multiply_tall(z, loadings, scale, whole)
    monkeypatch.setattr(tall_product, "CACHED_NUMBERS", 1)
    multiply_tall(z, loadings, scale, parts)
    assert whole.tobytes() == parts.tobytes()


def test_what_does_not_fit_is_refused() -> None:
    z, loadings, scale, out = np.zeros((2, 8)), np.zeros((5, 3)), np.zeros(5), np.zeros((2, 5))
    multiply_tall(z, loadings, scale, out)
    multiply_tall(z[:0], loadings, scale, out[:0])
    for wrong in (
        (z[:, 1:], loadings, scale, out), (z, loadings[1:], scale, out), (z, loadings, scale[1:], out),
        (z, loadings, scale, out[1:]), (z, loadings, scale, out.astype("f4")), (z, loadings, scale, out.T.copy().T),
    ):  # fmt: skip
        with pytest.raises(ValueError, match=r"must be|do not fit"):
            multiply_tall(*wrong)


@pytest.mark.slow
@pytest.mark.parametrize("registers", REGISTERS)
def test_registers_of_any_processor(registers: tuple[int, int], tmp_path: Path) -> None:
    assert_passes_with(registers, __file__, tmp_path)
