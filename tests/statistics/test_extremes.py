import numpy as np
import pytest

from mvn_dask.errors import ArgumentError
from mvn_dask.statistics.base import Rows
from mvn_dask.statistics.extremes import Extremes, ExtremeValues
from tests.statistics.contract import check_statistic, result_of


def test_contract() -> None:
    def check(result: ExtremeValues, rows: Rows) -> None:
        for column, values in enumerate(rows.T):
            order = np.argsort(values, kind="stable")
            assert result.smallest_rows[:, column].tolist() == order[:5].tolist()
            falling = np.argsort(-values, kind="stable")
            assert result.largest_rows[:, column].tolist() == falling[:5].tolist()
            assert result.largest[:, column].tolist() == values[falling[:5]].tolist()

    rows = np.random.default_rng(0).standard_normal((117, 3))
    # Ties, of which the first rows count.
    rows[:, 1] = np.random.default_rng(1).integers(0, 3, 117)
    check_statistic(Extremes(5), rows, check)


def test_fewer_than_k_and_missing_numbers() -> None:
    found = result_of(Extremes(3), np.array([[np.nan], [2.0], [1.0]]), 1).squeezed()
    np.testing.assert_array_equal(found.smallest, [1.0, 2.0, np.nan])
    assert found.smallest_rows.tolist() == [2, 1, -1]
    assert found.count == 2


def test_bad_k() -> None:
    with pytest.raises(ArgumentError, match="`k` must be at least 1: it is 0"):
        Extremes(0)
    with pytest.raises(ArgumentError, match="`k` must be at most 65536: it is 1000000000"):
        Extremes(10**9)
