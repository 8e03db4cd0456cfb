"""Means of columns in consecutive segments of the rows, from which running means follow.

Input: rows, and where segments begin. Output: rows and means of every segment. Cost: 2 operations a number; a node
holds the segments that its rows lie in.
"""

from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from mvn_dask._typing import Float64Array
from mvn_dask.statistics.base import Counts, Indices, Rows, Statistic, take


class SegmentSums(NamedTuple):
    """Sums over the rows of consecutive segments."""

    first: int
    """The first segment."""
    counts: Counts
    """Rows of each, shape (m,)."""
    sums: Float64Array
    """Their sums, shape (m, columns)."""


class Segments(NamedTuple):
    """Means of all segments."""

    counts: Counts
    """Rows of each, shape (segments,)."""
    means: Float64Array
    """Means, 0 where there are no rows, shape (segments, columns)."""


@dataclass(frozen=True, eq=False)
class SegmentMeans(Statistic[SegmentSums, Segments]):
    """Means of segments of rows."""

    columns: Indices
    """Columns whose means are taken, ascending."""
    starts: Indices
    """First row of each segment, ascending from 0, and the number of rows, shape (segments + 1,)."""

    def leaf(self, rows: Rows, first: int) -> SegmentSums:
        chosen, stop = take(rows, self.columns), first + len(rows)
        low = int(np.searchsorted(self.starts, first, "right")) - 1
        high = max(low, int(np.searchsorted(self.starts, stop, "left")))
        bounds = [first, *self.starts[low + 1 : high].tolist(), stop] if high > low else []
        parts = [chosen[start - first : end - first] for start, end in pairwise(bounds)]
        sums = np.array([np.ones(len(part)) @ part for part in parts]).reshape(len(parts), len(self.columns))
        return SegmentSums(low, np.array([len(part) for part in parts], np.int64), sums)

    def merge(self, left: SegmentSums, right: SegmentSums) -> SegmentSums:
        """Segments of both; the last of `left` may be the first of `right`, and between them there may be others."""
        offset = right.first - left.first
        if offset == 0 and len(left.counts) == len(right.counts) == 1:
            return SegmentSums(left.first, left.counts + right.counts, left.sums + right.sums)
        segments = max(len(left.counts), offset + len(right.counts))
        counts, sums = np.zeros(segments, np.int64), np.zeros((segments, len(self.columns)))
        for node, start in ((left, 0), (right, offset)):
            counts[start : start + len(node.counts)] += node.counts
            sums[start : start + len(node.counts)] += node.sums
        return SegmentSums(left.first, counts, sums)

    def finalize(self, node: SegmentSums) -> Segments:
        segments = len(self.starts) - 1
        empty = SegmentSums(0, np.zeros(segments, np.int64), np.zeros((segments, len(self.columns))))
        _, counts, sums = self.merge(empty, node)
        return Segments(counts, sums / np.maximum(counts, 1)[:, None])
