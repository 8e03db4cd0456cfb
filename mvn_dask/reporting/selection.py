"""Which variables and rows of a store are looked at, so that memory and time have a bound.

Input: shape and chunks of a store. Output: indices of variables, bounds of segments, a stride of rows. Variables are
chosen evenly over all of them.
"""

from dataclasses import dataclass
from functools import cached_property
from math import ceil, prod

import numpy as np
import numpy.typing as npt

from mvn_dask.readable import plural
from mvn_dask.reporting.scan import chunk_range
from mvn_dask.statistics.base import Indices
from mvn_dask.store.format.layout import grid
from mvn_dask.store.format.manifest import Manifest

MOST_COLUMNS = 2**14
"""Variables whose mean and variance are taken, at most."""
MOST_SEGMENTED = 512
"""Variables whose mean is taken in each segment, at most."""
MOST_PAIRED = 128
"""Variables whose correlations are taken, at most."""
MOST_BINNED = 32
"""Variables of which a histogram is made, at most."""
MOST_DENSITIES = 10
"""Variables up to which densities of all pairs are counted."""
MOST_DENSITY_ROWS = 2**20
"""Rows that are counted for it, at most."""
MOST_COMPARED_PARTS = 16
"""Parts of the variables whose rows are compared with one another, at most."""
MOST_SEGMENTS = 64
"""Segments of the rows, at most: a picture still shows each of so many."""
MIN_SEGMENT_ROWS = 16
"""Rows of a segment, at least."""
WHITEN_ROW_NS, WHITEN_NUMBER_NS, WHITEN_PRODUCT_NS = 20.0, 3.5, 0.04
"""Nanoseconds that whitening takes, about: for a row, for each variable, for each product of the factor's solve."""
WHITEN_BUDGET_NS = 2.0
"""Nanoseconds for each number of a store that whitening may take, about: as long as reading it takes."""
WHITEN_FREE_NS = 5e8
"""Nanoseconds of whitening that are no reason to leave rows out."""


@dataclass(frozen=True)
class Selection:
    """What of a store is looked at. All indices ascend."""

    manifest: Manifest
    """What the store holds."""
    parameters: int
    """Numbers that the factor consists of: whitening a row takes about as many products."""

    @property
    def ndim(self) -> int:
        """Number d of variables."""
        return self.manifest.event.ndim

    @property
    def rows(self) -> int:
        """Number of rows."""
        return prod(self.manifest.size)

    @cached_property
    def columns(self) -> Indices:
        """Variables whose mean and variance are taken."""
        return evenly(self.ndim, MOST_COLUMNS)

    @cached_property
    def segmented(self) -> Indices:
        """Those whose mean is taken in each segment, as positions in `columns`."""
        return evenly(len(self.columns), MOST_SEGMENTED)

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
        """Consecutive parts of the rows."""
        return len(self.starts) - 1

    @cached_property
    def chunk_lengths(self) -> tuple[int, ...]:
        """Lengths of a chunk along the axes of a draw."""
        event = self.manifest.event.shape
        return tuple(map(min, self.manifest.chunks[len(self.manifest.size) :], event))

    @property
    def cut(self) -> bool:
        """Whether chunks are cut along the variables, so that none holds whole rows."""
        return self.chunk_lengths != self.manifest.event.shape

    @property
    def has_points(self) -> bool:
        """Whether the rows are Sobol' points, which are not independent."""
        return "points" in self.manifest.samples[0]

    @property
    def stride(self) -> int:
        """Distances are taken of each row whose number this divides; 0 if of none."""
        if self.cut:
            return 0
        cost = WHITEN_ROW_NS + WHITEN_NUMBER_NS * self.ndim + WHITEN_PRODUCT_NS * self.parameters
        return max(1, min(ceil(cost / (WHITEN_BUDGET_NS * self.ndim)), int(cost * self.rows / WHITEN_FREE_NS)))

    @property
    def has_densities(self) -> bool:
        """Whether densities of all pairs are counted."""
        return 2 <= self.ndim <= min(MOST_DENSITIES, len(self.paired)) and not self.cut

    @property
    def pair_stride(self) -> int:
        """Densities of pairs are those of each row whose number this divides."""
        return max(1, ceil(self.rows / MOST_DENSITY_ROWS))

    @cached_property
    def parts(self) -> Indices:
        """The part that each of `columns` belongs to: chunks that hold the same variables, by the first of these."""
        shape = self.manifest.event.shape
        places = zip(np.unravel_index(self.columns, shape), self.chunk_lengths, strict=True)
        return np.ravel_multi_index(tuple(place // length * length for place, length in places), shape)

    @cached_property
    def compared_parts(self) -> Indices:
        """Parts whose rows are compared with one another."""
        parts = np.unique(self.parts)
        return parts[evenly(len(parts), MOST_COMPARED_PARTS)]

    @cached_property
    def together(self) -> npt.NDArray[np.bool_]:
        """Which pairs of `paired` lie in the same chunks, shape (pairs, pairs)."""
        part = self.parts[self.paired]
        return np.equal.outer(part, part)

    @cached_property
    def starts(self) -> Indices:
        """First row of each segment, and the number of rows, shape (segments + 1,).

        Segments are equally many chunks, or equal parts of one, so that a damaged chunk lies in no other segment. Rows
        are numbered as they lie in the store, chunk after chunk.
        """
        if not self.rows:
            return np.zeros(2, np.int64)
        axes, counts = len(self.manifest.size), grid(self.manifest)
        chunks, within = prod(counts[:axes]), prod(counts[axes:])
        most = max(1, min(MOST_SEGMENTS, self.rows // MIN_SEGMENT_ROWS))
        ranges = [chunk_range(self.manifest, number * within) for number in range(0, chunks, -(-chunks // most))]
        parts = max(1, most // chunks)
        starts = [each.first + part * each.rows // parts for each in ranges for part in range(parts)]
        # Small chunks at an edge may have fewer rows than parts.
        return np.unique(np.array([*starts, self.rows], np.int64))

    def row_range(self, segment: int) -> str:
        """Rows of a segment, counted from 0."""
        first, last = int(self.starts[segment]), int(self.starts[segment + 1]) - 1
        return f"rows {first:,} to {last:,}" if last > first else f"row {first:,}"

    def within(self, part: int) -> tuple[Indices, Indices, Indices, Indices]:
        """Positions in `columns`, `segmented`, `paired` and `binned` of a part's variables."""
        chosen = (self.segmented, self.paired, self.binned)
        segmented, paired, binned = (np.flatnonzero(self.parts[each] == part) for each in chosen)
        return np.flatnonzero(self.parts == part), segmented, paired, binned

    def left_out(self) -> list[str]:
        """What is not looked at, a sentence each."""
        chosen = (self.columns, self.segmented, self.paired, self.binned)
        names = ("Means, standard deviations", "Running means", "Correlations", "Histograms")
        sentences = [
            f"{name}: {len(each):,} of {plural(self.ndim, 'variable', ',')}, evenly chosen."
            for name, each in zip(names, chosen, strict=True)
            if len(each) < self.ndim
        ]
        if (some := len(self.compared_parts)) < (parts := len(np.unique(self.parts))):
            every = plural(parts, "chunk", ",")
            sentences.append(f"Repeated rows: of variables in {some:,} of {every} along the variables, evenly chosen.")
        if self.has_densities and self.pair_stride > 1:
            sentences.append(f"Densities of pairs: of one row in {self.pair_stride:,}: a picture shows no more.")
        if self.has_points:
            sentences.append(
                "Tests, quantile plots, blocks of rows and running means: none, since they are made for independent "
                "rows, and these are Sobol' points. Standard errors are those of as many independent "
                "rows: these are off by less."
            )
        if self.cut:
            sentences.append(
                f"Distances: none, since no chunk holds whole rows; a chunk has {prod(self.chunk_lengths):,} of "
                f"{plural(self.ndim, 'variable', ',')}. Correlations: only of variables that lie in the same chunks."
            )
        elif self.stride > 1:
            sentences.append(f"Distances: of one row in {self.stride}, so that they take no longer than the rest.")
        return sentences


def evenly(count: int, most: int) -> Indices:
    """Numbers below `count`, at most so many, evenly spread.

    >>> evenly(4, 10), evenly(10, 4)
    (array([0, 1, 2, 3]), array([0, 2, 5, 7]))
    """
    chosen = min(count, most)
    return np.arange(chosen, dtype=np.int64) * count // max(1, chosen)
