"""Values of given ranks in each column, exactly, in one or two passes over all rows.

Input: rows. Output: the values, and what a statistic makes of them. Cost: a look at some of the first rows, at most one
in 16; then about 1 ns a value. What leaves a task is one value in a few hundred.

1. All values of a short array are kept, or of the first rows of a long one.
2. Those of the first rows, of which a second, longer look may keep what lies in a bracket, give a bracket: it holds the
   ranks of the whole, if rows are independent, but for once in 10⁹ times.
3. A pass over all rows counts what is below, at the ends and above, and keeps what lies strictly within.
4. If a rank lies outside, or too many values within, the next pass over all rows has the bracket of a sample of rows
   that `row_sample` took from all of the array along the way: whatever their order, it holds the rank, but for once in
   10⁹ times. And each pass leaves fewer numbers that the value may be; the search ends in any case.

References
----------
R. W. Floyd and R. L. Rivest, Expected time bounds for selection, Communications of the ACM 18 (1975) 165,
doi:10.1145/360680.360691 (brackets from a sample); J. I. Munro and M. S. Paterson, Selection and sorting with limited
storage, Theoretical Computer Science 12 (1980) 315, doi:10.1016/0304-3975(80)90061-4 (two passes).
"""

from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

import numpy as np

from mvn_dask._typing import Float64Array
from mvn_dask.errors import ArgumentError
from mvn_dask.statistics.base import Counts, NextPass, Rows, Statistic
from mvn_dask.statistics.bracketing import MISSING, WITHIN, Kept, bracketed, joined
from mvn_dask.statistics.brackets import Brackets, next_rows
from mvn_dask.statistics.kept_rows import KeptRows
from mvn_dask.statistics.order_statistics import OrderedColumn
from mvn_dask.statistics.rank_search import Columns, RankGoal, Search
from mvn_dask.statistics.row_sample import sampled
from mvn_dask.statistics.tail_moments import merged_tails


@dataclass(frozen=True)
class AllValues(KeptRows[Any]):
    """All values of the array, if it is short, or of its first rows."""

    goal: RankGoal
    """What is searched."""
    rows: int
    """Rows of the array."""
    looked_at: int
    """Those that are looked at."""

    sees_missing = True

    def first_rows(self, rows: int) -> int:
        return min(rows, self.looked_at)

    def weighted(self) -> Statistic[Any, Any]:
        raise ArgumentError(f"`log_weights` mean nothing to {type(self.goal).__name__}: Mean and Probability take them")

    def finalize(self, node: Float64Array) -> Any:
        columns = [OrderedColumn.of(column) for column in np.sort(node, axis=0).T]
        search = Search.begun(self.goal, self.rows, len(columns))
        # Parts of an array may have fewer rows than its first ones are.
        if len(node) < self.looked_at or self.looked_at >= self.rows:
            return search.learned(lambda _, c: columns[c]).result()
        return NextPass(after_pilot(search, self.looked_at, lambda _, c: columns[c]))


class BracketNode(NamedTuple):
    """What brackets tell of some rows."""

    counts: Counts
    """Values in each place of `bracketing`, shape (6, levels, columns)."""
    kept: tuple[Kept, ...]
    """Values strictly within, of consecutive rows."""
    tail: Float64Array
    """Tails of what is above, shape (levels, 3, columns)."""
    sample: tuple[Float64Array, ...]
    """Rows of the sample, of consecutive rows, each of shape (n, columns)."""


@dataclass(frozen=True, eq=False)
class BracketPass(Statistic[BracketNode, Any]):
    """A pass with a bracket for each level and column."""

    search: Search
    """What is known before."""
    looked_at: int
    """Rows that are looked at."""
    brackets: Brackets
    """Within which values are kept."""

    columnwise = True
    sees_missing = True
    PARTS: ClassVar[int] = 64
    """Arrays that a node has, before they are joined."""
    CALL_NUMBERS: ClassVar[int] = 2**21
    """Numbers that compiled code is called with, for all levels, at most, if they are of more than one leaf."""

    def first_rows(self, rows: int) -> int:
        return min(rows, self.looked_at)

    def leaf(self, rows: Rows, first: int) -> BracketNode:
        return self._node(rows, first, max(1, len(rows)))

    def subtree(self, rows: Rows, first: int, leaf_rows: int) -> BracketNode:
        if rows.size * len(self.brackets.low) > self.CALL_NUMBERS and len(rows) > leaf_rows:
            return super().subtree(rows, first, leaf_rows)
        return self._node(rows, first, leaf_rows)

    def _node(self, rows: Rows, first: int, leaf_rows: int) -> BracketNode:
        goal, brackets = self.search.goal, self.brackets
        found = bracketed(rows, leaf_rows, brackets.low, brackets.high, self.search.searched, summed=goal.SUMMED)
        places = sampled(first, len(rows), goal.BLOCK_ROWS, self.search.passes)
        # A copy, as rows may not be referred to afterwards.
        sample = rows[places].astype(np.float64)
        return BracketNode(found.counts, self._within_room((found.kept,), found.counts), found.tail, (sample,))

    def merge(self, left: BracketNode, right: BracketNode) -> BracketNode:
        counts = left.counts + right.counts
        tail = merged_tails(left.tail, right.tail) if self.search.goal.SUMMED else left.tail
        kept, sample = self._within_room(left.kept + right.kept, counts), left.sample + right.sample
        # Joined only now and then: a value is copied once in six levels of the tree, at most.
        if len(sample) > self.PARTS:
            kept, sample = (joined(kept, self.brackets.room),), (np.concatenate(sample),)
        return BracketNode(counts, kept, tail, sample)

    def _within_room(self, kept: tuple[Kept, ...], counts: Counts) -> tuple[Kept, ...]:
        """What was kept, but nothing of a bracket within which more values are than it has room for."""
        too_many = counts[WITHIN] > self.brackets.room
        return (joined(kept, np.where(too_many, -1, self.brackets.room)),) if too_many.any() else kept

    def finalize(self, node: BracketNode) -> Any:
        within, low, high = joined(node.kept, self.brackets.room), self.brackets.low, self.brackets.high
        ends = np.cumsum(within.lengths)

        def column(level: int, c: int) -> OrderedColumn:
            counts, place = node.counts[:, level, c], level * node.counts.shape[2] + c
            kept = np.sort(within.values[ends[place] - within.lengths[level, c] : ends[place]])
            known = kept if len(kept) == counts[WITHIN] else None
            return OrderedColumn(
                float(low[level, c]), float(high[level, c]), tuple(counts.tolist()), known,
                node.tail[level, :, c],
            )  # fmt: skip

        seen = column(*np.argwhere(self.search.searched)[0].tolist())
        if self.looked_at < self.search.rows and seen.count + seen.counts[MISSING] == self.looked_at:
            return NextPass(after_pilot(self.search, self.looked_at, column))
        search = self.search.learned(column)
        if search.found.all():
            return search.result()
        brackets = Brackets.of_sample(search, self.brackets, np.sort(np.concatenate(node.sample), axis=0))
        return NextPass(BracketPass(search, search.rows, brackets))


def after_pilot(search: Search, looked_at: int, columns: Columns) -> BracketPass:
    """The pass that follows one over the first rows."""
    return BracketPass(
        search, next_rows(search.goal, search.rows, looked_at), Brackets.of_pilot(search, looked_at, columns)
    )
