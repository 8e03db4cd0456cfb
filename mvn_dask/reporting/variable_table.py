"""What a report knows of each variable: what was asked for, what was drawn, how far it is off, and its range.

Input: estimates. Output: columns of plain numbers, and which variables a page lists. Cost: a few numbers a variable.
"""

from typing import Any

import numpy as np
import numpy.typing as npt

from mvn_dask.reporting.estimates import Estimates, largest
from mvn_dask.reporting.plain_numbers import plain

LISTED = 10
"""Variables in the table of those that are farthest off."""
MOST_TABLED = 300
"""Variables in the table of all; of more, those that are farthest off."""


def variable_columns(estimates: Estimates, most: int | None = None) -> dict[str, list[Any]]:
    """Columns of a table of the variables that were looked at, or of the first ones; None where nothing is known.

    Where normal scores are compared, means and standard deviations are those of scores; ranges are the variable's own.
    """
    reference, measured = estimates.reference, estimates.measured
    shown = slice(len(estimates.selection.columns) if most is None else min(most, len(estimates.selection.columns)))
    columns = {
        "expected_mean": reference.mean,
        "mean": estimates.mean,
        "mean_errors": estimates.mean_errors,
        "mean_p_values": estimates.mean_p_values,
        "expected_standard_deviation": reference.deviation,
        "standard_deviation": estimates.deviation,
        "variance_errors": estimates.variance_errors,
        "variance_p_values": estimates.variance_p_values,
        "smallest": measured.ranges.smallest,
        "largest": measured.ranges.largest,
    }
    return {
        "numbers": estimates.selection.columns[shown].tolist(),
        "names": [estimates.name(column) for column in range(shown.stop)],
        "units": [estimates.unit(column) for column in range(shown.stop)],
        **{name: plain(values[shown]) for name, values in columns.items()},
    }


def farthest_off(estimates: Estimates, most: int = LISTED) -> list[int]:
    """Columns whose mean or variance is farthest off, in that order."""
    if estimates.selection.rows < 2:
        return []
    return largest(_errors(estimates), estimates.reference.testable, most)


def tabled(estimates: Estimates) -> list[int]:
    """Columns that the table of all variables has, ascending."""
    count = len(estimates.selection.columns)
    if not estimates.selection.rows:
        return []
    if count <= MOST_TABLED:
        return list(range(count))
    return sorted(farthest_off(estimates, MOST_TABLED) or range(MOST_TABLED))


def _errors(estimates: Estimates) -> npt.NDArray[np.float64]:
    return np.maximum(np.abs(estimates.mean_errors), np.abs(estimates.variance_errors))
