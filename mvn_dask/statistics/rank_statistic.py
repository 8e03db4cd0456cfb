"""Statistics that rest on values of given ranks, as passes compute them.

Input: rows. Output: results. Cost: that of `rank_passes`.
"""

from dataclasses import replace

from mvn_dask._typing import Float64Array
from mvn_dask.statistics.base import Rows, Scope, Statistic
from mvn_dask.statistics.level_estimate import LevelEstimate
from mvn_dask.statistics.rank_passes import AllValues
from mvn_dask.statistics.rank_search import RankGoal


class RankStatistic(Statistic[Float64Array, LevelEstimate], RankGoal):
    """A statistic that finds values by their rank; without `prepared`, it keeps all values."""

    columnwise = True
    sees_missing = True

    confidence_level: float

    def prepared(self, scope: Scope) -> AllValues:
        goal = replace(self, confidence_level=scope.confidence_level)  # type: ignore[type-var]
        looked_at = scope.rows if scope.rows <= self.KEPT_ROWS else self.PILOT_ROWS
        return AllValues(goal, scope.rows, looked_at)

    def leaf(self, rows: Rows, first: int) -> Float64Array:
        return AllValues(self, 0, 0).leaf(rows, first)

    def merge(self, left: Float64Array, right: Float64Array) -> Float64Array:
        return AllValues(self, 0, 0).merge(left, right)

    def finalize(self, node: Float64Array) -> LevelEstimate:
        found: LevelEstimate = AllValues(self, len(node), len(node)).finalize(node)
        return found
