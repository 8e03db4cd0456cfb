from itertools import pairwise

import numpy as np
import pytest

from mvn_dask.statistics.brackets import Brackets, next_rows
from mvn_dask.statistics.order_statistics import OrderedColumn
from mvn_dask.statistics.quantile import Quantile
from mvn_dask.statistics.rank_search import Search
from tests.statistics.ranks import shrink


def test_pilots_are_few_rows_and_what_they_keep_is_little() -> None:
    for q in (0.5, 0.01, 0.999, (0.5, 0.999)):
        for rows in (2**17, 2**20, 3 * 10**7, 10**9, 10**11):
            looked_at = [2**14]
            while looked_at[-1] < rows:
                looked_at.append(next_rows(Quantile(q), rows, looked_at[-1]))
            assert looked_at[-1] == rows
            assert len(looked_at) <= 5
            assert sum(looked_at[:-1]) <= max(2**14, rows / 16)
            assert all(other >= 4 * one for one, other in pairwise(looked_at))
    # At the tail fewer rows tell as much.
    assert next_rows(Quantile(0.999), 3 * 10**7, 2**14) == 2**17
    assert next_rows(Quantile(0.5), 3 * 10**7, 2**14) == 2**19


def test_a_bracket_of_first_rows_holds_the_ranks_of_all() -> None:
    """Of 150 arrays none is missed, with six standard deviations."""
    rng = np.random.default_rng(0)
    statistic = Quantile(0.9)
    for _ in range(150):
        rows = rng.standard_exponential(2**16)
        column = OrderedColumn.of(np.sort(rows[: 2**12]))
        brackets = Brackets.of_pilot(Search.begun(statistic, 2**16, 1), 2**12, lambda *_, known=column: known)
        ends = np.sort(rows)[list(statistic.ranks(2**16, 0.9))]
        assert brackets.low[0, 0] <= ends.min()
        assert ends.max() <= brackets.high[0, 0]
        inside = np.count_nonzero((rows > brackets.low) & (rows < brackets.high))
        assert inside <= brackets.room[0, 0]


def test_a_sample_is_used_where_the_value_must_lie(monkeypatch: pytest.MonkeyPatch) -> None:
    shrink(monkeypatch)
    rows = np.arange(100_000.0)
    first = OrderedColumn(50.0, 60.0, (50, 1, 9, 1, 99_939, 0), np.arange(51.0, 60.0), np.zeros(3))
    search = Search.begun(Quantile(0.5), len(rows), 1).learned(lambda *_: first)
    before = Brackets(np.array([[50.0]]), np.array([[60.0]]), np.array([[10]]))
    brackets = Brackets.of_sample(search, before, rows[::10, None])
    assert 60 < brackets.low[0, 0] < 49_500
    assert brackets.high[0, 0] > 50_500
    assert brackets.high[0, 0] - brackets.low[0, 0] < brackets.room[0, 0] < 50_000
    # No value of the sample lies there: half of the numbers are left.
    none = Brackets.of_sample(search, Brackets(np.array([[60.0]]), np.array([[np.inf]]), before.room), rows[:50, None])
    assert none.low[0, 0] == 60.0
    assert 1e100 < none.high[0, 0] < 1e200
