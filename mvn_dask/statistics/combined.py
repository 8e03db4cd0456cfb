"""Several statistics of the same rows, in one pass.

Input: rows. Output: a tuple of results. Cost: that of all statistics; rows are read while they are in the cache.
"""

from dataclasses import dataclass
from typing import Any

from mvn_dask.statistics.base import Rows, Statistic


@dataclass(frozen=True)
class Combined(Statistic[tuple[Any, ...], tuple[Any, ...]]):
    """The results of several statistics."""

    statistics: tuple[Statistic[Any, Any], ...]
    """What is computed."""

    def leaf(self, rows: Rows, first: int) -> tuple[Any, ...]:
        return tuple(each.leaf(rows, first) for each in self.statistics)

    def merge(self, left: tuple[Any, ...], right: tuple[Any, ...]) -> tuple[Any, ...]:
        return tuple(each.merge(*nodes) for each, *nodes in zip(self.statistics, left, right, strict=True))

    def finalize(self, node: tuple[Any, ...]) -> tuple[Any, ...]:
        return tuple(each.finalize(own) for each, own in zip(self.statistics, node, strict=True))
