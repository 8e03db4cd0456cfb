"""Chunks that are not as they should be, and why.

Input: which chunks are missing, and what is wrong with others. Output: a mapping from index to reason. Cost: a byte a
chunk, and an entry for each that is there and bad: a store may claim ten million chunks, and have none.
"""

from collections.abc import Iterator, Mapping

import numpy as np

from mvn_dask.readable import plural
from mvn_dask.store.format.chunk_listing import Bits
from mvn_dask.store.format.layout import Index, chunk_index, chunk_number
from mvn_dask.store.format.manifest import Manifest

MISSING = "missing"
"""Reason of chunks that are not there."""
STEP = 2**16
"""Chunks of which the numbers are held at a time."""


class BadChunks(Mapping[Index, str]):
    """Indices of bad chunks, in C order, and the reason of each.

    Parameters
    ----------
    manifest : Manifest
        What the chunks are.
    missing : array of bool, shape (chunks,)
        Which are not there.
    reasons : mapping of int to str
        What is wrong with others, by their numbers; one that went meanwhile may be among them.
    """

    def __init__(self, manifest: Manifest, missing: Bits, reasons: Mapping[int, str]) -> None:
        self._manifest = manifest
        self._reasons = dict(reasons)
        self._bits = missing.copy()
        self._bits[list(self._reasons)] = True

    def __repr__(self) -> str:
        return f"{type(self).__name__}({len(self)} of {plural(len(self._bits), 'chunk')})"

    def __reduce__(self) -> tuple[object, ...]:
        return BadChunks, (self._manifest, self._bits, self._reasons)

    def __len__(self) -> int:
        return int(np.count_nonzero(self._bits))

    def __bool__(self) -> bool:
        return bool(self._bits.any())

    def __iter__(self) -> Iterator[Index]:
        for start in range(0, len(self._bits), STEP):
            for number in np.flatnonzero(self._bits[start : start + STEP]).tolist():
                yield chunk_index(self._manifest, start + number)

    def __getitem__(self, index: Index) -> str:
        number = self._number(index)
        if number is None or not self._bits[number]:
            raise KeyError(index)
        return self._reasons.get(number, MISSING)

    def _number(self, index: object) -> int | None:
        if not isinstance(index, tuple) or len(index) != len(self._manifest.shape) or not len(self._bits):
            return None
        try:
            return chunk_number(self._manifest, index)
        except (ValueError, TypeError):  # of another grid, or no integers
            return None
