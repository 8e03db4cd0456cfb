"""A function of rows, and what it gives."""

from typing import Any

import dask.array as da
import numpy as np
import pytest

from mvn_dask.errors import ArgumentError, ArgumentTypeError
from mvn_dask.estimation.row_function import applied, evaluated

ROWS = np.arange(12.0).reshape(4, 3)


def test_what_a_function_gives_of_a_row() -> None:
    assert evaluated(ROWS, function=lambda rows: rows[:, 0]).tolist() == [[0.0], [3.0], [6.0], [9.0]]
    assert evaluated(ROWS, function=lambda rows: rows[:, :2] > 4.0).tolist() == [[0, 0], [0, 0], [1, 1], [1, 1]]
    assert evaluated(ROWS.reshape(2, 2, 3), function=None).shape == (2, 6)


@pytest.mark.parametrize(
    ("given", "kind", "text"),
    [
        (np.zeros(3), ArgumentError, "payoff must give a number, or a row of numbers, of each row: of rows of shape"),
        (0.0, ArgumentError, "it gives the shape ()"),
        (np.zeros((4, 0)), ArgumentError, "it gives the shape (4, 0)"),
        (np.zeros(4, complex), ArgumentTypeError, "payoff must give real numbers: it gives complex128"),
        (np.ma.masked_less(np.arange(4.0), 2.0), ArgumentError, "must not give masked numbers"),
        (np.array(["a"] * 4), ArgumentTypeError, "it gives <U1"),
        (np.array([0, np.nan, 0, 0]), ArgumentError, "must not give NaN: it does of the row [3.0, 4.0, 5.0]"),
    ],
)
def test_what_it_must_not_give(given: Any, kind: type[Exception], text: str) -> None:
    with pytest.raises(kind) as caught:
        evaluated(ROWS, function=lambda _: given, place="payoff")
    assert text in str(caught.value)


def test_it_is_applied_block_by_block() -> None:
    x = da.from_array(ROWS, chunks=(2, 3))
    found = applied(lambda rows: rows.sum(axis=1), x, 1)
    assert (found.shape, found.chunks) == ((4, 1), ((2, 2), (1,)))
    assert found.compute().tolist() == [[3.0], [12.0], [21.0], [30.0]]
