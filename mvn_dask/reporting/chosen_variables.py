"""The variables of a store that a report looks at, leaf by leaf.

Input: chunks. Output: rows of the selected variables. Cost: a copy where not all variables of a chunk are selected.
"""

from abc import ABC
from collections.abc import Iterator
from dataclasses import dataclass

from mvn_dask.reporting.scan import ChunkRange, ScanInput
from mvn_dask.reporting.selection import Selection
from mvn_dask.statistics.base import Rows
from mvn_dask.statistics.forest import split


@dataclass(frozen=True, eq=False)
class ChosenVariables(ScanInput, ABC):
    """The selected variables; chunks that hold other columns are other parts."""

    selection: Selection
    """Which variables."""

    def derive(self, chunk: ChunkRange, rows: Rows) -> Iterator[tuple[int, Rows]]:
        variables = self.selection.columns[self.selection.parts == chunk.low]
        if not len(variables):
            return
        columns = chunk.columns_of(variables, self.selection.manifest.event.shape)
        # A slice is a view, which costs nothing; chosen columns are copied, a leaf at a time.
        chosen = slice(None) if len(columns) == rows.shape[1] else columns
        if not self.rows:
            yield 0, rows[:, chosen]
        for start, stop in split(chunk.first, chunk.first + chunk.rows, self.leaf_rows):
            yield start, rows[start - chunk.first : stop - chunk.first, chosen]
