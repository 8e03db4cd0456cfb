"""What lies beside the manifest: the mean and the factor as ``.npy``, and where the store was begun.

With the manifest they are all that is needed to draw any chunk again.
"""

import io
import json
from collections.abc import Mapping
from typing import Any, cast

import numpy as np
import numpy.typing as npt

from mvn_dask._typing import ArrayLoader
from mvn_dask.environment import Environment, environment
from mvn_dask.errors import DamagedManifestError
from mvn_dask.hashing import digest
from mvn_dask.store.format.manifest import Manifest
from mvn_dask.store.storage.base import INTERNAL_FOLDER, Buffer, Storage

WRITER = f"{INTERNAL_FOLDER}/writer.json"
"""Where and with what the store was begun: for whoever compares numbers, it decides none."""
HEADER_BYTES = 4096
"""Bytes of a ``.npy`` file before its numbers, at most."""

Arrays = Mapping[str, npt.NDArray[Any]]


def parameter_key(name: str) -> str:
    """Where an array lies."""
    return f"{INTERNAL_FOLDER}/{name}.npy"


def npy(array: npt.NDArray[Any]) -> list[Buffer]:
    """The bytes of a ``.npy`` file, without a copy of the numbers."""
    head = io.BytesIO()
    plain = np.ascontiguousarray(array)
    np.lib.format.write_array_header_1_0(head, np.lib.format.header_data_from_array_1_0(plain))
    return [head.getvalue(), plain.reshape(-1).view(np.uint8).data]


def write_parameters(storage: Storage, manifest: Manifest, arrays: Arrays) -> list[str]:
    """Write what is not there, or is not what the manifest says: workers will draw with it. Tells what was written."""
    written = []
    for name, array in arrays.items():
        if parameter_fault(storage, manifest, name) is not None:
            storage.write(parameter_key(name), npy(array))
            written.append(parameter_key(name))
    # Where it was lost later, nobody knows any more where the chunks were drawn.
    if manifest.is_sample and storage.entry(WRITER) is None and next(storage.entries("samples"), None) is None:
        storage.create(WRITER, json.dumps(environment().as_dict(), sort_keys=True).encode())
    return written


def load_parameters(storage: Storage, manifest: Manifest) -> Arrays:
    """The arrays of a store, by their names; see `load_parameter`."""
    return {name: load_parameter(storage, manifest, name) for name in manifest.arrays}


def load_parameter(storage: Storage, manifest: Manifest, name: str) -> npt.NDArray[Any]:
    """An array of a store, compared with the digest in its manifest.

    Raises
    ------
    DamagedManifestError
        If one is missing, or is another.
    """
    found = _examine(storage, manifest, name)
    if isinstance(found, str):
        raise DamagedManifestError(f"{parameter_key(name)} of {storage} is damaged: {found}: {WAY_OUT}")
    return found


WAY_OUT = (
    "call mvn_dask.to_zarr with the same array, or mvn_dask.repair(..., array=...) where all chunks are there, which "
    "write it anew"
)
"""What helps where an array is lost."""


def parameter_fault(storage: Storage, manifest: Manifest, name: str) -> str | None:
    """What is wrong with an array beside the manifest, if anything; nothing of a wrong size is read."""
    found = _examine(storage, manifest, name)
    return found if isinstance(found, str) else None


def _examine(storage: Storage, manifest: Manifest, name: str) -> npt.NDArray[Any] | str:
    """The array, or what is wrong with it."""
    entry = storage.entry(parameter_key(name))
    if entry is None:
        return "missing"
    if not entry.regular:
        return "a link or the like"
    sample = manifest.content["samples"][0]
    d, k = int(sample["ndim"]), int(sample["noise_ndim"])
    itemsize = manifest.dtype.itemsize
    sizes = {d * itemsize} if name == "mean" else {d * itemsize, d * k * itemsize}
    if not any(size < entry.size <= size + HEADER_BYTES for size in sizes):
        return f"wrong size: {entry.size} bytes"
    try:
        array: npt.NDArray[Any] = storage.loader(parameter_key(name))()
    except Exception as error:  # noqa: BLE001 a hostile header makes numpy raise anything
        return f"no array: {error}"
    # An archive has no dtype, and there are dtypes without bytes to digest.
    same = str(getattr(array, "dtype", "")) == manifest.dtype.name and digest(array) == sample[name]
    return array if same else "other numbers than the manifest's digest says"


def parameter_loaders(storage: Storage, manifest: Manifest) -> dict[str, ArrayLoader]:
    """How workers get the arrays, by their digests."""
    return {str(manifest.content["samples"][0][name]): storage.loader(parameter_key(name)) for name in manifest.arrays}


def writer(storage: Storage) -> Environment | None:
    """Where the store was begun, or None where that is lost."""
    entry = storage.entry(WRITER)
    if entry is None or not entry.regular or entry.size > 2**16:
        return None
    try:
        return Environment(**cast("dict[str, str]", json.loads(storage.read(WRITER).tobytes())))
    except (ValueError, TypeError, RecursionError, FileNotFoundError):
        return None
