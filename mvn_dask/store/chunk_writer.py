"""The work of writing: blocks of an array to their chunks."""

import uuid
from dataclasses import dataclass
from typing import Any

import dask.array as da
import numpy as np
import numpy.typing as npt

from mvn_dask.errors import AlignmentError, StoreError
from mvn_dask.execution.blocks import Blocks
from mvn_dask.execution.client import thread_count
from mvn_dask.execution.engine import run, run_whole
from mvn_dask.execution.progress import Progress
from mvn_dask.execution.ranges import BlockNumbers, range_size
from mvn_dask.store.format.layout import (
    Index,
    chunk_bytes,
    chunk_count,
    chunk_index,
    chunk_key,
    chunk_number,
    chunk_shape,
    encode,
    is_whole,
)
from mvn_dask.store.format.manifest import Manifest, is_unchanged
from mvn_dask.store.format.parameters import parameter_loaders
from mvn_dask.store.storage.base import Storage

MANY = 4
"""Blocks for each thread, from which on it does not matter that a single one is made in one thread."""


@dataclass(frozen=True)
class ChunkWriter:
    """Writes chunks into a store, as long as it is the one that the job began."""

    storage: Storage
    """Where the store lies."""
    manifest: Manifest
    """What it holds."""
    identity: str
    """Identity of the manifest that must be there: that of `manifest`, except while a store is extended."""

    def write(self, index: Index, block: npt.NDArray[Any]) -> None:
        """One block to its chunk.

        Raises
        ------
        AlignmentError
            If the block has another shape than the array promised.
        StoreError
            If the store is not there, or was overwritten meanwhile.
        """
        with self.storage.task_session():
            if not is_unchanged(self.storage, self.identity):
                raise StoreError(f"{self.storage} was overwritten while a job was writing to it")
            expected = chunk_shape(self.manifest, index)
            if block.shape != expected:
                raise AlignmentError(f"block {index} has the shape {block.shape}, and its array says {expected}")
            self.storage.write(chunk_key(index), encode(self.manifest, np.asarray(block, self.manifest.dtype)))
            if not self.storage.has_locks and not is_unchanged(self.storage, self.identity):
                # It may have been sent after the new store had begun: a missing chunk is noticed, a wrong one is not.
                self.storage.delete(chunk_key(index))
                raise StoreError(f"{self.storage} was overwritten while a job was writing to it")


@dataclass(frozen=True)
class WriteChunks:
    """Draws blocks and writes their chunks."""

    blocks: Blocks
    """What is drawn."""
    chunks: ChunkWriter
    """Where it goes."""
    rewrite: bool
    """Write chunks that are there as well."""

    def __call__(self, numbers: BlockNumbers) -> tuple[()]:
        """Draw and write, one block at a time."""
        wanted = numbers.tolist()
        if not (self.rewrite or self.chunks.storage.prefers_listing):
            # Another job may have been here, or this task on a worker that died.
            wanted = [number for number in wanted if not self._present(number)]
        for number, block in self.blocks.compute(wanted):
            self.chunks.write(chunk_index(self.chunks.manifest, number), block)
        return ()

    def remaining(self, numbers: BlockNumbers) -> BlockNumbers:
        """Blocks whose chunks are not there; all of them where chunks are written anew."""
        return numbers if self.rewrite else numbers[[not self._present(number) for number in numbers.tolist()]]

    def describe_cost(self) -> str:
        """Bytes of a block."""
        return f"a block takes {chunk_bytes(self.chunks.manifest)} bytes, and what is made on the way to it"

    def _present(self, number: int) -> bool:
        entry = self.chunks.storage.entry(chunk_key(chunk_index(self.chunks.manifest, number)))
        return entry is not None and is_whole(self.chunks.manifest, entry)


def write_chunks(array: da.Array, chunks: ChunkWriter, numbers: BlockNumbers, *, rewrite: bool = False) -> None:
    """Draw blocks of an array and write them, on dask's current scheduler.

    Raises
    ------
    WorkersLostError
        If workers die again and again.
    JobCancelledError
        If the current `cancellation.CancelToken` is requested before the end.
    """
    if not len(numbers):
        return
    work = WriteChunks(Blocks(array), chunks, rewrite)
    with Progress(len(numbers), "chunks") as progress:
        if work.blocks.independent() and (len(numbers) >= MANY * thread_count() or work.blocks.has_few_tasks()):
            for _ in run(
                work,
                numbers,
                range_size(chunk_bytes(chunks.manifest)),
                progress,
                parameter_loaders(chunks.storage, chunks.manifest),
            ):
                pass
        else:
            _fill_whole(array, work, numbers, progress)


def _fill_whole(array: da.Array, work: WriteChunks, numbers: BlockNumbers, progress: Progress) -> None:
    # Two jobs on one cluster may write the same chunks: their tasks must not share names.
    name = f"write-mvn-{uuid.uuid4().hex}"
    written = da.map_blocks(
        _write_block,
        array,
        chunks_of=work.chunks,
        name=name,
        dtype=np.bool_,
        chunks=tuple((1,) * len(pieces) for pieces in array.chunks),
        meta=np.empty((0,) * array.ndim, np.bool_),
    )
    keys = [(name, *chunk_index(work.chunks.manifest, int(number))) for number in numbers]
    run_whole(written.dask, keys, progress, work)


def _write_block(block: npt.NDArray[Any], chunks_of: ChunkWriter, block_id: Index) -> bool:
    chunks_of.write(block_id, block)
    return True


def slab(manifest: Manifest, row: int) -> BlockNumbers:
    """Chunks that hold a row of the first axis."""
    inner = chunk_count(manifest) // max(1, -(-manifest.shape[0] // manifest.chunks[0]))
    first = chunk_number(manifest, (row // manifest.chunks[0], *[0] * (len(manifest.shape) - 1)))
    return np.arange(first, first + inner, dtype=np.int64)
