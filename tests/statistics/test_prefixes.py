"""Prefixes against the statistic of the first rows alone."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from mvn_dask.statistics import Extremes, Moments
from mvn_dask.statistics.missing_values import MissingValues
from mvn_dask.statistics.prefixes import Prefixes, prefix_rows
from tests.statistics.contract import digest, result_of

ROWS = np.random.default_rng(1).standard_normal((300, 3))


@pytest.mark.parametrize("statistic", [Moments(), Extremes(2)], ids=str)
@pytest.mark.parametrize("leaf_rows", [1, 7, 32, 300, 600])
@pytest.mark.parametrize("seed", [None, 0, 1])
def test_of_first_rows(statistic: Any, leaf_rows: int, seed: int | None) -> None:
    found = result_of(Prefixes(statistic, len(ROWS), leaf_rows), ROWS, leaf_rows, seed)
    assert [rows for rows, _ in found] == list(prefix_rows(len(ROWS), leaf_rows))
    for rows, result in found:
        assert digest(result.to_dict()) == digest(result_of(statistic, ROWS[:rows], leaf_rows).to_dict())


def test_without_what_is_missing() -> None:
    holed: npt.NDArray[Any] = np.where(ROWS > 1.0, np.nan, ROWS)
    found = result_of(MissingValues((Prefixes(Moments(), 300, 32),), omit=True), holed, 32, 3)
    whole = result_of(MissingValues((Moments(),), omit=True), holed, 32)
    assert digest(found.inner[0][-1][1].to_dict()) == digest(whole.inner[0].to_dict())


def test_no_rows() -> None:
    ((rows, result),) = result_of(Prefixes(Moments(), 0, 7), ROWS[:0], 7)
    assert rows == 0
    assert result.mean.count.tolist() == [0, 0, 0]
