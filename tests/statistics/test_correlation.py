import numpy as np
import pytest
from scipy import stats

from mvn_dask.errors import FactorTooLargeError
from mvn_dask.statistics.base import Rows, Scope
from mvn_dask.statistics.correlation import Correlation
from mvn_dask.statistics.results import Estimate
from tests.statistics.contract import check_statistic, result_of


@pytest.mark.parametrize("columns", [1, 4])
def test_contract(columns: int) -> None:
    def check(result: Estimate, rows: Rows) -> None:
        expected = np.corrcoef(rows, rowvar=False).reshape(columns, columns)
        np.testing.assert_allclose(result.value, expected, rtol=1e-9, atol=1e-12)
        assert np.diagonal(result.value).tolist() == [1.0] * columns
        assert np.diagonal(result.standard_error).tolist() == [0.0] * columns
        assert result.warning is None

    rng = np.random.default_rng(0)
    check_statistic(Correlation(), rng.standard_normal((117, columns)) @ rng.random((columns, columns)), check)


def test_intervals_are_those_of_scipy() -> None:
    rng = np.random.default_rng(0)
    rows = rng.multivariate_normal([0.0, 0.0], [[1.0, 0.8], [0.8, 1.0]], 50)
    found = result_of(Correlation(0.9), rows, 16)
    expected = stats.pearsonr(*rows.T).confidence_interval(0.9)
    low, high = (bound[0, 1] for bound in (found.confidence_interval.low, found.confidence_interval.high))
    np.testing.assert_allclose([low, high], expected, rtol=1e-12)
    assert "normal" in found.method


def test_columns_without_variance_have_none_and_a_warning() -> None:
    rows = np.random.default_rng(0).standard_normal((300, 4))
    rows[:, 1] = 0.1
    rows[7, 3] = np.inf
    with np.errstate(all="raise"):
        found = result_of(Correlation(), rows, 64)
    assert np.isnan(found.value[[1, 3]]).all()
    assert np.isnan(found.value[:, [1, 3]]).all()
    np.testing.assert_allclose(found.value[0, 2], np.corrcoef(rows[:, 0], rows[:, 2])[0, 1], rtol=1e-9)
    assert found.warning == "2 columns (1, 3) have no variance, or no finite one, and so no correlation"
    one = result_of(Correlation(), rows[:, 1:2], 64)
    assert "1 column (0) has no variance" in one.note


def test_columns_that_are_one_another_and_those_of_two_rows() -> None:
    column = np.random.default_rng(0).standard_normal(100)
    found = result_of(Correlation(), np.stack([column, -3.0 * column + 1e6], axis=1), 32)
    np.testing.assert_allclose(found.value, [[1.0, -1.0], [-1.0, 1.0]], rtol=1e-9)
    assert np.all(np.abs(found.value) <= 1.0)
    with np.errstate(all="raise"):
        two = result_of(Correlation(), np.array([[1.0, 2.0], [2.0, 5.0]]), 7)
        assert np.isnan(result_of(Correlation(), np.array([[1.0, 2.0]]), 7).value).all()
        assert np.isnan(result_of(Correlation(), np.empty((0, 2)), 7).value).all()
    assert two.value.tolist() == [[1.0, 1.0], [1.0, 1.0]]


def test_a_matrix_that_no_process_holds_is_refused_before_the_pass() -> None:
    with pytest.raises(FactorTooLargeError, match="columns"):
        Correlation().prepared(Scope(10, 10**7, np.dtype("float64")))
    assert Correlation().prepared(Scope(10, 3, np.dtype("float64"), 0.9)).confidence_level == 0.9
