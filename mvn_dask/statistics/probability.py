"""The probability of an event.

Input: rows, and a function that says of each whether the event came. Output: the share of rows, with Wilson's interval.
Cost: that of the function.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from mvn_dask._typing import Float64Array
from mvn_dask.errors import ArgumentError, ArgumentTypeError
from mvn_dask.signatures import short_signature
from mvn_dask.statistics.base import Rows, Scope, Statistic
from mvn_dask.statistics.intervals import mean_error, wilson_interval
from mvn_dask.statistics.results import Estimate
from mvn_dask.statistics.weighted_mean import WeightedMean

Event = Callable[[npt.NDArray[np.float64]], Any]
"""From rows, shape (n, columns), or (n,) of an array of one axis, to one bool a row."""


@short_signature
@dataclass(frozen=True)
class Probability(Statistic[tuple[int, int], Estimate]):
    """The probability of an event, from the share of rows with it.

    Parameters
    ----------
    event : callable
        From rows, float64 of shape (n, columns), to n bools; rows of one column come as shape (n,). They are
        read-only. It is pickled.

    See Also
    --------
    mvn_dask.statistics.Mean : The mean of a number of each row.
    mvn_dask.MultivariateNormal.shifted : Fewer rows where an event is rare.

    Notes
    -----
    Wilson's interval, for independent rows.

    References
    ----------
    E. B. Wilson, Journal of the American Statistical Association 22 (1927) 209, doi:10.1080/01621459.1927.10502953.

    Examples
    --------
    >>> import mvn_dask
    >>> from mvn_dask.statistics import Probability
    >>> x = mvn_dask.MultivariateNormal([0.0, 0.0], 1.0).sample(100_000, seed=1)
    >>> both = mvn_dask.estimate(x, Probability(lambda rows: (rows > 0).all(axis=1)))
    >>> round(both.value, 3), both.method
    (0.25, "Wilson's interval, independent rows")
    """

    event: Event
    """Says of each row whether the event came."""
    confidence_level: float = 0.95
    """Probability with which the interval holds the true one; that of `mvn_dask.estimate` takes its place."""

    def __post_init__(self) -> None:
        if not callable(self.event):
            raise ArgumentTypeError(f"`event` must be a function of rows, not {type(self.event).__name__}")

    def prepared(self, scope: Scope) -> "Statistic[Any, Any]":
        return replace(self, confidence_level=scope.confidence_level)

    def weighted(self) -> "WeightedProbability":
        return WeightedProbability(self.confidence_level, self)

    def leaf(self, rows: Rows, first: int) -> tuple[int, int]:
        return int(np.count_nonzero(self.hits(rows))), len(rows)

    def hits(self, rows: Rows) -> npt.NDArray[np.bool_]:
        """Whether the event came, of each row. Raises ArgumentError if the function gives anything else."""
        if not len(rows):
            return np.empty(0, np.bool_)
        given = (rows[:, 0] if rows.shape[1] == 1 else rows).view()
        # Other statistics see the same rows, and so may whoever holds the array.
        given.flags.writeable = False
        found = np.asarray(self.event(given))
        if found.shape != (len(rows),) or found.dtype != np.bool_:
            raise ArgumentError(
                f"`event` must give one bool a row: of rows of shape {given.shape} it gives {found.dtype} of shape "
                f"{found.shape}. An event of several columns says which of them, as in (rows > 3).any(axis=1)"
            )
        return found

    # Counts do not depend on the tree.
    def subtree(self, rows: Rows, first: int, leaf_rows: int) -> tuple[int, int]:
        return self.leaf(rows, first)

    def merge(self, left: tuple[int, int], right: tuple[int, int]) -> tuple[int, int]:
        return left[0] + right[0], left[1] + right[1]

    def finalize(self, node: tuple[int, int]) -> Estimate:
        hits, count = (np.array([float(each)]) for each in node)
        with np.errstate(all="ignore"):
            value = hits / count
            error = mean_error(value * (1.0 - value), count)
        interval = wilson_interval(hits, count, self.confidence_level)
        return Estimate(
            value, error, interval, count.astype(np.int64), "Wilson's interval, independent rows"
        ).squeezed()


@dataclass(frozen=True)
class WeightedProbability(WeightedMean):
    """The probability of an event, from weighted rows."""

    probability: Probability
    """What says of each row whether the event came."""

    def leaf(self, rows: Rows, first: int) -> Float64Array:
        return super().leaf(self._hits(rows), first)

    def subtree(self, rows: Rows, first: int, leaf_rows: int) -> Float64Array:
        return super().subtree(self._hits(rows), first, leaf_rows)

    def _hits(self, rows: Rows) -> Rows:
        return np.column_stack([self.probability.hits(rows[:, :-1]).astype(np.float64), rows[:, -1]])

    def finalize(self, node: Float64Array) -> Estimate:
        return super().finalize(node).squeezed()
