"""How rows are added round by round; what users give is looked at in `test_estimate_until`."""

import dask.array as da
import numpy as np
import pytest

from mvn_dask.errors import ArgumentError
from mvn_dask.estimation.sequential_run import LEAST_GROWTH, MOST_GROWTH, Goal, SequentialRun
from mvn_dask.statistics import Mean
from mvn_dask.statistics.results import ConfidenceInterval, Estimate
from tests.estimation.test_estimate_until import NORMAL, payoff


def estimate(value: float, half: float) -> Estimate:
    return Estimate(value, half / 2, ConfidenceInterval(value - half, value + half, 0.95), 1000, "")


def test_goals() -> None:
    assert Goal(0.1, None).ratio(estimate(2.0, 0.4), np.inf) == pytest.approx(2.0)
    assert Goal(None, 0.1).ratio(estimate(2.0, 0.4), 0) == pytest.approx(4.0)
    assert Goal(0.1, 0.4).ratio(estimate(2.0, 0.4), 0) == pytest.approx(1.0)
    # Few events do not make a relative error believable.
    assert Goal(0.1, None).ratio(estimate(2.0, 0.4), 29) == np.inf
    assert Goal(0.1, None).ratio(estimate(0.0, 0.4), 29) == np.inf


def test_rounds_grow_within_bounds() -> None:
    run = SequentialRun.begin(NORMAL, payoff, Mean(), 10**7, 1, 0.95)
    rounds = run.until(Goal(0.003, None), 10**7, None).rounds
    growth = np.array(rounds[1:]) / rounds[:-1]
    assert (growth >= LEAST_GROWTH - 1e-3).all()
    assert (growth <= MOST_GROWTH + 1e-3).all()


def test_no_row_of_a_whole_leaf_is_drawn_twice() -> None:
    seen = []

    def look(rows: np.ndarray) -> np.ndarray:
        seen.append(len(rows))
        return payoff(rows)

    run = SequentialRun.begin(NORMAL, look, Mean(), 10**6, 1, 0.95)
    seen.clear()
    found = run.until(Goal(0.004, None), 10**6, None)
    assert found.count <= sum(seen) <= found.count + run.leaf * len(found.rounds)


def test_rows_beyond_the_budget_of_a_state() -> None:
    run = SequentialRun.begin(NORMAL, payoff, Mean(), 2000, 1, 0.95)

    class Kept:
        def read(self) -> tuple[int, dict[tuple[int, int], object]]:
            return 5000, {}

    with pytest.raises(ArgumentError, match="`state` holds 5000 rows already, and `max_rows` is 2000"):
        run.until(Goal(0.1, None), 2000, Kept())  # type: ignore[arg-type]


def test_the_lazy_array_has_the_rows_of_the_sample() -> None:
    run = SequentialRun.begin(NORMAL, None, Mean(), 10**6, 1, 0.95)
    np.testing.assert_array_equal(run._array(4096, 9999).compute(), NORMAL.sample(9999, seed=1).compute())
    assert isinstance(run._array(0, 10), da.Array)
