import numpy as np
import pytest
from scipy import stats

from mvn_dask.distribution.score_tables import NEEDED, SCORE_REACH, ScoreTable
from tests.support.strategies import Floats

LOGNORMAL = ScoreTable.of(lambda z: np.exp(0.5 * z))


def test_scores_are_normal_quantiles_of_probabilities() -> None:
    law = stats.lognorm(0.5)
    x = law.rvs(10_000, random_state=1)
    np.testing.assert_allclose(LOGNORMAL.scores(x), stats.norm.ppf(law.cdf(x)), atol=1e-6)


def test_what_is_beyond_is_at_the_ends() -> None:
    found = LOGNORMAL.scores(np.array([[-1.0, 1e30], [np.nan, np.inf]]))
    np.testing.assert_array_equal(found, [[-SCORE_REACH, SCORE_REACH], [np.nan, np.inf]])


def test_rounding_moves_a_score_by_no_more_than_the_limit() -> None:
    """Numbers of float32, 1000 and a lognormal number, within scores of ±3."""
    eps = float(np.finfo(np.float32).eps)
    limits = LOGNORMAL.limits(np.array([1000.0]), eps)
    z = np.random.default_rng(1).uniform(-3, 3, 10_000)
    stored = (np.exp(0.5 * z) + 1000.0).astype(np.float32)
    errors = np.abs(LOGNORMAL.scores(stored.astype(np.float64) - 1000.0) - z)
    assert 0.1 * limits.rounding[0] < errors.max() < limits.rounding[0]


def test_what_stored_numbers_do_not_resolve_is_said() -> None:
    def uniform(z: Floats) -> Floats:
        return np.asarray(stats.norm.cdf(z))

    limits = ScoreTable.of(uniform).limits(np.array([0.0, 1.0, 1e9]), float(np.finfo(np.float32).eps))
    # Near 1 numbers of float32 are 6e-8 apart, near 0 they are not.
    assert (limits.low[0], limits.rounding[2]) == (-np.inf, np.inf)
    assert NEEDED < limits.high[0] < 5.5
    assert limits.rounding[0] < limits.rounding[1] < 1e-3


def test_constants_and_flat_functions_are_not_resolved() -> None:
    assert LOGNORMAL.limits(np.array([np.inf]), 1e-16).rounding == [np.inf]
    assert ScoreTable.of(np.zeros_like).limits(np.zeros(2), 1e-16).rounding.tolist() == [np.inf] * 2


def test_functions_that_overflow_or_fall_by_rounding() -> None:
    table = ScoreTable.of(lambda z: np.where(z > 8, np.nan, np.exp(100.0 * z) * (1.0 - 1e-16 * np.sign(z))))
    assert np.isfinite(table.quantiles).all()
    assert (np.diff(table.quantiles) >= 0).all()
    assert table.scores(np.array([1.0]))[0] == pytest.approx(0.0, abs=1e-2)
