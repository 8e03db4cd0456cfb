"""The first rows reach what makes the next statistic, in their order."""

from typing import Any

import numpy as np

import mvn_dask
from mvn_dask._typing import Float64Array
from mvn_dask.statistics import Mean, Statistic
from mvn_dask.statistics.first_rows import FirstRows, ordered_numbers

SEEN: list[Float64Array] = []


def seen(first: Float64Array) -> Statistic[Any, Any]:
    SEEN.append(first)
    return Mean()


def test_the_first_rows_are_seen_and_all_are_computed() -> None:
    x = mvn_dask.MultivariateNormal([1.0, 2.0], 1.0).sample(40_000, seed=1, chunks=7000)
    SEEN.clear()
    assert mvn_dask.estimate(x, FirstRows(seen)) == mvn_dask.estimate(x, Mean())
    (first,) = SEEN
    np.testing.assert_array_equal(first, x[: 2**14].compute())


def test_ordered_numbers() -> None:
    assert ordered_numbers(np.array([3.0, np.nan, -np.inf, 1.0, np.inf])).tolist() == [1.0, 3.0]
