"""Write blocks of an array to the chunks of a store, on dask's current scheduler.

Input: an array, and the numbers of chunks. Output: the chunks. Cost: that of the blocks, and for each a read of the
manifest and a write without a copy of the numbers.
"""

import uuid
from dataclasses import dataclass
from typing import Any

import dask.array as da
import numpy as np
import numpy.typing as npt

from mvn_dask.errors import AlignmentError
from mvn_dask.execution.blocks import Blocks
from mvn_dask.execution.engine import goes_in_ranges, run, run_whole
from mvn_dask.execution.progress import Progress
from mvn_dask.execution.ranges import BlockNumbers, range_size
from mvn_dask.readable import plural
from mvn_dask.store.format.file_writer import FileWriter
from mvn_dask.store.format.layout import Index, chunk_bytes, chunk_index, chunk_key, chunk_shape, encode, is_whole
from mvn_dask.store.format.manifest import Manifest
from mvn_dask.store.format.parameters import parameter_loaders
from mvn_dask.store.storage.base import Over, Storage


@dataclass(frozen=True)
class ChunkWriter:
    """Writes chunks into a store, as long as it is the one that the job began."""

    storage: Storage
    """Storage of the store."""
    manifest: Manifest
    """What it holds."""
    rewrite: bool = False
    """Write chunks that exist as well."""

    def write(self, index: Index, block: npt.NDArray[Any]) -> None:
        """One block to its chunk. Raises AlignmentError for another shape, StoreError if the store is gone."""
        # In a session, whose lock keeps others from beginning a new store after the manifest was compared.
        with self.storage.task_session():
            expected = chunk_shape(self.manifest, index)
            if block.shape != expected:
                raise AlignmentError(f"block {index} has the shape {block.shape}, and its array says {expected}")
            over: Over = "anything" if self.rewrite else "other sizes"
            content = encode(self.manifest, np.asarray(block, self.manifest.dtype))
            FileWriter(self.storage, self.manifest).write(chunk_key(self.manifest, index), content, over)


@dataclass(frozen=True)
class WriteChunks:
    """The work of drawing blocks and writing their chunks."""

    blocks: Blocks
    """What is drawn."""
    writer: ChunkWriter
    """What writes it."""

    def __call__(self, numbers: BlockNumbers) -> list[Any]:
        """Draw and write, one block at a time; what the storage has collected of it."""
        if not self.writer.storage.prefers_listing:
            # Another job may have written some, or this task on a worker that died.
            numbers = self.remaining(numbers)
        with self.writer.storage.collected() as written:
            self.blocks.compute_each(numbers.tolist(), self._write)
        return written

    def remaining(self, numbers: BlockNumbers) -> BlockNumbers:
        """Blocks whose chunks do not exist; all of them where chunks are rewritten."""
        return numbers if self.writer.rewrite else numbers[[not self._exists(number) for number in numbers.tolist()]]

    def describe_cost(self) -> str:
        return f"a block takes {plural(chunk_bytes(self.writer.manifest), 'byte')}, and what is made on the way to it"

    def _write(self, number: int, block: npt.NDArray[Any]) -> None:
        self.writer.write(chunk_index(self.writer.manifest, number), block)

    def _exists(self, number: int) -> bool:
        manifest = self.writer.manifest
        entry = self.writer.storage.entry(chunk_key(manifest, chunk_index(manifest, number)))
        return entry is not None and is_whole(manifest, entry)


def write_chunks(array: da.Array, writer: ChunkWriter, numbers: BlockNumbers) -> None:
    """Draw blocks of an array and write them, on dask's current scheduler.

    Raises what `engine.run` and `engine.run_whole` raise.
    """
    if not len(numbers):
        return
    writer.storage.begin_tasks()
    work, take = WriteChunks(Blocks(array), writer), writer.storage.take
    with Progress(len(numbers), "chunk", chunk_bytes(writer.manifest)) as progress:
        if goes_in_ranges(work.blocks, len(numbers)):
            # Workers read large parameters from the store itself: nothing goes through a scheduler elsewhere.
            files = parameter_loaders(writer.storage, writer.manifest)
            for _ in run(work, numbers, range_size(chunk_bytes(writer.manifest)), progress, files, take):
                pass  # `take` has had everything
        else:
            _write_whole_graph(array, work, numbers, progress)


def _write_whole_graph(array: da.Array, work: WriteChunks, numbers: BlockNumbers, progress: Progress) -> None:
    # Two jobs on one cluster may write the same chunks: their tasks must not share names.
    name = f"write-mvn-{uuid.uuid4().hex}"
    written = da.map_blocks(
        _write_block,
        array,
        writer=work.writer,
        name=name,
        dtype=np.object_,
        chunks=tuple((1,) * len(blocks) for blocks in array.chunks),
        meta=np.empty((0,) * array.ndim, np.object_),
    )
    keys = [(name, *chunk_index(work.writer.manifest, int(number))) for number in numbers]

    def take(results: list[Any]) -> None:
        for result in results:
            work.writer.storage.take(result)

    # Elsewhere tasks give nothing back, and workers would be asked for it after each block.
    run_whole(written, keys, progress, work, take if work.writer.storage.is_transactional else None)


def _write_block(block: npt.NDArray[Any], writer: ChunkWriter, block_id: Index) -> list[Any]:
    with writer.storage.collected() as written:
        writer.write(block_id, block)
    return written
