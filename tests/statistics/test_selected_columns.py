import numpy as np

from mvn_dask.statistics.base import NextPass, Rows
from mvn_dask.statistics.extremes import Extremes
from mvn_dask.statistics.histogram import FullRange
from mvn_dask.statistics.mean import Mean
from mvn_dask.statistics.missing_values import MissingValues
from mvn_dask.statistics.results import Estimate
from mvn_dask.statistics.selected_columns import SelectedColumns
from tests.statistics.contract import check_statistic, forest_of, result_of


def test_contract() -> None:
    def check(result: Estimate, rows: Rows) -> None:
        np.testing.assert_allclose(result.value, rows[:, [2, 0]].mean(axis=0))

    check_statistic(SelectedColumns(Mean(), (2, 0)), np.random.default_rng(0).standard_normal((50, 4)), check)


def test_missing_numbers_of_other_columns_leave_them_as_they_are() -> None:
    rows = np.arange(12.0).reshape(4, 3)
    rows[1, 0] = rows[2, 1] = np.nan
    found = result_of(MissingValues((SelectedColumns(Mean(), (1, 2)),), omit=True), rows, 2)
    assert found.inner[0].count.tolist() == [3, 3]
    assert found.inner[0].value.tolist() == rows[[0, 1, 3]][:, [1, 2]].mean(axis=0).tolist()
    assert SelectedColumns(Extremes(1), (0,)).sees_missing


def test_another_pass_is_of_the_same_columns() -> None:
    found = forest_of(SelectedColumns(FullRange(3), (1,)), np.arange(12.0).reshape(6, 2), 2).result()
    assert isinstance(found, NextPass)
    assert isinstance(found.statistic, SelectedColumns)
    assert result_of(found.statistic, np.arange(12.0).reshape(6, 2), 2).counts[:, 0].tolist() == [2, 2, 2]
