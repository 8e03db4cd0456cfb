"""The smallest and the largest number of each column.

Input: rows. Output: two numbers a column. Cost: about 1 ns a number, and a copy of the rows.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from mvn_dask._typing import Float64Array
from mvn_dask.statistics.base import Rows, Statistic


class Ranges(NamedTuple):
    """Ends of columns."""

    smallest: Float64Array
    """Smallest numbers, shape (columns,); NaN where a column has no number."""
    largest: Float64Array
    """Largest ones."""


@dataclass(frozen=True, eq=False)
class ColumnRanges(Statistic[Ranges, Ranges]):
    """Ranges of columns; NaN is left out, and infinite numbers count."""

    def leaf(self, rows: Rows, first: int) -> Ranges:
        # Along memory: numpy takes ten times as long for the ends of narrow rows.
        columns = np.ascontiguousarray(rows.T)
        if not columns.shape[1]:
            return Ranges(*np.full((2, len(columns)), np.nan))
        smallest, largest = columns.min(axis=1), columns.max(axis=1)
        if np.isnan(smallest).any():
            # Slower, but it prefers numbers to NaN.
            smallest, largest = np.fmin.reduce(columns, axis=1), np.fmax.reduce(columns, axis=1)
        return Ranges(smallest.astype(np.float64), largest.astype(np.float64))

    def merge(self, left: Ranges, right: Ranges) -> Ranges:
        return Ranges(np.fmin(left.smallest, right.smallest), np.fmax(left.largest, right.largest))

    def finalize(self, node: Ranges) -> Ranges:
        return node
