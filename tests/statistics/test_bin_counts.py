import numpy as np
import pytest

from mvn_dask.statistics.base import Counts, Rows
from mvn_dask.statistics.bin_counts import BinCounts
from tests.statistics.contract import check_statistic, result_of


@pytest.mark.parametrize("columns", [[0, 1, 2], [2], []])
def test_contract(columns: list[int]) -> None:
    histogram = BinCounts(np.array(columns, np.int64), -1.5, 4.0, 12)

    def check(result: Counts, rows: Rows) -> None:
        edges = [-np.inf, *histogram.edges, np.inf]
        expected = [np.histogram(rows[:, column], edges)[0] for column in columns]
        np.testing.assert_array_equal(result, np.array(expected, np.int64).reshape(len(columns), 12))

    check_statistic(histogram, np.random.default_rng(0).standard_normal((150, 3)), check)


def test_edges() -> None:
    assert BinCounts(np.arange(1), -1.0, 2.0, 4).edges.tolist() == [-0.5, 0.0, 0.5]


def test_ends_take_what_lies_beyond_and_nan_counts_as_large() -> None:
    rows = np.array([[-np.inf], [-1e300], [0.25], [1e300], [np.inf], [np.nan]])
    assert result_of(BinCounts(np.arange(1), -1.0, 2.0, 4), rows, 4).tolist() == [[2, 0, 1, 3]]


def test_in_place() -> None:
    rows = np.random.default_rng(0).standard_normal((50, 3))
    for columns in ([0, 1, 2], [0, 2]):
        one, other = (BinCounts(np.array(columns), -1.5, 4.0, 12, in_place) for in_place in (False, True))
        assert other.leaf(rows.copy(), 0).tolist() == one.leaf(rows, 0).tolist()
