"""Open a finished store as a lazy array.

Input: a URL. Output: a dask array of one block a chunk. Cost: metadata and the sizes of the chunks; a chunk is read,
and its checksum compared, when its block is computed. Chunks are not read by Zarr: what hostile metadata claim is never
executed, and a missing chunk is an error instead of NaN.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import dask.array as da
import numpy as np
import numpy.typing as npt
from dask.array.core import normalize_chunks
from dask.delayed import delayed

from mvn_dask.errors import StoreError
from mvn_dask.event import Event
from mvn_dask.execution.blocks import refuse_query_planning
from mvn_dask.hashing import fingerprint
from mvn_dask.lineage import Lineage
from mvn_dask.store.format.completeness import refuse_unfinished
from mvn_dask.store.format.layout import Index, chunk_count, read_chunk
from mvn_dask.store.format.manifest import Manifest, is_unchanged, require_manifest
from mvn_dask.store.storage.addressing import StoreLike, open_storage
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
        """One chunk, as `read_chunk`, of a store that has not changed."""
        with self.storage.task_session():
            self.refuse_changed()
            # An empty array is one block in dask, and no chunk in Zarr.
            if not chunk_count(self.manifest):
                return np.empty(self.manifest.shape, self.manifest.dtype)
            return read_chunk(self.storage, self.manifest, index)


def from_zarr(url: StoreLike, *, storage_options: Mapping[str, Any] | None = None) -> da.Array:
    """A finished store as a lazy array, one block a chunk.

    Parameters
    ----------
    url, storage_options
        As for `to_zarr`.

    Returns
    -------
    dask.array.Array
        Of the shape, dtype and chunks of the array that was stored.

    Raises
    ------
    UnfinishedStoreError
        If chunks are missing; the message says how many, and how to go on.
    NotAStoreError, StorageError
        If there is no store; if `url` is of a kind that `to_zarr` does not write.
    DamagedManifestError
        If the manifest cannot be understood, is of another format version, or Zarr's metadata contradict it.

    See Also
    --------
    mvn_dask.to_zarr : Writes the store.
    mvn_dask.to_xarray : Names and labels of what was read.
    mvn_dask.status : How far a store is that is not finished.

    Notes
    -----
    Nothing is read but metadata and the sizes of the chunks. When a chunk's turn comes, its checksum is compared: a
    damaged or missing one is an error. A store is plain Zarr as well: ``zarr.open``, ``dask.array.from_zarr`` and
    ``xarray.open_zarr`` read it.

    Examples
    --------
    >>> import mvn_dask
    >>> x = mvn_dask.MultivariateNormal([0.0, 1.0], 2.0).sample(1000, seed=1, chunks=250)
    >>> mvn_dask.to_zarr(x, "memory://from-zarr")
    >>> y = mvn_dask.from_zarr("memory://from-zarr")
    >>> y.shape, y.chunksize, bool((x == y).all())
    ((1000, 2), (250, 2), True)
    """
    refuse_query_planning()
    storage = open_storage(url, storage_options)
    manifest = require_manifest(storage)
    with storage.task_session():
        refuse_unfinished(storage, manifest)
    chunks = normalize_chunks(manifest.chunks, manifest.shape)
    stored = Stored(storage, manifest)
    name = stored.array_name
    array: da.Array = da.map_blocks(
        _read_block,
        stored=delayed(stored, name=f"source-{name}", traverse=False),
        name=name,
        chunks=chunks,
        dtype=manifest.dtype,
        meta=np.empty((0,) * len(chunks), manifest.dtype),
    )
    return array


def _read_block(stored: Stored, block_id: Index) -> npt.NDArray[Any]:
    return stored.read(block_id)
