"""A statistic of some columns of the rows.

Input: rows. Output: the result of the statistic for these columns. Cost: a copy of them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic

import numpy as np

from mvn_dask.statistics.base import NextPass, Node, Result, Rows, Statistic


@dataclass(frozen=True)
class SelectedColumns(Statistic[Node, Result], Generic[Node, Result]):
    """Another statistic, of some columns, which sees them as all that there are."""

    statistic: Statistic[Node, Result]
    """What is computed."""
    columns: tuple[int, ...]
    """Numbers of the columns."""

    def first_rows(self, rows: int) -> int:
        return self.statistic.first_rows(rows)

    def leaf(self, rows: Rows, first: int) -> Node:
        complete = self._taken(rows)
        if not self.statistic.sees_missing:
            # Missing numbers of other columns leave these as they are; of these, whole rows are left out.
            complete = complete[~np.isnan(complete).any(axis=1)]
        return self.statistic.leaf(complete, first)

    sees_missing = True

    def subtree(self, rows: Rows, first: int, leaf_rows: int) -> Node:
        return self.statistic.subtree(self._taken(rows), first, leaf_rows)

    def _taken(self, rows: Rows) -> Rows:
        return np.ascontiguousarray(rows[:, self.columns])

    def merge(self, left: Node, right: Node) -> Node:
        return self.statistic.merge(left, right)

    def join_columns(self, nodes: Sequence[Node]) -> Node:
        return self.statistic.join_columns(nodes)

    def finalize(self, node: Node) -> Result | NextPass:
        found = self.statistic.finalize(node)
        return NextPass(SelectedColumns(found.statistic, self.columns)) if isinstance(found, NextPass) else found
