import numpy as np
import pytest

from mvn_dask.errors import ArgumentError
from mvn_dask.statistics.base import Rows
from mvn_dask.statistics.probability import Probability, WeightedProbability
from mvn_dask.statistics.results import Estimate
from mvn_dask.statistics.weighted_mean import WeightedMean
from tests.statistics.contract import check_statistic, result_of
from tests.statistics.test_probability import positive


def weighted_rows(rows: int = 117) -> Rows:
    rng = np.random.default_rng(0)
    return np.column_stack([rng.standard_normal((rows, 2)), 0.3 * rng.standard_normal(rows)])


def test_contract() -> None:
    def check(result: Estimate, rows: Rows) -> None:
        terms = np.exp(rows[:, -1:]) * rows[:, :-1]
        np.testing.assert_allclose(result.value, terms.mean(axis=0), rtol=1e-13)
        np.testing.assert_allclose(result.standard_error, terms.std(axis=0, ddof=1) / np.sqrt(len(terms)), rtol=1e-12)
        sizes = np.abs(terms).sum(axis=0) ** 2 / (terms**2).sum(axis=0)
        np.testing.assert_allclose(np.array(result.effective_sample_size), sizes, rtol=1e-12)

    check_statistic(WeightedMean(0.95), weighted_rows(), check)


def test_contract_of_weighted_probabilities() -> None:
    def check(result: Estimate, rows: Rows) -> None:
        assert result.value == pytest.approx((np.exp(rows[:, -1]) * positive(rows[:, :-1])).mean())

    check_statistic(WeightedProbability(0.95, Probability(positive)), weighted_rows(), check)


def test_weights_that_overflow_are_refused_with_their_row() -> None:
    rows = np.zeros((20, 2))
    rows[13, 1] = 800.0
    with pytest.raises(ArgumentError, match="`log_weights` must not overflow: that of row 13 is 800"):
        result_of(WeightedMean(0.95), rows, 5)


def test_few_terms_say_so() -> None:
    rows = np.column_stack([np.ones(1000), np.zeros(1000)])
    assert result_of(WeightedMean(0.95), rows, 100).warning is None
    rows[0, 1] = 10.0
    assert "few terms" in result_of(WeightedMean(0.95), rows, 100).warning
