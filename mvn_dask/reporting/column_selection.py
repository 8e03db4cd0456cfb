"""Which columns of a derived store are looked at, so that memory and time have a bound.

Input: shape and chunks of a store. Output: numbers of columns, chosen evenly. Rows lie along the first axis; the
others, in C order, are columns, as for `mvn_dask.estimate`.
"""

from dataclasses import dataclass
from functools import cached_property
from math import prod

import numpy as np

from mvn_dask.estimation.row_source import leaf_rows
from mvn_dask.event import Event
from mvn_dask.readable import plural
from mvn_dask.reporting.selection import evenly
from mvn_dask.statistics.base import Indices
from mvn_dask.store.format.layout import grid
from mvn_dask.store.format.manifest import Manifest

MOST_DESCRIBED = 16
"""Columns that are looked at, at most."""


@dataclass(frozen=True)
class ColumnSelection:
    """What of a derived store is looked at."""

    manifest: Manifest
    """What the store holds."""

    @property
    def row_axes(self) -> int:
        """How many of the first axes are rows: one, or none of a single number."""
        return min(1, len(self.manifest.shape))

    @property
    def rows(self) -> int:
        """Number of rows."""
        return prod(self.manifest.shape[: self.row_axes])

    @property
    def row_shape(self) -> tuple[int, ...]:
        """Shape of a row."""
        return self.manifest.shape[self.row_axes :]

    @property
    def ncolumns(self) -> int:
        """Numbers of a row."""
        return prod(self.row_shape)

    @property
    def leaf_rows(self) -> int:
        """Rows of a leaf, as for `mvn_dask.estimate`."""
        return leaf_rows(self.ncolumns)

    @cached_property
    def columns(self) -> Indices:
        """Numbers of the columns that are looked at, ascending."""
        return evenly(self.ncolumns, MOST_DESCRIBED)

    @cached_property
    def _blocks(self) -> Indices:
        """Along each axis of a row, numbers of the chunks that hold the columns, shape (axes, columns)."""
        places = np.unravel_index(self.columns, self.row_shape) if self.row_shape else ()
        chunks = self.manifest.chunks[self.row_axes :]
        return np.array([place // chunk for place, chunk in zip(places, chunks, strict=True)], np.int64)

    @cached_property
    def parts(self) -> Indices:
        """The part that each of `columns` belongs to: the first column of the chunks that hold it."""
        if not self.row_shape:
            return np.zeros(len(self.columns), np.int64)
        starts = self._blocks * np.array(self.manifest.chunks[self.row_axes :])[:, None]
        return np.asarray(np.ravel_multi_index(tuple(starts), self.row_shape), np.int64)

    def chunks_of(self, parts: set[int], rows: int) -> Indices:
        """Numbers of the chunks that hold the first so many rows of some parts, ascending."""
        counts = grid(self.manifest)[self.row_axes :]
        within = np.ravel_multi_index(tuple(self._blocks), counts) if counts else np.zeros_like(self.columns)
        chosen = np.unique(within[np.isin(self.parts, sorted(parts))])
        height = -(-rows // self.manifest.chunks[0]) if self.row_axes else min(rows, 1)
        return np.asarray(np.arange(height)[:, None] * prod(counts) + chosen, np.int64).reshape(-1)

    @property
    def has_points(self) -> bool:
        """Whether the rows come from Sobol' points, which are not independent."""
        return any("points" in sample for sample in self.manifest.samples)

    def name(self, column: int) -> str:
        """Name of a column, by its number; its number where it has none."""
        if not self.row_shape:
            return "the numbers"
        layout = self.manifest.array
        dims = layout.dimensions[self.row_axes :]
        label = Event(self.row_shape, dims, tuple(map(layout.axis_labels.get, dims))).label(column)
        return f"column {column:,}" if label is None else label

    def left_out(self) -> list[str]:
        """What is not looked at, a sentence each."""
        sentences = []
        if len(self.columns) < self.ncolumns:
            columns = plural(self.ncolumns, "column", ",")
            sentences.append(f"All but {len(self.columns)} of {columns}, evenly chosen.")
        if self.has_points:
            sentences.append(
                "Tests along the rows: none, since they are made for independent rows, and these come from Sobol' "
                "points. Intervals are those of as many independent rows: these estimates are off by less."
            )
        return sentences
