"""Estimates for one or several levels, as quantiles are.

Input: numbers for levels and columns. Output: frozen values that print. Cost: none.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from mvn_dask.statistics.confidence_interval import ConfidenceInterval
from mvn_dask.statistics.results import Estimate

Levels = float | Sequence[float] | npt.NDArray[Any]
"""A level, or several; these are a tuple, once they were looked at."""


def tuple_of(levels: Levels) -> tuple[float, ...]:
    """One level or several as several.

    >>> tuple_of(0.5), tuple_of((0.5, 0.9))
    ((0.5,), (0.5, 0.9))
    """
    return tuple(np.atleast_1d(levels).tolist())


@dataclass(frozen=True, eq=False, repr=False)
class LevelEstimate(Estimate):
    """An estimate for one level, or for several: then all numbers have the shape (levels, columns).

    See Also
    --------
    mvn_dask.statistics.Quantile : Gives it.
    mvn_dask.statistics.ValueAtRisk : Gives it.
    mvn_dask.statistics.ExpectedShortfall : Gives it.

    Examples
    --------
    >>> import mvn_dask
    >>> losses = mvn_dask.MultivariateNormal([0.0], [4.0]).sample(10_000, seed=1)[:, 0]
    >>> found = mvn_dask.estimate(losses, mvn_dask.statistics.Quantile([0.5, 0.99]))
    >>> found.levels, found.value.shape, found.confidence_interval.low.shape, found.note[:29]
    ((0.5, 0.99), (2,), (2,), '10,000 rows; order statistics')
    """

    levels: Levels = 0.5
    """Share of the values up to what is estimated; or several."""

    def squeezed(self) -> Self:
        if not isinstance(self.levels, tuple):
            return super().squeezed()
        interval = self.confidence_interval
        value, error, low, high = (
            np.asarray(each)[:, 0] for each in (self.value, self.standard_error, interval.low, interval.high)
        )
        count, omitted = (int(np.reshape(each, -1)[0]) for each in (self.count, self.omitted))
        return replace(
            self, value=value, standard_error=error, count=count, omitted=omitted,
            confidence_interval=ConfidenceInterval(low, high, interval.level),
        )  # fmt: skip

    def _essentials(self) -> Mapping[str, object]:
        return {**super()._essentials(), "levels": self.levels}

    @cached_property
    def _is_symmetric(self) -> bool:
        return False

    @property
    def _what(self) -> str:
        if not isinstance(self.levels, tuple):
            return super()._what
        return "level" if np.ndim(self.value) == 1 else "level, column"

    def _labels(self, place: tuple[int, ...]) -> list[str]:
        if not isinstance(self.levels, tuple):
            return super()._labels(place)
        return [f"{self.levels[place[0]]:g}", *super()._labels(place[1:])]
