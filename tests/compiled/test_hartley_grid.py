from pathlib import Path

import numpy as np
import pytest

from mvn_dask.covariance import hartley_transform
from mvn_dask.covariance.hartley_transform import HartleyTransform
from tests.covariance.test_hartley_transform import definition, inputs
from tests.support.registers import REGISTERS, assert_passes_with

CASES = [
    ((8, 8), (4, 4)),
    ((2, 2), (1, 2)),
    ((15, 7), (15, 7)),
    ((30, 28), (17, 11)),
    ((100, 60), (50, 31)),
    ((6, 8, 10), (4, 4, 5)),
    ((7, 9, 40), (7, 9, 20)),
    ((2, 2, 2), (2, 1, 2)),
]
"""Lengths, and what is kept of them."""


@pytest.mark.parametrize("dtype", ["float64", pytest.param("float32", marks=pytest.mark.slow)])
@pytest.mark.parametrize(("lengths", "kept"), CASES)
def test_rows_have_the_bits_of_numpys_path(
    lengths: tuple[int, ...], kept: tuple[int, ...], dtype: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    transform = HartleyTransform(kept, lengths)
    z, roots, tables = inputs(transform, dtype)
    compiled, numpys = (np.full((len(z), transform.ndim), np.nan, dtype) for _ in range(2))
    transform.apply(z, roots, tables, compiled, least=0)
    np.testing.assert_allclose(compiled, definition(transform, z, roots), atol=np.finfo(dtype).eps * 100 * z.shape[1])
    monkeypatch.setattr(hartley_transform, "compiled_module", lambda _: None)
    transform.apply(z, roots, tables, numpys, least=0)
    np.testing.assert_array_equal(compiled.view(np.uint8), numpys.view(np.uint8))


@pytest.mark.slow
@pytest.mark.parametrize("registers", REGISTERS)
def test_registers_of_any_processor(registers: tuple[int, int], tmp_path: Path) -> None:
    assert_passes_with(registers, __file__, tmp_path)
