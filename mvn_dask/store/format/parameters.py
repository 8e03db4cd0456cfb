"""Parameter arrays beside the manifest as ``.npy``.

Input: a manifest and a sample's arrays, such as the mean and the factor. Output: files in ``.mvn_dask/parameters``, or
the arrays in them, of the dtype, shape and digest that the manifest says. Cost: one SHA-256 of the bytes a reader.
"""

import io
from typing import Any

import numpy as np
import numpy.typing as npt

from mvn_dask._typing import ArrayLoader, Arrays
from mvn_dask.advice import Advice
from mvn_dask.errors import DamagedManifestError, TransportError
from mvn_dask.hashing import digest
from mvn_dask.readable import plural
from mvn_dask.store.format.file_writer import FileWriter
from mvn_dask.store.format.manifest import Manifest
from mvn_dask.store.format.writer_note import WRITER, WriterNote, write_note
from mvn_dask.store.storage.base import INTERNAL_FOLDER, NO_PLAIN_FILE, Buffer, Storage

PARAMETERS = f"{INTERNAL_FOLDER}/parameters"
"""Folder of the arrays."""
MAX_HEADER_BYTES = 4096
"""Bytes of a ``.npy`` file before its numbers, at most."""


def parameter_key(name: str) -> str:
    """Key of a parameter array; the manifest lets no name through that is no dotted word."""
    return f"{PARAMETERS}/{name}.npy"


def npy(array: npt.NDArray[Any]) -> list[Buffer]:
    """The bytes of a ``.npy`` file, without a copy of the numbers."""
    head = io.BytesIO()
    plain = np.ascontiguousarray(array).reshape(array.shape)  # the former gives scalars an axis
    np.lib.format.write_array_header_1_0(head, np.lib.format.header_data_from_array_1_0(plain))
    return [head.getvalue(), plain.reshape(-1).view(np.uint8).data]


def write_parameters(storage: Storage, manifest: Manifest, arrays: Arrays, note: WriterNote) -> list[str]:
    """Write the arrays that are missing or damaged, since workers draw with them; keys of what was written.

    `note` says where the numbers come from: this environment, or that of a store that is copied.
    """
    files, written = FileWriter(storage, manifest), []
    for name, array in arrays.items():
        if parameter_fault(storage, manifest, name) is not None:
            files.write(parameter_key(name), npy(array))
            written.append(parameter_key(name))
    # Not where chunks are there: if it was lost since, nobody knows any more where they were drawn.
    begins = manifest.is_sample and storage.entry(WRITER) is None
    if begins and next(storage.entries(manifest.array.name), None) is None:
        write_note(files, note)
    return written


WRITE_PARAMETER = Advice(
    "call {to_zarr} with the same array, or mvn_dask.repair(..., array=...) where all chunks are there, which write it "
    "again",
    "delete it, and call {to_zarr} with the same job, which writes it again",
)
"""The way out of a parameter array that is damaged."""


def load_parameters(storage: Storage, manifest: Manifest) -> Arrays:
    """All parameter arrays of a store, by their names; see `load_parameter`."""
    return {name: load_parameter(storage, manifest, name) for name in manifest.parameters}


def load_parameter(storage: Storage, manifest: Manifest, name: str) -> npt.NDArray[Any]:
    """A parameter array, compared with its digest. Raises DamagedManifestError if it is missing, or another."""
    found = _examine(storage, manifest, name)
    if isinstance(found, str):
        raise DamagedManifestError(f"{parameter_key(name)} of {storage} is damaged: {found}", advice=WRITE_PARAMETER)
    return found


def parameter_fault(storage: Storage, manifest: Manifest, name: str) -> str | None:
    """What is wrong with a parameter array, if anything."""
    found = _examine(storage, manifest, name)
    return found if isinstance(found, str) else None


def _examine(storage: Storage, manifest: Manifest, name: str) -> npt.NDArray[Any] | str:
    """The array, or what is wrong with it; nothing of a wrong size is read, and nothing unpickled."""
    key, info = parameter_key(name), manifest.parameters[name]
    entry = storage.entry(key)
    if entry is None or not entry.regular:
        return "missing" if entry is None else NO_PLAIN_FILE
    if not info.nbytes < entry.size <= info.nbytes + MAX_HEADER_BYTES:
        return f"wrong size: {plural(entry.size, 'byte')}"
    array = _load(storage, key)
    if isinstance(array, str):
        return array
    # An archive is no array, there are dtypes without bytes, and another order of the axes would be copied.
    if not isinstance(array, np.ndarray) or (array.dtype, array.shape) != (info.dtype, info.shape):
        return f"not an array of {info.dtype} of shape {info.shape}"
    if not array.flags.c_contiguous or digest(array) != info.sha256:
        return "other numbers than the manifest's digest says"
    return array


def _load(storage: Storage, key: str) -> Any:
    """What numpy makes of a file, or what is wrong with it. Raises OSError if it cannot be read, good as it may be."""
    try:
        return storage.loader(key)()
    except FileNotFoundError:
        return "missing"  # since it was looked at
    except OSError as error:
        # numpy's own complaints about the content have no number, and neither have those of object stores.
        if error.errno is not None or isinstance(error, TransportError):
            raise
        return f"no array: {error}"
    except Exception as error:  # noqa: BLE001 a hostile header makes numpy raise anything
        return f"no array: {error}"


def parameter_loaders(storage: Storage, manifest: Manifest) -> dict[str, ArrayLoader]:
    """How workers read the parameter arrays, by their digests."""
    return {info.sha256: storage.loader(parameter_key(name)) for name, info in manifest.parameters.items()}
