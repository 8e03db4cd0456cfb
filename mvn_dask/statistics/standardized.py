"""A statistic of standardised rows: less a mean, in units of a standard deviation.

Input: rows. Output: the result of the statistic, and counts of numbers that are not as they must be. Cost: two
operations a number, in slices of `SLICE` numbers that fit into a processor's cache.
"""

from dataclasses import dataclass, field
from functools import cached_property, reduce
from typing import Any, ClassVar, Generic, NamedTuple

import numpy as np
import numpy.typing as npt

from mvn_dask._typing import Float64Array
from mvn_dask.statistics.base import Counts, Indices, Node, Result, Rows, Statistic, scratch


class Checked(NamedTuple):
    """Of standardised rows."""

    nonfinite: dict[int, Counts]
    """Numbers that are NaN or infinite, which count as their mean, of each column, shape (columns,), by the number of
    their segment; of segments that hold any."""
    off_constant: Counts
    """Numbers that are not the mean, of each column without variance, shape (constant columns,)."""
    inner: Any
    """Node, or result, of the statistic."""


@dataclass(frozen=True, eq=False)
class Standardized(Statistic[Checked, Checked], Generic[Node, Result]):
    """Another statistic, of (rows - mean) / deviation; it may overwrite these."""

    statistic: Statistic[Node, Result]
    """What is computed."""
    mean: Float64Array
    """What is subtracted, shape (columns,)."""
    deviation: Float64Array
    """By what is divided, shape (columns,); columns where it is 0 become 0."""
    starts: Indices = field(default_factory=lambda: np.zeros(1, np.int64))
    """First rows of the segments in which numbers that are not finite are counted, ascending from 0."""

    SLICE: ClassVar[int] = 2**16
    """Numbers that are standardised at a time, about."""

    def leaf(self, rows: Rows, first: int) -> Checked:
        height = max(1, self.SLICE // max(1, len(self.mean)))
        starts = range(0, max(1, len(rows)), height)
        return reduce(self.merge, (self._slice(rows[start : start + height], first + start) for start in starts))

    @cached_property
    def _inverse(self) -> Float64Array:
        return np.divide(1.0, self.deviation, out=np.zeros_like(self.deviation), where=self.deviation > 0)

    @cached_property
    def _constant(self) -> Indices:
        return np.flatnonzero(self.deviation == 0)

    # Damaged numbers may be anything; they are counted, not warned of.
    @np.errstate(all="ignore")
    def _slice(self, rows: Rows, first: int) -> Checked:
        standard = np.subtract(rows, self.mean, dtype=np.float64, out=scratch("standardized", rows.shape))
        standard *= self._inverse
        nonfinite: dict[int, Counts] = {}
        # A sum is finite only if all its terms are; adding up is the fastest look at them.
        if not np.isfinite(np.ones(len(standard)) @ standard).all():
            wrong = ~np.isfinite(standard)
            nonfinite = self._by_segment(wrong, first)
            standard[wrong] = 0.0
        off_constant = np.count_nonzero(rows[:, self._constant] != self.mean[self._constant], axis=0)
        return Checked(nonfinite, off_constant, self.statistic.leaf(standard, first))

    def _by_segment(self, wrong: npt.NDArray[np.bool_], first: int) -> dict[int, Counts]:
        rows = np.flatnonzero(wrong.any(axis=1))
        segments = np.searchsorted(self.starts, first + rows, "right") - 1
        return {
            each: np.count_nonzero(wrong[rows[segments == each]], axis=0).astype(np.int64)
            for each in np.unique(segments).tolist()
        }

    def merge(self, left: Checked, right: Checked) -> Checked:
        inner = self.statistic.merge(left.inner, right.inner)
        nonfinite = dict(left.nonfinite)
        for segment, counts in right.nonfinite.items():
            nonfinite[segment] = nonfinite[segment] + counts if segment in nonfinite else counts
        return Checked(nonfinite, left.off_constant + right.off_constant, inner)

    def finalize(self, node: Checked) -> Checked:
        return node._replace(inner=self.statistic.finalize(node.inner))
