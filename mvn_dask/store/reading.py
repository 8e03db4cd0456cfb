"""Reading a store."""

from pathlib import Path
from typing import Any, cast

import dask.array as da
import numpy as np
import numpy.typing as npt
import zarr
from dask.array.core import normalize_chunks
from dask.delayed import delayed
from zarr.storage import LocalStore

from mvn_dask.errors import DamagedRecordError, NotAStoreError, StoreError, UnfinishedStoreError
from mvn_dask.provenance import fingerprint
from mvn_dask.store.layout import (
    ARRAY,
    chunk_count,
    chunk_window,
    committed,
    missing_chunks,
    present,
)
from mvn_dask.store.occupancy import visit
from mvn_dask.store.record import PlanRecord, read
from mvn_dask.store.target import local_folder


def from_zarr(url: object) -> da.Array:
    """A finished store as a lazy array, one block a chunk.

    Parameters
    ----------
    url : str or path-like
        Folder of the store, a local path or a ``file://`` URL.

    Returns
    -------
    dask.array.Array
        Of the shape, dtype and chunks of the array that was stored.

    Raises
    ------
    UnfinishedStoreError
        If chunks are missing; the message tells how many, and how to go on.
    NotAStoreError
        If there is no store.
    DamagedRecordError
        If the plan record cannot be understood, or is of another format version.
    TargetError
        If `url` is of a kind that `to_zarr` does not write.

    Notes
    -----
    Nothing is read but metadata and the sizes of the chunks' files. A store is plain Zarr as well:
    ``zarr.open``, ``dask.array.from_zarr`` and ``xarray.open_zarr`` read it.
    """
    folder = local_folder(url)
    record = read(folder)
    if record is None:
        raise NotAStoreError(f"there is no store at {folder}: `mvn_dask.to_zarr` makes one")
    with visit(folder):
        _refuse_unfinished(folder, record)
        samples = zarr.open_array(LocalStore(folder, read_only=True), path=ARRAY, mode="r")
    if (samples.shape, samples.chunks, samples.dtype) != (record.shape, record.chunks, record.dtype):
        raise DamagedRecordError(f"the plan record of {folder} and its Zarr metadata disagree: {samples}")
    chunks = normalize_chunks(record.chunks, record.shape)
    name = array_name(folder, record)
    return cast(
        da.Array,
        da.map_blocks(
            read_block,
            samples=delayed(samples, name=f"source-{name}", traverse=False),
            folder=folder,
            identity=record.identity,
            name=name,
            chunks=chunks,
            dtype=record.dtype,
            meta=np.empty((0,) * len(chunks), record.dtype),
        ),
    )


def read_block(samples: "zarr.Array[Any]", folder: Path, identity: str, block_id: tuple[int, ...]) -> npt.NDArray[Any]:
    """The task: one chunk. What is not there is an error here, and not the fill value, as it is for Zarr.

    Raises
    ------
    UnfinishedStoreError
        If the chunk is gone, or of the wrong size.
    StoreError
        If the store was deleted or overwritten since it was opened.
    """
    with visit(folder):
        record = read(folder)
        if record is None or record.identity != identity:
            raise StoreError(f"{folder} was overwritten since it was opened")
        # An empty array is one block for dask, and no chunk for Zarr.
        if chunk_count(record) and not present(folder, record, block_id):
            raise UnfinishedStoreError(f"chunk {block_id} of {folder} is missing: mvn_dask.to_zarr draws it again")
        return np.asarray(samples[chunk_window(record, block_id)])


def array_name(folder: Path, record: PlanRecord) -> str:
    """Name of the dask array that reads a store: the same store and chunks, the same name."""
    return "-".join(["mvn-store", record.identity, fingerprint(str(folder))[:16]])


def _refuse_unfinished(folder: Path, record: PlanRecord) -> None:
    missing = sum(1 for _ in missing_chunks(folder, record))
    fault = f"{missing} of {chunk_count(record)} chunks of {folder} are missing"
    if not missing:
        if committed(folder, record):
            return
        fault = f"all {chunk_count(record)} chunks of {folder} are there, but its metadata is not"
    raise UnfinishedStoreError(f"{fault}: call mvn_dask.to_zarr with the same array to go on")
