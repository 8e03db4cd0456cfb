import numpy as np
import pytest
from scipy import stats

from mvn_dask.statistics.order_statistics import OrderedColumn, interval_ranks, places_around, quantile_rank


def test_rank_of_a_quantile() -> None:
    assert [quantile_rank(n, 1e-9) for n in (1, 5)] == [0, 0]
    assert [quantile_rank(n, float(np.nextafter(1.0, 0.0))) for n in (1, 5, 10**9)] == [0, 4, 10**9 - 1]


@pytest.mark.parametrize("n", [1, 2, 10, 100, 1000, 10**6, 10**10])
@pytest.mark.parametrize("q", [0.5, 0.01, 0.999, 1e-6])
def test_ranks_of_an_interval_are_binomial_quantiles(n: int, q: float) -> None:
    low, high = interval_ranks(n, q, 0.95)
    expected = stats.binom.ppf([0.025, 0.975], n, q)
    np.testing.assert_allclose([low + 1, high], expected, atol=0 if n <= 10**6 else 1)
    # At least the asked probability, and no narrower pair of ends has less than half of the rest beside it.
    assert stats.binom.cdf(high, n, q) - stats.binom.cdf(low, n, q) >= 0.95 - 1e-9


def test_places_reach_beyond_a_small_sample() -> None:
    low, high = places_around(100, 0.5, 0.5)
    assert low < 0
    assert high >= 100
    low, high = places_around(10**6, 0.5, 0.6)
    assert (low, high) == pytest.approx((500_000 - 3036, 600_000 + 2976), abs=1)


def test_column_of_all_values() -> None:
    column = OrderedColumn.of(np.sort([3.0, -np.inf, np.nan, 1.0, np.inf, 2.0, np.inf, np.nan]))
    assert column.counts == (0, 1, 3, 2, 0, 2)
    assert [column.value(rank) for rank in range(-1, 7)] == [-np.inf, -np.inf, 1.0, 2.0, 3.0, np.inf, np.inf, np.inf]


def test_what_a_bracket_tells_of_each_rank() -> None:
    known = OrderedColumn(1.0, 2.0, (3, 1, 2, 1, 4, 5), np.array([1.25, 1.5]), np.zeros(3))
    assert known.count == 11
    assert [known.value(rank) for rank in range(11)] == [None] * 3 + [1.0, 1.25, 1.5, 2.0] + [None] * 4
    assert known.between(2) == ((-np.inf, 1.0), (0, 3))
    assert known.between(7) == ((2.0, np.inf), (7, 11))
    dropped = OrderedColumn(1.0, 2.0, (3, 1, 2, 1, 4, 5), None, np.zeros(3))
    assert [dropped.value(rank) for rank in (3, 4, 5, 6)] == [1.0, None, None, 2.0]
    assert dropped.between(4) == ((1.0, 2.0), (4, 6))
    # One number as a bracket is counted at both ends.
    point = OrderedColumn(-0.0, -0.0, (3, 2, 0, 2, 4, 0), np.empty(0), np.zeros(3))
    assert point.count == 9
    assert [point.value(rank) for rank in (2, 3, 4, 5)] == [None, 0.0, 0.0, None]
    assert not np.signbit(point.value(3) or 0.0)
