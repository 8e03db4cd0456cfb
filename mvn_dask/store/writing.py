"""Writing a store: record first, chunks in any order, metadata last; calling again goes on."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import dask.array as da
import numpy as np
import numpy.typing as npt
import zarr

from mvn_dask.errors import AlignmentError, StoreError, TargetBusyError, TargetError, TargetNotEmptyError
from mvn_dask.store.layout import (
    chunk_count,
    chunk_window,
    complete,
    missing_chunks,
    stage,
    sweep_orphans,
    write_chunk,
    write_names,
)
from mvn_dask.store.occupancy import Occupancy, occupy, visit
from mvn_dask.store.progress import compute_keys, current_client
from mvn_dask.store.record import HIDDEN, PlanRecord, create, plan_record, read, same_specification, write_arrays
from mvn_dask.store.removal import empty_trash, remove, strangers
from mvn_dask.store.target import local_folder, refuse_torn_writes


def to_zarr(array: da.Array, url: object, *, overwrite: bool = False) -> None:
    """Keep an array in a Zarr store, and go on where a killed job stopped.

    It computes on the current Dask scheduler: threads, processes, or a distributed client. In a terminal
    it shows a progress bar.

    Parameters
    ----------
    array : dask.array.Array
        A sample, or an array derived from samples; every block becomes one Zarr chunk.
    url : str or path-like
        Folder of the store, a local path or a ``file://`` URL. Workers must see it.
    overwrite : bool
        Delete the store, or another Zarr hierarchy, that lies there, and begin anew.

    Raises
    ------
    SpecMismatchError
        If a store of another specification lies there; the message names every field that differs.
    TargetNotEmptyError
        If something lies there that is no store of ours; with `overwrite`, if it is no Zarr hierarchy.
    TargetBusyError
        If `overwrite` is asked of a store that another job is writing.
    AlignmentError
        If the blocks of `array` are not whole Zarr chunks.
    TargetError
        If `url` is of a kind that cannot be written safely, or is to be overwritten with what is read
        from it.
    DamagedRecordError
        If the store's plan record cannot be understood, or is of another format version; `overwrite` helps.
    ArgumentTypeError
        If `array` is no dask array of numbers.
    RuntimeError
        If the current client is asynchronous.
    OSError
        As the system raises it: no permission, no space, ….

    Notes
    -----
    The plan record is created first, exclusively. Chunks go to their final names by an atomic rename; a
    chunk is present if its file has exactly the right size. All metadata documents are written last, the
    root's last of all: until then no Zarr reader can open the store. Calling again with the same array
    writes what is missing and commits; on a finished store it does nothing.

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
    folder = local_folder(url)
    refuse_torn_writes()
    record, arrays = plan_record(array)
    current_client()  # raises before anything is written, if it cannot be waited for
    if overwrite:
        _refuse_reading_from(array, folder)
    elif _finished(folder, record):
        return
    with _enter(folder, record, overwrite=overwrite) as occupancy:
        write_arrays(folder, arrays)
        missing = list(missing_chunks(folder, record))
        store, samples = stage(folder, record)
        _write(array, folder, record, missing)
        alone = occupancy.alone()
        if not alone:
            occupancy.share()
        # Between the one lock and the other, somebody may have overwritten everything.
        same_specification(folder, record)
        _refuse_missing(folder, record)
        if alone:
            sweep_orphans(folder)
            empty_trash(folder)
        write_names(samples, record)
        store.commit(folder)


def _finished(folder: Path, record: PlanRecord) -> bool:
    if read(folder) is None:
        return False
    same_specification(folder, record)
    return complete(folder, record)


@contextmanager
def _enter(folder: Path, record: PlanRecord, *, overwrite: bool) -> Iterator[Occupancy]:
    """Enter the store with a plan record that is ours or the same."""
    _refuse_strangers(folder, overwrite=overwrite)
    with occupy(folder) as occupancy:
        if overwrite:
            if not occupancy.alone():
                raise TargetBusyError(f"another job is writing to {folder}: wait for it or stop it")
            _refuse_strangers(folder, overwrite=True)
            remove(folder)
            create(folder, record)
            occupancy.share()
        elif read(folder) is None:
            create(folder, record)
        # Not what was just written, but what is there: another job may have been faster.
        same_specification(folder, record)
        yield occupancy


def _refuse_strangers(folder: Path, *, overwrite: bool) -> None:
    if not folder.exists():
        return
    if not folder.is_dir():
        raise TargetNotEmptyError(f"{folder} is a file: `url` must name a folder")
    if not overwrite and read(folder) is not None:
        return
    foreign = next(strangers(folder), None)
    if foreign is not None:
        msg = f"{folder} is not empty, and no store: {foreign.relative_to(folder)} lies there. Name another target"
        raise TargetNotEmptyError(msg)
    if not overwrite and any(path.name != HIDDEN for path in folder.iterdir()):
        msg = f"{folder} is not empty, and no store of ours: name another target, or use overwrite=True"
        raise TargetNotEmptyError(msg)


def _refuse_reading_from(array: da.Array, folder: Path) -> None:
    for layer in array.dask.layers.values():
        for node in getattr(layer, "mapping", {}).values():
            source = getattr(node, "value", node)
            store = source.store if isinstance(source, zarr.Array) else None
            # A local store has a root; dask reads local paths through fsspec, whose store has a path.
            root = getattr(store, "root", None) or getattr(store, "path", None)
            if root is not None and Path(root).resolve().is_relative_to(folder):
                msg = f"`array` is read from {folder}, which `overwrite` would delete: name another target"
                raise TargetError(msg)


def write_block(block: npt.NDArray[Any], folder: Path, identity: str, block_id: tuple[int, ...]) -> None:
    """The task: one block to its chunk, if the store still is the one that the task was made for.

    Raises
    ------
    AlignmentError
        If the block has another shape than the array promised.
    StoreError
        If the store was overwritten meanwhile.
    """
    with visit(folder):
        record = read(folder)
        if record is None or record.identity != identity:
            raise StoreError(f"{folder} was overwritten while a job was writing to it")
        window = chunk_window(record, block_id)
        expected = tuple(piece.stop - piece.start for piece in window)
        if block.shape != expected:
            raise AlignmentError(f"block {block_id} has the shape {block.shape}, and its array says {expected}")
        write_chunk(folder, record, block_id, block)


def _write(
    array: da.Array,
    folder: Path,
    record: PlanRecord,
    missing: list[tuple[int, ...]],
) -> None:
    if not missing:
        return
    # Two jobs on one cluster may write the same chunks: their tasks must not share names.
    name = f"write-mvn-{uuid.uuid4().hex}"
    written = da.map_blocks(
        write_block,
        array,
        folder=folder,
        identity=record.identity,
        name=name,
        dtype=np.bool_,
        chunks=tuple((1,) * len(pieces) for pieces in array.chunks),
        meta=np.empty((0,) * array.ndim, np.bool_),
    )
    compute_keys(written.dask, [(name, *chunk) for chunk in missing])


def _refuse_missing(folder: Path, record: PlanRecord) -> None:
    missing = list(missing_chunks(folder, record))
    if missing:
        msg = (
            f"{len(missing)} of {chunk_count(record)} chunks, the first of them {missing[0]}, are not in {folder} "
            "after all were written: do all workers see this folder, and does nobody delete in it?"
        )
        raise StoreError(msg)
