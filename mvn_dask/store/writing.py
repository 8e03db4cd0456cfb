"""Write a dask array into a store, and resume where an earlier call was killed.

Input: a dask array and the URL of its store. Output: the store: its manifest first, chunks in any order, metadata last.
Cost: that of drawing the missing chunks and writing them; nothing for a finished store.
"""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import dask.array as da
import zarr

from mvn_dask._typing import Arrays
from mvn_dask.environment import environment
from mvn_dask.errors import ArgumentError, StorageError, StoreError
from mvn_dask.execution.client import current_client
from mvn_dask.execution.futures import refuse_unreadable_results
from mvn_dask.execution.graph_search import find_in_graph
from mvn_dask.execution.resumption import SAME_CALL, resumed_by
from mvn_dask.readable import plural
from mvn_dask.signatures import short_signature
from mvn_dask.store.array_documents import described, write_known_arrays
from mvn_dask.store.array_manifest import inputs_of, manifest_of, stored_source
from mvn_dask.store.chunk_writer import ChunkWriter, write_chunks
from mvn_dask.store.format.chunk_listing import missing_count, missing_numbers
from mvn_dask.store.format.completeness import refuse_unknown_files, state
from mvn_dask.store.format.file_writer import FileWriter
from mvn_dask.store.format.layout import chunk_bytes, chunk_count, chunk_index, part_range
from mvn_dask.store.format.manifest import Manifest, read_manifest, require_same_manifest
from mvn_dask.store.format.members import members
from mvn_dask.store.format.metadata import commit, zarr_files
from mvn_dask.store.format.ownership import own_keys, removal
from mvn_dask.store.format.parameters import write_parameters
from mvn_dask.store.format.writer_note import WriterNote, read_note
from mvn_dask.store.labelling import StorableArray, split_labels
from mvn_dask.store.no_space import says_how_far
from mvn_dask.store.process_memory import refuse_other_processes
from mvn_dask.store.reading import Stored
from mvn_dask.store.storage.addressing import StoreLike, open_storage, refuse_unsafe_writes
from mvn_dask.store.storage.base import INTERNAL_FOLDER, MANIFEST_KEY, Session, Storage

CHECKED_CHUNKS = 10_000
"""Chunks of other parts that are looked for at first; twice as many each time, since each may list a whole folder."""


@short_signature
def to_zarr(
    array: StorableArray,
    url: StoreLike,
    *,
    overwrite: bool = False,
    part: tuple[int, int] | None = None,
    shards: int | None = None,
    fsync: bool = False,
    storage_options: Mapping[str, Any] | None = None,
) -> None:
    """Write an array into a Zarr store, and resume where a killed job ended.

    It computes on the current Dask scheduler: threads, processes, or a distributed client. In a terminal
    it shows a progress bar.

    Parameters
    ----------
    array : dask.array.Array or xarray.DataArray
        A sample, or an array derived from samples; every block becomes one Zarr chunk. One that `from_zarr` opened,
        as it is, makes a copy of its store, with the same fingerprint and the same files, which `verify`, `repair`
        and `extend` take like the original. Of xarray's, backed by dask, the store keeps name, dimensions, attributes
        and coordinates, for `xarray.open_zarr` and `to_xarray`; a MultiIndex as the coordinates of its levels.
    url : str, path-like, zarr.storage store or icechunk.Repository
        A local path or ``file://`` URL, which all workers see; an ``s3://``, ``gs://``, ``az://`` or
        ``memory://`` URL; or a Zarr ``LocalStore`` or ``ObjectStore``. A repository of icechunk is named by
        ``icechunk+file:///path`` or ``icechunk+s3://bucket/prefix``, with ``?branch=NAME`` for another branch than
        ``main``, or is an ``icechunk.Repository``.
    overwrite : bool
        Delete the store, or another Zarr hierarchy, that lies there, and begin again; refused where anything else lies.
    part : (int, int), optional
        ``(i, n)`` with 0 ≤ i < n: write the i-th of n parts of the chunks. Any number of parts may run at
        the same time, on any machines that see the store; the one that completes the store commits it.
    shards : int, optional
        Rows of the inner chunks into which every chunk, then a shard, is divided, for readers that want little
        at a time. They must divide the rows of a block. By default a copy of a store has the store's.
    fsync : bool
        Wait with every file until it is on the disk, so that not even a power failure loses it. Object stores
        do so in any case.
    storage_options : mapping, optional
        With the URL of an object store: what ``obstore.store.from_url`` takes beside it, such as credentials,
        ``region``, ``endpoint``, ``allow_http=True``, ``timeout=30`` (seconds) or
        ``retry_config={"max_retries": 5, "retry_timeout": 60}``. They go to the workers, and never into the store.
        Beside an ``icechunk.Repository``: ``{"branch": NAME}``.

    Raises
    ------
    SpecMismatchError
        If a store of another specification lies there; the message names every field that differs.
    StorageNotEmptyError
        If something else lies there; with `overwrite`, if that is no part of a store or a Zarr hierarchy.
    StorageBusyError
        If `overwrite` is asked of a store that another job is writing.
    AlignmentError
        If the blocks of `array` are not whole Zarr chunks, or not whole `shards`.
    StorageError
        If `url` is of a kind that cannot be written safely, or is to be overwritten with what is read from it.
    DamagedManifestError
        If the store's manifest cannot be understood, or is of another format version; `overwrite` helps.
    ArgumentError, ArgumentTypeError
        If `array` is no dask array of numbers, or `part` no part.
    WorkersLostError
        If processes do not start, or workers die again and again, of too little memory for example, or the scheduler
        does; each with its own way out.
    ResultsLostError
        If results on a cluster that `array` refers to are gone: it must be built again.
    UnsupportedOperationError
        In the event loop of an asynchronous client: call it by ``asyncio.to_thread``.
    NoSpaceError
        If the disk is full; the message says how far the store is.
    OSError
        As the system raises it: no permission, …; TransportError, if an object store fails.

    See Also
    --------
    mvn_dask.from_zarr : Reads the store.
    mvn_dask.status : How far it is.
    mvn_dask.verify : Whether it is right.
    mvn_dask.repair : Draws what is damaged again.
    mvn_dask.extend : Appends rows.

    Notes
    -----
    The manifest is created first, exclusively. Chunks appear under their final names atomically; a chunk is
    present if it has exactly the right size. All metadata documents are written last, the root's last of all:
    until then no Zarr reader can open the store. Calling again with the same array writes what is missing and
    commits; on a finished store it does nothing. After an error, too, the same call goes on; without `overwrite`,
    which would begin again.

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
    given, labels = split_labels(array)
    manifest, arrays = manifest_of(given, shards, labels)
    numbers = part_range(part, chunk_count(manifest))
    storage.refuse_large(chunk_bytes(manifest))
    current_client()  # raises where it cannot be waited for: nothing is written yet
    refuse_other_processes(storage)
    refuse_unreadable_results(given)
    if overwrite:
        if part is not None:
            raise ArgumentError("`overwrite` and `part` exclude each other: a part would delete what others wrote")
        _refuse_reading_from(given, storage)
    elif _finished(storage, manifest):
        storage.sync()
        return
    # From here on, `overwrite` would delete what this call writes.
    goes_on = "the same {call} without overwrite=True goes on" if overwrite else SAME_CALL
    with (
        _begun(storage, manifest, overwrite=overwrite) as session,
        resumed_by(goes_on),
        says_how_far(storage, manifest),
    ):
        source = stored_source(given)
        note = WriterNote(environment(), inputs_of(given)) if source is None else read_note(source.storage)
        write_parameters(storage, manifest, arrays, note)
        write_known_arrays(session, storage, manifest, arrays)
        write_chunks(given, ChunkWriter(storage, manifest), missing_numbers(storage, manifest, *numbers))
        finish(session, storage, manifest, arrays, numbers)


@contextmanager
def _begun(storage: Storage, manifest: Manifest, *, overwrite: bool) -> Iterator[Session]:
    """A session in the store of this manifest, which is created where there is none."""
    with ExitStack() as stack:
        with says_how_far(storage, manifest):
            refuse_unknown_files(storage, overwrite=overwrite, going_to_be=manifest)
            # Before this session leaves its own mark there.
            marks = storage.entries(INTERNAL_FOLDER) if overwrite else ()
            resumed = any(storage.is_lock(entry.key) for entry in marks)
            session = stack.enter_context(storage.session())
            if overwrite:
                _replace(session, storage, manifest, resumed=resumed)
            elif read_manifest(storage) is None:
                # Exclusively, so of many parts that begin together one decides; parts on machines whose LAPACK rounds
                # otherwise have another manifest, and are refused below.
                storage.create(MANIFEST_KEY, manifest.text)
            # Not what was just written, but what is there: another job may have been faster.
            require_same_manifest(storage, manifest)
        yield session


def _replace(session: Session, storage: Storage, manifest: Manifest, *, resumed: bool) -> None:
    """Delete what lies there, and begin the store of this manifest; `resumed` as in `remove`."""
    if not session.try_exclusive():
        raise session.busy(f"is writing to {storage}")
    # Again, now that nobody else writes.
    refuse_unknown_files(storage, overwrite=True, going_to_be=manifest)
    remove(session, storage, resumed=resumed)
    session.replace(MANIFEST_KEY, [manifest.text])
    session.acquire_shared()


def remove(session: Session, storage: Storage, *, resumed: bool = False) -> None:
    """Delete a store, or another hierarchy, and nothing else, in an exclusive session; the manifest last.

    `resumed` says that a job was there before, which may have been killed while it deleted.
    """
    # Looked at before: afterwards the manifest says that it is being removed.
    found = removal(storage, resumed=resumed)
    session.begin_removal()
    # Those that an earlier kill has left, while there is a manifest to know them by; deleting empties no others.
    storage.delete_folders(found.empty_folders())
    for keys in found.steps():
        session.delete_many(keys)


def finish(session: Session, storage: Storage, manifest: Manifest, arrays: Arrays, written: tuple[int, int]) -> None:
    """Commit the store if all its chunks are there; else leave that to the parts whose chunks are missing.

    `session` is shared; `written` is the range of the chunks that this call has written. Raises StoreError if some of
    those are missing, or the store was deleted; SpecMismatchError if it was overwritten.
    """
    session.save("")
    # Not in an object store: it has no temporary files, and a job killed now would keep others out for ten minutes.
    exclusive = storage.has_locks and session.try_exclusive()
    if storage.has_locks and not exclusive:
        session.acquire_shared()  # the failed attempt has given it up
    # While nothing was locked, somebody may have overwritten everything.
    require_same_manifest(storage, manifest)
    missing = missing_numbers(storage, manifest, *written)
    if len(missing):
        require_same_manifest(storage, manifest)  # in a bucket that may have come since
        raise StoreError(
            f"{len(missing)} of {plural(chunk_count(manifest), 'chunk')}, the first of them "
            f"{chunk_index(manifest, int(missing[0]))}, are not in {storage} after all were written: do all workers "
            "see this folder, and does nobody delete in it?"
        )
    if not _others_complete(storage, manifest, written):
        return
    if exclusive:
        storage.remove_temporaries(own_keys(manifest))
    storage.sync()
    # Metadata last: until then no Zarr reader opens the store.
    commit(session, FileWriter(storage, manifest), zarr_files(manifest, arrays), members(storage, manifest))
    session.publish(f"finish {described(manifest)}")


def _others_complete(storage: Storage, manifest: Manifest, written: tuple[int, int]) -> bool:
    """Whether the chunks of all other parts are there; the first that is missing ends the search."""
    count = chunk_count(manifest)
    step = max(1, count if storage.prefers_listing else CHECKED_CHUNKS)
    for first, stop in ((0, written[0]), (written[1], count)):
        start = first
        while start < stop:
            if missing_count(storage, manifest, start, min(start + step, stop)):
                return False
            start, step = start + step, 2 * step
    return True


def _finished(storage: Storage, manifest: Manifest) -> bool:
    if read_manifest(storage) is None:
        return False
    require_same_manifest(storage, manifest)
    return state(storage, manifest) == "complete"


def _refuse_reading_from(array: da.Array, storage: Storage) -> None:
    for source in (*source_stores(array), *filter(None, [stored_source(array)])):
        name = source.storage.name if isinstance(source, Stored) else _storage_name(source)
        if name is not None and (f"{name}/".startswith(f"{storage}/") or f"{storage}/".startswith(f"{name}/")):
            raise StorageError(f"`array` is read from {name}, which `overwrite` would delete: name another URL")


def _storage_name(source: "zarr.Array[Any]") -> str | None:
    """Name of the storage of a Zarr array, or None where it is none of ours."""
    # dask reads local paths through fsspec, whose store has a path.
    path = getattr(source.store, "path", None)
    if isinstance(path, str) and "file" in str(getattr(getattr(source.store, "fs", None), "protocol", "")):
        return str(Path(path).resolve())
    try:
        return open_storage(source.store).name
    except StorageError:
        return None


def source_stores(array: da.Array) -> "Iterator[Stored | zarr.Array[Any]]":
    """Stores and Zarr arrays that an array is read from."""
    return find_in_graph(array, (Stored, zarr.Array))
