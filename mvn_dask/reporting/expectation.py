"""What the numbers of a sample should be, and what rounding may do to them, from the mean and factor in its store."""

from dataclasses import dataclass
from math import sqrt
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.special import chdtr, ndtr

from mvn_dask.covariance import Factor
from mvn_dask.reporting.selection import Indices, Selection
from mvn_dask.sampling.replay import Replay

Floats = npt.NDArray[np.float64]

COARSE = 0.02
"""Standard deviations, or lengths of a whitened row, by which rounding may move a number that is still tested."""
HALF, STEPS = 8, 16
"""Histograms reach so many standard deviations to each side, in so many bins each."""
FINE = 32
"""Bins of the length of a whitened row for each unit."""
PROBES = 64
"""Random directions in which rounding is followed through the whitening."""
SLAB = 2**22
"""Numbers of the factor that are looked at at a time."""


@dataclass(frozen=True)
class Lengths:
    """How long whitened rows should be: their squares are χ²-distributed."""

    rank: int
    """Degrees of freedom: directions that have a variance."""
    blur: float
    """By how much rounding may change a length."""

    @property
    def low(self) -> float:
        """Where the first bin begins."""
        return max(0.0, sqrt(self.rank) - HALF)

    @property
    def bins(self) -> int:
        """Bins; the last has no end."""
        return int(np.ceil((sqrt(self.rank) + HALF - self.low) * FINE))

    @property
    def edges(self) -> Floats:
        """Between bins, shape (bins - 1,)."""
        return self.low + np.arange(1, self.bins) / FINE

    def below(self, lengths: Floats) -> Floats:
        """Probability of a shorter row."""
        return np.asarray(chdtr(self.rank, np.maximum(lengths, 0.0) ** 2), np.float64)


@dataclass(frozen=True, eq=False)
class Expectation:
    """What the chosen variables should be. Arrays are float64."""

    mean: Floats
    """Means, shape (columns,)."""
    deviation: Floats
    """Standard deviations, shape (columns,)."""
    rounding: Floats
    """By how many standard deviations rounding may move a number, shape (columns,); infinite for constants."""
    correlation: Floats
    """Of the paired variables, shape (pairs, pairs); 0 with constants."""
    lengths: Lengths | None
    """Of whitened rows; None where none are taken."""

    @property
    def inverse(self) -> Floats:
        """What makes the standard deviation 1; 0 for constants."""
        return np.divide(1.0, self.deviation, out=np.zeros_like(self.deviation), where=self.deviation > 0)

    @property
    def constant(self) -> npt.NDArray[np.bool_]:
        """Variables without variance."""
        return np.equal(self.deviation, 0)

    @property
    def testable(self) -> npt.NDArray[np.bool_]:
        """Variables whose distribution is not hidden by rounding."""
        return np.less_equal(self.rounding, COARSE)


def edges() -> Floats:
    """Between the bins of a histogram, in standard deviations."""
    return np.arange(1, 2 * HALF * STEPS) / STEPS - HALF


def below(values: Floats) -> Floats:
    """Probability of a smaller standard normal."""
    return np.asarray(ndtr(values), np.float64)


def expect(source: Replay, selection: Selection) -> Expectation:
    """What the chosen part of a sample should be.

    Notes
    -----
    Whoever stores a number x rounds it by about eps |x|, and the sum of k products behind it by eps √k of its
    standard deviation; eps is that of the stored numbers.
    """
    entries, columns = source.broadcast.factor.entries, selection.columns
    mean = source.broadcast.mean.astype(np.float64)
    eps = float(np.finfo(selection.record.dtype).eps)
    terms = 1 if entries.ndim == 1 else entries.shape[1]
    deviation = _deviations(entries, np.arange(selection.ndim))
    spacing = eps * (np.abs(mean) + sqrt(terms) * deviation)
    with np.errstate(divide="ignore", invalid="ignore"):
        rounding = np.where(deviation > 0, spacing / deviation, np.inf)
    return Expectation(
        mean=mean[columns],
        deviation=deviation[columns],
        rounding=rounding[columns],
        correlation=_correlation(entries, columns[selection.paired], deviation),
        lengths=_lengths(source.broadcast.factor, spacing) if selection.stride else None,
    )


def _deviations(entries: npt.NDArray[Any], columns: Indices) -> Floats:
    if entries.ndim == 1:
        return np.abs(entries[columns].astype(np.float64))
    rows = max(1, SLAB // entries.shape[1])
    slabs = (entries[columns[i : i + rows]].astype(np.float64) for i in range(0, len(columns), rows))
    squares = np.concatenate([np.einsum("ij,ij->i", slab, slab) for slab in slabs])
    return np.asarray(np.sqrt(squares), np.float64)


def _correlation(entries: npt.NDArray[Any], variables: Indices, deviation: Floats) -> Floats:
    if entries.ndim == 1:
        return np.eye(len(variables))
    chosen = deviation[variables]
    scaled = entries[variables].astype(np.float64) / np.where(chosen > 0, chosen, 1.0)[:, None]
    correlation: Floats = np.clip(scaled @ scaled.T, -1.0, 1.0)
    np.fill_diagonal(correlation, 1.0)
    return correlation


def _lengths(factor: Factor, spacing: Floats) -> Lengths | None:
    """Rank, and how much rounding the whitening lets through: it may be large where a variance is tiny.

    ``whiten`` gives exactly 0 in directions without variance, which tells the rank. The root mean square of what it
    makes of rounding errors of random signs estimates the norm of the error of a row, by Hutchinson's method.
    """
    rng = np.random.default_rng(0)
    noise = rng.standard_normal((1, factor.noise_ndim))
    rank = int(np.count_nonzero(factor.whiten(factor.colorize(noise.astype(factor.entries.dtype)))))
    count = max(1, min(PROBES, SLAB // factor.ndim))
    errors = factor.whiten(rng.choice([-1.0, 1.0], (count, factor.ndim)) * spacing)
    blur = 2.0 * sqrt(float(np.einsum("ij,ij->", errors, errors)) / count)
    return Lengths(rank, blur) if rank else None
