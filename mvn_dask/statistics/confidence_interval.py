"""Bounds of an estimated value. Input: numbers. Output: a frozen value that unpacks. Cost: none."""

from collections.abc import Iterator
from dataclasses import dataclass

from mvn_dask.display.one_line import OneLine
from mvn_dask.statistics.number_lines import Number


@dataclass(frozen=True, repr=False)
class ConfidenceInterval(OneLine):
    """Bounds that hold the value that is estimated with the probability `level`.

    See Also
    --------
    mvn_dask.statistics.results.Estimate : Has it.

    Examples
    --------
    >>> low, high = ConfidenceInterval(0.9, 1.1, 0.95)
    >>> low, high
    (0.9, 1.1)
    """

    low: Number
    """Lower bound, shaped as the value."""
    high: Number
    """Upper bound, shaped as the value."""
    level: float
    """The probability."""

    def __iter__(self) -> Iterator[Number]:
        """Lower and upper bound, so that an interval unpacks as those of scipy do."""
        return iter((self.low, self.high))
