"""What the numbers of a sample should be: the moments and laws of its distribution, and what rounding does to them.

Input: mean and factor of a store. Output: moments of the selected variables, and the law of whitened rows. Cost:
O(d k) for d variables of k normals, and O(pairs² k).
"""

from dataclasses import dataclass
from math import ceil, sqrt
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.special import chdtr, ndtr

from mvn_dask._typing import Float64Array
from mvn_dask.covariance import Factor
from mvn_dask.reporting.selection import Selection
from mvn_dask.sampling.replay import Replay
from mvn_dask.statistics.base import Indices
from mvn_dask.statistics.histogram import Histogram

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
"""Numbers of the factor that are converted to float64 at a time."""


@dataclass(frozen=True)
class RadialLaw:
    """The law of the length of a whitened row, whose square is χ²-distributed."""

    rank: int
    """Degrees of freedom: the rank of the factor."""
    rounding: float
    """By how much rounding may change a length."""

    @property
    def histogram(self) -> Histogram:
        """Bins of lengths, for one column of these."""
        low = max(0.0, sqrt(self.rank) - HISTOGRAM_REACH)
        bins = ceil((sqrt(self.rank) + HISTOGRAM_REACH - low) * BINS_PER_LENGTH)
        return Histogram(np.zeros(1, np.int64), low, BINS_PER_LENGTH, bins)

    def cdf(self, lengths: Float64Array) -> Float64Array:
        """Probability of a shorter row."""
        return np.asarray(chdtr(self.rank, np.maximum(lengths, 0.0) ** 2), np.float64)


@dataclass(frozen=True, eq=False)
class Reference:
    """Moments of the selected variables, and laws. Arrays are float64."""

    mean: Float64Array
    """Means, shape (columns,)."""
    deviation: Float64Array
    """Standard deviations, shape (columns,)."""
    rounding: Float64Array
    """By how many standard deviations rounding may move a number, shape (columns,); infinite for constants."""
    correlation: Float64Array
    """Of the paired variables, shape (pairs, pairs); 0 with constants."""
    radial: RadialLaw | None
    """Of whitened rows; None where there are none."""

    @property
    def constant(self) -> npt.NDArray[np.bool_]:
        """Variables without variance, shape (columns,)."""
        return np.equal(self.deviation, 0)

    @property
    def testable(self) -> npt.NDArray[np.bool_]:
        """Variables whose distribution is not hidden by rounding, shape (columns,)."""
        return np.less_equal(self.rounding, MAX_ROUNDING)


def marginal_histogram(columns: Indices) -> Histogram:
    """Bins of standardised variables, which are overwritten."""
    bins = 2 * HISTOGRAM_REACH * BINS_PER_DEVIATION
    return Histogram(columns, -HISTOGRAM_REACH, BINS_PER_DEVIATION, bins, in_place=True)


def marginal_cdf(values: Float64Array) -> Float64Array:
    """Probability of a smaller standardised variable."""
    return np.asarray(ndtr(values), np.float64)


def reference_of(source: Replay, selection: Selection) -> Reference:
    """Moments and laws of the selected part of a sample.

    Notes
    -----
    Whoever stores a number x rounds it by about eps |x|, and the sum of the k products of which it is made by eps √k
    of its standard deviation; eps is that of the stored numbers.
    """
    factor, columns = source.broadcast.factor, selection.columns
    mean = source.broadcast.mean.astype(np.float64)
    eps = float(np.finfo(selection.manifest.dtype).eps)
    deviation = np.sqrt(_variances(factor))
    spacing = eps * (np.abs(mean) + sqrt(_terms(factor)) * deviation)
    with np.errstate(divide="ignore", invalid="ignore"):
        rounding = np.where(deviation > 0, spacing / deviation, np.inf)
    return Reference(
        mean=mean[columns],
        deviation=deviation[columns],
        rounding=rounding[columns],
        correlation=_correlation(factor, columns[selection.paired], deviation),
        radial=_radial_law(factor, spacing) if selection.stride else None,
    )


def _correlation(factor: Factor, variables: Indices, deviation: Float64Array) -> Float64Array:
    chosen = np.where(deviation[variables] > 0, deviation[variables], 1.0)
    correlation = np.clip(_covariance(factor, variables) / np.multiply.outer(chosen, chosen), -1.0, 1.0)
    np.fill_diagonal(correlation, 1.0)
    return correlation


def _radial_law(factor: Factor, spacing: Float64Array) -> RadialLaw | None:
    """The rank, and how much rounding whitening lets through: it may be large where a variance is tiny.

    The root mean square of what whitening makes of rounding errors of random signs estimates the norm of the error
    of a row, by Hutchinson's method.
    """
    rank = _rank(factor)
    count = max(1, min(ROUNDING_PROBES, NUMBERS_AT_A_TIME // factor.ndim))
    signs = np.random.default_rng(0).choice([-1.0, 1.0], (count, factor.ndim))
    errors = factor.whiten(signs * spacing)
    rounding = 2.0 * sqrt(float(np.einsum("ij,ij->", errors, errors)) / count)
    return RadialLaw(rank, rounding) if rank else None


# What a factor says of its distribution, from its entries.


def is_diagonal(factor: Factor) -> bool:
    """Whether it multiplies each normal by one number."""
    return factor.entries.ndim == 1


def _terms(factor: Factor) -> int:
    """Products that make a number."""
    return 1 if is_diagonal(factor) else factor.noise_ndim


def _rank(factor: Factor) -> int:
    noise = np.random.default_rng(0).standard_normal((1, factor.noise_ndim))
    # `whiten` gives exactly 0 in directions without variance.
    return int(np.count_nonzero(factor.whiten(factor.colorize(noise.astype(factor.entries.dtype)))))


def _variances(factor: Factor) -> Float64Array:
    entries: npt.NDArray[Any] = factor.entries
    if entries.ndim == 1:
        return entries.astype(np.float64) ** 2
    rows = max(1, NUMBERS_AT_A_TIME // entries.shape[1])
    parts = (entries[i : i + rows].astype(np.float64) for i in range(0, len(entries), rows))
    return np.concatenate([np.einsum("ij,ij->i", part, part) for part in parts])


def _covariance(factor: Factor, variables: Indices) -> Float64Array:
    chosen = factor.entries[variables].astype(np.float64)
    return np.diag(chosen**2) if chosen.ndim == 1 else chosen @ chosen.T
