import numpy as np
import pytest

from mvn_dask.errors import ArgumentError
from mvn_dask.statistics.base import Rows
from mvn_dask.statistics.level_estimate import LevelEstimate
from mvn_dask.statistics.quantile import Quantile
from mvn_dask.statistics.value_at_risk import ValueAtRisk
from tests.statistics.contract import check_statistic, passes_of
from tests.statistics.ranks import ROWS, shrink


def test_contract_and_that_it_is_the_quantile(monkeypatch: pytest.MonkeyPatch) -> None:
    shrink(monkeypatch, sigmas=0.5, KEPT_ROWS=40, PILOT_ROWS=32, ROOM=3)

    def check(result: LevelEstimate, rows: Rows) -> None:
        np.testing.assert_array_equal(result.value, np.quantile(rows, 0.9, axis=0, method="inverted_cdf"))

    check_statistic(ValueAtRisk(0.9), np.random.default_rng(0).standard_normal((130, 2)), check)


@pytest.mark.parametrize("level", [0.99, [0.9, 0.99]])
def test_equal_to_the_quantile_in_all_it_says(monkeypatch: pytest.MonkeyPatch, level: float | list[float]) -> None:
    shrink(monkeypatch)
    rows = np.random.default_rng(0).standard_normal((ROWS, 2))
    one, other = (passes_of(each, rows, 64) for each in (ValueAtRisk(level), Quantile(level)))
    assert one == other


def test_levels_outside() -> None:
    with pytest.raises(ArgumentError, match=r"`level` must be greater than 0 and less than 1: it is 0\.0"):
        ValueAtRisk(0.0)
