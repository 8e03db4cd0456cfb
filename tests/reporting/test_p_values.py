"""Against exact distributions and brute force."""

import numpy as np
import pytest
from scipy import stats

from mvn_dask.reporting.p_values import beyond, binomial_p_value, chi2_p_value, covariance_z, normal_p_value


def test_rounding_only_takes_away() -> None:
    deviation = np.linspace(-3, 3, 13)
    assert (np.abs(beyond(deviation, 0.7)) <= np.abs(deviation)).all()
    assert beyond(deviation, 0.0) == pytest.approx(deviation)


def test_normals() -> None:
    scores = np.array([-30.0, -3.0, 0.0, 1.0, 30.0])
    assert normal_p_value(scores) == pytest.approx(2 * stats.norm.sf(np.abs(scores)), rel=1e-9)


@pytest.mark.parametrize("degrees", [1, 2, 10, 1000, 10**9])
def test_sums_of_squares(degrees: int) -> None:
    sums = np.asarray(stats.chi2.ppf([1e-8, 0.01, 0.5, 0.9, 1 - 1e-8], degrees))
    expected = np.minimum(1, 2 * np.minimum(stats.chi2.cdf(sums, degrees), stats.chi2.sf(sums, degrees)))
    assert chi2_p_value(sums, degrees, 0.0) == pytest.approx(expected, rel=1e-3)
    assert (chi2_p_value(sums, degrees, 1e-3) >= 0.999 * np.minimum(expected, 0.5)).all()
    assert chi2_p_value(np.array([3.0]), 0, 0.0)[0] == 1.0


@pytest.mark.parametrize("degrees", [1, 2, 5, 100])
@pytest.mark.parametrize("rho", [-1.0, -0.9, 0.0, 0.5, 1.0])
def test_z_of_covariances_is_normal(degrees: int, rho: float) -> None:
    """Tails of 1 in 1000, of 200,000 draws, within what 200 of them tell, and a fifth."""
    rng = np.random.default_rng(7)
    same, other = rng.chisquare(degrees, (2, 200_000))
    covariance = 0.5 * ((1 + rho) * same - (1 - rho) * other) / degrees
    scores = covariance_z(covariance, np.full(200_000, rho), degrees)
    for limit in (3.0902, 1.2816):
        tail_area = stats.norm.sf(limit)
        for tail in ((scores > limit).mean(), (scores < -limit).mean()):
            assert tail < 1.2 * tail_area + 4 * np.sqrt(tail_area / 200_000)
            assert tail > 0.5 * tail_area - 4 * np.sqrt(tail_area / 200_000)


def test_impossible_covariances() -> None:
    scores = covariance_z(np.array([-0.5, 0.5, np.inf]), np.array([1.0, -1.0, 0.0]), 100)
    assert normal_p_value(scores).tolist() == [0.0, 0.0, 0.0]
    assert np.signbit(scores).tolist() == [True, False, False]


@pytest.mark.parametrize("total", [1, 10, 1000, 10**9])
@pytest.mark.parametrize("p", [1e-12, 1e-3, 0.5, 0.999])
def test_counts(total: int, p: float) -> None:
    middle, spread = total * p, np.sqrt(total * p * (1 - p))
    counts = np.unique(np.clip(np.rint(middle + spread * np.array([-7, -3, 0, 3, 7])), 0, total)).astype(np.int64)
    lower, upper = stats.binom.cdf(counts, total, p), stats.binom.sf(counts - 1, total, p)
    expected = np.minimum(1, 2 * np.minimum(lower, upper))
    found = binomial_p_value(counts, total, np.full(len(counts), p), np.full(len(counts), p))
    assert found == pytest.approx(expected, rel=1e-4)
    wider = binomial_p_value(counts, total, np.full(len(counts), 0.9 * p), np.full(len(counts), min(1.0, 1.1 * p)))
    assert (wider >= found * (1 - 1e-9)).all()
