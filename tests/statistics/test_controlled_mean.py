import numpy as np
import pytest

from mvn_dask.statistics.base import Rows
from mvn_dask.statistics.controlled_mean import ControlledMean
from mvn_dask.statistics.results import Estimate
from tests.statistics.contract import check_statistic, result_of


def test_contract() -> None:
    def check(result: Estimate, rows: Rows) -> None:
        # The intercept of a regression on the controls less their means.
        design = np.column_stack([np.ones(len(rows)), rows[:, 1:] - [1.0, 0.0]])
        coefficients, residual, *_ = np.linalg.lstsq(design, rows[:, :1], rcond=None)
        np.testing.assert_allclose(result.value, coefficients[0], rtol=1e-10)
        np.testing.assert_allclose(result.standard_error**2, residual / (len(rows) - 3) / len(rows), rtol=1e-8)

    rng = np.random.default_rng(0)
    controls = rng.standard_normal((117, 2)) + np.array([1.0, 0.0])
    rows = np.column_stack([controls @ [2.0, 1.0] + 0.1 * rng.standard_normal(117), controls])
    check_statistic(ControlledMean((1.0, 0.0), 0.95), rows, check)


def test_controls_take_variance_away_and_the_interval_holds() -> None:
    # 400 runs: of an interval that holds in 95 %, one in a thousand falls below 91.3 %.
    rng, covered, errors = np.random.default_rng(1), 0, []
    for _ in range(400):
        x = rng.standard_normal((500, 1))
        found = result_of(ControlledMean((0.0,), 0.95), np.column_stack([np.exp(0.3 * x), x]), 128)
        interval = found.confidence_interval
        covered += bool(interval.low[0] <= np.exp(0.045) <= interval.high[0])
        errors.append(found.standard_error[0])
    assert covered / 400 > 0.913
    assert np.mean(errors) < 0.3 * np.sqrt((np.exp(0.09) - 1) * np.exp(0.09) / 500)


def test_controls_that_say_the_same_twice() -> None:
    rng = np.random.default_rng(0)
    x = rng.standard_normal((300, 1))
    y = x + rng.standard_normal((300, 1))
    once = result_of(ControlledMean((0.0,), 0.95), np.hstack([y, x]), 64)
    twice = result_of(ControlledMean((0.0, 0.0), 0.95), np.hstack([y, x, 1e6 * x]), 64)
    assert twice.value == pytest.approx(once.value)
    constant = result_of(ControlledMean((3.0,), 0.95), np.hstack([y, np.full_like(y, 3.0)]), 64)
    assert constant.value == pytest.approx(y.mean())


def test_too_few_rows() -> None:
    found = result_of(ControlledMean((0.0, 0.0), 0.95), np.zeros((3, 3)), 2)
    assert np.isnan(found.value).all()
    assert "too few rows" in found.method


def test_a_wrong_mean_of_a_control_is_warned_of() -> None:
    rows = np.random.default_rng(0).standard_normal((300, 3))
    assert result_of(ControlledMean((0.0, 0.0), 0.95), rows, 64).warning is None
    found = result_of(ControlledMean((0.0, 1.0), 0.95), rows, 64)
    assert "the mean of control 1 lies 1" in found.warning
    constant = np.column_stack([rows[:, :1], np.full((300, 1), 3.0)])
    assert result_of(ControlledMean((3.0,), 0.95), constant, 64).warning is None
    assert "standard errors" in result_of(ControlledMean((2.0,), 0.95), constant, 64).warning


def test_infinite_controls_have_no_regression() -> None:
    rows = np.random.default_rng(0).standard_normal((300, 2))
    rows[7, 1] = np.inf
    found = result_of(ControlledMean((0.0,), 0.95), rows, 64)
    assert np.isnan(found.value).all()
    assert "infinite" in found.method
