from typing import Any

import numpy as np
import pytest

from mvn_dask.errors import ArgumentError
from mvn_dask.statistics.base import Rows, Statistic
from mvn_dask.statistics.controlled_mean import ControlledMean
from mvn_dask.statistics.correlation import Correlation
from mvn_dask.statistics.extremes import Extremes
from mvn_dask.statistics.mean import Mean
from mvn_dask.statistics.mean_and_covariance import MeanAndCovariance
from mvn_dask.statistics.missing_values import Counted, MissingValues
from mvn_dask.statistics.moments import Moments
from mvn_dask.statistics.probability import Probability
from tests.statistics.contract import check_statistic, result_of
from tests.statistics.test_probability import positive

STATISTICS = (Mean(), Probability(positive), Extremes(2))


def some_missing() -> Rows:
    rng = np.random.default_rng(0)
    rows = rng.standard_normal((117, 3))
    rows[rng.random(rows.shape) < 0.05] = np.nan
    return rows


def test_contract() -> None:
    def check(result: Counted, rows: Rows) -> None:
        mean, probability, extremes = result.inner
        np.testing.assert_allclose(mean.value, np.nanmean(rows, axis=0), rtol=1e-12)
        missing = np.isnan(rows)
        assert mean.count.tolist() == (~missing).sum(axis=0).tolist()
        complete = rows[~missing.any(axis=1)]
        assert (probability.value, probability.count) == (positive(complete).mean(), len(complete))
        assert extremes.smallest_rows[0].tolist() == np.nanargmin(rows, axis=0).tolist()
        assert result.omitted.tolist() == [*missing.sum(axis=0).tolist(), len(rows) - len(complete)]

    check_statistic(MissingValues(STATISTICS, omit=True), some_missing(), check)


@pytest.mark.parametrize(
    "statistic", [Mean(), Moments(), MeanAndCovariance(), Correlation(), ControlledMean((0.0,), 0.9)]
)
@pytest.mark.parametrize("number", [np.nan, np.inf, -np.inf])
def test_sums_of_all_numbers_are_finite_only_if_these_are(statistic: Statistic[Any, Any], number: float) -> None:
    rows = np.random.default_rng(0).standard_normal((64, 3))
    assert statistic.sums_all_numbers
    assert np.isfinite(statistic.subtree(rows, 0, 16)).all()
    for row in (0, 37, 63):
        for column in range(3):
            changed = rows.copy()
            changed[row, column] = number
            assert not np.isfinite(statistic.subtree(changed, 0, 16)).all()


def test_an_error_names_the_row() -> None:
    rows = np.zeros((20, 2))
    rows[13, 1] = np.nan
    with pytest.raises(ArgumentError, match=r'row 13 has one in column 1 .*nan="omit"'):
        result_of(MissingValues(STATISTICS, omit=False), rows, 5)
