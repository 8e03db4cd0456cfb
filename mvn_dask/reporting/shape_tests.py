"""Tests of the shape of distributions: shares of numbers below fixed bounds, which are exactly binomial.

Input: estimates and the error rate of a family. Output: a verdict for each family. Cost: a p-value a bound. Bounds lie
so close that nothing broad lies between them, and so far out that a single number too many in a tail is seen.
"""

from math import sqrt

import numpy as np

from mvn_dask.reporting.estimates import Estimates
from mvn_dask.reporting.moment_tests import NO_VARIABLE
from mvn_dask.reporting.number_format import expected_count, number, percent, plural, segment_rows, signed
from mvn_dask.reporting.p_values import binomial_p_value, chi2_p_value
from mvn_dask.reporting.reference import BINS_PER_DEVIATION, MAX_ROUNDING, RadialLaw, marginal_histogram
from mvn_dask.reporting.verdict import Verdict, bonferroni, not_tested, smallest

BINS_PER_BOUND = BINS_PER_DEVIATION // 4
"""Bins of a histogram between two bounds: a quarter of a standard deviation."""
LENGTH_BINS_PER_BOUND = 4
"""The same for lengths of whitened rows: an eighth."""


def marginals(estimates: Estimates, error_rate: float) -> Verdict:
    """Shapes of single variables."""
    title, binned = "Shapes of single variables", estimates.selection.binned
    rounding = estimates.rounding[binned][:, None]
    bounds = marginal_histogram(binned).edges[BINS_PER_BOUND - 1 :: BINS_PER_BOUND]
    below = np.cumsum(estimates.measured.histograms, axis=1)[:, BINS_PER_BOUND - 1 : -1 : BINS_PER_BOUND]
    p_values = np.full(below.shape, np.nan)
    testable = estimates.reference.testable[binned]
    if estimates.rows:
        cdf = estimates.reference.marginal_cdf
        low, high = cdf(bounds - rounding), cdf(bounds + rounding)
        p_values[testable] = binomial_p_value(below, estimates.rows, low, high)[testable]
    where = smallest(p_values)
    if where is None:
        return not_tested("marginals", title, NO_VARIABLE)
    i, j = where
    bound, side = float(bounds[j]), "below" if bounds[j] < 0 else "above"
    seen = int(below[i, j]) if bound < 0 else estimates.rows - int(below[i, j])
    region = f"more than {number(abs(bound))} standard deviations {side} the mean" if bound else "above the mean"
    expected = float(estimates.reference.marginal_cdf(np.array(-abs(bound))))
    text = (
        f"{estimates.name(int(binned[i]))}: {percent(seen / estimates.rows)} lie {region}, expected "
        f"{percent(expected)}; {plural(seen, 'row')}, expected {expected_count(expected * estimates.rows)}"
    )
    return bonferroni("marginals", title, p_values, error_rate, text)


def distances(estimates: Estimates, error_rate: float) -> Verdict:
    """Squared Mahalanobis distances: their shape, and their mean in each segment of the rows."""
    title, law, measured = "Mahalanobis distances", estimates.reference.radial, estimates.measured
    counts, means = measured.squared_lengths.counts, measured.squared_lengths.means[:, 0]
    total = int(counts.sum())
    if law is None or not total:
        return not_tested("distances", title, estimates.reference.no_radial_law or "nothing to test: there are no rows")
    if law.rounding > MAX_ROUNDING:
        why = f"rounding of {estimates.selection.manifest.dtype} hides the directions of the smallest variance"
        return not_tested("distances", title, f"not tested: {why}")
    bounds = law.histogram.edges[LENGTH_BINS_PER_BOUND - 1 :: LENGTH_BINS_PER_BOUND]
    below = np.cumsum(measured.lengths)[LENGTH_BINS_PER_BOUND - 1 : -1 : LENGTH_BINS_PER_BOUND]
    shape = binomial_p_value(below, total, law.cdf(bounds - law.rounding), law.cdf(bounds + law.rounding))
    rounding = 2.0 * law.rounding / sqrt(law.rank) + law.rounding**2 / law.rank
    degrees = law.squared_degrees * counts.astype(np.float64)
    along = np.where(counts > 0, chi2_p_value(means / law.rank * degrees, degrees, rounding), np.nan)
    if np.min(shape) <= np.nanmin(along):
        text = _describe_bound(law, float(bounds[np.argmin(shape)]), int(below[np.argmin(shape)]), total)
    else:
        text = _describe_segment(estimates, law, int(np.nanargmin(along)))
    return bonferroni("distances", title, np.concatenate([shape, along]), error_rate, text)


def _describe_bound(law: RadialLaw, bound: float, below: int, total: int) -> str:
    p = float(law.cdf(np.array(bound)))
    side, seen, expected = ("below", below, p) if p < 0.5 else ("above", total - below, 1.0 - p)
    return (
        f"{percent(seen / total)} of the squared distances lie {side} {number(bound**2)}, expected "
        f"{percent(expected)}; {plural(seen, 'row')}, expected {expected_count(expected * total)}"
    )


def _describe_segment(estimates: Estimates, law: RadialLaw, segment: int) -> str:
    squared = estimates.measured.squared_lengths
    rows, mean = int(squared.counts[segment]), float(squared.means[segment, 0])
    return (
        f"the mean squared distance in {segment_rows(estimates.selection, segment)} is {number(mean, 5)}, expected "
        f"{law.rank}, {signed((mean / law.rank - 1.0) / sqrt(2.0 / (law.squared_degrees * rows)))} standard errors"
    )
