"""What lies beside the record: the mean and the factor as ``.npy``, and where the store was begun.

With the record they are all that is needed to draw any chunk again.
"""

import io
import json
from collections.abc import Mapping
from typing import Any, cast

import numpy as np
import numpy.typing as npt

from mvn_dask.errors import DamagedRecordError
from mvn_dask.provenance import Environment, digest, environment
from mvn_dask.store.record import PlanRecord
from mvn_dask.store.targets.base import HIDDEN, Load, Piece, Target

WRITER = f"{HIDDEN}/writer.json"
"""Where and with what the store was begun: for whoever compares numbers, it decides none."""
HEADER_BYTES = 4096
"""Bytes of a ``.npy`` file before its numbers, at most."""

Arrays = Mapping[str, npt.NDArray[Any]]


def array_key(name: str) -> str:
    """Where an array lies."""
    return f"{HIDDEN}/{name}.npy"


def npy(array: npt.NDArray[Any]) -> list[Piece]:
    """The bytes of a ``.npy`` file, without a copy of the numbers."""
    head = io.BytesIO()
    plain = np.ascontiguousarray(array)
    np.lib.format.write_array_header_1_0(head, np.lib.format.header_data_from_array_1_0(plain))
    return [head.getvalue(), plain.reshape(-1).view(np.uint8).data]


def write_companions(target: Target, record: PlanRecord, arrays: Arrays) -> list[str]:
    """Write what is not there, or is not what the record says: workers will draw with it. Tells what was written."""
    written = []
    for name, array in arrays.items():
        if companion_fault(target, record, name) is not None:
            target.write(array_key(name), npy(array))
            written.append(array_key(name))
    # Where it was lost later, nobody knows any more where the chunks were drawn.
    if record.is_sample and target.entry(WRITER) is None and next(target.entries("samples"), None) is None:
        target.create(WRITER, json.dumps(environment().as_dict(), sort_keys=True).encode())
    return written


def load_all(target: Target, record: PlanRecord) -> Arrays:
    """The arrays of a store, by their names; see `load`."""
    return {name: load(target, record, name) for name in record.arrays}


def load(target: Target, record: PlanRecord, name: str) -> npt.NDArray[Any]:
    """An array of a store, compared with the digest in its record.

    Raises
    ------
    DamagedRecordError
        If one is missing, or is another.
    """
    found = _examine(target, record, name)
    if isinstance(found, str):
        raise DamagedRecordError(f"{array_key(name)} of {target} is damaged: {found}: {WAY_OUT}")
    return found


WAY_OUT = (
    "call mvn_dask.to_zarr with the same array, or mvn_dask.repair(..., array=...) where all chunks are there, which "
    "write it anew"
)
"""What helps where an array is lost."""


def companion_fault(target: Target, record: PlanRecord, name: str) -> str | None:
    """What is wrong with an array beside the record, if anything; nothing of a wrong size is read."""
    found = _examine(target, record, name)
    return found if isinstance(found, str) else None


def _examine(target: Target, record: PlanRecord, name: str) -> npt.NDArray[Any] | str:
    """The array, or what is wrong with it."""
    entry = target.entry(array_key(name))
    if entry is None:
        return "missing"
    if not entry.regular:
        return "a link or the like"
    sample = record.content["samples"][0]
    d, k = int(sample["ndim"]), int(sample["noise_ndim"])
    itemsize = record.dtype.itemsize
    sizes = {d * itemsize} if name == "mean" else {d * itemsize, d * k * itemsize}
    if not any(size < entry.size <= size + HEADER_BYTES for size in sizes):
        return f"wrong size: {entry.size} bytes"
    try:
        array: npt.NDArray[Any] = target.loader(array_key(name))()
    except Exception as error:  # noqa: BLE001 a hostile header makes numpy raise anything
        return f"no array: {error}"
    # An archive has no dtype, and there are dtypes without bytes to digest.
    same = str(getattr(array, "dtype", "")) == record.dtype.name and digest(array) == sample[name]
    return array if same else "other numbers than the record's digest says"


def loaders(target: Target, record: PlanRecord) -> dict[str, Load]:
    """How workers get the arrays, by their digests."""
    return {str(record.content["samples"][0][name]): target.loader(array_key(name)) for name in record.arrays}


def writer(target: Target) -> Environment | None:
    """Where the store was begun, or None where that is lost."""
    entry = target.entry(WRITER)
    if entry is None or not entry.regular or entry.size > 2**16:
        return None
    try:
        return Environment(**cast("dict[str, str]", json.loads(target.read(WRITER).tobytes())))
    except (ValueError, TypeError, RecursionError, FileNotFoundError):
        return None
