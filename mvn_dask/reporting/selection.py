"""What of a store is looked at: chosen before a number is read, so that what is kept has a bound.

Variables are chosen evenly over all of them. Rows are numbered in the order in which they lie in the store, chunk
after chunk; for a sample of shape (n, d) that is the order of the rows.
"""

from dataclasses import dataclass
from functools import cached_property
from math import ceil, prod

import numpy as np
import numpy.typing as npt

from mvn_dask.store.format.layout import chunk_index, chunk_window
from mvn_dask.store.format.manifest import Manifest

Indices = npt.NDArray[np.int64]

MOST_COLUMNS = 2**14
"""Variables whose mean and variance are taken, at most."""
MOST_FOLLOWED = 512
"""Variables whose mean is followed over the rows, at most."""
MOST_PAIRED = 128
"""Variables whose correlations are taken, at most."""
MOST_BINNED = 32
"""Variables of which a histogram is made, at most."""
MOST_SEGMENTS = 128
"""Stretches of rows whose means are kept, at most."""
SHORTEST = 16
"""Rows of a stretch, at least."""
ROW, NUMBER, PRODUCT = 20.0, 3.5, 0.04
"""Nanoseconds that the distance of a row takes, about: for itself, for each variable, and for each product of these."""
FAIR = 2.0
"""Nanoseconds for each variable of a row, about, that may go into distances: as reading it takes."""
SHORT = 5e8
"""Nanoseconds that are no reason to leave rows out."""


@dataclass(frozen=True)
class Place:
    """Where a chunk lies."""

    first: int
    """Number of its first row."""
    rows: int
    """How many rows it has."""
    low: int
    """Its first variable."""
    high: int
    """The variable after its last."""


@dataclass(frozen=True)
class Selection:
    """What of a store is looked at. All indices ascend."""

    record: Manifest
    """What the store holds."""
    noise_ndim: int
    """Number k of independent normals behind a row."""
    diagonal: bool
    """Whether the factor is, so that a row costs O(d)."""

    @property
    def ndim(self) -> int:
        """Number d of variables."""
        return self.record.shape[-1]

    @property
    def rows(self) -> int:
        """Number of rows."""
        return prod(self.record.shape[:-1])

    @cached_property
    def columns(self) -> Indices:
        """Variables whose mean and variance are taken."""
        return evenly(self.ndim, MOST_COLUMNS)

    @cached_property
    def followed(self) -> Indices:
        """Those whose mean is followed, as positions in `columns`."""
        return evenly(len(self.columns), MOST_FOLLOWED)

    @cached_property
    def paired(self) -> Indices:
        """Those whose correlations are taken, as positions in `columns`."""
        return evenly(len(self.columns), MOST_PAIRED)

    @cached_property
    def binned(self) -> Indices:
        """Those of which a histogram is made, as positions in `columns`."""
        return evenly(len(self.columns), MOST_BINNED)

    @property
    def segments(self) -> int:
        """Stretches of about equally many rows."""
        return max(1, min(MOST_SEGMENTS, self.rows // SHORTEST))

    @property
    def cut(self) -> bool:
        """Whether chunks are cut along the variables, so that none holds whole rows."""
        return self.record.chunks[-1] < self.ndim

    @property
    def stride(self) -> int:
        """Distances are taken of each row whose number this divides; 0 if of none."""
        if self.cut:
            return 0
        cost = ROW + self.ndim * (NUMBER + PRODUCT * (0 if self.diagonal else self.noise_ndim))
        return max(1, min(ceil(cost / (FAIR * self.ndim)), int(cost * self.rows / SHORT)))

    @cached_property
    def together(self) -> npt.NDArray[np.bool_]:
        """Which pairs of `paired` lie in the same chunks, shape (pairs, pairs)."""
        part = self.columns[self.paired] // self.record.chunks[-1]
        return np.equal.outer(part, part)

    def place(self, number: int) -> Place:
        """Where a chunk lies, by its number in C order."""
        *rows, columns = chunk_window(self.record, chunk_index(self.record, number))
        shape = self.record.shape
        lengths = [axis.stop - axis.start for axis in rows]
        first = sum(
            prod(lengths[:axis]) * rows[axis].start * prod(shape[axis + 1 : len(rows)]) for axis in range(len(rows))
        )
        return Place(first, prod(lengths), columns.start, columns.stop)

    def segment(self, rows: Indices) -> Indices:
        """Stretch in which rows lie."""
        return rows * self.segments // self.rows

    @cached_property
    def starts(self) -> Indices:
        """First row of each stretch, and the row after the last, shape (segments + 1,)."""
        return -(-np.arange(self.segments + 1, dtype=np.int64) * self.rows // self.segments)

    def left_out(self) -> list[str]:
        """What is not looked at, in words."""
        told = []
        for chosen, what in (
            (self.columns, "means, standard deviations"),
            (self.followed, "running means"),
            (self.paired, "correlations"),
            (self.binned, "histograms"),
        ):
            if len(chosen) < self.ndim:
                told.append(f"{what[0].upper()}{what[1:]}: {len(chosen):,} of {self.ndim:,} variables, evenly chosen.")
        if self.cut:
            told.append(
                f"Distances: none, since no chunk holds whole rows; a chunk has {self.record.chunks[-1]:,} of "
                f"{self.ndim:,} variables. Correlations: only of variables that lie in the same chunks."
            )
        elif self.stride > 1:
            told.append(f"Distances: of one row in {self.stride}, so that they take no longer than the rest.")
        return told


def evenly(count: int, most: int) -> Indices:
    """Numbers below `count`, at most so many, evenly spread.

    Examples
    --------
    >>> evenly(4, 10), evenly(10, 4)
    (array([0, 1, 2, 3]), array([0, 2, 5, 7]))
    """
    chosen = min(count, most)
    return np.arange(chosen, dtype=np.int64) * count // max(1, chosen)
