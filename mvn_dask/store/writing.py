"""Writing a store: record first, chunks in any order, metadata last; calling again goes on."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import dask.array as da
import zarr

from mvn_dask.errors import (
    ArgumentError,
    StoreError,
    TargetBusyError,
    TargetError,
)
from mvn_dask.store.companions import Arrays, write_companions
from mvn_dask.store.completeness import complete, missing_numbers
from mvn_dask.store.engine import current_client
from mvn_dask.store.filling import Chunks, fill
from mvn_dask.store.layout import chunk_count, chunk_index
from mvn_dask.store.metadata import commit, zarr_files
from mvn_dask.store.reading import Stored
from mvn_dask.store.record import PlanRecord, read, same_specification
from mvn_dask.store.removal import refuse_strangers, remove
from mvn_dask.store.shares import as_share
from mvn_dask.store.sources import sources
from mvn_dask.store.specification import plan_record
from mvn_dask.store.targets.addressing import as_target, refuse_unsafe_writes
from mvn_dask.store.targets.base import RECORD, Occupancy, Target

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
        the same time, wherever they see the target; the one that completes the store commits it.
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
    TargetNotEmptyError
        If something lies there that is no store of ours; with `overwrite`, if it is no Zarr hierarchy.
    TargetBusyError
        If `overwrite` is asked of a store that another job is writing.
    AlignmentError
        If the blocks of `array` are not whole Zarr chunks, or not whole `shards`.
    TargetError
        If `url` is of a kind that cannot be written safely, or is to be overwritten with what is read
        from it.
    DamagedRecordError
        If the store's plan record cannot be understood, or is of another format version; `overwrite` helps.
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
    The plan record is created first, exclusively. Chunks appear under their final names atomically; a chunk is
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
    target = as_target(url, storage_options, fsync=fsync)
    refuse_unsafe_writes(url)
    record, arrays = plan_record(array, shards)
    start, stop = as_share(part, chunk_count(record))
    current_client()  # raises before anything is written, if it cannot be waited for
    if overwrite:
        if part is not None:
            msg = "`overwrite` and `part` exclude each other: a part would delete what others have written"
            raise ArgumentError(msg)
        _refuse_reading_from(array, target)
    elif _finished(target, record):
        target.settle()
        return
    with _enter(target, record, overwrite=overwrite) as occupancy:
        write_companions(target, record, arrays)
        chunks = Chunks(target, record, record.identity)
        fill(array, chunks, missing_numbers(target, record, start, stop))
        finish(occupancy, target, record, arrays, (start, stop))


def finish(occupancy: Occupancy, target: Target, record: PlanRecord, arrays: Arrays, share: tuple[int, int]) -> None:
    """Commit the store if all of it is there; while other parts are missing, leave that to them."""
    # Where nothing can be locked there is nothing to sweep, and a kill while alone would keep others out.
    alone = target.locked and occupancy.alone()
    if target.locked and not alone:
        occupancy.share()
    # Between the one lock and the other, somebody may have overwritten everything.
    same_specification(target, record)
    _refuse_missing(target, record, share)
    if not _others_present(target, record, share):
        return
    if alone:
        target.sweep()
    target.settle()
    commit(target, zarr_files(record, arrays))


def _others_present(target: Target, record: PlanRecord, share: tuple[int, int]) -> bool:
    count = chunk_count(record)
    step = count if target.listed else LOOK_AHEAD
    for start, stop in ((0, share[0]), (share[1], count)):
        for first in range(start, stop, max(1, step)):
            if len(missing_numbers(target, record, first, min(first + step, stop))):
                return False
    return True


def _finished(target: Target, record: PlanRecord) -> bool:
    if read(target) is None:
        return False
    same_specification(target, record)
    return complete(target, record)


@contextmanager
def _enter(target: Target, record: PlanRecord, *, overwrite: bool) -> Iterator[Occupancy]:
    """Enter the store with a plan record that is ours or the same."""
    refuse_strangers(target, overwrite=overwrite)
    with target.occupy() as occupancy:
        if overwrite:
            if not occupancy.alone():
                raise TargetBusyError(f"another job is writing to {target}: wait for it or stop it")
            refuse_strangers(target, overwrite=True)
            remove(target)
            target.create(RECORD, record.text)
            occupancy.share()
        elif read(target) is None:
            target.create(RECORD, record.text)
        # Not what was just written, but what is there: another job may have been faster.
        same_specification(target, record)
        yield occupancy


def _refuse_reading_from(array: da.Array, target: Target) -> None:
    for source in sources(array):
        place = source.target.name if isinstance(source, Stored) else _place(source)
        if place is not None and (f"{place}/".startswith(f"{target}/") or f"{target}/".startswith(f"{place}/")):
            msg = f"`array` is read from {place}, which `overwrite` would delete: name another target"
            raise TargetError(msg)


def _place(source: "zarr.Array[Any]") -> str | None:
    """Where a Zarr array lies, as targets are named, or None."""
    # dask reads local paths through fsspec, whose store has a path.
    path = getattr(source.store, "path", None)
    if isinstance(path, str) and "file" in str(getattr(getattr(source.store, "fs", None), "protocol", "")):
        return str(Path(path).resolve())
    try:
        return as_target(source.store).name
    except TargetError:
        return None


def _refuse_missing(target: Target, record: PlanRecord, share: tuple[int, int]) -> None:
    missing = missing_numbers(target, record, *share)
    if len(missing):
        msg = (
            f"{len(missing)} of {chunk_count(record)} chunks, the first of them "
            f"{chunk_index(record, int(missing[0]))}, are not in {target} after all were written: do all workers "
            "see this folder, and does nobody delete in it?"
        )
        raise StoreError(msg)
