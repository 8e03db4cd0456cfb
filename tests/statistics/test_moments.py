import numpy as np
from scipy import stats

from mvn_dask.statistics.base import Rows
from mvn_dask.statistics.moments import MomentEstimates, Moments
from tests.statistics.contract import check_statistic, result_of


def test_contract() -> None:
    def check(result: MomentEstimates, rows: Rows) -> None:
        np.testing.assert_allclose(result.mean.value, rows.mean(axis=0), rtol=1e-12)
        np.testing.assert_allclose(result.variance.value, rows.var(axis=0, ddof=1), rtol=1e-10)
        np.testing.assert_allclose(result.skewness.value, stats.skew(rows), rtol=1e-8)
        np.testing.assert_allclose(result.kurtosis.value, stats.kurtosis(rows), rtol=1e-8)

    check_statistic(Moments(), np.exp(np.random.default_rng(0).standard_normal((117, 2))), check)


def test_a_variance_is_covered() -> None:
    # 500 samples: 95 % less three standard errors of the share, once in a thousand below.
    rng, hits = np.random.default_rng(1), 0
    for _ in range(500):
        interval = Moments().finalize(Moments().leaf(rng.standard_normal((2000, 1)), 0)).variance.confidence_interval
        hits += bool(interval.low[0] <= 1.0 <= interval.high[0])
    assert hits / 500 > 0.95 - 3.1 * np.sqrt(0.95 * 0.05 / 500)


def test_heavy_tails_say_that_the_interval_may_mislead() -> None:
    rng = np.random.default_rng(0)
    assert result_of(Moments(), rng.standard_normal((5000, 1)), 512).variance.warning is None
    assert "tails" in result_of(Moments(), rng.standard_t(3, (5000, 1)), 512).variance.warning


def test_a_constant_column() -> None:
    with np.errstate(all="raise"):
        found = result_of(Moments(), np.full((50, 1), 3.0), 7)
    assert (found.variance.value, found.variance.confidence_interval.high) == (0.0, 0.0)
    assert np.isnan(found.skewness.value)
