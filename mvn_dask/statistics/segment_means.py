"""Means of columns, and of their squares, in consecutive segments of the rows.

Input: rows, and where segments begin. Output: rows and means of every segment, from which running means and variances
follow. Cost: 4 operations a number; a node holds the segments that its rows lie in.
"""

from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from mvn_dask._typing import Float64Array
from mvn_dask.statistics.base import Counts, Indices, Rows, Statistic, scratch, take


class SegmentSums(NamedTuple):
    """Sums over the rows of consecutive segments."""

    first: int
    """The first segment."""
    counts: Counts
    """Rows of each, shape (m,)."""
    sums: Float64Array
    """Their sums, shape (m, columns)."""
    squares: Float64Array
    """Sums of their squares, shape (m, columns); infinite where these overflow."""


class Segments(NamedTuple):
    """Means of all segments."""

    counts: Counts
    """Rows of each, shape (segments,)."""
    means: Float64Array
    """Means, 0 where there are no rows, shape (segments, columns)."""
    mean_squares: Float64Array
    """Means of squares, likewise."""


@dataclass(frozen=True, eq=False)
class SegmentMeans(Statistic[SegmentSums, Segments]):
    """Means of segments of rows."""

    columns: Indices
    """Columns whose means are taken, ascending."""
    starts: Indices
    """First row of each segment, ascending from 0, and the number of rows, shape (segments + 1,)."""

    @np.errstate(over="ignore")
    def leaf(self, rows: Rows, first: int) -> SegmentSums:
        chosen, stop = take(rows, self.columns), first + len(rows)
        low = int(np.searchsorted(self.starts, first, "right")) - 1
        high = max(low, int(np.searchsorted(self.starts, stop, "left")))
        bounds = [first, *self.starts[low + 1 : high].tolist(), stop] if high > low else []
        parts = [chosen[start - first : end - first] for start, end in pairwise(bounds)]
        shape = (len(parts), len(self.columns))
        sums = np.array([np.ones(len(part)) @ part for part in parts]).reshape(shape)
        squares = np.array([np.ones(len(part)) @ _squared(part) for part in parts]).reshape(shape)
        return SegmentSums(low, np.array([len(part) for part in parts], np.int64), sums, squares)

    @np.errstate(over="ignore")
    def merge(self, left: SegmentSums, right: SegmentSums) -> SegmentSums:
        """Segments of both; the last of `left` may be the first of `right`, and between them there may be others."""
        offset = right.first - left.first
        if offset == 0 and len(left.counts) == len(right.counts) == 1:
            counts, sums, squares = left.counts + right.counts, left.sums + right.sums, left.squares + right.squares
            return SegmentSums(left.first, counts, sums, squares)
        merged = self._empty(left.first, max(len(left.counts), offset + len(right.counts)))
        for node, start in ((left, 0), (right, offset)):
            places = slice(start, start + len(node.counts))
            merged.counts[places] += node.counts
            merged.sums[places] += node.sums
            merged.squares[places] += node.squares
        return merged

    def _empty(self, first: int, segments: int) -> SegmentSums:
        shape = (segments, len(self.columns))
        return SegmentSums(first, np.zeros(segments, np.int64), np.zeros(shape), np.zeros(shape))

    def finalize(self, node: SegmentSums) -> Segments:
        _, counts, sums, squares = self.merge(self._empty(0, len(self.starts) - 1), node)
        rows = np.maximum(counts, 1)[:, None]
        return Segments(counts, sums / rows, squares / rows)


def _squared(rows: Rows) -> Float64Array:
    return np.asarray(np.multiply(rows, rows, out=scratch("squared", rows.shape)), np.float64)
