import numpy as np
import pytest

from mvn_dask.statistics.base import Rows
from mvn_dask.statistics.standardized_moments import SampleMoments, StandardizedMoments
from tests.statistics.contract import check_statistic, result_of


@pytest.mark.parametrize("paired", [[0, 1, 2, 3, 4], [1, 4], []])
def test_contract(paired: list[int]) -> None:
    def check(result: SampleMoments, rows: Rows) -> None:
        assert result.rows == len(rows)
        np.testing.assert_allclose(result.mean, rows.mean(axis=0), rtol=1e-12, atol=1e-13)
        np.testing.assert_allclose(result.variance, rows.var(axis=0, ddof=1), rtol=1e-12)
        covariance = np.cov(rows.T)[np.ix_(paired, paired)]
        np.testing.assert_allclose(result.covariance, covariance, rtol=1e-11, atol=1e-13)

    check_statistic(
        StandardizedMoments(np.array(paired, np.int64)), np.random.default_rng(0).standard_normal((117, 5)), check
    )


def test_sums_that_overflow_are_infinite() -> None:
    found = result_of(StandardizedMoments(np.arange(2)), np.array([[1e200, 1.0], [-1e200, 2.0], [1e200, 3.0]]), 2)
    assert found.variance.tolist() == [np.inf, 1.0]
    assert found.covariance[0].tolist() == [np.inf, 0.0]


@pytest.mark.parametrize("rows", [0, 1])
def test_hardly_any_rows(rows: int) -> None:
    found = result_of(StandardizedMoments(np.arange(2)), np.full((rows, 2), 3.0), 7)
    assert found.mean.tolist() == [3.0 * rows] * 2
    assert found.variance.tolist() == [0.0, 0.0]
