"""Stores that look after themselves: a sample's record can draw each of its rows again.

`verify` compares, `repair` draws what is bad or missing again, and `extend` goes on where the sample ended.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import dask.array as da
import numpy as np

from mvn_dask.errors import (
    ArgumentError,
    ArgumentTypeError,
    TargetBusyError,
    UnfinishedStoreError,
)
from mvn_dask.recovery import redrawing_of
from mvn_dask.store.blocks import Blocks
from mvn_dask.store.companions import write_companions
from mvn_dask.store.completeness import complete, missing_numbers
from mvn_dask.store.contents import shards_of
from mvn_dask.store.engine import current_client
from mvn_dask.store.filling import Chunks, fill, slab
from mvn_dask.store.layout import Index, chunk_count, chunk_entries, chunk_index, chunk_key, chunk_number, encode
from mvn_dask.store.record import PlanRecord, existing, same_specification
from mvn_dask.store.specification import plan_record
from mvn_dask.store.targets.addressing import as_target, refuse_unsafe_writes
from mvn_dask.store.targets.base import RECORD, Target
from mvn_dask.store.verification import Level, Verification, inspect, refuse_other_levels
from mvn_dask.store.writing import finish


@dataclass(frozen=True)
class Repair:
    """What was done to a store."""

    url: str
    """Where it lies."""
    chunks: tuple[Index, ...]
    """Chunks that were drawn again."""
    files: tuple[str, ...]
    """Other files that were written again."""
    foreign: tuple[str, ...]
    """Files that do not belong to the store, and were left."""

    def __str__(self) -> str:
        what = [f"{len(self.chunks)} chunks drawn again"]
        what += [f"written again: {', '.join(self.files)}"] if self.files else []
        what += [f"left, since they are not ours: {', '.join(self.foreign)}"] if self.foreign else []
        return f"{self.url}: {'; '.join(what)}"


@dataclass(frozen=True)
class Extension:
    """How a store was extended."""

    url: str
    """Where it lies."""
    before: tuple[int, ...]
    """Shape it had."""
    after: tuple[int, ...]
    """Shape it has."""

    def __str__(self) -> str:
        return f"{self.url}: {self.before[0]} rows before, {self.after[0]} now; shape {self.after}"


def verify(
    url: object, *, level: Level = "size", full: bool = False, storage_options: Mapping[str, Any] | None = None
) -> Verification:
    """Whether a store holds what its record says; also while a job is running.

    Parameters
    ----------
    url : str, path-like or zarr.storage store
        Whatever `mvn_dask.to_zarr` takes.
    level : {"size", "checksum", "values"}
        "size" looks at names and sizes, and at the metadata; "checksum" reads every chunk as well; "values" also
        draws a stripe of every chunk again and compares bits. Both run on dask's current scheduler.
    full : bool
        With "values": draw and compare every row.
    storage_options : mapping, optional
        As for `mvn_dask.to_zarr`.

    Returns
    -------
    Verification
        ``ok``, and what is ``bad``: the index of a chunk → the reason.

    Raises
    ------
    NotAStoreError
        If there is no store.
    DamagedRecordError
        If its record cannot be believed, or the mean or factor is damaged and "values" needs it.
    DerivedStoreError
        If "values" is asked of a derived array, whose expression is not in the store.
    ArgumentError
        If `level` is another word.

    Examples
    --------
    >>> import mvn_dask
    >>> x = mvn_dask.MultivariateNormal([0.0, 1.0], 2.0).sample(1000, seed=1, chunks=250)
    >>> mvn_dask.to_zarr(x, "memory://verify")
    >>> report = mvn_dask.verify("memory://verify", level="checksum")
    >>> report.ok, dict(report.bad)
    (True, {})
    """
    refuse_other_levels(level, full=full)
    target = as_target(url, storage_options)
    existing(target)
    with target.visit():
        record = existing(target)  # inside, where nobody extends it
        again = redrawing_of(target, record) if level == "values" else None
        return inspect(target, record, level=level, full=full, redraw=again)


def repair(
    url: object,
    *,
    level: Level = "checksum",
    full: bool = False,
    array: da.Array | None = None,
    fsync: bool = False,
    storage_options: Mapping[str, Any] | None = None,
) -> Repair:
    """Draw the chunks of a store again that are bad or missing, and only those, and commit it.

    Parameters
    ----------
    url : str, path-like or zarr.storage store
        Whatever `mvn_dask.to_zarr` takes.
    level, full
        How closely to look; see `verify`.
    array : dask.array.Array, optional
        What the store holds. A sample is drawn from its record alone; an array that was derived from samples is
        needed here, and so is a sample whose mean or factor was lost.
    fsync : bool
        As for `mvn_dask.to_zarr`.
    storage_options : mapping, optional
        As for `mvn_dask.to_zarr`.

    Returns
    -------
    Repair

    Raises
    ------
    NotAStoreError
        If there is no store.
    DamagedRecordError
        If its record cannot be believed, or the mean or factor is damaged and there is no `array`.
    DerivedStoreError
        If its numbers were derived from samples, and there is no `array`.
    SpecMismatchError
        If `array` is another.
    ArgumentError
        If `level` is another word.

    Examples
    --------
    >>> import mvn_dask, os, tempfile
    >>> x = mvn_dask.MultivariateNormal([0.0, 1.0], 2.0).sample(1000, seed=1, chunks=250)
    >>> folder = tempfile.TemporaryDirectory()
    >>> mvn_dask.to_zarr(x, folder.name)
    >>> os.truncate(os.path.join(folder.name, "samples", "c", "2", "0"), 100)
    >>> mvn_dask.repair(folder.name).chunks
    ((2, 0),)
    >>> mvn_dask.verify(folder.name, level="values", full=True).ok
    True
    >>> folder.cleanup()
    """
    refuse_other_levels(level, full=full)
    target = as_target(url, storage_options, fsync=fsync)
    refuse_unsafe_writes(url)
    record = existing(target)
    current_client()
    with target.occupy() as occupancy:
        same_specification(target, record)
        if array is None:
            source = redrawing_of(target, record)
            array = source.array(source.plan.size, record.chunks, record.names)
        drawn, arrays = plan_record(array, shards_of(record))
        record.refuse_difference(drawn, target)
        written = write_companions(target, record, arrays)
        again = redrawing_of(target, record) if level == "values" else None
        found = inspect(target, record, level=level, full=full, redraw=again)
        numbers = np.array([chunk_number(record, index) for index in found.bad], np.int64)
        fill(array, Chunks(target, record, record.identity), numbers, anew=True)
        finish(occupancy, target, record, arrays, (0, chunk_count(record)))
    return Repair(target.name, tuple(found.bad), (*written, *found.faults), found.foreign)


def extend(
    url: object, rows: int, *, fsync: bool = False, storage_options: Mapping[str, Any] | None = None
) -> Extension:
    """Append rows to a sample's store, along its first axis: it becomes that of the longer run, byte by byte.

    Parameters
    ----------
    url : str, path-like or zarr.storage store
        Whatever `mvn_dask.to_zarr` takes.
    rows : int
        How many more, at least 1; for a sample of shape (m, n, d) they are of shape (n, d).
    fsync : bool
        As for `mvn_dask.to_zarr`.
    storage_options : mapping, optional
        As for `mvn_dask.to_zarr`.

    Returns
    -------
    Extension

    Raises
    ------
    UnfinishedStoreError
        If chunks are missing, as they are after an extension that was killed: `repair` completes it.
    DerivedStoreError
        If the store's numbers were derived from samples.
    TargetBusyError
        If another job is in the store.
    ArgumentError, ArgumentTypeError
        If `rows` is no number of rows, or the sample is a single one without an axis.

    Notes
    -----
    At every moment plain readers see the store as it was, or as it is going to be. An array that `from_zarr` opened
    before notices and refuses.

    Examples
    --------
    >>> import mvn_dask
    >>> normal = mvn_dask.MultivariateNormal([0.0, 1.0], 2.0)
    >>> mvn_dask.to_zarr(normal.sample(1000, seed=1, chunks=300), "memory://extend")
    >>> print(mvn_dask.extend("memory://extend", 500))
    memory://extend: 1000 rows before, 1500 now; shape (1500, 2)
    >>> bool((mvn_dask.from_zarr("memory://extend") == normal.sample(1500, seed=1, chunks=300)).all())
    True
    """
    if isinstance(rows, bool) or not isinstance(rows, (int, np.integer)):
        raise ArgumentTypeError(f"`rows` must be an integer, not {rows!r}")
    if rows < 1:
        raise ArgumentError(f"`rows` must be at least 1: it is {rows}")
    target = as_target(url, storage_options, fsync=fsync)
    refuse_unsafe_writes(url)
    existing(target)
    current_client()
    with target.occupy() as occupancy:
        if not occupancy.alone():
            raise TargetBusyError(f"another job is in {target}: wait for it or stop it")
        record = existing(target)
        again = redrawing_of(target, record)
        if not again.plan.size:
            raise ArgumentError(f"{target} holds a single row without an axis: there is nothing to append to")
        if not complete(target, record):
            msg = f"{target} of shape {record.shape} is unfinished: call mvn_dask.repair first, which completes it"
            raise UnfinishedStoreError(msg)
        size = (again.plan.size[0] + int(rows), *again.plan.size[1:])
        array = again.array(size, record.chunks, record.names)
        longer, arrays = plan_record(array, shards_of(record))
        _begin(target, record, longer, array)
        occupancy.share()
        chunks = Chunks(target, longer, longer.identity)
        count = chunk_count(longer)
        fill(array, chunks, missing_numbers(target, longer, 0, count))
        finish(occupancy, target, longer, arrays, (0, count))
    return Extension(target.name, record.shape, longer.shape)


def _begin(target: Target, record: PlanRecord, longer: PlanRecord, array: da.Array) -> None:
    """Draw anew the chunks in which rows and padding meet, then put the longer record in place of the old one.

    In that order, and alone: rows beyond the end are no harm to a shorter store, and no chunk of the longer one is
    ever taken for whole while padding stands in it.
    """
    # What may lie there already is foreign, and would be taken for whole.
    for _, entry in list(chunk_entries(target, longer, chunk_count(record), chunk_count(longer))):
        target.delete(entry.key)
    if record.shape[0] % record.chunks[0] and chunk_count(longer):
        numbers = slab(longer, record.shape[0])
        for number, block in Blocks(array).compute(numbers.tolist()):
            target.write(chunk_key(chunk_index(longer, number)), encode(longer, block))
    target.write(RECORD, [longer.text])
