import numpy as np
import pytest

from mvn_dask.statistics.base import Counts, Rows
from mvn_dask.statistics.same_signs import SameSigns
from tests.statistics.contract import check_statistic, result_of


@pytest.mark.parametrize("columns", [[0, 1, 2], [0, 2], []])
def test_contract(columns: list[int]) -> None:
    def check(result: Counts, rows: Rows) -> None:
        chosen = rows[:, columns]
        expected = [[((one >= 0) == (other >= 0)).sum() for other in chosen.T] for one in chosen.T]
        np.testing.assert_array_equal(result, np.array(expected, np.int64).reshape(len(columns), len(columns)))

    check_statistic(SameSigns(np.array(columns, np.int64)), np.random.default_rng(0).standard_normal((150, 3)), check)


def test_zeros_are_positive() -> None:
    rows = np.array([[0.0, 1.0], [0.0, -1.0], [-1.0, -2.0]])
    assert result_of(SameSigns(np.arange(2)), rows, 2).tolist() == [[3, 2], [2, 3]]
