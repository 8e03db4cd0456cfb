"""Expected shortfall: the mean of the worst losses.

Input: rows of losses. Output: the mean of the n (1 - level) largest values of each column, with its error. Cost: 1 ns a
value in compiled code, for each level near 1, and a look at some of the first rows, at most one in 16.
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import stdtrit

from mvn_dask import checks
from mvn_dask._typing import Float64Array
from mvn_dask.signatures import short_signature
from mvn_dask.statistics.base import Counts
from mvn_dask.statistics.bracketing import AT_UPPER
from mvn_dask.statistics.confidence_interval import ConfidenceInterval
from mvn_dask.statistics.level_estimate import LevelEstimate, Levels, tuple_of
from mvn_dask.statistics.order_statistics import OrderedColumn, quantile_rank
from mvn_dask.statistics.rank_statistic import RankStatistic
from mvn_dask.statistics.tail_moments import COUNT, SQUARES, SUM, merged_tails, tail_of

ENOUGH = 500
"""Values in the tail from which on its mean is about normal."""
TAIL_METHOD = "central limit theorem for the tail (Manistre and Hancock), independent rows"


@short_signature
@dataclass(frozen=True)
class ExpectedShortfall(RankStatistic):
    """The mean of the n (1 - level) largest of the n values of each column, a part of a value where that is no integer.

    Raises
    ------
    ArgumentError
        If the level is not greater than 0 and less than 1, or an empty sequence.
    ArgumentTypeError
        If it is not a number, nor a sequence of these.

    See Also
    --------
    mvn_dask.statistics.ValueAtRisk : Where the tail begins.
    mvn_dask.statistics.Probability : How often a loss is exceeded.

    Notes
    -----
    With the value at risk v, the k values above it and their sum S it is (S + (n (1 - level) - k) v) / (n (1 - level)):
    exact for any n, and however often v occurs. The sum's order is fixed by the numbers of the rows.

    The variance is (s² + level (shortfall - v)²) / (n (1 - level)), with the variance s² in the tail, whose values have
    to have a variance. The interval is that of Student's t with n (1 - level) - 1 degrees of freedom. With fewer than
    500 values in the tail the result has a warning: of skewed losses the interval then misses more often than it says,
    for there are no rows where the loss is.

    References
    ----------
    C. Acerbi and D. Tasche, On the coherence of expected shortfall, Journal of Banking & Finance 26 (2002) 1487,
    doi:10.1016/S0378-4266(02)00283-2; B. J. Manistre and G. H. Hancock, Variance of the CTE estimator, North American
    Actuarial Journal 9 (2005) 129, doi:10.1080/10920277.2005.10596207.

    Examples
    --------
    >>> import numpy as np
    >>> losses = np.arange(1.0, 2001.0)[:, None]
    >>> shortfall = ExpectedShortfall(0.99)
    >>> print(shortfall.finalize(shortfall.leaf(losses, 0)).squeezed().value)
    1990.5
    """

    level: Levels
    """Probability that a loss is no greater than the value at risk: a number, or several. The value of one has the
    shape (columns,), that of several (levels, columns)."""
    confidence_level: float = 0.95
    """Probability with which the interval holds the shortfall; that of `mvn_dask.estimate` takes its place."""

    TARGETS = 1
    EXTRAS = 2
    SUMMED = True

    def __post_init__(self) -> None:
        object.__setattr__(self, "level", checks.levels("level", self.level))

    @property
    def levels(self) -> tuple[float, ...]:
        return tuple_of(self.level)

    def shares(self, count: float, level: float) -> tuple[float, float]:
        return level, level

    def ranks(self, count: int, level: float) -> tuple[int, ...]:
        return (quantile_rank(count, level),)

    def extra_numbers(self, column: OrderedColumn, level: float, value: float) -> tuple[float, ...]:
        return shortfall(column, level, value)

    def result(self, values: Float64Array, extras: Float64Array, counts: Counts) -> LevelEstimate:
        number, error = extras if isinstance(self.level, tuple) else extras[:, 0]
        levels = np.array(self.level)
        sizes = counts * (1.0 - (levels[:, None] if levels.ndim else levels))
        with np.errstate(all="ignore"):
            half = -stdtrit(np.maximum(sizes - 1.0, 1.0), (1.0 - self.confidence_level) / 2.0) * error
            interval = ConfidenceInterval(number - half, number + half, self.confidence_level)
        least = float(sizes.min(initial=np.inf))
        warning = None
        if least < ENOUGH:
            warning = f"{least:,.0f} values in the tail, below {ENOUGH}: the interval misses more often than it says"
        return LevelEstimate(number, error, interval, counts, TAIL_METHOD, warning=warning, levels=self.level)


@np.errstate(all="ignore")
def shortfall(column: OrderedColumn, level: float, value: float) -> tuple[float, float]:
    """Expected shortfall of a column whose value at risk is known, and its standard error."""
    size = column.count - level * column.count
    kept = np.empty(0) if column.kept is None else column.kept
    tail = tail_of(kept[np.searchsorted(kept, value, "right") :])[:, None]
    # What is at the upper end is above the value at risk, unless it is that itself.
    at_high = column.counts[AT_UPPER] if value < column.high else 0
    for each in (_equal(at_high, column.high), column.tail[:, None]):
        tail = merged_tails(tail, each)
    tail = merged_tails(tail, _equal(max(size - float(tail[COUNT, 0]), 0.0), value))
    count, total, squares = tail[COUNT, 0], tail[SUM, 0], tail[SQUARES, 0]
    # Rounding must not take it below the smallest of its values.
    mean = max(float(total / count), value)
    # Of numpy's type, whose squares become infinite where Python's are an error.
    beyond = np.float64(mean) - value
    variance = squares / (count - 1.0) + level * (beyond * beyond)
    return mean, float(np.sqrt(variance / size)) if count > 1.0 else np.nan


def _equal(count: float, value: float) -> Float64Array:
    """The tail of equal numbers; none add 0 even if they are infinite."""
    return np.array([[count], [count * value if count else 0.0], [0.0]])
