"""Results that no cut of an array changes: leaves by row number, a fixed binary tree, fragments between cuts.

Input: pieces of an array, in any order, in any number of processes. Output: the result of a statistic, with the same
bits for any pieces and any order. A leaf is `leaf_rows` consecutive rows, counted from row 0 of the array; the last may
have fewer. A node (level, index) stands for the leaves from index · 2**level up to (index + 1) · 2**level. Nodes are
merged with their sibling as soon as both are there, those of one piece all together; rows of leaves that a cut goes
through wait until the leaf is whole. Cost: a merge a leaf, at most 2 log2(leaves) nodes for consecutive pieces, and the
rows of at most two leaves.
"""

from collections.abc import Iterator, Mapping
from functools import reduce
from typing import Generic

import numpy as np

from mvn_dask.readable import plural
from mvn_dask.statistics.base import NextPass, Node, Result, Rows, Statistic


def split(first: int, stop: int, leaf_rows: int) -> Iterator[tuple[int, int]]:
    """Cut a range of rows where leaves begin.

    >>> list(split(5, 22, 10))
    [(5, 10), (10, 20), (20, 22)]
    """
    while first < stop:
        end = min(stop, (first // leaf_rows + 1) * leaf_rows)
        yield first, end
        first = end


class Forest(Generic[Node, Result]):
    """The nodes of a statistic for those rows, of `rows` in the array, that were added so far.

    >>> from mvn_dask.statistics.repeats import Repeats
    >>> one, other = (Forest(Repeats(), rows=6, leaf_rows=4) for _ in range(2))
    >>> other.add(3, np.array([[7], [8], [9]]))
    >>> one.add(0, np.array([[9], [5], [6]]))
    >>> one.merge(other)
    >>> one.result()
    Repeated(values=5, repeated=((2, 0, 5),))
    """

    def __init__(self, statistic: Statistic[Node, Result], rows: int, leaf_rows: int) -> None:
        self._statistic, self._rows, self._leaf_rows = statistic, rows, leaf_rows
        self._nodes: dict[tuple[int, int], Node] = {}
        self._fragments: dict[int, dict[int, Rows]] = {}

    def add(self, first: int, rows: Rows) -> None:
        """Rows of the array, of which the first has this number: each once, and an array of none as such."""
        if not self._rows:
            self._add_node(0, 0, self._statistic.leaf(rows, 0))
        stop = first + len(rows)
        while first < stop:
            leaf, above = divmod(first, self._leaf_rows)
            whole = 0 if above else (stop - first) // self._leaf_rows
            if whole:
                # As many as are the leaves of one node: a power of two that its number is a multiple of.
                level = min(whole.bit_length(), (leaf & -leaf).bit_length() or whole.bit_length()) - 1
                count = self._leaf_rows << level
                node = self._statistic.subtree(rows[:count], first, self._leaf_rows)
                self._add_node(level, leaf >> level, node)
            else:
                count = min(stop, (leaf + 1) * self._leaf_rows) - first
                self._add_within_leaf(first, rows[:count])
            first, rows = first + count, rows[count:]

    def nodes(self) -> dict[tuple[int, int], Node]:
        """Nodes of what was added, as few as there are; rows of leaves that are not whole are left out."""
        return dict(self._nodes)

    def add_nodes(self, nodes: Mapping[tuple[int, int], Node]) -> None:
        """Nodes of another forest of the same statistic and leaves, of an array that begins with the same rows."""
        for (level, index), node in nodes.items():
            self._add_node(level, index, node)

    def merge(self, other: "Forest[Node, Result]") -> None:
        """What was added to another forest of the same statistic and array."""
        self.add_nodes(other._nodes)
        for fragments in other._fragments.values():
            for start, rows in fragments.items():
                self._add_within_leaf(start, rows)

    def result(self) -> Result | NextPass:
        """The result, once all rows of the array were added. Raises ValueError if some were not."""
        return self._statistic.finalize(self.node())

    def node(self) -> Node:
        """The node of all rows, once they were added. Raises ValueError if some were not."""
        leaves = max(1, -(-self._rows // self._leaf_rows))
        if sum(1 << level for level, _ in self._nodes) != leaves:
            raise ValueError(f"a result needs all {plural(self._rows, 'row')}, and some were not added")
        by_first_leaf = sorted(self._nodes.items(), key=lambda item: item[0][1] << item[0][0])
        # What has no sibling are complete trees of falling height: their number and order depend on `rows` alone.
        nodes = [node for _, node in by_first_leaf]
        return reduce(lambda right, left: self._statistic.merge(left, right), nodes[::-1])

    def _add_within_leaf(self, start: int, rows: Rows) -> None:
        leaf = start // self._leaf_rows
        size = min(self._leaf_rows, self._rows - leaf * self._leaf_rows)
        if len(rows) < size:
            fragments = self._fragments.setdefault(leaf, {})
            # A copy: a view would keep the whole chunk in memory.
            fragments[start] = rows.copy()
            if sum(map(len, fragments.values())) < size:
                return
            rows = np.concatenate([fragment for _, fragment in sorted(self._fragments.pop(leaf).items())])
        self._add_node(0, leaf, self._statistic.leaf(rows, leaf * self._leaf_rows))

    def _add_node(self, level: int, index: int, node: Node) -> None:
        while (level, index ^ 1) in self._nodes:
            sibling = self._nodes.pop((level, index ^ 1))
            node = self._statistic.merge(sibling, node) if index & 1 else self._statistic.merge(node, sibling)
            level, index = level + 1, index >> 1
        self._nodes[level, index] = node
