"""Several arrays in one pass, against `estimate` of each alone."""

from typing import Any

import dask
import dask.array as da
import numpy as np
import pytest

import mvn_dask
from mvn_dask.errors import ArgumentError
from mvn_dask.estimation.joint_estimates import Question, estimate_jointly
from mvn_dask.statistics import Extremes, Histogram, Mean, Moments, Probability
from mvn_dask.statistics.base import Request


def sample(chunks: int = 2048, dtype: Any = "float64") -> da.Array:
    names = [f"variable {number}" for number in range(100)]
    normal = mvn_dask.MultivariateNormal(np.linspace(-1.0, 1.0, 100), 2.0, names=names)
    return normal.sample(6_000, seed=1, chunks=chunks, dtype=dtype)


def texts(results: list[object]) -> list[str]:
    return [repr(each.to_dict()) for each in results]  # type: ignore[attr-defined]


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_each_answer_is_that_of_the_array_alone(dtype: str) -> None:
    """The leaves of 100 columns have other rows than those of one."""
    x = sample(dtype=dtype)
    largest, pair = x.max(axis=1), x[:, 3:5] * 2.0
    asked: list[tuple[da.Array, Request[Any], str | int | None]] = [
        (x, Mean(), None),
        (largest, Moments(), None),
        (x, Histogram(7), "variable 5"),
        (pair, Extremes(3), 1),
        (x, Probability(np.signbit), 5),
        (largest, Mean(), None),
        (x, Moments(), "variable 5"),
    ]
    found = estimate_jointly([Question(*each) for each in asked])
    alone = [mvn_dask.estimate(array, each, columns=columns) for array, each, columns in asked]
    assert texts(found) == texts(alone)


def test_rows_are_drawn_once_a_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[int] = []
    x = sample()

    def counted(block: Any) -> Any:
        drawn.append(len(block))
        return block

    y = da.map_blocks(counted, x, meta=np.empty((0, 0)))
    with dask.config.set(scheduler="sync"):
        estimate_jointly([Question(y, Mean()), Question(y.sum(axis=1), Mean()), Question(y[:, 0], Moments())])
    assert sum(drawn) == 6_000


def test_without_rows() -> None:
    x = sample()[:0]
    found = estimate_jointly([Question(x, Mean(), 1), Question(x[:, :2], Mean())])
    assert (found[0].count, found[1].count.tolist()) == (0, [0, 0])


def test_one_array() -> None:
    x = sample()
    assert estimate_jointly([Question(x, Mean(), 2)]) == [mvn_dask.estimate(x, Mean(), columns=2)]


def test_other_rows() -> None:
    x = sample()
    with pytest.raises(ArgumentError, match="`array` must have the rows of the array: it has 10 rows"):
        estimate_jointly([Question(x, Mean()), Question(da.zeros(10), Mean())])
    with pytest.raises(ArgumentError, match="'nothing' is none"):
        estimate_jointly([Question(x, Mean(), "nothing")])
