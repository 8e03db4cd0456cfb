"""The lazy array of a store.

Input: storage and its manifest. Output: a dask array of one block a chunk. Cost: none; a chunk is read, and its
checksum compared, when its block is computed. Chunks are not read by Zarr: what hostile metadata claim is never
executed, and a missing chunk is an error instead of NaN.
"""

from dataclasses import dataclass
from typing import Any

import dask.array as da
import numpy as np
import numpy.typing as npt
from dask.array.core import normalize_chunks
from dask.delayed import delayed

from mvn_dask.errors import StoreError
from mvn_dask.event import Event
from mvn_dask.execution.array_source import meta_of
from mvn_dask.hashing import fingerprint
from mvn_dask.lineage import Lineage
from mvn_dask.store.format.layout import Index, chunk_count, read_chunk
from mvn_dask.store.format.manifest import Manifest, is_unchanged
from mvn_dask.store.storage.base import Storage


@dataclass(frozen=True, eq=False)
class Stored:
    """The one node of a graph that reads a store."""

    storage: Storage
    """Storage of the store."""
    manifest: Manifest
    """Its manifest when it was opened."""

    @property
    def array_name(self) -> str:
        """Name of the array that reads every chunk: the same for the same store and chunks."""
        return f"mvn-store-{self.manifest.identity}-{fingerprint(self.storage.name)[:16]}"

    @property
    def lineages(self) -> tuple[Lineage, ...]:
        """The samples behind the numbers."""
        return tuple(Lineage(sample, None, (), Event.of_shape(())) for sample in self.manifest.samples)

    def refuse_changed(self) -> None:
        """Raise StoreError if the store was deleted or overwritten since it was opened."""
        if not is_unchanged(self.storage, self.manifest):
            raise StoreError(f"{self.storage} was overwritten since it was opened, or extended: open it again")

    def read(self, index: Index) -> npt.NDArray[Any]:
        """One block of the array, of a store that has not changed."""
        with self.storage.task_session():
            self.refuse_changed()
            # An empty array is one block in dask, and no chunk in Zarr.
            if not chunk_count(self.manifest):
                return np.empty(self.manifest.shape, self.manifest.dtype)
            return self.chunk(index)

    def chunk(self, index: Index) -> npt.NDArray[Any]:
        """The numbers of a chunk, as `read_chunk`."""
        return read_chunk(self.storage, self.manifest, index)


def stored_array(stored: Stored) -> da.Array:
    """The lazy array of a store, of the shape, dtype and chunks of the array that was stored."""
    manifest, name = stored.manifest, stored.array_name
    chunks = normalize_chunks(manifest.chunks, manifest.shape)
    array: da.Array = da.map_blocks(
        _read_block,
        stored=delayed(stored, name=f"source-{name}", traverse=False),
        name=name,
        chunks=chunks,
        dtype=manifest.dtype,
        meta=meta_of(name, stored, len(chunks), manifest.dtype),
    )
    return array


def _read_block(stored: Stored, block_id: Index) -> npt.NDArray[Any]:
    return stored.read(block_id)
