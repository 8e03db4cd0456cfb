import numpy as np
import pytest
from scipy import stats

from mvn_dask.statistics.base import Rows
from mvn_dask.statistics.mean import Mean
from mvn_dask.statistics.results import Estimate
from tests.statistics.contract import check_statistic, result_of


@pytest.mark.parametrize("columns", [1, 3])
def test_contract(columns: int) -> None:
    def check(result: Estimate, rows: Rows) -> None:
        np.testing.assert_allclose(result.value, rows.mean(axis=0), rtol=1e-14)
        np.testing.assert_allclose(result.standard_error, stats.sem(rows), rtol=1e-12)
        assert result.count.tolist() == [len(rows)] * columns

    check_statistic(Mean(), np.random.default_rng(0).standard_normal((117, columns)) + 1e3, check)


def test_no_rows_and_one() -> None:
    rows = np.array([[3.0]])
    with np.errstate(all="raise"):
        assert np.isnan(result_of(Mean(), rows[:0], 7).value)
        one = result_of(Mean(), rows, 7)
    assert one.value == 3.0
    assert np.isnan(one.standard_error)


def test_numbers_that_are_not_finite() -> None:
    found = result_of(Mean(), np.array([[1.0, 2.0], [np.inf, 2.0]]), 1)
    assert np.isnan(found.value[0]) or np.isinf(found.value[0])
    assert (found.value[1], found.standard_error[1]) == (2.0, 0.0)
