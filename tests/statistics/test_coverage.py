"""How often intervals hold what they estimate, in 2,000 samples of fixed seeds or more.

Bounds are those that are promised; `docs/promises.md` names the exceptions.
"""

import numpy as np
import pytest
from scipy import stats
from scipy.integrate import quad

from mvn_dask.statistics.expected_shortfall import ExpectedShortfall
from mvn_dask.statistics.rank_statistic import RankStatistic
from mvn_dask.statistics.value_at_risk import ValueAtRisk

LAWS = {"normal": stats.norm(), "lognormal": stats.lognorm(1), "t5": stats.t(5)}


def truth(statistic: RankStatistic, law: str) -> float:
    (level,), known = statistic.levels, LAWS[law]
    if isinstance(statistic, ValueAtRisk):
        return float(known.ppf(level))
    return float(quad(known.isf, 0, 1 - level, limit=500)[0] / (1 - level))


def coverage(statistic: RankStatistic, law: str, n: int, samples: int = 2000) -> float:
    rng, held, expected = np.random.default_rng(5), 0, truth(statistic, law)
    for _ in range(0, samples, 200):
        rows = rng.standard_normal((n, 200))
        if law == "lognormal":
            rows = np.exp(rows)
        if law == "t5":
            rows /= np.sqrt(rng.chisquare(5, rows.shape) / 5)
        interval = statistic.finalize(statistic.leaf(rows, 0)).confidence_interval
        held += int(np.count_nonzero((interval.low <= expected) & (expected <= interval.high)))
    return held / samples


def test_of_a_thousand_rows() -> None:
    assert 0.94 <= coverage(ValueAtRisk(0.9), "lognormal", 1000) <= 0.98
    assert 0.93 <= coverage(ExpectedShortfall(0.5), "lognormal", 1000) <= 0.96


@pytest.mark.slow
@pytest.mark.parametrize("law", LAWS)
@pytest.mark.parametrize(("n", "level"), [(1000, 0.5), (1000, 0.99), (10_000, 0.95), (10_000, 0.999), (50_000, 0.99)])
def test_of_many_rows_and_high_levels(law: str, n: int, level: float) -> None:
    # More samples where they are cheap: the chance of a share of 2,000 is half a percent.
    samples = 8000 if n <= 10_000 else 2000
    assert 0.94 <= coverage(ValueAtRisk(level), law, n, samples) <= 0.98
    if n * (1 - level) >= 500 - 1e-6:
        assert 0.93 <= coverage(ExpectedShortfall(level), law, n, samples) <= 0.96


@pytest.mark.slow
@pytest.mark.parametrize(("law", "least"), [("normal", 0.90), ("lognormal", 0.83), ("t5", 0.87)])
def test_few_values_in_the_tail_cover_less(law: str, least: float) -> None:
    """The exception: ten values in the tail, of which the result warns."""
    assert least <= coverage(ExpectedShortfall(0.99), law, 1000) <= 0.95
    assert 0.94 <= coverage(ValueAtRisk(0.95), law, 100) <= 0.99
