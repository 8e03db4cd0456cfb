"""The bits are compared with numpy's in `tests/statistics/test_cross_products.py`; here, for other processors."""

from pathlib import Path

import pytest

from mvn_dask.compiled.pair_products import PANEL_WIDTH, TILE_COLUMNS, VECTOR_COLUMNS
from tests.statistics import test_cross_products
from tests.support.registers import REGISTERS, assert_passes_with


def test_panels_are_whole_tiles() -> None:
    assert PANEL_WIDTH % TILE_COLUMNS == PANEL_WIDTH % VECTOR_COLUMNS == 0


@pytest.mark.slow
@pytest.mark.parametrize("registers", REGISTERS)
def test_registers_of_any_processor(registers: tuple[int, int], tmp_path: Path) -> None:
    assert_passes_with(registers, test_cross_products.__file__, tmp_path)
