"""The two variables by which the rows of a sample are compared with one another, of each part of the variables.

Input: chunks. Output: rows of two variables, or of the only one there is, which are equal where whole rows are. Cost:
some 10 ns a row, whatever the dimension.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from mvn_dask.reporting.reference import Reference
from mvn_dask.reporting.scan import ChunkRange, ScanInput
from mvn_dask.reporting.selection import Selection
from mvn_dask.statistics.base import Indices, Rows, Statistic
from mvn_dask.statistics.repeated_rows import RepeatedRows, RowRepeats

ComparedVariables = tuple[int, ...]
"""Numbers of the variables by which rows are compared, ascending."""


@dataclass(frozen=True, eq=False)
class ComparedRows(ScanInput):
    """Rows of some variables of each part: few numbers are enough to know a row by."""

    variables: Mapping[int, ComparedVariables]
    """Numbers of the variables, by the number of their part."""
    event_shape: tuple[int, ...]
    """Shape of a draw."""

    def statistic(self, part: int) -> Statistic[Any, Any]:  # noqa: ARG002 the same for all
        return RepeatedRows(self.rows)

    def derive(self, chunk: ChunkRange, rows: Rows) -> Iterator[tuple[int, Rows]]:
        if chunk.low in self.variables:
            variables: Indices = np.array(self.variables[chunk.low], np.int64)
            yield chunk.first, rows[:, chunk.columns_of(variables, self.event_shape)]


def compared_variables(selection: Selection, reference: Reference) -> dict[int, ComparedVariables]:
    """The first and the last variable of some parts, by the number of the part: of those that rounding does not hide.

    Of a field these are the least correlated ones. Parts in which nothing varies are left out.
    """
    found = {}
    for part in selection.compared_parts.tolist():
        columns = selection.columns[(selection.parts == part) & reference.testable]
        if len(columns):
            found[part] = tuple(sorted({int(columns[0]), int(columns[-1])}))
    return found


def repeats_of(
    variables: Mapping[int, ComparedVariables], parts: Mapping[int, RowRepeats]
) -> dict[ComparedVariables, RowRepeats]:
    """What was found, by the variables that rows were compared by; parts ascend."""
    return {variables[part]: parts[part] for part in sorted(parts)}
