"""Reading a store."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

import dask.array as da
import numpy as np
import numpy.typing as npt
from dask.array.core import normalize_chunks
from dask.delayed import delayed

from mvn_dask.errors import DamagedRecordError, StoreError, UnfinishedStoreError
from mvn_dask.provenance import fingerprint
from mvn_dask.store.companions import array_key
from mvn_dask.store.filling import missing_numbers
from mvn_dask.store.layout import Index, chunk_count, read_chunk
from mvn_dask.store.metadata import DOCUMENT, ROOM, Files, zarr_files
from mvn_dask.store.record import PlanRecord, existing, is_unchanged
from mvn_dask.store.targets.addressing import as_target
from mvn_dask.store.targets.base import Target


@dataclass(frozen=True, eq=False)
class Stored:
    """The one node of a graph that reads a store."""

    target: Target
    """Where it lies."""
    record: PlanRecord
    """What it held when it was opened."""
    identity: str
    """Identity of that record."""

    def read(self, index: Index) -> npt.NDArray[Any]:
        """One chunk.

        Raises
        ------
        UnfinishedStoreError, DamagedChunkError
            If it is gone, or damaged.
        StoreError
            If the store was deleted or overwritten since it was opened.
        """
        with self.target.visit():
            if not is_unchanged(self.target, self.identity):
                raise StoreError(f"{self.target} was overwritten since it was opened, or extended")
            # An empty array is one block for dask, and no chunk for Zarr.
            if not chunk_count(self.record):
                return np.empty(self.record.shape, self.record.dtype)
            return read_chunk(self.target, self.record, index)


def from_zarr(url: object, *, storage_options: Mapping[str, Any] | None = None) -> da.Array:
    """A finished store as a lazy array, one block a chunk.

    Parameters
    ----------
    url : str, path-like or zarr.storage store
        Whatever `to_zarr` takes.
    storage_options : mapping, optional
        As for `to_zarr`.

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
        If the plan record cannot be understood, is of another format version, or Zarr's metadata
        contradict it.
    TargetError
        If `url` is of a kind that `to_zarr` does not write.

    Notes
    -----
    Nothing is read but metadata and the sizes of the chunks. When a chunk's turn comes, its checksum is compared: a
    damaged or missing one is an error. A store is plain Zarr as well: ``zarr.open``, ``dask.array.from_zarr`` and
    ``xarray.open_zarr`` read it.
    """
    target = as_target(url, storage_options)
    record = existing(target)
    with target.visit():
        _refuse_unfinished(target, record)
    chunks = normalize_chunks(record.chunks, record.shape)
    name = array_name(target, record)
    stored = Stored(target, record, record.identity)
    return cast(
        da.Array,
        da.map_blocks(
            _read_block,
            stored=delayed(stored, name=f"source-{name}", traverse=False),
            name=name,
            chunks=chunks,
            dtype=record.dtype,
            meta=np.empty((0,) * len(chunks), record.dtype),
        ),
    )


def _read_block(stored: Stored, block_id: Index) -> npt.NDArray[Any]:
    return stored.read(block_id)


def array_name(target: Target, record: PlanRecord) -> str:
    """Name of the dask array that reads a store: the same store and chunks, the same name."""
    return "-".join(["mvn-store", record.identity, fingerprint(target.name)[:16]])


def committed(target: Target, record: PlanRecord) -> bool:
    """Whether the metadata documents are there, and the root's, the last thing written, is ours.

    A reader's ``zarr.open`` may have made an empty group in its place, and a store may have been extended.

    Raises
    ------
    DamagedRecordError
        If they are there and contradict the record.
    """
    expected = {key: text for key, text in zarr_files(record, {}).items() if key.endswith(DOCUMENT)}
    root = _document(target, DOCUMENT, expected)
    if root is None or root.get("attributes", {}).get("mvn_dask_fingerprint") != record.fingerprint:
        return False
    for key in expected.keys() - {DOCUMENT}:
        found = _document(target, key, expected)
        if found is None:
            return False
        ours = json.loads(expected[key])
        # Attributes are the user's to add to, and releases of Zarr may add fields of no weight.
        if any(found.get(field) != ours[field] for field in ours.keys() - {"attributes"}):
            msg = (
                f"the plan record of {target} and its Zarr metadata in {key} disagree: mvn_dask.repair writes them anew"
            )
            raise DamagedRecordError(msg)
    return True


def _document(target: Target, key: str, expected: Files) -> dict[str, Any] | None:
    entry = target.entry(key)
    if entry is None:
        return None
    if not entry.regular or entry.size > 2 * len(expected[key]) + ROOM:
        msg = f"{key} of {target} is a link, or its {entry.size} bytes are too many: mvn_dask.repair writes it anew"
        raise DamagedRecordError(msg)
    try:
        document = json.loads(target.read(key).tobytes())
    except (FileNotFoundError, ValueError, RecursionError):
        return None
    return document if isinstance(document, dict) and isinstance(document.get("attributes", {}), dict) else None


def complete(target: Target, record: PlanRecord) -> bool:
    """Whether everything is there: chunks, names, metadata, and the arrays beside the record."""
    companions = [array_key(name) for name in record.arrays]
    if record.names is not None:
        companions.append(f"{record.dimensions[-1]}/c/0")
    return (
        committed(target, record)
        and all(target.entry(key) is not None for key in companions)
        and not len(missing_numbers(target, record, 0, chunk_count(record)))
    )


def _refuse_unfinished(target: Target, record: PlanRecord) -> None:
    count = chunk_count(record)
    missing = len(missing_numbers(target, record, 0, count))
    fault = f"{missing} of {count} chunks of {target} are missing"
    if not missing:
        if committed(target, record):
            return
        fault = f"all {count} chunks of {target} are there, but its metadata is not"
    raise UnfinishedStoreError(f"{fault}: call mvn_dask.to_zarr with the same array, or mvn_dask.repair, to go on")
