"""Whether all of a store is there: chunks, metadata, and the arrays beside the record."""

import json
from typing import Any

import numpy as np
import numpy.typing as npt

from mvn_dask.errors import DamagedRecordError, UnfinishedStoreError
from mvn_dask.store.companions import array_key
from mvn_dask.store.layout import chunk_count, present_chunks
from mvn_dask.store.metadata import DOCUMENT, ROOM, Files, zarr_files
from mvn_dask.store.record import PlanRecord
from mvn_dask.store.targets.base import Target


def missing_numbers(target: Target, record: PlanRecord, start: int, stop: int) -> npt.NDArray[np.int64]:
    """Chunks of these numbers that are not there."""
    if not target.listed and next(target.entries("samples"), None) is None:
        return np.arange(start, stop, dtype=np.int64)
    return start + np.flatnonzero(~present_chunks(target, record, start, stop)).astype(np.int64)


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


def refuse_unfinished(target: Target, record: PlanRecord) -> None:
    """Raise unless chunks and metadata are there.

    Raises
    ------
    UnfinishedStoreError
        With what is missing, and how to go on.
    """
    count = chunk_count(record)
    missing = len(missing_numbers(target, record, 0, count))
    fault = f"{missing} of {count} chunks of {target} are missing"
    if not missing:
        if committed(target, record):
            return
        fault = f"all {count} chunks of {target} are there, but its metadata is not"
    raise UnfinishedStoreError(f"{fault}: call mvn_dask.to_zarr with the same array, or mvn_dask.repair, to go on")
