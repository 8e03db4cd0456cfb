"""Writing a store: record first, chunks in any order, metadata last; calling again goes on."""

import shutil
import uuid
from pathlib import Path
from typing import Any

import dask.array as da
import numpy as np
import numpy.typing as npt
import zarr
from dask.delayed import delayed

from mvn_dask.errors import StoreError, TargetNotEmptyError
from mvn_dask.store.layout import (
    ARRAY,
    chunk_path,
    committed,
    grid,
    is_hierarchy,
    missing_chunks,
    stage,
    sweep_orphans,
)
from mvn_dask.store.occupancy import occupy, occupy_alone
from mvn_dask.store.progress import compute_keys
from mvn_dask.store.record import (
    HIDDEN,
    PlanRecord,
    create,
    plan_record,
    read,
    same_specification,
    write_arrays,
)
from mvn_dask.store.staging import DOCUMENT
from mvn_dask.store.target import local_folder


def to_zarr(array: da.Array, url: object, *, overwrite: bool = False) -> None:
    """Keep an array in a Zarr store that no crash can tear, and go on where a killed job stopped.

    It computes on the current Dask scheduler: threads, processes, or a distributed client. In a terminal
    it shows a progress bar.

    Parameters
    ----------
    array : dask.array.Array
        A sample, or an array derived from samples; every block becomes one Zarr chunk.
    url : str or path-like
        Folder of the store, a local path or a ``file://`` URL. Workers must see it.
    overwrite : bool
        Delete what the store, or another Zarr hierarchy, holds there, and begin anew.

    Raises
    ------
    SpecMismatchError
        If a store of another specification lies there; the message names every field that differs.
    TargetNotEmptyError
        If something lies there that is no store of ours.
    TargetBusyError
        If `overwrite` is asked of a store that another job is writing.
    AlignmentError
        If the blocks of `array` are not whole Zarr chunks.
    TargetError
        If `url` is of a kind that cannot be written safely.
    DamagedRecordError
        If the store's plan record cannot be understood, or is of another format version.
    ArgumentTypeError
        If `array` is no dask array of numbers.
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
    record, arrays = plan_record(array)
    if overwrite:
        _remove(folder)
    _begin(folder, record)
    with occupy(folder) as occupancy:
        missing = list(missing_chunks(folder, record))
        if not missing and committed(folder, record):
            return
        write_arrays(folder, arrays)
        store, samples = stage(folder, record)
        _write(array, samples, folder, missing)
        _refuse_missing(folder, record)
        if occupancy.alone():
            sweep_orphans(folder)
        store.commit(folder)


def _begin(folder: Path, record: PlanRecord) -> None:
    """Create the plan record, or find that it is the same."""
    if read(folder) is None:
        if folder.exists():
            _refuse_strangers(folder)
        if create(folder, record):
            return
    same_specification(folder, record)


def _refuse_strangers(folder: Path) -> None:
    if not folder.is_dir():
        raise TargetNotEmptyError(f"{folder} is a file: `url` must name a folder")
    strangers = sorted(path.name for path in folder.iterdir() if path.name != HIDDEN)
    if strangers:
        way_out = "name another target" + (", or use overwrite=True" if is_hierarchy(folder) else "")
        msg = f"{folder} is not empty, and no store of mvn_dask ({strangers[0]!r}, …): {way_out}"
        raise TargetNotEmptyError(msg)


def _remove(folder: Path) -> None:
    """Delete a hierarchy, its metadata first, so that no reader ever sees it half deleted."""
    if not folder.exists():
        return
    if not folder.is_dir() or not is_hierarchy(folder):
        if not folder.is_dir() or any(folder.iterdir()):
            _refuse_strangers(folder)
        return
    if (folder / HIDDEN / "plan.json").exists():
        with occupy_alone(folder):
            _remove_content(folder)
    else:
        _remove_content(folder)


def _remove_content(folder: Path) -> None:
    (folder / DOCUMENT).unlink(missing_ok=True)
    (folder / ARRAY / DOCUMENT).unlink(missing_ok=True)
    # The record goes last: a store half deleted is still known for what it was.
    for path in sorted(folder.iterdir(), key=lambda path: path.name == HIDDEN):
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()


def write_block(block: npt.NDArray[Any], samples: zarr.Array[Any], block_id: tuple[int, ...]) -> None:
    """The task: one block to its chunk."""
    samples[
        tuple(
            slice(number * chunk, min((number + 1) * chunk, length))
            for number, chunk, length in zip(block_id, samples.chunks, samples.shape, strict=True)
        )
    ] = block


def _write(array: da.Array, samples: zarr.Array[Any], folder: Path, missing: list[tuple[int, ...]]) -> None:
    if not missing:
        return
    for chunk in missing:
        # A torn chunk must not be read back, even where Zarr would only look at it to fill it up.
        chunk_path(folder, chunk).unlink(missing_ok=True)
    # Two jobs on one cluster may write the same chunks: their tasks must not share names.
    name = f"write-mvn-{uuid.uuid4().hex}"
    written = da.map_blocks(
        write_block,
        array,
        samples=delayed(samples, name=f"target-{name}", traverse=False),
        name=name,
        dtype=np.bool_,
        chunks=tuple((1,) * len(pieces) for pieces in array.chunks),
        meta=np.empty((0,) * array.ndim, np.bool_),
    )
    compute_keys(written.dask, [(name, *chunk) for chunk in missing])


def _refuse_missing(folder: Path, record: PlanRecord) -> None:
    missing = list(missing_chunks(folder, record))
    if missing:
        total = int(np.prod(grid(record), dtype=object))
        msg = (
            f"{len(missing)} of {total} chunks, the first of them {missing[0]}, are not in {folder} "
            "after all were written: do all workers see this folder, and does nobody delete in it?"
        )
        raise StoreError(msg)
