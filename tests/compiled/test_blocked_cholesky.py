from pathlib import Path

import numpy as np
import pytest

from mvn_dask.compiled.blocked_cholesky import BLOCK_COLUMNS, factorize
from mvn_dask.covariance import cholesky
from tests.covariance.test_cholesky import entry_by_entry, positive
from tests.support.registers import REGISTERS, assert_passes_with


@pytest.mark.parametrize("d", [1, 2, 7, 24, 25, 49])
def test_an_entry_is_what_its_definition_says(d: int) -> None:
    np.testing.assert_array_equal(factorize(positive(d), 2), entry_by_entry(positive(d)))


@pytest.mark.parametrize("threads", [1, 2, 5])
@pytest.mark.parametrize("d", [23, BLOCK_COLUMNS - 1, BLOCK_COLUMNS, BLOCK_COLUMNS + 1, 384, 450])
def test_blocks_and_threads_change_no_bit(d: int, threads: int, monkeypatch: pytest.MonkeyPatch) -> None:
    matrix = positive(d)
    found = factorize(matrix, threads)
    assert found is not None
    assert found.flags.c_contiguous
    monkeypatch.setattr(cholesky, "compiled_module", lambda _: None)
    np.testing.assert_array_equal(found, cholesky.cholesky(matrix))
    np.testing.assert_allclose(found, np.linalg.cholesky(matrix), rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("place", [0, 5, 23, 24, BLOCK_COLUMNS + 40, 399])
@pytest.mark.parametrize("pivot", [0.0, -1.0, np.nan])
def test_a_pivot_that_is_not_positive(pivot: float, place: int) -> None:
    matrix = positive(400)
    matrix[place, place] = pivot
    assert factorize(matrix, 2) is None


@pytest.mark.slow
@pytest.mark.parametrize("registers", REGISTERS)
def test_registers_of_any_processor(registers: tuple[int, int], tmp_path: Path) -> None:
    assert_passes_with(registers, __file__, tmp_path)
