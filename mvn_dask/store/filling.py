"""The work of writing: blocks of an array to their chunks."""

import uuid
from dataclasses import dataclass
from typing import Any

import dask.array as da
import numpy as np
import numpy.typing as npt

from mvn_dask.errors import AlignmentError, StoreError
from mvn_dask.store.blocks import Blocks
from mvn_dask.store.companions import loaders
from mvn_dask.store.engine import run, run_whole, threads
from mvn_dask.store.layout import (
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
from mvn_dask.store.progress import Progress
from mvn_dask.store.ranges import Numbers, range_size
from mvn_dask.store.record import PlanRecord, is_unchanged
from mvn_dask.store.targets.base import Target

MANY = 4
"""Blocks for each thread, from which on it does not matter that a single one is made in one thread."""


@dataclass(frozen=True)
class Chunks:
    """Writes chunks into a store, as long as it is the one that the job began."""

    target: Target
    """Where the store lies."""
    record: PlanRecord
    """What it holds."""
    identity: str
    """Identity of the record that must be there: that of `record`, except while a store is extended."""

    def write(self, index: Index, block: npt.NDArray[Any]) -> None:
        """One block to its chunk.

        Raises
        ------
        AlignmentError
            If the block has another shape than the array promised.
        StoreError
            If the store is not there, or was overwritten meanwhile.
        """
        with self.target.visit():
            if not is_unchanged(self.target, self.identity):
                raise StoreError(f"{self.target} was overwritten while a job was writing to it")
            expected = chunk_shape(self.record, index)
            if block.shape != expected:
                raise AlignmentError(f"block {index} has the shape {block.shape}, and its array says {expected}")
            self.target.write(chunk_key(index), encode(self.record, np.asarray(block, self.record.dtype)))
            if not self.target.locked and not is_unchanged(self.target, self.identity):
                # It may have been sent after the new store had begun: a missing chunk is noticed, a wrong one is not.
                self.target.delete(chunk_key(index))
                raise StoreError(f"{self.target} was overwritten while a job was writing to it")


@dataclass(frozen=True)
class Filling:
    """Draws blocks and writes their chunks."""

    blocks: Blocks
    """What is drawn."""
    chunks: Chunks
    """Where it goes."""
    anew: bool
    """Write chunks that are there as well."""

    def __call__(self, numbers: Numbers) -> tuple[()]:
        """Draw and write, one block at a time."""
        wanted = numbers.tolist()
        if not (self.anew or self.chunks.target.listed):
            # Another job may have been here, or this task on a worker that died.
            wanted = [number for number in wanted if not self._present(number)]
        for number, block in self.blocks.compute(wanted):
            self.chunks.write(chunk_index(self.chunks.record, number), block)
        return ()

    def left(self, numbers: Numbers) -> Numbers:
        """Blocks whose chunks are not there; all of them where chunks are written anew."""
        return numbers if self.anew else numbers[[not self._present(number) for number in numbers.tolist()]]

    def cost(self) -> str:
        """Bytes of a block."""
        return f"a block takes {chunk_bytes(self.chunks.record)} bytes, and what is made on the way to it"

    def _present(self, number: int) -> bool:
        entry = self.chunks.target.entry(chunk_key(chunk_index(self.chunks.record, number)))
        return entry is not None and is_whole(self.chunks.record, entry)


def fill(array: da.Array, chunks: Chunks, numbers: Numbers, *, anew: bool = False) -> None:
    """Draw blocks of an array and write them, on dask's current scheduler.

    Raises
    ------
    WorkersLostError
        If workers die again and again.
    StoppedError
        If the current `stopping.Stop` is requested before the end.
    """
    if not len(numbers):
        return
    work = Filling(Blocks(array), chunks, anew)
    with Progress(len(numbers), "chunks") as progress:
        if work.blocks.independent() and (len(numbers) >= MANY * threads() or work.blocks.simple()):
            for _ in run(work, numbers, range_size(chunks.record), progress, loaders(chunks.target, chunks.record)):
                pass
        else:
            _fill_whole(array, work, numbers, progress)


def _fill_whole(array: da.Array, work: Filling, numbers: Numbers, progress: Progress) -> None:
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
    keys = [(name, *chunk_index(work.chunks.record, int(number))) for number in numbers]
    run_whole(written.dask, keys, progress, work)


def _write_block(block: npt.NDArray[Any], chunks_of: Chunks, block_id: Index) -> bool:
    chunks_of.write(block_id, block)
    return True


def slab(record: PlanRecord, row: int) -> Numbers:
    """Chunks that hold a row of the first axis."""
    inner = chunk_count(record) // max(1, -(-record.shape[0] // record.chunks[0]))
    first = chunk_number(record, (row // record.chunks[0], *[0] * (len(record.shape) - 1)))
    return np.arange(first, first + inner, dtype=np.int64)
