import numpy as np
import pytest

from mvn_dask.statistics.base import Rows
from mvn_dask.statistics.column_ranges import ColumnRanges, Ranges
from tests.statistics.contract import check_statistic, result_of


@pytest.mark.parametrize(("width", "piece"), [(1024, 2**15), (6, 30), (1, 1)])
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_contract(dtype: str, width: int, piece: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ColumnRanges, "WIDTH", width)
    monkeypatch.setattr(ColumnRanges, "PIECE", piece)

    def check(result: Ranges, rows: Rows) -> None:
        np.testing.assert_array_equal(result.smallest, np.nanmin(rows, axis=0))
        np.testing.assert_array_equal(result.largest, np.nanmax(rows, axis=0))

    rows = np.random.default_rng(0).standard_normal((150, 3)).astype(dtype)
    rows[7, 1], rows[40, 2] = np.nan, np.inf
    check_statistic(ColumnRanges(), rows, check)


def test_a_column_without_numbers_has_no_ends() -> None:
    found = result_of(ColumnRanges(), np.array([[np.nan, 1.0], [np.nan, -2.0]]), 1)
    np.testing.assert_array_equal(found, [[np.nan, -2.0], [np.nan, 1.0]])
    assert np.isnan(result_of(ColumnRanges(), np.empty((0, 2)), 4)).all()
