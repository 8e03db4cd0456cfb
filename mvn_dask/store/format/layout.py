"""Chunks in storage: their keys, and their bytes.

Input: a manifest and blocks, or the bytes of a chunk. Output: the bytes, or the numbers. Cost: a crc32c of the bytes,
and a copy of blocks that are padded.

A chunk is its numbers, little-endian in C order, padded at the edge of the array, and their crc32c: what Zarr's codecs
``bytes`` and ``crc32c`` write. A shard is a row of such inner chunks and, at its end, the offset and size of each, with
a crc32c of their own: Zarr's codec ``sharding_indexed``. Zarr's own pipeline makes two copies, which took longer than
drawing and writing together; a test compares the bytes with those that Zarr writes.
"""

import operator
from collections.abc import Sequence
from math import prod
from typing import Any

import numpy as np
import numpy.typing as npt
from crc32c import crc32c

from mvn_dask.errors import ArgumentError, ArgumentTypeError, DamagedChunkError, UnfinishedStoreError
from mvn_dask.readable import plural, short_repr
from mvn_dask.store.format.manifest import Manifest
from mvn_dask.store.format.ways_out import by_repair, go_on
from mvn_dask.store.storage.base import NO_PLAIN_FILE, Buffer, ByteArray, Entry, Storage

CHECKSUM_BYTES = 4
"""What crc32c adds to an inner chunk, and to the index of a shard."""
INDEX_BYTES = 16
"""Offset and size of an inner chunk in the index of a shard, both uint64."""

Index = tuple[int, ...]
"""Number of a chunk along each axis."""


def grid(manifest: Manifest) -> Index:
    """Number of chunks along every axis."""
    return tuple(-(-n // chunk) for n, chunk in zip(manifest.shape, manifest.chunks, strict=True))


def chunk_count(manifest: Manifest) -> int:
    """Number of chunks."""
    return prod(grid(manifest))


def chunk_index(manifest: Manifest, number: int) -> Index:
    """Chunk of that number, counted in C order."""
    return tuple(int(step) for step in np.unravel_index(number, grid(manifest))) if manifest.shape else ()


def chunk_number(manifest: Manifest, index: Sequence[int]) -> int:
    """Number of a chunk, counted in C order; the inverse of `chunk_index`."""
    number = 0
    # numpy's ravel_multi_index takes one axis less than its arrays may have.
    for step, count in zip(map(operator.index, index), grid(manifest), strict=True):
        if not 0 <= step < count:
            raise ValueError(f"there is no chunk {tuple(index)}")
        number = number * count + step
    return number


def part_range(part: object, count: int) -> tuple[int, int]:
    """The numbers of the chunks that part (i, n) of a store writes: from the first one on, up to the second.

    Examples
    --------
    >>> [part_range((i, 3), 10) for i in range(3)]
    [(0, 3), (3, 6), (6, 10)]
    """
    if part is None:
        return 0, count
    pair = tuple(part) if isinstance(part, (tuple, list)) else ()
    if len(pair) != 2 or not all(isinstance(n, (int, np.integer)) and not isinstance(n, bool) for n in pair):
        raise ArgumentTypeError(f"`part` must be a pair of integers (i, n), not {short_repr(part)}")
    i, n = map(int, pair)
    if not 0 <= i < n < 2**63:
        raise ArgumentError(f"`part` must be (i, n) with 0 <= i < n < 2**63: it is {short_repr((i, n))}")
    return i * count // n, (i + 1) * count // n


def chunk_key(manifest: Manifest, index: Sequence[int]) -> str:
    """Key of a chunk."""
    return "/".join([manifest.array.name, "c", *map(str, index)])


def chunk_window(manifest: Manifest, index: Sequence[int]) -> tuple[slice, ...]:
    """The part of the array that is a chunk."""
    return tuple(
        slice(number * step, min((number + 1) * step, length))
        for number, step, length in zip(index, manifest.chunks, manifest.shape, strict=True)
    )


def chunk_shape(manifest: Manifest, index: Sequence[int]) -> tuple[int, ...]:
    """Shape of a chunk's part of the array, without the padding."""
    return tuple(axis.stop - axis.start for axis in chunk_window(manifest, index))


def fill_value(dtype: np.dtype[Any]) -> Any:
    """The fill value: NaN, or 0 where there is none."""
    return dtype.type(np.nan if dtype.kind in "fc" else 0)


def inner_chunk_count(manifest: Manifest) -> int:
    """Inner chunks of a chunk: one, unless it is a shard."""
    return prod(manifest.chunks) // prod(manifest.array.inner_chunks or manifest.chunks)


def chunk_bytes(manifest: Manifest) -> int:
    """Size of every chunk's file, in bytes; one at the edge is padded to full size."""
    numbers = prod(manifest.chunks) * manifest.dtype.itemsize
    if manifest.array.inner_chunks is None:
        return numbers + CHECKSUM_BYTES
    return numbers + inner_chunk_count(manifest) * (CHECKSUM_BYTES + INDEX_BYTES) + CHECKSUM_BYTES


def encode(manifest: Manifest, block: npt.NDArray[Any]) -> list[Buffer]:
    """The bytes of a chunk, one after the other, without a copy of the numbers where there is nothing to pad."""
    whole = block
    if block.shape != manifest.chunks:
        whole = np.full(manifest.chunks, fill_value(manifest.dtype))
        whole[tuple(map(slice, block.shape))] = block
    numbers = np.ascontiguousarray(whole, manifest.dtype.newbyteorder("<")).reshape(-1).view(np.uint8)
    buffers: list[Buffer] = []
    # Inner chunks divide the first axis that is longer than 1, so each is one range of the numbers.
    for inner in numbers.reshape(inner_chunk_count(manifest), -1):
        buffers += [inner.data, _checksum(inner)]
    if manifest.array.inner_chunks is not None:
        buffers.append(_shard_index(manifest))
    return buffers


def _shard_index(manifest: Manifest) -> bytes:
    """Offset and size of every inner chunk of a shard, and the checksum of that."""
    count = inner_chunk_count(manifest)
    size = prod(manifest.array.inner_chunks or ()) * manifest.dtype.itemsize + CHECKSUM_BYTES
    index = np.empty((count, 2), "<u8")
    index[:, 0] = np.arange(count, dtype=np.uint64) * np.uint64(size)
    index[:, 1] = size
    return index.tobytes() + _checksum(index.reshape(-1).view(np.uint8))


def _checksum(numbers: ByteArray) -> bytes:
    # Not google-crc32c, which holds Python's lock meanwhile.
    return crc32c(numbers.data).to_bytes(CHECKSUM_BYTES, "little")


def chunk_fault(manifest: Manifest, content: ByteArray) -> str | None:
    """What is wrong with the bytes of a chunk, if anything."""
    if len(content) != chunk_bytes(manifest):
        return f"wrong size: {plural(len(content), 'byte')}, not {chunk_bytes(manifest)}"
    count = inner_chunk_count(manifest)
    body = content
    if manifest.array.inner_chunks is not None:
        body, index = np.split(content, [len(content) - count * INDEX_BYTES - CHECKSUM_BYTES])
        if index.tobytes() != _shard_index(manifest):
            return "the shard's index differs"
    for number, inner in enumerate(body.reshape(count, -1)):
        if _checksum(inner[:-CHECKSUM_BYTES]) != inner[-CHECKSUM_BYTES:].tobytes():
            return "the checksum differs" if count == 1 else f"the checksum of inner chunk {number} differs"
    return None


def decode(manifest: Manifest, index: Sequence[int], content: ByteArray) -> npt.NDArray[Any]:
    """The numbers of a chunk without its padding; the bytes must have no `chunk_fault`."""
    count = inner_chunk_count(manifest)
    size = prod(manifest.chunks) * manifest.dtype.itemsize // count
    body = content[: count * (size + CHECKSUM_BYTES)].reshape(count, -1)[:, :size]
    numbers = np.ascontiguousarray(body).reshape(-1).view(manifest.dtype.newbyteorder("<"))
    whole = numbers.astype(manifest.dtype, copy=False).reshape(manifest.chunks)
    return whole[tuple(map(slice, chunk_shape(manifest, index)))]


def read_chunk(storage: Storage, manifest: Manifest, index: Sequence[int]) -> npt.NDArray[Any]:
    """The numbers of a chunk; UnfinishedStoreError if it is gone, DamagedChunkError if its size or checksum differs."""
    entry = storage.entry(chunk_key(manifest, index))
    if entry is None:
        raise _missing(_name(storage, index), manifest)
    return read_entry(storage, manifest, index, entry)


def read_entry(storage: Storage, manifest: Manifest, index: Sequence[int], entry: Entry) -> npt.NDArray[Any]:
    """The same of a chunk that was found; `entry` is what was found."""
    name = _name(storage, index)
    if not is_whole(manifest, entry):
        size = f"it has {plural(entry.size, 'byte')}, not {chunk_bytes(manifest)}"
        raise _damaged(name, size if entry.regular else NO_PLAIN_FILE, manifest)
    try:
        content = storage.read(chunk_key(manifest, index))
    except FileNotFoundError:  # it went since, or a repository refers to what somebody has deleted
        raise _missing(name, manifest) from None
    fault = chunk_fault(manifest, content)
    if fault is not None:
        raise _damaged(name, fault, manifest)
    return decode(manifest, index, content)


def _name(storage: Storage, index: Sequence[int]) -> str:
    return f"chunk {tuple(index)} of {storage}"


def _missing(name: str, manifest: Manifest) -> UnfinishedStoreError:
    return UnfinishedStoreError(f"{name} is missing", advice=go_on(manifest))


def _damaged(name: str, fault: str, manifest: Manifest) -> DamagedChunkError:
    return DamagedChunkError(f"{name}: {fault}", advice=by_repair(manifest, "draws it again"))


def is_whole(manifest: Manifest, entry: Entry) -> bool:
    """Whether it is a plain file of exactly the size of a chunk."""
    return entry.regular and entry.size == chunk_bytes(manifest)
