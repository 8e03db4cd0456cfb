"""How rows are added round by round; what users give is looked at in `test_estimate_until`."""

from statistics import NormalDist
from typing import Any

import dask.array as da
import numpy as np
import pytest

from mvn_dask.errors import ArgumentError
from mvn_dask.estimation.sequential_run import LEAST_GROWTH, MOST_GROWTH, PILOT_ROWS, Goal, SequentialRun, next_rows
from mvn_dask.statistics import Mean, Probability
from mvn_dask.statistics.confidence_interval import ConfidenceInterval
from mvn_dask.statistics.results import Estimate
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


@pytest.mark.parametrize(
    ("draw", "truth", "variance", "statistic", "goal"),
    [
        ("normal", 1.0, 1.0, Mean(), Goal(0.02, None)),
        ("lognormal", np.exp(0.5), (np.exp(1) - 1) * np.exp(1), Mean(), Goal(0.02, None)),
        ("event", 0.01, 0.01 * 0.99, Probability(lambda rows: rows > 0.5), Goal(0.1, None)),
    ],
)
def test_coverage_and_rows_of_the_stopping_rule(
    draw: str, truth: float, variance: float, statistic: Any, goal: Goal
) -> None:
    """600 runs of independent rows: of an interval that holds in 95 %, one in a thousand falls below 92.2 %."""
    rng, covered, rows, runs = np.random.default_rng(1), 0, list[int](), 600
    for _ in range(runs):
        count, node, wanted = 0, None, PILOT_ROWS
        while True:
            x = rng.standard_normal((wanted - count, 1))
            x = {"normal": x + 1.0, "lognormal": np.exp(x), "event": (x > NormalDist().inv_cdf(0.99)) * 1.0}[draw]
            leaf = statistic.leaf(x, count)
            node, count = leaf if node is None else statistic.merge(node, leaf), wanted
            found = statistic.finalize(node)
            events = np.inf if isinstance(statistic, Mean) else float(found.value) * count
            ratio = goal.ratio(found, events)
            if ratio <= 1.0:
                break
            wanted = next_rows(count, ratio)
        interval = found.confidence_interval
        covered += bool(interval.low <= truth <= interval.high)
        rows.append(count)
    needed = variance * (1.96 / (0.1 if draw == "event" else 0.02) / truth) ** 2
    assert covered / runs > 0.922
    assert np.mean(rows) <= 1.1 * needed
