"""What is searched in columns by rank, and what is known of it after each pass.

Input: columns of which a pass tells something. Output: values of ranks, or limits of them. Cost: some microseconds for
each rank and column.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from mvn_dask._typing import Float64Array
from mvn_dask.statistics.base import Counts
from mvn_dask.statistics.order_statistics import OrderedColumn

Columns = Callable[[int, int], OrderedColumn]
"""What is known of a column, from the number of the level and that of the column."""


class RankGoal(ABC):
    """What is searched, and what becomes of it."""

    KEPT_ROWS: ClassVar[int] = 2**16
    """Rows of an array, at most, of which all values are kept."""
    PILOT_ROWS: ClassVar[int] = 2**14
    """First rows of a longer one of which all are."""
    BLOCK_ROWS: ClassVar[int] = 2**11
    """Rows of which one is in the sample."""
    ROOM: ClassVar[int] = 2**22
    """Values within all brackets together that are kept, if fewer are expected there."""
    MOST: ClassVar[int] = 2**26
    """Those that are, however many are expected."""
    TARGETS: ClassVar[int]
    """Ranks that are searched for each level, in the order of `ranks`."""
    EXTRAS: ClassVar[int] = 0
    """Numbers that `extra_numbers` gives."""
    SUMMED: ClassVar[bool] = False
    """Whether what lies above a bracket is summed."""

    @property
    @abstractmethod
    def levels(self) -> tuple[float, ...]:
        """Shares of the values that are no more than what is searched."""

    @abstractmethod
    def shares(self, count: float, level: float) -> tuple[float, float]:
        """Between which shares of so many values all ranks lie."""

    @abstractmethod
    def ranks(self, count: int, level: float) -> tuple[int, ...]:
        """Ranks of what is searched among so many values, counted from 0: -1 and `count` are infinite."""

    def extra_numbers(self, column: OrderedColumn, level: float, value: float) -> tuple[float, ...]:
        """More numbers, of a column in which the value of the first rank is known."""
        return ()

    @abstractmethod
    def result(self, values: Float64Array, extras: Float64Array, counts: Counts) -> Any:
        """The result, from values, shape (targets, levels, columns), extras, and the count of each column."""


@dataclass(frozen=True, eq=False)
class Search:
    """What is known of the ranks so far: arrays of the shape (targets, levels, columns)."""

    goal: RankGoal
    """What is searched."""
    rows: int
    """Rows of the array."""
    values: Float64Array
    """Values of the ranks; NaN where they are not known."""
    found: npt.NDArray[np.bool_]
    """Where they are."""
    limits: Float64Array
    """Numbers strictly between which each of the others lies for certain, shape (2, targets, levels, columns)."""
    ranks: Counts
    """Ranks of the values there, shaped as the limits: of the first one, and of the one after the last."""
    extras: Float64Array
    """Other numbers, shape (extras, levels, columns)."""
    counts: Counts
    """Values of each column that are not missing, shape (columns,)."""
    passes: int = 0
    """Passes over all rows that are done."""

    @classmethod
    def begun(cls, goal: RankGoal, rows: int, columns: int) -> "Search":
        """The search of which nothing is known."""
        shape = goal.TARGETS, len(goal.levels), columns
        limits = np.stack([np.full(shape, -np.inf), np.full(shape, np.inf)])
        return cls(
            goal, rows, np.full(shape, np.nan), np.zeros(shape, bool), limits, np.zeros((2, *shape), np.int64),
            np.full((goal.EXTRAS, *shape[1:]), np.nan), np.zeros(columns, np.int64),
        )  # fmt: skip

    @cached_property
    def searched(self) -> npt.NDArray[np.bool_]:
        """Levels and columns of which something is not found."""
        searched: npt.NDArray[np.bool_] = np.any(~self.found, axis=0)
        return searched

    def learned(self, columns: Columns) -> "Search":
        """What is known after one more pass over all rows."""
        new = replace(
            self, values=self.values.copy(), found=self.found.copy(), limits=self.limits.copy(),
            ranks=self.ranks.copy(), extras=self.extras.copy(), counts=self.counts.copy(), passes=self.passes + 1,
        )  # fmt: skip
        for level, c in np.argwhere(self.searched).tolist():
            new._learn(level, c, columns(level, c))
        return new

    def _learn(self, level: int, c: int, column: OrderedColumn) -> None:
        if self.passes == 1:
            self.counts[c], self.ranks[1, :, level, c] = column.count, column.count
        if not column.count:
            self.found[:, level, c] = True
            return
        share = self.goal.levels[level]
        for target, rank in enumerate(self.goal.ranks(column.count, share)):
            place = target, level, c
            value = None if self.found[place] else column.value(rank)
            if value is not None:
                self.values[place], self.found[place] = value, True
                if target == 0:
                    self.extras[:, level, c] = self.goal.extra_numbers(column, share, value)
            elif not self.found[place]:
                limits, ranks = column.between(rank)
                for known, new in ((self.limits, limits), (self.ranks, ranks)):
                    known[(0, *place)] = max(known[(0, *place)], new[0])
                    known[(1, *place)] = min(known[(1, *place)], new[1])

    def result(self) -> Any:
        """The result, once everything is found."""
        return self.goal.result(self.values, self.extras, self.counts)
