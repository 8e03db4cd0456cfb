from typing import Any

import numpy as np
import pytest

from mvn_dask.compiled import loops
from mvn_dask.compiled.loops import loop


@loop
def squared(number: int) -> int:
    """The square of a number."""
    return number * number


@loop
def sum_of_squares(numbers: Any) -> int:
    """A loop that calls another one."""
    total = 0
    for number in numbers:
        total += squared(number)
    return total


def test_both_ways_are_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    for size in (0, 2**62):
        monkeypatch.setattr(loops, "COMPILED_SIZE", size)
        assert sum_of_squares(np.arange(5)) == 30
        assert sum_of_squares(np.arange(7, dtype=np.int32)) == 91


def test_a_loop_keeps_its_name_and_docstring() -> None:
    assert (sum_of_squares.__name__, sum_of_squares.__doc__) == ("sum_of_squares", "A loop that calls another one.")


def test_python_runs_it_where_there_is_no_compiled_code(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loops, "COMPILED_SIZE", 0)
    monkeypatch.setattr(loops, "compiled_module", lambda _: None)
    assert sum_of_squares(np.arange(5)) == 30
