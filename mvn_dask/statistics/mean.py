"""Means of columns.

Input: rows. Output: means, their standard errors and intervals by the central limit theorem. Cost: some 2 ns a number.
"""

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from mvn_dask._typing import ArrayLike, Float64Array
from mvn_dask.array_likes import real_array
from mvn_dask.errors import ArgumentError
from mvn_dask.readable import plural
from mvn_dask.signatures import short_signature
from mvn_dask.statistics.base import ArrayStatistic, Rows, Scope, Statistic
from mvn_dask.statistics.central_moments import COUNT, MEAN, SECOND, merged_moments, moments_of_leaves
from mvn_dask.statistics.controlled_mean import ControlledMean
from mvn_dask.statistics.intervals import mean_error, normal_interval
from mvn_dask.statistics.results import Estimate
from mvn_dask.statistics.weighted_mean import WeightedMean


@short_signature
@dataclass(frozen=True)
class Mean(ArrayStatistic[Estimate]):
    """The mean of each column.

    Parameters
    ----------
    controls : dask.array.Array, shape (n,) or (n, controls), optional
        Control variates: arrays of the same rows, in the same chunks, whose means are known and which vary with what is
        estimated, such as the sample that a payoff is computed from.
    control_mean : array_like, shape (controls,), or float
        Their means.

    Raises
    ------
    ArgumentError
        If one is given without the other, or means are not finite.

    See Also
    --------
    mvn_dask.statistics.Moments : Variances, skewness and kurtosis as well.
    mvn_dask.statistics.MeanAndCovariance : Covariances as well.

    Notes
    -----
    The interval is mean ± z s/√n with the sample standard deviation s, by the central limit theorem: rows are taken to
    be independent, and to have a variance. With controls, the mean is the intercept of a regression on the controls
    less their means, and its error that of the residuals, with n - 1 - controls degrees of freedom; a warning says if
    a control's own mean is far from the given one.

    References
    ----------
    P. Glasserman, Monte Carlo Methods in Financial Engineering, 2003, sections 1.1 and 4.1.

    Examples
    --------
    >>> import dask.array as da
    >>> import mvn_dask
    >>> from mvn_dask.statistics import Mean
    >>> x = mvn_dask.MultivariateNormal([1.0, 2.0], 4.0).sample(100_000, seed=1)
    >>> mean = mvn_dask.estimate(x, Mean())
    >>> mean.value.round(2), mean.standard_error.round(4)
    (array([1., 2.]), array([0.0063, 0.0063]))
    >>> payoff = da.exp(x[:, 0] / 10)
    >>> plain, controlled = mvn_dask.estimate(payoff, Mean(), Mean(controls=x, control_mean=[1.0, 2.0]))
    >>> round(plain.standard_error / controlled.standard_error, 1)
    7.1
    """

    sums_all_numbers = True

    controls: Any = field(default=None, compare=False, repr=False)
    """Control variates."""
    control_mean: ArrayLike | None = None
    """Their means, as numbers."""
    confidence_level: float = 0.95
    """Probability with which the interval holds the mean; that of `mvn_dask.estimate` takes its place."""

    def __post_init__(self) -> None:
        if (self.controls is None) != (self.control_mean is None):
            raise ArgumentError("`controls` and `control_mean` go together: controls vary around a mean that is known")
        if self.control_mean is not None:
            means = np.atleast_1d(real_array("control_mean", self.control_mean))
            if means.ndim != 1 or not np.isfinite(means).all():
                raise ArgumentError(f"`control_mean` must be finite numbers, one of each control: it is {means}")
            object.__setattr__(self, "control_mean", tuple(means.tolist()))

    @property
    def further_arrays(self) -> tuple[Any, ...]:
        return () if self.controls is None else (self.controls,)

    def prepared(self, scope: Scope) -> Statistic[Any, Estimate]:
        if isinstance(self.control_mean, tuple):
            if scope.further_columns != len(self.control_mean):
                raise ArgumentError(
                    f"`control_mean` must have a number of each control: it has "
                    f"{plural(len(self.control_mean), 'number')} for {plural(scope.further_columns, 'control')}"
                )
            return ControlledMean(self.control_mean, scope.confidence_level)
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
