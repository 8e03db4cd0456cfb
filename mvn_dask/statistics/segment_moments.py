"""Means, variances, and counts above thresholds of consecutive segments of the rows, of equally many rows each.

Input: rows. Output: moments and counts of each segment. Cost: some 3 ns a number, and 0.3 ns for each threshold; a node
holds the segments that its rows lie in.
"""

from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar, NamedTuple

import numpy as np

from mvn_dask._typing import Float64Array
from mvn_dask.statistics.base import Counts, Request, Rows, Scope, Statistic
from mvn_dask.statistics.central_moments import COUNT, MEAN, SECOND, merged_moments, moments_of_leaves
from mvn_dask.statistics.first_rows import FirstRows, ordered_numbers


class SegmentNode(NamedTuple):
    """Of consecutive rows."""

    first: int
    """Number of the first segment."""
    moments: Float64Array
    """Count, mean and sum of squared differences from it, of each segment, shape (segments, 3, columns)."""
    above: Counts
    """Numbers above each threshold, shape (segments, thresholds, columns)."""


class SegmentResult(NamedTuple):
    """Of all segments; the last one may have fewer rows."""

    rows: Counts
    """Rows of each, with those whose number is missing, shape (segments,)."""
    counts: Counts
    """Numbers of each that are not missing, shape (segments, columns)."""
    means: Float64Array
    """Means; NaN where there are no numbers, or infinite ones."""
    variances: Float64Array
    """Sample variances; NaN likewise, and of single numbers."""
    thresholds: Float64Array
    """Numbers that others are compared with, shape (thresholds, columns)."""
    above: Counts
    """How many are larger, shape (segments, thresholds, columns)."""


@dataclass(frozen=True, eq=False)
class SegmentsAbove(Statistic[SegmentNode, SegmentResult]):
    """Moments of segments, and counts above known thresholds."""

    rows: int
    """Rows of the array."""
    segment_rows: int
    """Rows of a segment: those of a power of two of leaves, or the rows of a leaf over a power of two."""
    thresholds: Float64Array
    """Numbers that others are compared with, shape (thresholds, columns)."""

    columnwise = True
    sees_missing = True

    def leaf(self, rows: Rows, first: int) -> SegmentNode:
        cell = self.segment_rows
        starts = range(0, max(1, len(rows)), cell)
        moments = np.stack([_moments(rows[start : start + cell]) for start in starts])
        above = np.stack([self._above(rows[start : start + cell]) for start in starts])
        return SegmentNode(first // cell, moments, above)

    def subtree(self, rows: Rows, first: int, leaf_rows: int) -> SegmentNode:
        cell = min(leaf_rows, self.segment_rows)
        # NaN is the one number that a minimum does not leave out.
        if len(rows) <= leaf_rows or len(rows) % cell or np.isnan(np.min(rows)):
            return super().subtree(rows, first, leaf_rows)
        moments = moments_of_leaves(rows.reshape(-1, cell, rows.shape[1]), 2)
        while len(moments) > 1 and cell < self.segment_rows:
            moments, cell = merged_moments(moments[0::2], moments[1::2]), 2 * cell
        segments = rows.reshape(len(moments), -1, rows.shape[1])
        above = np.stack([self._above(segment) for segment in segments])
        return SegmentNode(first // self.segment_rows, moments, above)

    def _above(self, rows: Rows) -> Counts:
        found = [np.count_nonzero(rows > each, axis=0) for each in self.thresholds]
        return np.array(found, np.int64).reshape(self.thresholds.shape)

    def merge(self, left: SegmentNode, right: SegmentNode) -> SegmentNode:
        if left.first + len(left.moments) == right.first:
            moments = np.concatenate([left.moments, right.moments])
            return SegmentNode(left.first, moments, np.concatenate([left.above, right.above]))
        # The last segment of one is the first of the other.
        shared = merged_moments(left.moments[-1:], right.moments[:1])
        moments = np.concatenate([left.moments[:-1], shared, right.moments[1:]])
        above = np.concatenate([left.above[:-1], left.above[-1:] + right.above[:1], right.above[1:]])
        return SegmentNode(left.first, moments, above)

    def finalize(self, node: SegmentNode) -> SegmentResult:
        segments, n = len(node.moments), node.moments[:, COUNT]
        starts = np.arange(segments + 1, dtype=np.int64) * self.segment_rows
        with np.errstate(all="ignore"):
            means = np.where(n > 0, node.moments[:, MEAN], np.nan)
            variances = np.where(n > 1, node.moments[:, SECOND] / (n - 1.0), np.nan)
        return SegmentResult(
            np.diff(np.minimum(starts, self.rows)), n.astype(np.int64), means, variances, self.thresholds, node.above
        )


def _moments(rows: Rows) -> Float64Array:
    """Of the numbers of each column that are not missing, shape (3, columns)."""
    if not rows.size or not np.isnan(np.min(rows)):
        found: Float64Array = moments_of_leaves(np.ascontiguousarray(rows)[None], 2)[0]
        return found
    columns = [column[~np.isnan(column)].reshape(1, -1, 1) for column in rows.T]
    return np.concatenate([moments_of_leaves(column, 2)[0] for column in columns], axis=1)


@dataclass(frozen=True)
class SegmentMoments(Request[SegmentResult]):
    """Moments of segments, and counts above quantiles of the first rows."""

    leaf_rows: int
    """Rows of a leaf, a power of two."""

    MOST_SEGMENTS: ClassVar[int] = 128
    """Segments, at most; more than half as many, if there are rows enough."""
    LEAST_ROWS: ClassVar[int] = 16
    """Rows of a segment, at least."""
    SHARES: ClassVar[tuple[float, ...]] = (0.01, 0.1, 0.25, 0.5, 0.75, 0.9, 0.99)
    """Of the first rows, whose quantiles are the thresholds."""

    def prepared(self, scope: Scope) -> Statistic[Any, Any]:
        rows = min(self.leaf_rows, self.LEAST_ROWS)
        while scope.rows > rows * self.MOST_SEGMENTS:
            rows *= 2
        return FirstRows(partial(_with_thresholds, scope.rows, rows, self.SHARES))


def _with_thresholds(rows: int, segment_rows: int, shares: tuple[float, ...], first: Float64Array) -> SegmentsAbove:
    thresholds = np.zeros((len(shares), first.shape[1]))
    for column, numbers in enumerate(map(ordered_numbers, first.T)):
        if len(numbers):
            places = (np.array(shares) * (len(numbers) - 1)).astype(np.int64)
            thresholds[:, column] = numbers[places]
    return SegmentsAbove(rows, segment_rows, thresholds)
