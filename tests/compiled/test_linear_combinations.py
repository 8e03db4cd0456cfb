"""`combine` against sums in the order of the columns, bit for bit, whatever processor is compiled for."""

from pathlib import Path

import numpy as np
import pytest

from mvn_dask.compiled.linear_combinations import SEPARATE_COMBINATIONS, combine
from tests.support.registers import REGISTERS, assert_passes_with


@pytest.mark.parametrize("d", [1, 2, 3, 8, 31])
def test_bits_of_a_sum_in_order(d: int) -> None:
    rng = np.random.default_rng(d)
    for n in (0, 1, 7, 8, 9, 40):
        for m in (1, 2, SEPARATE_COMBINATIONS, SEPARATE_COMBINATIONS + 1, 50):
            rows, weights = rng.standard_normal((n, d)), rng.standard_normal((d, m))
            weights[rng.random((d, m)) < 0.2] = -0.0
            memory = np.full((n + 2, m), np.nan)
            combine(rows, weights, memory[1:-1])
            total = rows[:, :1] * weights[0]
            for column in range(1, d):
                total = total + rows[:, column, None] * weights[column]
            assert memory[1:-1].tobytes() == total.tobytes()
            assert np.isnan(memory[[0, -1]]).all()


def test_what_does_not_fit_is_refused() -> None:
    rows, weights, out = np.zeros((4, 3)), np.zeros((3, 2)), np.zeros((4, 2))
    combine(rows, weights, out)
    for wrong in (
        (rows[:, 1:].copy(), weights, out), (rows, weights, out[1:]), (rows[:, :0], weights[:0], out),
        (rows.T.copy().T, weights, out), (rows, weights, out.astype("f4")),
    ):  # fmt: skip
        with pytest.raises(ValueError, match=r"must be|do not fit"):
            combine(*wrong)


@pytest.mark.slow
@pytest.mark.parametrize("registers", REGISTERS)
def test_registers_of_any_processor(registers: tuple[int, int], tmp_path: Path) -> None:
    assert_passes_with(registers, __file__, tmp_path)
