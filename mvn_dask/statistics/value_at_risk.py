"""Value at risk: a quantile of losses.

Input: rows of losses. Output: the loss of each column that is exceeded with the probability 1 - level. Cost: that of
`quantile`.
"""

from dataclasses import dataclass

from mvn_dask import checks
from mvn_dask._typing import Float64Array
from mvn_dask.signatures import short_signature
from mvn_dask.statistics.base import Counts
from mvn_dask.statistics.level_estimate import LevelEstimate, Levels
from mvn_dask.statistics.quantile import Quantile
from mvn_dask.statistics.rank_statistic import RankStatistic


@short_signature
@dataclass(frozen=True)
class ValueAtRisk(RankStatistic):
    """The quantile of losses: large numbers are bad, and a level near 1 is the upper tail.

    Raises
    ------
    ArgumentError
        If the level is not greater than 0 and less than 1, or an empty sequence.
    ArgumentTypeError
        If it is not a number, nor a sequence of these.

    See Also
    --------
    mvn_dask.statistics.Quantile : The same of any numbers.
    mvn_dask.statistics.ExpectedShortfall : The mean of what is beyond it.

    Notes
    -----
    It is ``Quantile(level)``: the value, its interval and its error are those.

    Examples
    --------
    >>> import numpy as np
    >>> losses = np.arange(1.0, 2001.0)[:, None]
    >>> risk = ValueAtRisk(0.99)
    >>> print(risk.finalize(risk.leaf(losses, 0)).squeezed().value)
    1980.0
    """

    level: Levels
    """Probability that a loss is no greater: a number, or several. The value of one has the shape (columns,), that of
    several (levels, columns)."""
    confidence_level: float = 0.95
    """Probability with which the interval holds the value at risk; that of `mvn_dask.estimate` takes its place."""

    TARGETS = Quantile.TARGETS

    def __post_init__(self) -> None:
        object.__setattr__(self, "level", checks.levels("level", self.level))

    @property
    def levels(self) -> tuple[float, ...]:
        return self._quantile.levels

    def shares(self, count: float, level: float) -> tuple[float, float]:
        return self._quantile.shares(count, level)

    def ranks(self, count: int, level: float) -> tuple[int, ...]:
        return self._quantile.ranks(count, level)

    def result(self, values: Float64Array, extras: Float64Array, counts: Counts) -> LevelEstimate:
        return self._quantile.result(values, extras, counts)

    @property
    def _quantile(self) -> Quantile:
        return Quantile(self.level, self.confidence_level)
