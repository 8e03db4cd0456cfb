"""What lies in a storage: a complete store, an unfinished one, or something else.

Input: storage and a manifest. Output: numbers of missing chunks, or answers. Cost: an `lstat` a chunk in a folder, a
listing in an object store; and the documents' JSON.
"""

import json
from typing import Any

import numpy as np
import numpy.typing as npt

from mvn_dask.errors import DamagedManifestError, StorageNotEmptyError, UnfinishedStoreError
from mvn_dask.store.format.layout import chunk_count, chunk_entries, is_whole
from mvn_dask.store.format.manifest import Manifest, read_manifest
from mvn_dask.store.format.metadata import DOCUMENT, MAX_EXTRA_BYTES, Files, zarr_files
from mvn_dask.store.format.ownership import removal
from mvn_dask.store.format.parameters import parameter_key
from mvn_dask.store.storage.base import INTERNAL_FOLDER, Storage


def missing_numbers(storage: Storage, manifest: Manifest, start: int, stop: int) -> npt.NDArray[np.int64]:
    """Numbers of missing chunks, from `start` up to `stop`."""
    if not storage.prefers_listing and next(storage.entries("samples"), None) is None:
        return np.arange(start, stop, dtype=np.int64)
    missing = np.ones(stop - start, np.bool_)
    for number, entry in chunk_entries(storage, manifest, start, stop):
        missing[number - start] = not is_whole(manifest, entry)
    return start + np.flatnonzero(missing).astype(np.int64)


def committed(storage: Storage, manifest: Manifest) -> bool:
    """Whether the metadata documents are there, and the root's, the last thing written, is ours.

    A reader's ``zarr.open`` may have made an empty group in its place, and a store may have been extended since. Raises
    DamagedManifestError if they are there and contradict the manifest.
    """
    expected = {key: text for key, text in zarr_files(manifest, {}).items() if key.endswith(DOCUMENT)}
    root = _document(storage, DOCUMENT, expected)
    if root is None or root.get("attributes", {}).get("mvn_dask_fingerprint") != manifest.fingerprint:
        return False
    for key in expected.keys() - {DOCUMENT}:
        found = _document(storage, key, expected)
        if found is None:
            return False
        ours = json.loads(expected[key])
        # Users may add attributes, and releases of Zarr fields.
        if any(found.get(field) != ours[field] for field in ours.keys() - {"attributes"}):
            raise DamagedManifestError(
                f"the manifest of {storage} and its Zarr metadata in {key} disagree: mvn_dask.repair writes them again"
            )
    return True


def _document(storage: Storage, key: str, expected: Files) -> dict[str, Any] | None:
    entry = storage.entry(key)
    if entry is None:
        return None
    if not entry.regular or entry.size > 2 * len(expected[key]) + MAX_EXTRA_BYTES:
        raise DamagedManifestError(
            f"{key} of {storage} is a link, or its {entry.size} bytes are too many: mvn_dask.repair writes it again"
        )
    try:
        document = json.loads(storage.read(key).tobytes())
    except (FileNotFoundError, ValueError, RecursionError):
        return None
    return document if isinstance(document, dict) and isinstance(document.get("attributes", {}), dict) else None


def complete(storage: Storage, manifest: Manifest) -> bool:
    """Whether everything is there: chunks, names, metadata, and parameter arrays."""
    files = [parameter_key(name) for name in manifest.parameters]
    if manifest.names is not None:
        files.append(f"{manifest.array.dimensions[-1]}/c/0")
    return (
        committed(storage, manifest)
        and all(storage.entry(key) is not None for key in files)
        and not len(missing_numbers(storage, manifest, 0, chunk_count(manifest)))
    )


def refuse_unfinished(storage: Storage, manifest: Manifest) -> None:
    """Raise UnfinishedStoreError with what is missing, chunks or metadata, and how to go on."""
    count = chunk_count(manifest)
    missing = len(missing_numbers(storage, manifest, 0, count))
    fault = f"{missing} of {count} chunks of {storage} are missing"
    if not missing:
        if committed(storage, manifest):
            return
        fault = f"all {count} chunks of {storage} are there, but its metadata is not"
    raise UnfinishedStoreError(f"{fault}: call mvn_dask.to_zarr with the same array, or mvn_dask.repair, to go on")


def refuse_unknown_files(storage: Storage, *, overwrite: bool) -> None:
    """Raise unless the storage is free or holds a store; with `overwrite`, or any Zarr hierarchy, and nothing else.

    Raises StorageNotEmptyError with a file that does not belong there; DamagedManifestError as `read_manifest` does.
    """
    storage.require_folder()
    if overwrite:
        removal(storage).refuse_other_files()
    elif read_manifest(storage) is None:
        unknown = next((entry.key for entry in storage.entries() if not _is_internal(entry.key)), None)
        if unknown is None:
            return
        removal(storage).refuse_other_files()
        raise StorageNotEmptyError(
            f"{storage} is not empty, and no store of mvn_dask: name another URL, or use overwrite=True"
        )


def _is_internal(key: str) -> bool:
    return key.startswith(f"{INTERNAL_FOLDER}/")
