"""Which order statistic a quantile and its interval are, and what a bracket tells of the values in these places.

Input: counts of values, values that were kept. Output: ranks, counted from 0; values, or limits of them. Cost: some
microseconds; the search of an interval's ranks some tens.
"""

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from scipy.special import betaincc

from mvn_dask._typing import Float64Array
from mvn_dask.statistics.bracketing import ABOVE, AT_LOWER, BELOW, MISSING, WITHIN

SIGMAS = 6.0
"""Standard deviations of a rank within a sample, beyond which it does not fall: it would, once in 10⁹ times."""


def quantile_rank(count: int, q: float) -> int:
    """Rank of the ⌈q n⌉-th smallest of n values, by the rule of numpy's "inverted_cdf", rounding included.

    Examples
    --------
    >>> quantile_rank(10, 0.3), quantile_rank(10, 0.1 * 3), quantile_rank(10, 0.31), quantile_rank(10, 0.01)
    (2, 3, 3, 0)
    """
    place = count * q - 1.0
    return min(max(math.ceil(place), 0), count - 1)


@lru_cache(maxsize=1024)
def interval_ranks(count: int, q: float, confidence_level: float) -> tuple[int, int]:
    """Ranks of the values between which a quantile lies; -1 and `count` where there is no value so far out.

    The number of values up to the quantile is binomial.

    References
    ----------
    W. J. Conover, Practical Nonparametric Statistics, 3rd ed., 1999, section 3.2; H. A. David and H. N. Nagaraja, Order
    Statistics, 3rd ed., 2003, section 7.1, doi:10.1002/0471722162.

    Examples
    --------
    >>> interval_ranks(100, 0.5, 0.95), interval_ranks(100, 0.99, 0.95)
    ((39, 60), (96, 100))
    """
    beside = (1.0 - confidence_level) / 2.0
    return _binomial_quantile(beside, count, q) - 1, _binomial_quantile(1.0 - beside, count, q)


def _binomial_quantile(probability: float, count: int, q: float) -> int:
    """The smallest number of hits, of so many trials of probability q, up to which there are this often."""
    least, most = 0, count
    while least < most:
        middle = (least + most) // 2
        # Of no more than `middle`: the incomplete beta function.
        if betaincc(middle + 1.0, float(count - middle), q) >= probability:
            most = middle
        else:
            least = middle + 1
    return least


def places_around(count: int, low: float, high: float) -> tuple[int, int]:
    """Ranks in a sample of `count` values that hold all between these shares of what the sample is drawn from.

    They are less than 0, or at least `count`, where the sample does not reach so far.
    """
    margins = [SIGMAS * math.sqrt(max(count * share * (1.0 - share), 0.0)) + SIGMAS**2 for share in (low, high)]
    return math.floor(count * low - margins[0]), math.ceil(count * high + margins[1])


Range = tuple[float, float]


@dataclass(frozen=True, eq=False)
class OrderedColumn:
    """Values of a column, of which those in a bracket are known."""

    low: float
    """Lower end of the bracket."""
    high: float
    """Its upper end."""
    counts: tuple[int, ...]
    """How many values there are in each place of `bracketing`."""
    kept: Float64Array | None
    """Values strictly within, ascending; None if they were too many."""
    tail: Float64Array
    """Tail of what is above, shape (3,); zeros if it was not summed."""

    @classmethod
    def of(cls, values: Float64Array) -> "OrderedColumn":
        """All values of a column, in ascending order with what is missing at the end."""
        missing = int(np.count_nonzero(np.isnan(values)))
        begin, end = np.searchsorted(values[: len(values) - missing], [-np.inf, np.inf], "right").tolist()
        end = int(np.searchsorted(values[:end], np.inf, "left"))
        counts = 0, begin, end - begin, len(values) - missing - end, 0, missing
        return cls(-math.inf, math.inf, counts, values[begin:end], np.zeros(3))

    @property
    def count(self) -> int:
        """Values that are not missing."""
        # What equals both ends was counted twice.
        return sum(self.counts[:MISSING]) - (self.counts[AT_LOWER] if self.low == self.high else 0)

    @property
    def first(self) -> int:
        """Rank of the first value strictly within."""
        return self.counts[BELOW] + self.counts[AT_LOWER]

    def value(self, rank: int) -> float | None:
        """The value of a rank, or None where it is not known; infinite if there is no such rank."""
        if rank < 0:
            return -math.inf
        if rank >= self.count:
            return math.inf
        within = rank - self.first
        if rank < self.counts[BELOW] or rank >= self.count - self.counts[ABOVE]:
            return None
        # Zeros of both signs are equal, and become one.
        if within < 0:
            return self.low + 0.0
        if within >= self.counts[WITHIN]:
            return self.high + 0.0
        return None if self.kept is None else float(self.kept[within]) + 0.0

    def between(self, rank: int) -> tuple[Range, Range]:
        """Numbers strictly between which the value of a rank lies that is not known, and the ranks of all such values.

        Of these, the first is the first such rank, the second the one after the last.
        """
        lowest, highest = self.counts[BELOW], self.count - self.counts[ABOVE]
        if rank < lowest:
            return (-math.inf, self.low), (0, lowest)
        if rank >= highest:
            return (self.high, math.inf), (highest, self.count)
        return (self.low, self.high), (self.first, self.first + self.counts[WITHIN])
