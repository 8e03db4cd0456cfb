"""Quantiles of columns: order statistics, exactly.

Input: rows. Output: the ⌈q n⌉-th smallest value of each column, with an interval of order statistics. Cost: 1
ns a value in compiled code, for each quantile, and a look at some of the first rows, at most one in 16.
"""

import math
from dataclasses import dataclass

import numpy as np

from mvn_dask import checks
from mvn_dask._typing import Float64Array
from mvn_dask.signatures import short_signature
from mvn_dask.statistics.base import Counts
from mvn_dask.statistics.confidence_interval import ConfidenceInterval
from mvn_dask.statistics.intervals import normal_quantile
from mvn_dask.statistics.level_estimate import LevelEstimate, Levels, tuple_of
from mvn_dask.statistics.order_statistics import interval_ranks, quantile_rank
from mvn_dask.statistics.rank_statistic import RankStatistic

RANK_METHOD = "order statistics, independent rows; the error is the interval's width over that of a normal one of 1"


@short_signature
@dataclass(frozen=True)
class Quantile(RankStatistic):
    """The ⌈q n⌉-th smallest of the n values of each column, which is numpy's method "inverted_cdf".

    Raises
    ------
    ArgumentError
        If q is not greater than 0 and less than 1, or an empty sequence.
    ArgumentTypeError
        If it is not a number, nor a sequence of these.

    See Also
    --------
    mvn_dask.statistics.ValueAtRisk : The same of losses.
    mvn_dask.statistics.ExpectedShortfall : The mean beyond a quantile.
    numpy.quantile : The same number by `method="inverted_cdf"`.

    Notes
    -----
    The value is one of the column's own, never an approximation, whatever the order of the rows and however often a
    value occurs; a zero is 0.0, also where the column has -0.0. First rows of the array give a bracket that holds it,
    if rows are independent of one another; where it does not, as in sorted rows, a lazy array is computed once more.

    The interval's ends are order statistics too, whose ranks are binomial quantiles: it holds the quantile of any
    continuous distribution with at least the asked probability, and an end is infinite where there are too few rows:
    about 3.7 / (1 - q) of them for an upper end at 95 %. The standard error is the interval's width over that of the
    interval of a normal estimate whose error is 1.

    Examples
    --------
    >>> import mvn_dask
    >>> from mvn_dask.statistics import Quantile
    >>> x = mvn_dask.MultivariateNormal([1.0, 2.0], 4.0).sample(100_000, seed=1)
    >>> median, upper = mvn_dask.estimate(x, Quantile(0.5), Quantile([0.9, 0.99]))
    >>> median.value.round(2), upper.value.round(1)
    (array([1.  , 1.99]), array([[3.6, 4.6],
           [5.7, 6.7]]))
    """

    q: Levels
    """Share of the values that are no greater: a number, or several. The value of one has the shape (columns,), that of
    several (quantiles, columns)."""
    confidence_level: float = 0.95
    """Probability with which the interval holds the quantile; that of `mvn_dask.estimate` takes its place."""

    TARGETS = 3

    def __post_init__(self) -> None:
        object.__setattr__(self, "q", checks.levels("q", self.q))

    @property
    def levels(self) -> tuple[float, ...]:
        return tuple_of(self.q)

    def shares(self, count: float, level: float) -> tuple[float, float]:
        # Ranks of an interval are about normal; what they are beside that, the margins of brackets hold.
        half = normal_quantile(self.confidence_level) * math.sqrt(level * (1.0 - level) / max(count, 1.0))
        return max(level - half, 0.0), min(level + half, 1.0)

    def ranks(self, count: int, level: float) -> tuple[int, ...]:
        low, high = interval_ranks(count, level, self.confidence_level)
        return low, quantile_rank(count, level), high

    def result(self, values: Float64Array, extras: Float64Array, counts: Counts) -> LevelEstimate:
        return level_estimate(self.q, values, counts, self.confidence_level)


def level_estimate(levels: Levels, values: Float64Array, counts: Counts, confidence_level: float) -> LevelEstimate:
    """The estimate from lower ends, quantiles and upper ends, shape (3, levels, columns)."""
    ranks = [
        [interval_ranks(count, level, confidence_level) for count in counts.tolist()] for level in tuple_of(levels)
    ]
    ends = np.array(ranks, np.int64).reshape(-1, len(counts), 2)
    is_open = (ends[..., 0] < 0) | (ends[..., 1] >= counts)
    low, value, high = values if isinstance(levels, tuple) else values[:, 0]
    with np.errstate(all="ignore"):
        error = (high - low) / (2.0 * normal_quantile(confidence_level))
    interval = ConfidenceInterval(low, high, confidence_level)
    warning = "an end of an interval is infinite: so far out there are too few rows for one" if is_open.any() else None
    error = np.where(np.isfinite(error), error, np.nan)
    return LevelEstimate(value, error, interval, counts, RANK_METHOD, warning=warning, levels=levels)
