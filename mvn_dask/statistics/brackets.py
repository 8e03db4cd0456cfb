"""Brackets that hold the values of ranks: from first rows, or from a sample of all rows.

Input: values in ascending order. Output: ends of brackets, shape (levels, columns). Cost: some microseconds each.
"""

from dataclasses import dataclass

import numpy as np

from mvn_dask._typing import Float64Array
from mvn_dask.statistics.base import Counts
from mvn_dask.statistics.float_order import middle
from mvn_dask.statistics.order_statistics import OrderedColumn, places_around
from mvn_dask.statistics.rank_search import Columns, RankGoal, Search

KEPT_SHARE = 2.0**-9
"""Share of the values that may lie within a bracket, if the pilot for it is no more than `PILOT_SHARE` of the rows."""
PILOT_SHARE = 2.0**-5
"""Rows of the largest pilot, as a share of all."""
PILOT_STEP = 2**6
"""How many times as many rows a pilot has as the one before."""


def next_rows(goal: RankGoal, rows: int, looked_at: int) -> int:
    """First rows that the pass after one over `looked_at` rows looks at: all, if a larger pilot would not pay."""
    wanted = max(_pilot_rows(goal, rows, level) for level in goal.levels)
    step = min(wanted, looked_at * PILOT_STEP)
    # Each pass takes some time, however small it is.
    return step if step >= 4 * looked_at else rows


def _pilot_rows(goal: RankGoal, rows: int, level: float) -> int:
    pilot = goal.PILOT_ROWS
    while 2 * pilot <= rows * PILOT_SHARE:
        low, high = places_around(pilot, level, level)
        share = (high - low) / pilot
        if share <= KEPT_SHARE and share * rows <= goal.ROOM / 2:
            break
        pilot *= 2
    return pilot


@dataclass(frozen=True, eq=False)
class Brackets:
    """Brackets, shape (levels, columns)."""

    low: Float64Array
    """Lower ends."""
    high: Float64Array
    """Upper ends."""
    room: Counts
    """Values strictly within that are kept; where there are more, none are."""

    @classmethod
    def none(cls, search: Search) -> "Brackets":
        """Brackets of all numbers."""
        shape = search.searched.shape
        return cls(np.full(shape, -np.inf), np.full(shape, np.inf), np.zeros(shape, np.int64))

    @classmethod
    def of_pilot(cls, search: Search, looked_at: int, columns: Columns) -> "Brackets":
        """Those that hold the ranks of the whole array, if the first rows are like all others."""
        new = cls.none(search)
        for level, c in np.ndindex(search.searched.shape):
            column = columns(level, c)
            # Of which a part is missing.
            whole = column.count * (search.rows / looked_at)
            ranks = places_around(column.count, *search.goal.shares(whole, search.goal.levels[level]))
            expected = _share(column.count, *ranks) * whole
            new._set(search, level, c, (_end(column, ranks[0], 0), _end(column, ranks[1], 1), expected))
        return new

    @classmethod
    def of_sample(cls, search: Search, before: "Brackets", sample: Float64Array) -> "Brackets":
        """Those that hold what is not found yet, from columns of a sample of all rows, in ascending order."""
        new = cls.none(search)
        for level, c in np.argwhere(search.searched).tolist():
            values = sample[: np.count_nonzero(~np.isnan(sample[:, c])), c]
            ranks = search.goal.ranks(int(search.counts[c]), search.goal.levels[level])
            targets = np.flatnonzero(~search.found[:, level, c]).tolist()
            found = [_around(search, (target, level, c), ranks[target], values) for target in targets]
            low, high = min(each[0] for each in found), max(each[1] for each in found)
            if (low, high) == (before.low[level, c], before.high[level, c]):
                # No sample tells more. At least half of the numbers that the first one may be are left out.
                low, high = (float(side) for side in search.limits[:, targets[0], level, c])
                high = middle(low, high)
            # Those of all targets, and what lies between these.
            expected = sum(each[2] for each in found) + ranks[targets[-1]] - ranks[targets[0]]
            new._set(search, level, c, (low, high, expected))
        return new

    def _set(self, search: Search, level: int, c: int, bracket: tuple[float, float, float]) -> None:
        self.low[level, c], self.high[level, c], expected = bracket
        # Twice as many as are expected, or an equal part of all room.
        room, most = (total // search.searched.size for total in (search.goal.ROOM, search.goal.MOST))
        self.room[level, c] = max(room, min(int(2.0 * expected), most))


def _around(search: Search, place: tuple[int, int, int], rank: int, sample: Float64Array) -> tuple[float, float, float]:
    """A bracket around a rank, from those values of a sample that lie where its value does, and what it may hold."""
    least, most = (float(side) for side in search.limits[(slice(None), *place)])
    first, end = (int(side) for side in search.ranks[(slice(None), *place)])
    inside = sample[np.searchsorted(sample, least, "right") : np.searchsorted(sample, most, "left")]
    share = (rank - first + 0.5) / (end - first)
    places = places_around(len(inside), share, share)
    low = float(inside[places[0]]) if places[0] >= 0 else least
    high = float(inside[places[1]]) if places[1] < len(inside) else most
    return low, high, _share(len(inside), *places) * (end - first)


def _share(count: int, low: int, high: int) -> float:
    """Which part of `count` values lies between these ranks: all, if there is no value."""
    return (min(high, count) - max(low, -1)) / (count + 1)


def _end(column: OrderedColumn, rank: int, side: int) -> float:
    """The value of a rank, or the number up to which it may reach to this side."""
    value = column.value(rank)
    return column.between(rank)[0][side] if value is None else value
