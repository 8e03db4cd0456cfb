"""Delete a Zarr hierarchy, and recognise files that must never be deleted.

Input: storage. Output: keys of unknown files; or nothing, once all is deleted. Cost: a listing of every file.
"""

import re
from collections.abc import Iterator

from mvn_dask.errors import StorageNotEmptyError
from mvn_dask.store.format.manifest import read_manifest
from mvn_dask.store.storage.base import INTERNAL_FOLDER, MANIFEST_KEY, VERSION_2_KEY, Storage

DOCUMENTS = {"zarr.json", ".zgroup", ".zarray", ".zattrs", ".zmetadata"}
"""Names of metadata documents of Zarr 3 and Zarr 2."""

_CHUNK = re.compile(r"c(\.\d+)*|\d+(\.\d+)*")


def unknown_files(storage: Storage) -> Iterator[str]:
    """Keys of files that belong to no Zarr hierarchy, and so must never be deleted.

    In a folder that is neither a hierarchy nor a store, those are all.
    """
    is_hierarchy = _is_store(storage) or any(storage.entry(name) is not None for name in DOCUMENTS)
    for entry in storage.entries():
        if entry.key.startswith(f"{INTERNAL_FOLDER}/"):
            continue
        name = entry.key.rpartition("/")[2]
        known = name in DOCUMENTS or storage.is_temporary(entry.key) or _CHUNK.fullmatch(name)
        if not (is_hierarchy and known):
            yield entry.key


def refuse_unknown_files(storage: Storage, *, overwrite: bool) -> None:
    """Raise unless the storage is free or holds a store; with `overwrite`, or holds any Zarr hierarchy.

    Raises StorageNotEmptyError with a file that does not belong there; DamagedManifestError as `read_manifest` does.
    """
    storage.require_folder()
    if not overwrite and read_manifest(storage) is not None:
        return
    unknown = next(unknown_files(storage), None)
    if unknown is not None:
        raise StorageNotEmptyError(f"{storage} is not empty, and no store: {unknown} lies there. Name another URL")
    if not overwrite and any(not entry.key.startswith(f"{INTERNAL_FOLDER}/") for entry in storage.entries()):
        raise StorageNotEmptyError(
            f"{storage} is not empty, and no store of mvn_dask: name another URL, or use overwrite=True"
        )


def remove(storage: Storage) -> None:
    """Delete a hierarchy, and the manifest last."""
    storage.remove(metadata_first=_is_store(storage), is_metadata=lambda key: key.rpartition("/")[2] in DOCUMENTS)


def _is_store(storage: Storage) -> bool:
    return any(storage.entry(key) is not None for key in (MANIFEST_KEY, VERSION_2_KEY))
