"""A statistic of the first rows as well: of 1, 2, 4, … leaves, from the nodes that the tree merges anyway.

Input: rows. Output: results by the number of first rows. Cost: log2(leaves) more nodes, and a result from each.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Generic, NamedTuple

from mvn_dask.statistics.base import Node, Result, Rows, Statistic


class PrefixNode(NamedTuple):
    """Of consecutive rows."""

    first: int
    """Number of the first of them."""
    rows: int
    """How many there are, if the last leaf is taken for whole."""
    inner: Any
    """Node of the statistic."""
    prefixes: tuple[tuple[int, Any], ...]
    """Of rows from row 0 on: numbers of first rows, fewer than these, and their nodes."""


@dataclass(frozen=True)
class Prefixes(Statistic[PrefixNode, "tuple[tuple[int, Any], ...]"], Generic[Node, Result]):
    """Another statistic, of the first 1, 2, 4, … leaves, and of all rows: pairs of rows and results.

    The leaves of the first 2**k are those of an array that has no more rows, and are merged in the same tree: a result
    has the bits of that array's.
    """

    statistic: Statistic[Node, Result]
    """What is computed."""
    rows: int
    """Rows of the array."""
    leaf_rows: int
    """Rows of a leaf."""

    @property
    def columnwise(self) -> bool:  # type: ignore[override]
        return self.statistic.columnwise

    @property
    def sees_missing(self) -> bool:  # type: ignore[override]
        return self.statistic.sees_missing

    def first_rows(self, rows: int) -> int:
        return self.statistic.first_rows(rows)

    def leaf(self, rows: Rows, first: int) -> PrefixNode:
        return PrefixNode(first, self.leaf_rows, self.statistic.leaf(rows, first), ())

    def subtree(self, rows: Rows, first: int, leaf_rows: int) -> PrefixNode:
        # From row 0 on, half by half: all but the first leaf go together with others.
        if first == 0 and len(rows) > leaf_rows:
            return super().subtree(rows, first, leaf_rows)
        return PrefixNode(first, max(len(rows), leaf_rows), self.statistic.subtree(rows, first, leaf_rows), ())

    def merge(self, left: PrefixNode, right: PrefixNode) -> PrefixNode:
        prefixes = () if left.first else (*left.prefixes, (left.rows, left.inner))
        return PrefixNode(left.first, left.rows + right.rows, self.statistic.merge(left.inner, right.inner), prefixes)

    def join_columns(self, nodes: Sequence[PrefixNode]) -> PrefixNode:
        # Those of single leaves, which have no prefixes.
        return nodes[0]._replace(inner=self.statistic.join_columns([node.inner for node in nodes]))

    def finalize(self, node: PrefixNode) -> tuple[tuple[int, Any], ...]:
        nodes = (*node.prefixes, (self.rows, node.inner))
        return tuple((rows, self.statistic.finalize(inner)) for rows, inner in nodes)


def prefix_rows(rows: int, leaf_rows: int) -> tuple[int, ...]:
    """Numbers of first rows that results are of.

    >>> prefix_rows(9000, 2048), prefix_rows(4096, 2048), prefix_rows(100, 2048)
    ((2048, 4096, 8192, 9000), (2048, 4096), (100,))
    """
    found = []
    while leaf_rows < rows:
        found.append(leaf_rows)
        leaf_rows *= 2
    return (*found, rows)
