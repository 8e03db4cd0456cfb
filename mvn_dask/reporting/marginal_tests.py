"""Shapes of single variables, tested by shares of numbers below fixed bounds, a quarter of a standard deviation apart.

Input: estimates. Output: counts and exact binomial p-values. Cost: a p-value for each bound of each variable of which a
histogram is made.
"""

from dataclasses import dataclass

import numpy as np

from mvn_dask._typing import Float64Array
from mvn_dask.reporting.estimates import Estimates, largest
from mvn_dask.reporting.p_values import binomial_p_value
from mvn_dask.reporting.reference import BINS_PER_DEVIATION, marginal_histogram
from mvn_dask.statistics.base import Counts

MARGINALS_SHOWN = 12
"""Variables that pictures of single variables show, at most."""
BINS_PER_BOUND = BINS_PER_DEVIATION // 4
"""Bins of a histogram between two bounds: a quarter of a standard deviation."""


@dataclass(frozen=True, eq=False)
class MarginalTests:
    """Of the variables of which a histogram is made."""

    bounds: Float64Array
    """Bounds, in standard deviations from the mean, ascending, shape (bounds,)."""
    below: Counts
    """Numbers below each, shape (binned, bounds)."""
    p_values: Float64Array
    """Of so many, NaN where not tested, shape (binned, bounds)."""


def compare_marginals(estimates: Estimates) -> MarginalTests:
    """Counts and p-values; rounding is allowed for."""
    binned, rows, cdf = estimates.selection.binned, estimates.selection.rows, estimates.reference.laws.marginal_cdf
    bounds = marginal_histogram(binned).edges[BINS_PER_BOUND - 1 :: BINS_PER_BOUND]
    below = np.cumsum(estimates.measured.histograms, axis=1)[:, BINS_PER_BOUND - 1 : -1 : BINS_PER_BOUND]
    p_values, testable = np.full(below.shape, np.nan), estimates.reference.testable[binned]
    if rows:
        rounding = estimates.rounding[binned][:, None]
        p_values[testable] = binomial_p_value(below, rows, cdf(bounds - rounding), cdf(bounds + rounding))[testable]
        low, high = estimates.reference.low[binned][:, None], estimates.reference.high[binned][:, None]
        p_values[(bounds <= low) | (bounds >= high)] = np.nan
    return MarginalTests(bounds, below, p_values)


def shown_marginals(tests: MarginalTests) -> list[int]:
    """Positions among the binned variables of those that all pictures show, ascending: with the smallest p-values."""
    smallest = np.fmin.reduce(tests.p_values, axis=1)
    return sorted(largest(-smallest, np.isfinite(smallest), MARGINALS_SHOWN))
