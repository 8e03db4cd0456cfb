"""What the numbers of a sample should be: moments and laws of its distribution, and what rounding does to them.

Input: the sampler of a store. Output: moments of the selected variables, and the laws of standardised variables and of
whitened rows. Cost: that of the sampler's variances, of covariances of at most 128 variables, and of whitening 64 rows.
"""

from collections.abc import Callable
from dataclasses import dataclass
from math import ceil, sqrt
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from mvn_dask._typing import Float64Array
from mvn_dask.covariance.diagnostics import Diagnostics
from mvn_dask.covariance.validity import correlations_of, deviations_of
from mvn_dask.errors import UnsupportedOperationError
from mvn_dask.reporting.selection import Selection
from mvn_dask.sampling.sampler import ReferenceLaws, Sampler
from mvn_dask.statistics.base import Indices
from mvn_dask.statistics.bin_counts import BinCounts

MAX_ROUNDING = 0.02
"""Rounding error up to which a number is tested, in standard deviations; that of a whitened row's length likewise."""
HISTOGRAM_REACH = 8
"""Standard deviations to each side of the mean that histograms resolve."""
BINS_PER_DEVIATION = 16
"""Bins of a histogram for each standard deviation."""
BINS_PER_LENGTH = 32
"""Bins of the length of a whitened row for each unit."""
ROUNDING_PROBES = 64
"""Random directions from which the rounding error of a whitened row is estimated."""
NUMBERS_AT_A_TIME = 2**22
"""Numbers that are whitened for it, at most."""


@dataclass(frozen=True, eq=False)
class RadialLaw:
    """The law of the length of a whitened row; of a normal one the square is χ²-distributed."""

    rank: int
    """Dimension of the space that rows fill, and mean of the squared length."""
    rounding: float
    """By how much rounding may change a length."""
    cdf: Callable[[Float64Array], Float64Array]
    """Probability of a shorter row."""
    squared_degrees: float
    """Degrees of freedom of the χ² distribution whose relative variance is that of the squared length."""

    @property
    def histogram(self) -> BinCounts:
        """Bins of lengths, for one column of these."""
        low = max(0.0, sqrt(self.rank) - HISTOGRAM_REACH)
        bins = ceil((sqrt(self.rank) + HISTOGRAM_REACH - low) * BINS_PER_LENGTH)
        return BinCounts(np.zeros(1, np.int64), low, BINS_PER_LENGTH, bins)

    def quantile(self, probability: Float64Array) -> Float64Array:
        """Length that a row exceeds with the probability 1 - p, by bisection; infinite for p = 1."""
        low, high = np.zeros_like(probability), np.full_like(probability, sqrt(self.rank) + HISTOGRAM_REACH)
        while (short := (self.cdf(high) < probability) & (high < 1e9)).any():
            high[short] *= 2.0
        for _ in range(60):
            middle = 0.5 * (low + high)
            below = self.cdf(middle) < probability
            low, high = np.where(below, middle, low), np.where(below, high, middle)
        return np.where(probability < 1.0, high, np.inf)


@dataclass(frozen=True, eq=False)
class Reference:
    """Moments of the selected variables, or of their normal scores, and laws. Arrays are float64."""

    mean: Float64Array
    """Means, shape (columns,)."""
    deviation: Float64Array
    """Standard deviations that were asked for, shape (columns,); 0 for constants."""
    rounding: Float64Array
    """By how many standard deviations rounding may move a number, shape (columns,); infinite for constants."""
    low: Float64Array
    """Number of standard deviations below which rounding hides the law, shape (columns,)."""
    high: Float64Array
    """The same above the mean, shape (columns,)."""
    correlation: Float64Array
    """Of the paired variables, as the factor has them, shape (pairs, pairs); 0 with constants."""
    deviation_ratio: Float64Array
    """Standard deviations of the paired variables as the factor has them, divided by those asked for, shape (pairs,);
    1 where either is 0."""
    diagnostics: Diagnostics
    """How well the factor has the variances asked for, and how it is conditioned."""
    laws: ReferenceLaws
    """Of standardised variables, and of whitened rows."""
    radial: RadialLaw | None
    """The law of whitened rows; None where they are not tested."""
    no_radial_law: str
    """Why there is none."""

    @property
    def constant(self) -> npt.NDArray[np.bool_]:
        """Variables without variance, shape (columns,)."""
        return np.equal(self.deviation, 0)

    @property
    def testable(self) -> npt.NDArray[np.bool_]:
        """Variables whose distribution is not hidden by rounding, shape (columns,)."""
        return np.less_equal(self.rounding, MAX_ROUNDING)


def marginal_histogram(columns: Indices) -> BinCounts:
    """Bins of standardised variables, which are overwritten."""
    bins = 2 * HISTOGRAM_REACH * BINS_PER_DEVIATION
    return BinCounts(columns, -HISTOGRAM_REACH, BINS_PER_DEVIATION, bins, in_place=True)


def reference_of(sampler: Sampler, selection: Selection) -> Reference:
    """Moments and laws of the selected part of a sample.

    Whoever stores a number x rounds it by about eps |x|, and the sum of the products of which it is made by eps √m of
    its standard deviation, where m is how many there are; eps is that of the stored numbers.
    """
    columns, paired = selection.columns, selection.columns[selection.paired]
    eps = float(np.finfo(selection.manifest.dtype).eps)
    terms = max(1, min(sampler.noise_ndim, selection.parameters // selection.ndim))
    deviation = np.sqrt(np.maximum(sampler.requested_variances(), 0.0))
    if sampler.laws().of_scores:
        standard = _scored(sampler, deviation, eps * sqrt(terms))
    else:
        standard = _unscored(sampler.mean(), deviation, eps, sqrt(terms))
    spacing = np.where(standard.deviation > 0, np.minimum(standard.rounding, 1e9) * deviation, standard.spacing)
    covariance = sampler.covariance_of(paired.tolist(), paired.tolist())
    drawn = deviations_of(covariance)
    # Beyond ±1 is rounding alone, since they are scaled by the deviations of the same factor.
    correlation = np.clip(correlations_of(covariance, drawn), -1.0, 1.0)
    comparable = (drawn > 0) & (deviation[paired] > 0)
    ratio = np.where(comparable, drawn, 1.0) / np.where(comparable, deviation[paired], 1.0)
    mean, deviation, rounding, low, high, _ = (each[columns] for each in standard)
    moments = (mean, deviation, rounding, low, high, correlation, ratio)
    return Reference(*moments, sampler.diagnostics(), sampler.laws(), *_radial_law(sampler, spacing, selection))


class _Standard(NamedTuple):
    """Moments of all variables, and what rounding hides, shape (d,); see `Reference`."""

    mean: Float64Array
    deviation: Float64Array
    rounding: Float64Array
    low: Float64Array
    high: Float64Array
    spacing: Float64Array
    """Rounding error of what does not vary, in its own units."""


def _unscored(mean: Float64Array, deviation: Float64Array, eps: float, root_terms: float) -> _Standard:
    """Of the numbers themselves."""
    spacing = eps * (np.abs(mean) + root_terms * deviation)
    with np.errstate(divide="ignore", invalid="ignore"):
        rounding = np.where(deviation > 0, spacing / deviation, np.inf)
    infinite = np.full_like(mean, np.inf)
    return _Standard(mean, deviation, rounding, -infinite, infinite, spacing)


def _scored(sampler: Sampler, deviation: Float64Array, eps: float) -> _Standard:
    """Of normal scores: 0 and 1 for what varies."""
    limits = sampler.score_limits(np.arange(sampler.ndim), eps)
    zero, varying = np.zeros_like(deviation), deviation > 0
    rounding = np.where(varying, limits.rounding, np.inf)
    return _Standard(zero, varying.astype(np.float64), rounding, limits.low, limits.high, eps * np.abs(sampler.mean()))


def _radial_law(sampler: Sampler, spacing: Float64Array, selection: Selection) -> tuple[RadialLaw | None, str]:
    """The law of whitened rows, or why there is none.

    The root mean square of what whitening makes of rounding errors of random signs estimates the norm of the error of
    a row, by Hutchinson's method: it may be large where a variance is tiny.
    """
    if selection.cut:
        return None, "nothing to test: no chunk holds whole rows"
    if not sampler.rank:
        return None, "nothing to test: nothing varies"
    laws = sampler.laws()
    if laws.radial_cdf is None:
        return None, "not tested: the law of distances is not known"
    count = max(1, min(ROUNDING_PROBES, NUMBERS_AT_A_TIME // sampler.ndim))
    signs = np.random.default_rng(0).choice([-1.0, 1.0], (count, sampler.ndim))
    try:
        errors = sampler.whiten(signs * spacing)
    except UnsupportedOperationError as error:
        return None, f"not tested: {error}"
    rounding = 2.0 * sqrt(float(np.einsum("ij,ij->", errors, errors)) / count)
    degrees = sampler.rank / (1.0 + laws.kurtosis_excess * (sampler.rank + 2) / 2.0)
    return RadialLaw(sampler.rank, rounding, laws.radial_cdf, degrees), ""
