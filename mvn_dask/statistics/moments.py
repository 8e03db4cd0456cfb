"""Mean, variance, skewness and kurtosis of columns.

Input: rows. Output: the four, with standard errors and intervals. Cost: some 4 ns a number.
"""

from dataclasses import dataclass, replace
from typing import ClassVar, Self

import numpy as np

from mvn_dask._typing import Float64Array
from mvn_dask.statistics.base import ArrayStatistic, Rows, Scope
from mvn_dask.statistics.central_moments import COUNT, FOURTH, MEAN, SECOND, THIRD, merged_moments, moments_of_leaves
from mvn_dask.statistics.intervals import mean_error, normal_interval
from mvn_dask.statistics.results import Estimate, Result


@dataclass(frozen=True, repr=False)
class MomentEstimates(Result):
    """Moments of each column.

    See Also
    --------
    mvn_dask.statistics.Moments : Gives it.
    mvn_dask.statistics.results.Estimate : What each of them is.

    Examples
    --------
    >>> import dask.array as da
    >>> import mvn_dask
    >>> found = mvn_dask.estimate(da.from_array([1.0, 2.0, 3.0, 6.0]), Moments())
    >>> found.mean.value, round(found.variance.value, 4), round(found.skewness.value, 4)
    (3.0, 4.6667, 0.6872)
    """

    mean: Estimate
    """Its mean; the interval rests on the central limit theorem."""
    variance: Estimate
    """Its sample variance, divided by n - 1; the interval rests on its fourth moment."""
    skewness: Estimate
    """Third central moment over the 1.5th power of the second, both divided by n; the error is that of normal rows."""
    kurtosis: Estimate
    """Excess kurtosis: fourth central moment over the square of the second, less 3; the error is likewise."""


@dataclass(frozen=True)
class Moments(ArrayStatistic[MomentEstimates]):
    """The first four moments of each column.

    See Also
    --------
    mvn_dask.statistics.Mean : Means alone, and control variates.
    mvn_dask.statistics.MeanAndCovariance : Covariances of columns.

    Notes
    -----
    Of n independent rows with central moments m₂ and m₄, the sample variance s² has the variance
    (m₄ - s⁴ (n - 3) / (n - 1)) / n. Its interval is taken for log s², which is less skewed. Where tails are heavy, m₄
    is itself not known from so few rows: a `warning` says so once the relative error of s² is more than `COARSE`, or
    the excess kurtosis more than `HEAVY` · n.

    References
    ----------
    H. Cramér, Mathematical Methods of Statistics, 1946, sections 27.4 and 29.3; P. Pébay, Sandia report SAND2008-6212,
    2008, for the merging.

    Examples
    --------
    >>> import mvn_dask
    >>> from mvn_dask.statistics import Moments
    >>> x = mvn_dask.MultivariateNormal([1.0, 2.0], [4.0, 9.0]).sample(100_000, seed=1)
    >>> mvn_dask.estimate(x, Moments()).variance.value.round(1)
    array([4. , 9.1])
    """

    sums_all_numbers = True

    confidence_level: float = 0.95
    """Probability with which each interval holds its value; that of `mvn_dask.estimate` takes its place."""

    COARSE: ClassVar[float] = 0.1
    """Relative standard error of a variance above which it says that its interval may mislead."""
    HEAVY: ClassVar[float] = 0.001
    """Excess kurtosis for each row above which it says so as well."""

    def prepared(self, scope: Scope) -> Self:
        return replace(self, confidence_level=scope.confidence_level)

    def leaves(self, rows: Rows) -> Float64Array:
        return moments_of_leaves(rows, 4)

    def merge(self, left: Float64Array, right: Float64Array) -> Float64Array:
        return merged_moments(left, right)

    @np.errstate(all="ignore")
    def finalize(self, node: Float64Array) -> MomentEstimates:
        n, level = node[COUNT], self.confidence_level
        count = n.astype(np.int64)
        mean = np.where(n > 0, node[MEAN], np.nan)
        variance = np.where(n > 1, node[SECOND] / (n - 1.0), np.nan)
        second, third, fourth = (node[place] / n for place in (SECOND, THIRD, FOURTH))
        skewness, kurtosis = third / (second * np.sqrt(second)), fourth / (second * second) - 3.0
        error = mean_error(variance, n)
        mean_estimate = Estimate(
            mean, error, normal_interval(mean, error, level), count, "central limit theorem, independent rows"
        )
        normal = "standard error of independent normal rows"
        skewness_error = np.sqrt(6.0 * n * (n - 1.0) / ((n - 2.0) * (n + 1.0) * (n + 3.0)))
        kurtosis_error = 2.0 * skewness_error * np.sqrt((n * n - 1.0) / ((n - 3.0) * (n + 5.0)))
        # What is not known has no error.
        skewness_error, kurtosis_error = (
            np.where(np.isnan(value), np.nan, error)
            for value, error in ((skewness, skewness_error), (kurtosis, kurtosis_error))
        )
        return MomentEstimates(
            mean_estimate,
            self._variance(variance, fourth, kurtosis, n),
            Estimate(skewness, skewness_error, normal_interval(skewness, skewness_error, level), count, normal),
            Estimate(kurtosis, kurtosis_error, normal_interval(kurtosis, kurtosis_error, level), count, normal),
        )

    def _variance(
        self, variance: Float64Array, fourth: Float64Array, kurtosis: Float64Array, n: Float64Array
    ) -> Estimate:
        spread = np.maximum(fourth - variance * variance * (n - 3.0) / (n - 1.0), 0.0)
        error = np.where(n > 3, np.sqrt(spread / n), np.nan)
        interval = normal_interval(np.log(variance), error / variance, self.confidence_level)
        constant = variance == 0.0
        bounds = [np.where(constant, 0.0, np.exp(bound)) for bound in (interval.low, interval.high)]
        misleads = ((error > self.COARSE * variance) | (kurtosis > self.HEAVY * n)).any()
        warning = "so heavy tails, or so few rows, that the fourth moment is not known: the interval may be too short"
        return Estimate(
            variance, error, replace(interval, low=bounds[0], high=bounds[1]), n.astype(np.int64),
            "fourth moments, independent rows", warning=warning if misleads else None,
        )  # fmt: skip
