from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numba import njit

from mvn_dask.compiled.fourier import SKEW, part_room, transform_lanes
from mvn_dask.compiled.intrinsics import offset_pointer, pointer_to
from mvn_dask.covariance.fourier_tables import circle, fourier, radices_of
from tests.support.registers import REGISTERS, assert_passes_with

LENGTHS = [1, 2, 3, 4, 5, 7, 8, 12, 30, 64, 77, 120, 169, 750]
LANES = {"float64": 8, "float32": 16}


@njit  # type: ignore[untyped-decorator]
def run(work: Any, length: int, lanes: int, radices: Any, stages: int, tables: Any) -> int:
    room = part_room(length, lanes)
    source, table = pointer_to(work, 2 * room), pointer_to(tables, 0)
    return transform_lanes(  # type: ignore[no-any-return]
        source, offset_pointer(source, room), pointer_to(work, 0), length, lanes, pointer_to(radices, 0),
        stages, table, offset_pointer(table, length),
    )  # fmt: skip


@pytest.mark.parametrize("dtype", ["float64", pytest.param("float32", marks=pytest.mark.slow)])
@pytest.mark.parametrize("length", LENGTHS)
def test_columns_have_the_bits_of_numpys_path(length: int, dtype: str) -> None:
    lanes = LANES[dtype]
    numbers = np.random.default_rng(length).standard_normal((2, length, lanes)).astype(dtype)
    tables = circle(length).astype(dtype)
    work = np.full((4, length + SKEW, lanes), np.nan, dtype)
    work[2:, :length] = numbers
    radices = np.array([*radices_of(length), 1])
    at = run(work.reshape(-1), length, lanes, radices, len(radices) - 1, tables.ravel())
    found = work[at // work[0].size :][:2, :length]
    np.testing.assert_array_equal(found, fourier(numbers[0], numbers[1], tables))
    expected = np.fft.fft(numbers[0].astype(np.float64) + 1j * numbers[1], axis=0)
    np.testing.assert_allclose(found[0] + 1j * found[1], expected, atol=30 * np.finfo(dtype).eps * np.sqrt(length))


@pytest.mark.slow
@pytest.mark.parametrize("registers", REGISTERS)
def test_registers_of_any_processor(registers: tuple[int, int], tmp_path: Path) -> None:
    assert_passes_with(registers, __file__, tmp_path)
