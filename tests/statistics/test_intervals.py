import numpy as np
import pytest
from scipy import stats

from mvn_dask.statistics.intervals import (
    fisher_interval,
    mean_error,
    normal_interval,
    normal_quantile,
    student_interval,
    wilson_interval,
)


def test_normal_and_student_quantiles() -> None:
    assert normal_quantile(0.9) == pytest.approx(stats.norm.ppf(0.95))
    one, unit = np.array(1.0), np.array(2.0)
    assert normal_interval(one, unit, 0.9).high == pytest.approx(1 + 2 * stats.norm.ppf(0.95))
    assert student_interval(one, unit, 7, 0.9).low == pytest.approx(1 - 2 * stats.t.ppf(0.95, 7))


@pytest.mark.parametrize("hits", [0, 1, 17, 99, 100])
def test_wilson_is_scipys(hits: int) -> None:
    found = wilson_interval(np.array(float(hits)), np.array(100.0), 0.95)
    expected = stats.binomtest(hits, 100).proportion_ci(0.95, method="wilson")
    np.testing.assert_allclose([found.low, found.high], [expected.low, expected.high], atol=1e-15)


def test_fisher_is_scipys() -> None:
    rng = np.random.default_rng(0)
    x, y = rng.standard_normal((2, 50))
    expected = stats.pearsonr(x, y)
    found = fisher_interval(np.array(expected.statistic), np.array(50.0), 0.95)
    bounds = expected.confidence_interval(0.95)
    np.testing.assert_allclose([found.low, found.high], [bounds.low, bounds.high])
    exact = fisher_interval(np.array(1.0), np.array(50.0), 0.95)
    assert (exact.low, exact.high) == (1.0, 1.0)


def test_the_error_of_a_mean() -> None:
    assert mean_error(np.array(4.0), np.array(16.0)) == 0.5
