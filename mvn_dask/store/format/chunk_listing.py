"""Which chunks of a store are there.

Input: storage and a manifest. Output: entries of chunks, or which numbers are missing, as an array of bits. Cost: by
what lies there, and not by what the manifest claims, beyond a byte a chunk, of which there are `MAX_CHUNKS` at most: in
an object store a listing; in a folder the names of every folder that more than `PROBED` chunks may lie below, and an
`lstat` for each chunk of the others, so at most `PROBED` for a folder that is there.
"""

import operator
import re
from collections.abc import Iterator
from math import prod

import numpy as np
import numpy.typing as npt

from mvn_dask.store.format.layout import Index, chunk_key, chunk_number, grid, is_whole
from mvn_dask.store.format.manifest import Manifest
from mvn_dask.store.storage.base import Entry, Storage

PROBED = 256
"""Chunks below a folder, up to which each is looked for; where there may be more, the folder is listed first."""

_KEY = re.compile(r"c(/(0|[1-9][0-9]*))*")
_NUMBER = re.compile("0|[1-9][0-9]{0,7}")

Bits = npt.NDArray[np.bool_]
"""A byte, zero or one, for each chunk; shape (chunks,)."""


def parse_key(manifest: Manifest, key: str) -> Index | None:
    """The chunk of a key, or None if it is no chunk's key."""
    index = _numbers(manifest, key)
    return index if index is not None and len(index) == len(manifest.shape) else None


def is_chunk_folder(manifest: Manifest, key: str) -> bool:
    """Whether a key is that of a folder that chunks lie in."""
    index = _numbers(manifest, key)
    return index is not None and len(index) < len(manifest.shape)


def _numbers(manifest: Manifest, key: str) -> Index | None:
    """Numbers of chunks along the first axes, where a key is made of them."""
    folder = f"{manifest.array.name}/"
    if not key.startswith(folder) or not _KEY.fullmatch(key, len(folder)):
        return None
    index, counts = tuple(map(int, key.split("/")[2:])), grid(manifest)
    return index if len(index) <= len(counts) and all(map(operator.lt, index, counts)) else None


def chunk_entries(storage: Storage, manifest: Manifest, start: int, stop: int) -> Iterator[tuple[int, Entry]]:
    """Numbers and entries of the chunks of these numbers, where there are any."""
    if not storage.prefers_listing:
        for index in _found(storage, manifest, (), start, stop):
            entry = storage.entry(chunk_key(manifest, index))
            if entry is not None:
                yield chunk_number(manifest, index), entry
        return
    # Not only below "c": the one chunk of an array without axes is named so.
    for entry in storage.entries(manifest.array.name):
        index_of_key = parse_key(manifest, entry.key)
        if index_of_key is not None and start <= (number := chunk_number(manifest, index_of_key)) < stop:
            yield number, entry


def _found(storage: Storage, manifest: Manifest, index: Index, start: int, stop: int) -> Iterator[Index]:
    """Indices of chunks that may be there, of these numbers below a folder, whose chunks are numbered from 0."""
    if start >= stop:
        return
    counts = grid(manifest)
    if len(index) == len(counts):
        yield index
        return
    step = prod(counts[len(index) + 1 :])
    first, last = start // step, min(counts[len(index)], -(-stop // step))
    numbers: npt.NDArray[np.int64] | range = range(first, last)
    # By the chunks below it, not by the names in it: axes of 200 numbers each multiply, and where a folder is missing
    # the search must end there, whatever its manifest claims.
    if stop - start > PROBED:
        names = (int(name) for name in storage.names(chunk_key(manifest, index)) if _NUMBER.fullmatch(name))
        listed = np.fromiter(names, np.int64)
        numbers = np.sort(listed[(listed >= first) & (listed < last)])
    for number in map(int, numbers):
        below = number * step
        yield from _found(storage, manifest, (*index, number), max(0, start - below), min(step, stop - below))


def missing_bits(storage: Storage, manifest: Manifest, start: int, stop: int) -> Bits:
    """Whether the chunks of these numbers are missing, from `start` up to `stop`."""
    missing = np.ones(stop - start, np.bool_)
    for number, entry in chunk_entries(storage, manifest, start, stop):
        missing[number - start] = not is_whole(manifest, entry)
    return missing


def missing_count(storage: Storage, manifest: Manifest, start: int, stop: int) -> int:
    """How many of the chunks of these numbers are missing."""
    return int(np.count_nonzero(missing_bits(storage, manifest, start, stop)))


def missing_numbers(storage: Storage, manifest: Manifest, start: int, stop: int) -> npt.NDArray[np.int64]:
    """Numbers of missing chunks, from `start` up to `stop`."""
    return start + np.flatnonzero(missing_bits(storage, manifest, start, stop)).astype(np.int64, copy=False)
