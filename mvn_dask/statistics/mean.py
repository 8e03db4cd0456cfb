"""Means of columns.

Input: rows. Output: means, their standard errors and intervals by the central limit theorem. Cost: some 2 ns a number.
"""

from dataclasses import dataclass, replace
from typing import Self

import numpy as np

from mvn_dask._typing import Float64Array
from mvn_dask.statistics.base import ArrayStatistic, Rows, Scope
from mvn_dask.statistics.central_moments import COUNT, MEAN, SECOND, merged_moments, moments_of_leaves
from mvn_dask.statistics.intervals import mean_error, normal_interval
from mvn_dask.statistics.results import Estimate
from mvn_dask.statistics.weighted_mean import WeightedMean


@dataclass(frozen=True)
class Mean(ArrayStatistic[Estimate]):
    """The mean of each column.

    Notes
    -----
    The interval is mean ± z s/√n with the sample standard deviation s, by the central limit theorem: rows are taken to
    be independent, and to have a variance.

    Examples
    --------
    >>> import mvn_dask
    >>> from mvn_dask.statistics import Mean
    >>> x = mvn_dask.MultivariateNormal([1.0, 2.0], 4.0).sample(100_000, seed=1)
    >>> mean = mvn_dask.estimate(x, Mean())
    >>> mean.value.round(2), mean.standard_error.round(4)
    (array([1., 2.]), array([0.0063, 0.0063]))
    """

    confidence_level: float = 0.95
    """Probability with which the interval holds the mean; that of `mvn_dask.estimate` takes its place."""

    def prepared(self, scope: Scope) -> Self:
        return replace(self, confidence_level=scope.confidence_level)

    def weighted(self) -> WeightedMean:
        return WeightedMean(self.confidence_level)

    def leaves(self, rows: Rows) -> Float64Array:
        return moments_of_leaves(rows, 2)

    def merge(self, left: Float64Array, right: Float64Array) -> Float64Array:
        return merged_moments(left, right)

    def finalize(self, node: Float64Array) -> Estimate:
        count = node[COUNT]
        with np.errstate(all="ignore"):
            value = np.where(count > 0, node[MEAN], np.nan)
            error = mean_error(node[SECOND] / (count - 1.0), count)
        error = np.where(count > 1, error, np.nan)
        interval = normal_interval(value, error, self.confidence_level)
        return Estimate(value, error, interval, count.astype(np.int64), "central limit theorem, independent rows")
