"""Histograms of columns, with bins of equal width.

Input: rows; NaN counts as the largest number. Output: counts. Cost: some 3 ns a number, `bins` counts a column.
"""

from dataclasses import dataclass

import numpy as np

from mvn_dask.statistics.base import Counts, Floats, Indices, Rows, Statistic, take
from mvn_dask.statistics.scratch import scratch


@dataclass(frozen=True, eq=False)
class Histogram(Statistic[Counts, Counts]):
    """Counts of numbers in each bin, shape (columns, bins)."""

    columns: Indices
    """Columns that are counted, ascending."""
    low: float
    """Where the first bin begins, which takes all smaller numbers as well."""
    per_unit: float
    """Bins for each unit."""
    bins: int
    """Number of bins; the last takes all larger numbers as well."""

    @property
    def edges(self) -> Floats:
        """Bounds between bins, shape (bins - 1,)."""
        return self.low + np.arange(1, self.bins) / self.per_unit

    def leaf(self, rows: Rows, first: int) -> Counts:
        columns, shape = len(self.columns), (len(rows), len(self.columns))
        position = np.subtract(take(rows, self.columns), self.low, out=scratch("position", shape))
        position *= self.per_unit
        # fmin instead of minimum, since it prefers numbers to NaN.
        np.fmin(position, self.bins - 1.0, out=position)
        np.maximum(position, 0.0, out=position)
        # One count for all columns: each has its own range of bins.
        position += self.bins * np.arange(columns, dtype=np.float64)
        bins = scratch("bins", shape, np.int64)
        np.copyto(bins, position, casting="unsafe")
        return np.bincount(bins.reshape(-1), minlength=self.bins * columns).reshape(columns, self.bins)

    def merge(self, left: Counts, right: Counts) -> Counts:
        return left + right

    def finalize(self, node: Counts) -> Counts:
        return node
