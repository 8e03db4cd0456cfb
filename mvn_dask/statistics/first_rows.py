"""A statistic that is made from the first rows: from their spread, for instance.

Input: rows. Output: the statistic that is computed next, of all rows. Cost: a copy of the first rows.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from mvn_dask._typing import Float64Array
from mvn_dask.statistics.base import NextPass, Statistic
from mvn_dask.statistics.kept_rows import KeptRows


@dataclass(frozen=True)
class FirstRows(KeptRows[Any]):
    """All numbers of the first rows, and what is computed next."""

    next_statistic: Callable[[Float64Array], Statistic[Any, Any]]
    """From the first rows, shape (n, columns) with NaN where a number is missing. It is pickled."""

    sees_missing = True
    LOOKED_AT: ClassVar[int] = 2**14
    """Rows that are looked at, at most."""

    def first_rows(self, rows: int) -> int:
        return min(rows, self.LOOKED_AT)

    def finalize(self, node: Float64Array) -> NextPass:
        return NextPass(self.next_statistic(node))


def ordered_numbers(column: Float64Array) -> Float64Array:
    """The finite numbers of a column, ascending."""
    return np.sort(column[np.isfinite(column)])
