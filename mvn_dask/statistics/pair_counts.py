"""Two-dimensional histograms of all pairs of columns.

Input: rows of bin numbers. Output: counts. Cost: some 3 ns a row for each pair, and `bins`² counts a pair.
"""

from dataclasses import dataclass
from itertools import combinations

import numpy as np

from mvn_dask.statistics.base import Counts, Rows, Statistic


@dataclass(frozen=True, eq=False)
class PairCounts(Statistic[Counts, Counts]):
    """How many rows have each two bin numbers, shape (pairs, bins, bins); pairs are (0, 1), (0, 2), … and (1, 2), …."""

    columns: int
    """The first so many columns hold bin numbers, from 0 on and less than `bins`."""
    bins: int
    """How many bins a column has."""

    def leaf(self, rows: Rows, first: int) -> Counts:
        codes = np.ascontiguousarray(rows[:, : self.columns].T, np.int64)
        found = [
            np.bincount(codes[i] * self.bins + codes[j], minlength=self.bins**2)
            for i, j in combinations(range(self.columns), 2)
        ]
        return np.array(found, np.int64).reshape(-1, self.bins, self.bins)

    def merge(self, left: Counts, right: Counts) -> Counts:
        return left + right

    def finalize(self, node: Counts) -> Counts:
        return node
