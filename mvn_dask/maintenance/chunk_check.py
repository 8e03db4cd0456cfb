"""The work of reading chunks and comparing them with their checksums, and with the sample drawn again.

Input: numbers of chunks. Output: a `ChunkCheck`. Cost: a read and a checksum of each; and drawing a stripe, or all of
its rows.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from mvn_dask.execution import cancellation
from mvn_dask.execution.block_counts import count_block
from mvn_dask.execution.ranges import BlockNumbers
from mvn_dask.readable import plural
from mvn_dask.sampling.replay import Replay
from mvn_dask.store.format import layout
from mvn_dask.store.format.layout import Index, chunk_bytes, chunk_index
from mvn_dask.store.format.manifest import Manifest
from mvn_dask.store.storage.base import Storage


@dataclass(frozen=True)
class ChunkCheck:
    """What was found in some chunks."""

    faults: Mapping[int, str]
    """Chunks that are bad, by their numbers, and why."""
    numbers_compared: int
    """Numbers that were drawn again and compared."""


@dataclass(frozen=True)
class CheckChunks:
    """Reads chunks, and compares them."""

    storage: Storage
    """Storage of the store."""
    manifest: Manifest
    """What the chunks should be."""
    replay: Replay | None
    """Draws them again, at level "values"."""
    full: bool
    """Compare every row, and not just a stripe of each chunk."""

    def __call__(self, numbers: BlockNumbers) -> list[ChunkCheck]:
        """One result for all of these chunks."""
        faults, compared = {}, 0
        for number in numbers.tolist():
            cancellation.exit_if_cancelled()
            fault, count = self._check(chunk_index(self.manifest, number))
            compared += count
            if fault is not None:
                faults[number] = fault
            count_block()
        return [ChunkCheck(faults, compared)]

    def remaining(self, numbers: BlockNumbers) -> BlockNumbers:
        """All of them: what a dead worker found is lost."""
        return numbers

    def describe_cost(self) -> str:
        return f"a chunk takes {plural(chunk_bytes(self.manifest), 'byte')}"

    def _check(self, index: Index) -> tuple[str | None, int]:
        """What is wrong with a chunk, if anything, and how many numbers of it were compared."""
        try:
            content = self.storage.read(layout.chunk_key(self.manifest, index))
        except FileNotFoundError:
            return "missing", 0
        fault = layout.chunk_fault(self.manifest, content)
        if fault is not None or self.replay is None:
            return fault, 0
        stored, compared = layout.decode(self.manifest, index, content), 0
        # A sample may overflow, so that infinities are no fault by themselves: then all rows are drawn, to see.
        odd = stored.size - int(np.count_nonzero(np.isfinite(stored)))
        window = layout.chunk_window(self.manifest, index)
        event = len(stored.shape) - self.manifest.array.event_axes
        for (steps, rows), expected in self.replay.parts(window, self.manifest.event.shape, full=self.full or odd > 0):
            found = stored[steps].reshape(-1, *stored.shape[event:])[rows]
            compared += found.size
            if not _same_bits(found, expected):
                return _describe_difference(found, expected, odd), compared
        return None, compared


def _same_bits(one: npt.NDArray[Any], other: npt.NDArray[Any]) -> bool:
    # As integers: for numbers -0.0 is 0.0, and NaN is not NaN.
    words = np.dtype(f"u{one.itemsize}")
    return np.array_equal(np.ascontiguousarray(one).view(words), np.ascontiguousarray(other).view(words))


def _describe_difference(found: npt.NDArray[Any], expected: npt.NDArray[Any], odd: int) -> str:
    different = int(np.count_nonzero((found != expected) & ~(np.isnan(found) & np.isnan(expected))))
    with np.errstate(all="ignore"):
        # numpy's nanmax warns where all is NaN, in a way that `errstate` does not silence.
        largest = float(np.fmax.reduce(np.abs(found - expected), axis=None) / np.abs(expected).max())
    text = f"the values differ: {different} of {expected.size} compared, by up to {largest:.1e} of the largest"
    return text + (f"; {plural(odd, 'number')} of the chunk are NaN or infinite" if odd else "")
