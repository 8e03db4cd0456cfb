"""Means with control variates: columns whose means are known, and which vary with those that are estimated.

Input: rows whose last columns are the controls, and their means. Output: means of the other columns, with the variance
that the controls leave. Cost: that of the covariances of all columns.

References
----------
S. S. Lavenberg and P. D. Welch, A perspective on the use of control variables to increase the efficiency of Monte
Carlo simulations, Management Science 27 (1981) 322, doi:10.1287/mnsc.27.3.322; P. Glasserman, Monte Carlo Methods in
Financial Engineering, 2003, section 4.1.
"""

from dataclasses import dataclass

import numpy as np

from mvn_dask._typing import Float64Array
from mvn_dask.statistics.cross_products import column_count, square_of
from mvn_dask.statistics.intervals import mean_error, student_interval
from mvn_dask.statistics.product_statistic import ProductStatistic
from mvn_dask.statistics.results import Estimate

FAR = 6.0
"""Standard errors beyond which a mean of independent rows does not lie: it would, once in 10⁹ times."""


@dataclass(frozen=True)
class ControlledMean(ProductStatistic[Estimate]):
    """Means less what the controls are off from their own means, times the slopes of a regression on them."""

    control_mean: tuple[float, ...]
    """Means of the controls, which are the last columns."""
    confidence_level: float
    """Probability with which the interval holds the mean."""

    def finalize(self, node: Float64Array) -> Estimate:
        n, columns, controls = int(node[0]), column_count(node), len(self.control_mean)
        targets, means, square = columns - controls, node[1 : 1 + columns], square_of(node)
        degrees = n - 1 - controls
        if degrees < 1 or not np.isfinite(square[targets:]).all():
            nothing = np.full(targets, np.nan)
            interval = student_interval(nothing, nothing, 1, self.confidence_level)
            why = "too few rows for so many controls" if degrees < 1 else "no regression on infinite numbers"
            return Estimate(nothing, nothing, interval, n, why)
        # By least squares, since controls may be linear combinations of one another; in their own units.
        scale = np.sqrt(square.diagonal()[targets:])
        scale = np.where(scale > 0, scale, 1.0)
        inner, cross = square[targets:, targets:] / np.multiply.outer(scale, scale), square[targets:, :targets]
        slopes = np.linalg.lstsq(inner, cross / scale[:, None], rcond=None)[0] / scale[:, None]
        off = means[targets:] - np.array(self.control_mean)
        left = np.maximum(square.diagonal()[:targets] - (slopes * cross).sum(axis=0), 0.0)
        error = mean_error(left / degrees, np.array(float(n)))
        value = means[:targets] - (slopes * off[:, None]).sum(axis=0)
        explained = 1.0 - left / np.where(square.diagonal()[:targets] > 0, square.diagonal()[:targets], 1.0)
        method = f"regression on the controls, which explain {100 * explained.min():.4g} % of the variance"
        if targets > 1:
            method += " or more"
        interval = student_interval(value, error, degrees, self.confidence_level)
        return Estimate(value, error, interval, n, method, warning=_warning(off, means[targets:], scale, n))


def _warning(off: Float64Array, mean: Float64Array, scale: Float64Array, n: int) -> str | None:
    """What is said of controls whose mean differs from what it should be by more than chance does."""
    # Rounding is no distance.
    errors = np.where(np.abs(off) > 1e-12 * np.abs(mean), np.abs(off) * n / scale, 0.0)
    worst = int(np.argmax(errors))
    if errors[worst] <= FAR:
        return None
    return (
        f"the mean of control {worst} lies {errors[worst]:.3g} standard errors from its `control_mean`: if that is "
        "wrong, so is the estimate"
    )
