"""Rows in which both numbers of a pair have the same sign.

Input: rows; a zero counts as positive. Output: counts. Cost: 1 + `len(paired)` operations a number, and one (paired,
paired) matrix a node.
"""

from dataclasses import dataclass

import numpy as np

from mvn_dask.statistics.base import Counts, Indices, Rows, Statistic, take


@dataclass(frozen=True, eq=False)
class SameSigns(Statistic[Counts, Counts]):
    """Counts of rows with equal signs, shape (pairs, pairs)."""

    paired: Indices
    """Columns of which pairs are made, ascending, shape (pairs,)."""

    def leaf(self, rows: Rows, first: int) -> Counts:
        # As numbers, whose products BLAS adds: sums of ±1 are exact below 2**53.
        signs = np.where(np.signbit(take(rows, self.paired)), -1.0, 1.0)
        difference = signs.T @ signs
        return np.asarray((len(rows) + difference) / 2, np.int64)

    def merge(self, left: Counts, right: Counts) -> Counts:
        return left + right

    def finalize(self, node: Counts) -> Counts:
        return node
