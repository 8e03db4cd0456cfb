"""p-values against scipy's and against all permutations; their rate is kept for any law."""

from itertools import permutations

import numpy as np
import pytest
from scipy.stats import hypergeom, mannwhitneyu

from mvn_dask.reporting.exchangeability import hypergeometric_p_values, rank_p_values


def test_ranks_against_scipy() -> None:
    numbers = np.random.default_rng(1).standard_normal(20)
    numbers[12:] += 1.5
    expected = [mannwhitneyu(numbers[:k], numbers[k:], method="exact").pvalue for k in range(1, 20)]
    np.testing.assert_allclose(rank_p_values(numbers), expected, rtol=1e-12)


def test_ranks_against_all_orders() -> None:
    found = np.array([rank_p_values(np.array(each, float)) for each in permutations(range(6))])
    for p in (0.05, 0.1, 0.2, 0.4):
        assert ((found <= p).mean(axis=0) <= p).all()
    assert found.min() == pytest.approx(2 / 20)


def test_equal_numbers_are_no_change() -> None:
    for m in (2, 5, 64, 100, 128):
        assert (m - 1) * rank_p_values(np.zeros(m)).min() > 0.9


def test_128_segments_find_a_change() -> None:
    numbers = np.arange(128.0)
    p_values = rank_p_values(np.where(numbers < 77, 0.0, 1.0) + 1e-3 * np.sin(numbers))
    assert np.argmin(p_values) == 76
    assert p_values[76] < 1e-30
    assert np.isfinite(p_values).all()


def test_counts_against_scipy() -> None:
    """Beyond what is no alarm: never smaller, and at most a third larger."""
    for rows, hit, n in [(1000, 300, 100), (10**6, 10**4, 8192), (10**5, 3, 1000), (50, 25, 10), (10**9, 10**7, 10**7)]:
        law = hypergeom(rows, hit, n)
        k = np.unique(np.clip(np.rint(law.mean() + law.std() * np.linspace(-9, 9, 61)), 0, min(hit, n)).astype(int))
        found = hypergeometric_p_values(k, np.array(hit), np.array(n), np.array(rows))
        exact = np.minimum(2.0 * np.minimum(law.cdf(k), law.sf(k - 1)), 1.0)
        alarming = exact < 1e-3
        assert (found[alarming] >= exact[alarming] * (1 - 1e-6)).all()
        assert (found[alarming] <= 1.34 * exact[alarming] + 1e-300).all()
        assert (found[~alarming] > 7e-4).all()


def test_what_is_alike_is_not_tested() -> None:
    none, all_ = (hypergeometric_p_values(np.array(k), np.array(k), np.array(5), np.array(10)) for k in (0, 10))
    assert np.isnan(none)
    assert np.isnan(all_)
    whole = hypergeometric_p_values(np.array(3), np.array(3), np.array(10), np.array(10))
    assert np.isnan(whole)
