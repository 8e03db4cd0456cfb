"""Writing a store: manifest first, chunks in any order, metadata last; calling again goes on."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import dask.array as da
import zarr

from mvn_dask._typing import Arrays
from mvn_dask.errors import (
    ArgumentError,
    StorageBusyError,
    StorageError,
    StoreError,
)
from mvn_dask.execution.client import current_client
from mvn_dask.store.array_manifest import manifest_of
from mvn_dask.store.chunk_writer import ChunkWriter, write_chunks
from mvn_dask.store.format.completeness import complete, missing_numbers
from mvn_dask.store.format.layout import chunk_count, chunk_index
from mvn_dask.store.format.manifest import Manifest, read_manifest, require_same_manifest
from mvn_dask.store.format.metadata import commit, zarr_files
from mvn_dask.store.format.parameters import write_parameters
from mvn_dask.store.reading import Stored
from mvn_dask.store.removal import refuse_unknown_files, remove
from mvn_dask.store.shares import as_share
from mvn_dask.store.source_stores import sources
from mvn_dask.store.storage.addressing import open_storage, refuse_unsafe_writes
from mvn_dask.store.storage.base import MANIFEST_KEY, Session, Storage

LOOK_AHEAD = 10_000
"""Chunks of other parts that are looked for at a time."""


def to_zarr(
    array: da.Array,
    url: object,
    *,
    overwrite: bool = False,
    part: tuple[int, int] | None = None,
    shards: int | None = None,
    fsync: bool = False,
    storage_options: Mapping[str, Any] | None = None,
) -> None:
    """Keep an array in a Zarr store, and go on where a killed job stopped.

    It computes on the current Dask scheduler: threads, processes, or a distributed client. In a terminal
    it shows a progress bar.

    Parameters
    ----------
    array : dask.array.Array
        A sample, or an array derived from samples; every block becomes one Zarr chunk.
    url : str, path-like or zarr.storage store
        A local path or ``file://`` URL, which all workers see; an ``s3://``, ``gs://``, ``az://`` or
        ``memory://`` URL; or a Zarr ``LocalStore``, ``ObjectStore``, or ``FsspecStore`` of S3.
    overwrite : bool
        Delete the store, or another Zarr hierarchy, that lies there, and begin anew.
    part : (int, int), optional
        ``(i, n)`` with 0 ≤ i < n: write the i-th of n shares of the chunks. Any number of parts may run at
        the same time, wherever they see the storage; the one that completes the store commits it.
    shards : int, optional
        Rows of the pieces into which every chunk, then a shard, is divided, for readers that want little
        at a time. They must divide the rows of a block.
    fsync : bool
        Wait with every file until it is on the disk, so that not even a power failure loses it. Object stores
        do so in any case.
    storage_options : mapping, optional
        With the URL of an object store: what ``obstore.store.from_url`` takes beside it, such as credentials,
        ``region``, ``endpoint`` or ``client_options``. They go to the workers, and never into the store.

    Raises
    ------
    SpecMismatchError
        If a store of another specification lies there; the message names every field that differs.
    StorageNotEmptyError
        If something lies there that is no store of ours; with `overwrite`, if it is no Zarr hierarchy.
    StorageBusyError
        If `overwrite` is asked of a store that another job is writing.
    AlignmentError
        If the blocks of `array` are not whole Zarr chunks, or not whole `shards`.
    StorageError
        If `url` is of a kind that cannot be written safely, or is to be overwritten with what is read_manifest
        from it.
    DamagedManifestError
        If the store's plan manifest cannot be understood, or is of another format version; `overwrite` helps.
    ArgumentError, ArgumentTypeError
        If `array` is no dask array of numbers, or `part` no part.
    WorkersLostError
        If workers die again and again, of too little memory for example, or the scheduler does.
    RuntimeError
        If the current client is asynchronous.
    OSError
        As the system raises it: no permission, no space, …; TransportError, if an object store fails.

    Notes
    -----
    The plan manifest is created first, exclusively. Chunks appear under their final names atomically; a chunk is
    present if it has exactly the right size. All metadata documents are written last, the root's last of all:
    until then no Zarr reader can open the store. Calling again with the same array writes what is missing and
    commits; on a finished store it does nothing. After an error, too, the same call goes on.

    Blocks are drawn and written in ranges, submitted in windows, so that their number is no burden. Where blocks
    share work, such as a mean over all rows, dask gets their whole graph.

    Examples
    --------
    >>> import mvn_dask, tempfile
    >>> x = mvn_dask.MultivariateNormal([0.0, 1.0], [4.0, 9.0]).sample(1000, seed=1)
    >>> folder = tempfile.TemporaryDirectory()
    >>> mvn_dask.to_zarr(x, folder.name)
    >>> bool((mvn_dask.from_zarr(folder.name) == x).all())
    True
    >>> folder.cleanup()
    """
    storage = open_storage(url, storage_options, fsync=fsync)
    refuse_unsafe_writes(url)
    manifest, arrays = manifest_of(array, shards)
    start, stop = as_share(part, chunk_count(manifest))
    current_client()  # raises before anything is written, if it cannot be waited for
    if overwrite:
        if part is not None:
            msg = "`overwrite` and `part` exclude each other: a part would delete what others have written"
            raise ArgumentError(msg)
        _refuse_reading_from(array, storage)
    elif _finished(storage, manifest):
        storage.sync()
        return
    with _enter(storage, manifest, overwrite=overwrite) as session:
        write_parameters(storage, manifest, arrays)
        chunks = ChunkWriter(storage, manifest, manifest.identity)
        write_chunks(array, chunks, missing_numbers(storage, manifest, start, stop))
        finish(session, storage, manifest, arrays, (start, stop))


def finish(session: Session, storage: Storage, manifest: Manifest, arrays: Arrays, share: tuple[int, int]) -> None:
    """Commit the store if all of it is there; while other parts are missing, leave that to them."""
    # Where nothing can be locked there is nothing to sweep, and a kill while alone would keep others out.
    alone = storage.has_locks and session.try_exclusive()
    if storage.has_locks and not alone:
        session.acquire_shared()
    # Between the one lock and the other, somebody may have overwritten everything.
    require_same_manifest(storage, manifest)
    _refuse_missing(storage, manifest, share)
    if not _others_present(storage, manifest, share):
        return
    if alone:
        storage.remove_temporaries()
    storage.sync()
    commit(storage, zarr_files(manifest, arrays))


def _others_present(storage: Storage, manifest: Manifest, share: tuple[int, int]) -> bool:
    count = chunk_count(manifest)
    step = count if storage.prefers_listing else LOOK_AHEAD
    for start, stop in ((0, share[0]), (share[1], count)):
        for first in range(start, stop, max(1, step)):
            if len(missing_numbers(storage, manifest, first, min(first + step, stop))):
                return False
    return True


def _finished(storage: Storage, manifest: Manifest) -> bool:
    if read_manifest(storage) is None:
        return False
    require_same_manifest(storage, manifest)
    return complete(storage, manifest)


@contextmanager
def _enter(storage: Storage, manifest: Manifest, *, overwrite: bool) -> Iterator[Session]:
    """Enter the store with a plan manifest that is ours or the same."""
    refuse_unknown_files(storage, overwrite=overwrite)
    with storage.session() as session:
        if overwrite:
            if not session.try_exclusive():
                raise StorageBusyError(f"another job is writing to {storage}: wait for it or stop it")
            refuse_unknown_files(storage, overwrite=True)
            remove(storage)
            storage.create(MANIFEST_KEY, manifest.text)
            session.acquire_shared()
        elif read_manifest(storage) is None:
            storage.create(MANIFEST_KEY, manifest.text)
        # Not what was just written, but what is there: another job may have been faster.
        require_same_manifest(storage, manifest)
        yield session


def _refuse_reading_from(array: da.Array, storage: Storage) -> None:
    for source in sources(array):
        place = source.storage.name if isinstance(source, Stored) else _place(source)
        if place is not None and (f"{place}/".startswith(f"{storage}/") or f"{storage}/".startswith(f"{place}/")):
            msg = f"`array` is read_manifest from {place}, which `overwrite` would delete: name another URL"
            raise StorageError(msg)


def _place(source: "zarr.Array[Any]") -> str | None:
    """Where a Zarr array lies, as targets are named, or None."""
    # dask reads local paths through fsspec, whose store has a path.
    path = getattr(source.store, "path", None)
    if isinstance(path, str) and "file" in str(getattr(getattr(source.store, "fs", None), "protocol", "")):
        return str(Path(path).resolve())
    try:
        return open_storage(source.store).name
    except StorageError:
        return None


def _refuse_missing(storage: Storage, manifest: Manifest, share: tuple[int, int]) -> None:
    missing = missing_numbers(storage, manifest, *share)
    if len(missing):
        msg = (
            f"{len(missing)} of {chunk_count(manifest)} chunks, the first of them "
            f"{chunk_index(manifest, int(missing[0]))}, are not in {storage} after all were written: do all workers "
            "see this folder, and does nobody delete in it?"
        )
        raise StoreError(msg)
