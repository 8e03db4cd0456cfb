from pathlib import Path
from typing import Any

import dask.array as da
import numpy as np
import numpy.typing as npt
import pytest

import mvn_dask
from mvn_dask.errors import ArgumentError, ArgumentTypeError, DamagedStateError, SpecMismatchError, StorageError
from mvn_dask.statistics import Histogram, Mean, Moments, Probability

Rows = npt.NDArray[np.float64]
NORMAL = mvn_dask.MultivariateNormal([0.0, 0.0], [[1.0, 0.5], [0.5, 1.0]])


def payoff(rows: Rows) -> Rows:
    return np.asarray(np.maximum(rows.max(axis=1), 0.0))


def both(rows: Rows) -> npt.NDArray[np.bool_]:
    return np.asarray((rows > 1.5).all(axis=1))


def first_rows(count: int, statistic: Any, function: Any = payoff) -> Any:
    x = NORMAL.sample(count, seed=1, chunks=3333)
    return mvn_dask.estimate(x if function is None else da.map_blocks(function, x, drop_axis=1), statistic)


def test_the_estimate_is_that_of_the_first_rows() -> None:
    found = mvn_dask.estimate_until(NORMAL, payoff, Mean(), rtol=0.01, seed=1)
    assert found.stopped_by == "goal"
    assert found.rounds[0] == 1000
    assert found.estimate == first_rows(found.count, Mean())
    half = found.confidence_interval.high - found.value
    assert half <= 0.01 * found.value
    # Not one that was reached long before.
    assert half > 0.85 * 0.01 * found.value


def test_a_probability_needs_events() -> None:
    found = mvn_dask.estimate_until(NORMAL, None, Probability(both), rtol=0.5, seed=1)
    assert found.value * found.count >= 30
    assert found.estimate == first_rows(found.count, Probability(both), None)
    never = mvn_dask.estimate_until(NORMAL, None, Probability(lambda x: x[:, 0] > 99), rtol=0.1, max_rows=5000, seed=1)
    assert (never.value, never.stopped_by, never.count) == (0.0, "max_rows", 5000)
    enough = mvn_dask.estimate_until(NORMAL, None, Probability(lambda x: x[:, 0] > 99), atol=0.01, seed=1)
    assert enough.stopped_by == "goal"


def test_several_columns_reach_the_goal_together() -> None:
    found = mvn_dask.estimate_until(NORMAL, lambda x: x * [1.0, 3.0], Mean(), atol=0.03, seed=1)
    assert found.value.shape == (2,)
    assert (found.confidence_interval.high - found.value).max() <= 0.03


def test_a_state_is_gone_on_with(tmp_path: Path) -> None:
    state = tmp_path / "runs" / "payoff.json"
    mvn_dask.estimate_until(NORMAL, payoff, Mean(), rtol=0.02, seed=1, state=state)
    assert state.stat().st_size < 100_000
    longer = mvn_dask.estimate_until(NORMAL, payoff, Mean(), rtol=0.005, seed=1, state=state)
    assert len(longer.rounds) >= 2
    assert longer.estimate == first_rows(longer.count, Mean())
    again = mvn_dask.estimate_until(NORMAL, payoff, Mean(), rtol=0.005, seed=1, state=state)
    assert again.rounds == (longer.count,)
    assert again.estimate == longer.estimate


def test_a_run_that_ends_early_goes_on_as_it_would_have(tmp_path: Path) -> None:
    state = tmp_path / "payoff.json"
    whole = mvn_dask.estimate_until(NORMAL, payoff, Mean(), rtol=0.005, seed=1)
    part = mvn_dask.estimate_until(NORMAL, payoff, Mean(), rtol=0.005, seed=1, max_rows=whole.rounds[1], state=state)
    assert part.stopped_by == "max_rows"
    rest = mvn_dask.estimate_until(NORMAL, payoff, Mean(), rtol=0.005, seed=1, state=state)
    assert rest.rounds == whole.rounds[1:]
    assert rest.estimate == whole.estimate


@pytest.mark.parametrize(
    ("changed", "what"),
    [
        ({"seed": 2}, "seed"),
        ({"function": None}, "function"),
        ({"statistic": Moments()}, "statistic"),
        ({"distribution": mvn_dask.MultivariateNormal([0.0, 1.0], 1.0)}, "distribution"),
    ],
)
def test_a_state_of_something_else_is_refused(tmp_path: Path, changed: dict[str, Any], what: str) -> None:
    given: dict[str, Any] = {"distribution": NORMAL, "function": payoff, "statistic": Mean(), "seed": 1}
    options: dict[str, Any] = {"rtol": 0.1, "state": tmp_path / "state"}
    mvn_dask.estimate_until(**given, **options)
    with pytest.raises(SpecMismatchError, match=f"begun with another {what}: name another `state`"):
        mvn_dask.estimate_until(**(given | changed), **options)


def test_a_damaged_state_is_refused(tmp_path: Path) -> None:
    state = tmp_path / "state"
    mvn_dask.estimate_until(NORMAL, payoff, Mean(), rtol=0.1, seed=1, state=state)
    content = state.read_text()
    for damaged in (content[:-9], content.replace('"rows":', '"rows":1'), "[]", ""):
        state.write_text(damaged)
        with pytest.raises(DamagedStateError):
            mvn_dask.estimate_until(NORMAL, payoff, Mean(), rtol=0.1, seed=1, state=state)
    with pytest.raises(StorageError, match="`state` must name a file"):
        mvn_dask.estimate_until(NORMAL, payoff, Mean(), rtol=0.1, seed=1, state="memory://")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, "give `rtol` or `atol`"),
        ({"rtol": 0.0}, "`rtol` must be positive: it is 0"),
        ({"atol": -1.0}, "`atol` must be positive"),
        ({"rtol": float("nan")}, "`rtol` must be positive"),
        ({"rtol": "low"}, "`rtol` must be a real number, not 'low'"),
        ({"rtol": 0.1, "confidence_level": 1.0}, "`confidence_level` must be greater than 0 and less than 1"),
        ({"rtol": 0.1, "function": "payoff"}, "`function` must be a function of rows, or None, not str"),
        ({"rtol": 0.1, "function": lambda x: np.where(x[:, 0] > 1, np.inf, 1.0)}, "must give finite numbers: the mean"),
        ({"rtol": 0.1, "max_rows": 999}, "`max_rows` must be at least 1000"),
        ({"rtol": 0.1, "function": lambda x: x[:3]}, "must give a number, or a row of numbers, of each row"),
        ({"rtol": 0.1, "function": lambda x: x.sum()}, "gives the shape"),
        ({"rtol": 0.1, "function": lambda x: np.full(len(x), np.nan)}, "must not give NaN"),
        ({"rtol": 0.1, "function": lambda x: np.full(len(x), "a")}, "must give real numbers"),
        ({"rtol": 0.1, "statistic": Histogram(5)}, "looks at its rows more than once|must give one Estimate"),
        ({"rtol": 0.1, "statistic": Moments()}, "must give one Estimate"),
        ({"rtol": 0.1, "statistic": Mean}, "`statistic` must be one of mvn_dask.statistics"),
        ({"rtol": 0.1, "distribution": 3}, "`distribution` must be one of mvn_dask's"),
        ({"rtol": 0.1, "function": lambda x: x[:, 0], "state": "memory://a/b"}, "has none: write it as a function"),
    ],
)
def test_bad_input(options: dict[str, Any], message: str) -> None:
    given: dict[str, Any] = {"distribution": NORMAL, "function": payoff, "statistic": Mean(), "seed": 1}
    with pytest.raises((ArgumentError, ArgumentTypeError), match=message):
        mvn_dask.estimate_until(**(given | options))


def test_nan_far_into_the_rows_is_an_error_as_well() -> None:
    def sometimes(rows: Rows) -> Rows:
        return np.where(rows[:, 0] > 3.0, np.nan, rows[:, 0])

    with pytest.raises(ArgumentError, match="must not give NaN: it does of the row"):
        mvn_dask.estimate_until(NORMAL, sometimes, Mean(), atol=0.005, seed=1)
