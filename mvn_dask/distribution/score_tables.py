"""Normal scores by tables: an increasing function of a variable that makes it standard normal.

Input: quantile functions at standard normal numbers. Output: scores of numbers, and how exactly they are known. Cost:
`KNOTS` numbers a table, and some 40 ns a score. Scores serve reports, which compare them with the normal distribution;
rows are drawn without them.

References
----------
B. L. van der Waerden, Order tests for the two-sample problem and their power, Indagationes Mathematicae 14 (1952), 453.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from mvn_dask._typing import Float64Array, FloatArray
from mvn_dask.sampling.sampler import ScoreLimits

SCORE_REACH = 8.5
"""Scores between these bounds are resolved; one normal number in 5e16 lies beyond."""
KNOTS_PER_UNIT = 256
"""Knots of a table for each unit of a score."""
RESOLVED = 0.02
"""Rounding error of a score up to which it counts as known."""
CORE, NEEDED = 3.0, 4.0
"""Scores within which the rounding error is taken, and which must be resolved."""
NORMAL_DF = 1e7
"""Degrees of freedom from which on a report compares with the normal distribution, which it cannot tell apart."""


@dataclass(frozen=True, eq=False)
class ScoreTable:
    """Scores of numbers, by linear interpolation between quantiles."""

    normals: Float64Array
    """Scores of the knots, rising, shape (knots,)."""
    quantiles: Float64Array
    """Numbers of these scores, not falling, shape (knots,)."""

    @classmethod
    def of(cls, quantile: Callable[[Float64Array], Float64Array]) -> "ScoreTable":
        """The table of a function that gives the number of each score."""
        normals = np.arange(-int(SCORE_REACH * KNOTS_PER_UNIT), int(SCORE_REACH * KNOTS_PER_UNIT) + 1) / KNOTS_PER_UNIT
        with np.errstate(all="ignore"):
            found = np.asarray(quantile(normals), np.float64)
        # What float64 cannot hold is beyond every number; rounding must not make the function fall.
        finite = np.nan_to_num(found, nan=np.finfo(np.float64).max)
        return cls(normals, np.maximum.accumulate(finite))

    def scores(self, x: FloatArray) -> Float64Array:
        """Scores of numbers of any shape; NaN of NaN, and beyond the table those of its ends, or infinite."""
        found = np.interp(x, self.quantiles, self.normals)
        return np.asarray(np.where(np.isfinite(x), found, x), np.float64)

    def limits(self, offsets: Float64Array, eps: float) -> ScoreLimits:
        """How exactly stored numbers determine their scores.

        They are stored after `offsets` were added, one for each of some variables, with a relative rounding error
        `eps`. Infinite ones stand for constants.
        """
        unique, places = np.unique(offsets, return_inverse=True)
        found = np.array([self._limits(float(offset), eps) for offset in unique]).reshape(-1, 3)
        return ScoreLimits(*found[places.reshape(-1)].T)

    def _limits(self, offset: float, eps: float) -> tuple[float, float, float]:
        with np.errstate(all="ignore"):
            spacing = eps * (offset + np.abs(self.quantiles))
            errors = spacing / np.gradient(self.quantiles, self.normals) + self._interpolation_errors()
        # 0 / 0 where the function is flat at 0.
        errors = np.where(np.isnan(errors), np.inf, errors)
        coarse = errors > RESOLVED
        low = float(np.max(self.normals, where=coarse & (self.normals < 0), initial=-np.inf))
        high = float(np.min(self.normals, where=coarse & (self.normals >= 0), initial=np.inf))
        if low > -NEEDED or high < NEEDED:
            return np.inf, low, high
        return float(errors[np.abs(self.normals) <= CORE].max()), low, high

    def _interpolation_errors(self) -> Float64Array:
        """Errors of linear interpolation, an eighth of a step times the relative change of the slope over it."""
        slopes = np.diff(self.quantiles)
        change = np.abs(np.diff(slopes)) / np.minimum(slopes[1:], slopes[:-1])
        return np.pad(np.minimum(change, 8.0 * KNOTS_PER_UNIT) / (8.0 * KNOTS_PER_UNIT), 1, mode="edge")


def equally_probable_length(lengths: Float64Array, rank: int, df: float) -> Float64Array:
    """Lengths that whitened t rows exceed with the probability with which normal rows exceed others.

    The squared length of a t row, divided by the rank, follows Fisher's F distribution with (rank, df) degrees of
    freedom: S. Kotz and S. Nadarajah, Multivariate t Distributions and Their Applications, 2004, section 1.7,
    doi:10.1017/CBO9780511550683.

    >>> from scipy import stats
    >>> found = equally_probable_length(np.array([1.0, 3.0]), 1, 5.0)
    >>> np.allclose(stats.t(5).cdf(found), stats.norm.cdf([1.0, 3.0]))
    True
    """
    from scipy.special import betaincinv, chdtr, chdtrc

    if df >= NORMAL_DF:
        return lengths
    squares = np.square(lengths)
    shorter, longer = chdtr(rank, squares), chdtrc(rank, squares)
    # From the smaller of both probabilities, which has all its digits.
    with np.errstate(divide="ignore", over="ignore"):
        low, high = betaincinv(rank / 2, df / 2, shorter), betaincinv(df / 2, rank / 2, longer)
        ratio = np.where(shorter < longer, low / (1.0 - low), (1.0 - high) / high)
        return np.asarray(np.sqrt(df * ratio), np.float64)
