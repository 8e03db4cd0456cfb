"""One pass over the chunks of a store, for any statistics.

Input: a finished store, and statistics of rows that are derived from its chunks. Output: their results, with the same
bits for any scheduler, any order and any worker that is killed. Cost: each chunk is read once, and its checksum
compared; a thread holds one chunk at a time, and the nodes of a range of chunks travel to the client.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np

from mvn_dask._typing import ArrayLoader
from mvn_dask.covariance.blas import one_thread
from mvn_dask.execution import cancellation
from mvn_dask.execution.block_counts import count_block
from mvn_dask.execution.client import thread_count
from mvn_dask.execution.engine import run
from mvn_dask.execution.progress import Progress
from mvn_dask.execution.ranges import BlockNumbers, range_size
from mvn_dask.readable import plural
from mvn_dask.statistics.base import Indices, Rows, Statistic
from mvn_dask.statistics.forest import Forest
from mvn_dask.store.format.layout import chunk_bytes, chunk_count, chunk_index, chunk_window
from mvn_dask.store.format.manifest import Manifest
from mvn_dask.store.reading import Stored

SCAN_RANGES_PER_THREAD = 16
"""Ranges of chunks for each thread, about: nodes come back from each."""

Forests = dict[tuple[int, int], Forest[Any, Any]]
"""By the numbers of an input and of a part of it."""


@dataclass(frozen=True)
class ChunkRange:
    """Rows and columns of a chunk; rows are numbered as they lie in the store, chunk after chunk."""

    number: int
    """Number of the chunk, in C order."""
    first: int
    """Number of its first row."""
    rows: int
    """How many rows it has."""
    low: int
    """Number of its first variable."""
    lengths: tuple[int, ...]
    """Its lengths along the axes of a draw."""

    def columns_of(self, variables: Indices, event_shape: tuple[int, ...]) -> Indices:
        """The columns of some of its variables, where its rows are those of a matrix."""
        if not event_shape:
            return variables  # one number a row
        pairs = zip(np.unravel_index(variables, event_shape), np.unravel_index(self.low, event_shape), strict=True)
        return np.ravel_multi_index(tuple(place - first for place, first in pairs), self.lengths)


def chunk_range(manifest: Manifest, number: int, row_axes: int | None = None) -> ChunkRange:
    """Rows and columns of a chunk, by its number; so many of the first axes, by default those of a sample, are rows."""
    axes = len(manifest.size) if row_axes is None else row_axes
    window, size = chunk_window(manifest, chunk_index(manifest, number)), manifest.shape[:axes]
    rows, event = window[:axes], window[axes:]
    heights = [axis.stop - axis.start for axis in rows]
    # Before a chunk lie, for each axis, all rows of lower indices along it, within the chunk's indices along axes
    # before. (4, 5) rows in chunks of (2, 3): chunk (1, 1) begins at row 2 · 5 + 2 · 3 = 16.
    first = sum(prod(heights[:axis]) * rows[axis].start * prod(size[axis + 1 :]) for axis in range(len(rows)))
    return ChunkRange(number, first, prod(heights), *_columns(manifest.shape[axes:], event))


def _columns(shape: tuple[int, ...], event: Sequence[slice]) -> tuple[int, tuple[int, ...]]:
    """The first variable of a window along the axes of a draw, and its lengths."""
    low = int(np.ravel_multi_index(tuple(axis.start for axis in event), shape)) if shape else 0
    return low, tuple(axis.stop - axis.start for axis in event)


@dataclass(frozen=True, eq=False)
class ScanInput(ABC):
    """An array that is derived from the chunks of a store, row by row, and the statistic of it."""

    rows: int
    """Rows of the derived array."""
    leaf_rows: int
    """Rows of a leaf."""

    def part(self, chunk: ChunkRange) -> int:
        """Number of the part that a chunk belongs to: chunks of other variables are other arrays."""
        return chunk.low

    @abstractmethod
    def statistic(self, part: int) -> Statistic[Any, Any]:
        """The statistic of a part."""

    @abstractmethod
    def derive(self, chunk: ChunkRange, rows: Rows) -> Iterator[tuple[int, Rows]]:
        """Derived rows, and the number of the first of them, in pieces."""


@dataclass(frozen=True)
class Scan:
    """Reads chunks, and computes nodes of what is derived from them."""

    stored: Stored
    """The store."""
    inputs: tuple[ScanInput, ...]
    """What is computed."""
    row_axes: int
    """How many of the first axes are rows."""

    def __call__(self, numbers: BlockNumbers) -> list[Forests]:
        """The nodes of these chunks."""
        forests: Forests = {}
        for number in numbers.tolist():
            cancellation.exit_if_cancelled()
            # Without a name here, which would keep the chunk while the next one is read.
            index = chunk_index(self.stored.manifest, number)
            self.add(forests, chunk_range(self.stored.manifest, number, self.row_axes), self.stored.read(index))
            count_block()
        return [forests]

    def remaining(self, numbers: BlockNumbers) -> BlockNumbers:
        """All: what a dead worker computed is lost."""
        return numbers

    def describe_cost(self) -> str:
        """Bytes of a chunk."""
        size = plural(chunk_bytes(self.stored.manifest), "byte")
        return f"a chunk takes {size}, and what is derived from its rows at a time"

    def add(self, forests: Forests, chunk: ChunkRange, block: Rows) -> None:
        """Add one chunk."""
        rows = block.reshape(chunk.rows, prod(chunk.lengths))
        # One thread of BLAS: its sums depend on how many there are.
        with one_thread():
            for number, each in enumerate(self.inputs):
                for first, derived in each.derive(chunk, rows):
                    part = each.part(chunk)
                    if (number, part) not in forests:
                        forests[number, part] = Forest(each.statistic(part), each.rows, each.leaf_rows)
                    forests[number, part].add(first, derived)

    def results(self, forests: Forests) -> list[dict[int, Any]]:
        """Results by the number of their part, for each input."""
        parts = sorted(forests)
        return [{part: forests[i, part].result() for i, part in parts if i == each} for each in range(len(self.inputs))]


def scan(
    stored: Stored,
    inputs: Sequence[ScanInput],
    loaders: Mapping[str, ArrayLoader],
    *,
    row_axes: int | None = None,
    numbers: BlockNumbers | None = None,
) -> list[dict[int, Any]]:
    """Results by the number of their part, for each input, on dask's current scheduler.

    `loaders` load arrays of the inputs on workers, by their digests. Where inputs do not look at all rows, `numbers`
    are those of the chunks that have the others.
    """
    manifest = stored.manifest
    work = Scan(stored, tuple(inputs), len(manifest.size) if row_axes is None else row_axes)
    forests: Forests = {}
    if numbers is None:
        numbers = np.arange(chunk_count(manifest) if prod(manifest.shape) else 0, dtype=np.int64)
    size = max(1, min(range_size(chunk_bytes(manifest)), len(numbers) // (SCAN_RANGES_PER_THREAD * thread_count())))
    with Progress(len(numbers), "chunk", chunk_bytes(manifest)) as progress:
        for found in run(work, numbers, size, progress, loaders):
            with one_thread():
                for key, forest in found.items():
                    if forests.setdefault(key, forest) is not forest:
                        forests[key].merge(forest)
    if not len(numbers):
        _add_no_rows(work, forests)
    return work.results(forests)


def _add_no_rows(work: Scan, forests: Forests) -> None:
    """Add an empty chunk of every part."""
    manifest, axes = work.stored.manifest, work.row_axes
    event, chunks = manifest.shape[axes:], manifest.chunks[axes:]
    for index in np.ndindex(*(-(-n // chunk) for n, chunk in zip(event, chunks, strict=True))):
        window = [
            slice(number * chunk, min((number + 1) * chunk, n))
            for number, chunk, n in zip(index, chunks, event, strict=True)
        ]
        low, lengths = _columns(event, window)
        work.add(forests, ChunkRange(0, 0, 0, low, lengths), np.empty((0, *lengths), manifest.dtype))
