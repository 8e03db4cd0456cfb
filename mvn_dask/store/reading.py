"""Reading a store."""

import hashlib
from math import prod
from typing import cast

import dask.array as da
import zarr
from zarr.storage import LocalStore

from mvn_dask.errors import NotAStoreError, UnfinishedStoreError
from mvn_dask.store.layout import ARRAY, committed, grid, missing_chunks
from mvn_dask.store.record import read
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
    missing = sum(1 for _ in missing_chunks(folder, record))
    if missing or not committed(folder, record):
        raise UnfinishedStoreError(
            f"{missing} of {prod(grid(record))} chunks of {folder} are missing: "
            "call mvn_dask.to_zarr with the same array to go on"
        )
    samples = zarr.open_array(LocalStore(folder, read_only=True), path=ARRAY, mode="r")
    place = hashlib.sha256(str(folder).encode()).hexdigest()[:16]
    name = f"mvn-store-{record.fingerprint}-{place}"
    return cast(da.Array, da.from_zarr(samples, name=name))
