"""Deleting a store, and knowing what must never be deleted."""

import re
from collections.abc import Iterator

from mvn_dask.errors import StorageNotEmptyError
from mvn_dask.store.format.manifest import read_manifest
from mvn_dask.store.storage.base import INTERNAL_FOLDER, MANIFEST_KEY, VERSION_2_KEY, Storage

DOCUMENTS = {"zarr.json", ".zgroup", ".zarray", ".zattrs", ".zmetadata"}
"""Metadata documents of Zarr 3 and Zarr 2."""

_CHUNK = re.compile(r"c(\.\d+)*|\d+(\.\d+)*")


def unknown_files(storage: Storage) -> Iterator[str]:
    """Files that belong to no Zarr hierarchy: what must never be deleted.

    In a folder that is neither a hierarchy nor a store of ours, those are all.
    """
    rooted = _is_ours(storage) or any(storage.entry(name) is not None for name in DOCUMENTS)
    for entry in storage.entries():
        if entry.key.startswith(f"{INTERNAL_FOLDER}/"):
            continue
        name = entry.key.rpartition("/")[2]
        if not rooted or not (name in DOCUMENTS or storage.is_temporary(entry.key) or _CHUNK.fullmatch(name)):
            yield entry.key


def refuse_unknown_files(storage: Storage, *, overwrite: bool) -> None:
    """Raise if something lies there that is no store of ours; with `overwrite`, if it is no Zarr hierarchy.

    Raises
    ------
    StorageNotEmptyError
        With what lies there.
    StorageError
        If it is a file.
    """
    storage.require_folder()
    if not overwrite and read_manifest(storage) is not None:
        return
    foreign = next(unknown_files(storage), None)
    if foreign is not None:
        msg = f"{storage} is not empty, and no store: {foreign} lies there. Name another URL"
        raise StorageNotEmptyError(msg)
    if not overwrite and any(not entry.key.startswith(f"{INTERNAL_FOLDER}/") for entry in storage.entries()):
        msg = f"{storage} is not empty, and no store of ours: name another URL, or use overwrite=True"
        raise StorageNotEmptyError(msg)


def remove(storage: Storage) -> None:
    """Delete a hierarchy, and the plan manifest last."""
    storage.remove(metadata_first=_is_ours(storage), is_metadata=lambda key: key.rpartition("/")[2] in DOCUMENTS)


def _is_ours(storage: Storage) -> bool:
    return any(storage.entry(key) is not None for key in (MANIFEST_KEY, VERSION_2_KEY))
