"""Groups and arrays that others added to a store, with xarray's ``mode="a"`` or with Zarr: they stay as they are.

Input: a storage and a manifest. Output: their documents. Cost: a listing of folders and a read of a document for each.
"""

from collections.abc import Mapping
from typing import Any

from mvn_dask.errors import StorageNotEmptyError
from mvn_dask.store.format.auxiliary_arrays import auxiliary_arrays
from mvn_dask.store.format.hierarchy import DOCUMENT, Hierarchy, hierarchy_of, read_document
from mvn_dask.store.format.manifest import Manifest
from mvn_dask.store.storage.base import INTERNAL_FOLDER, Storage

MAX_MEMBERS = 10_000
"""Groups and arrays of others in a store, at most: their documents are copied into the root's."""

Members = Mapping[str, Mapping[str, Any]]
"""Documents of groups and arrays by their paths."""


def members(storage: Storage, manifest: Manifest) -> Members:
    """What others added, below groups that have a document. Raises StorageNotEmptyError if that is too much."""
    own = {manifest.array.name, INTERNAL_FOLDER, *auxiliary_arrays(manifest)}
    found: dict[str, Mapping[str, Any]] = {}
    waiting = [name for name in storage.folders() if name not in own]
    while waiting:
        path = waiting.pop()
        document = read_document(storage, f"{path}/{DOCUMENT}")
        if document is None:
            continue
        found[path] = document
        if len(found) > MAX_MEMBERS:
            raise StorageNotEmptyError(
                f"{storage} holds more than {MAX_MEMBERS} groups and arrays of others: move some away"
            )
        if document["node_type"] == "group":
            waiting += [f"{path}/{name}" for name in storage.folders(path)]
    return dict(sorted(found.items()))


def files_of(found: Members) -> Hierarchy:
    """The files of what others added."""
    return hierarchy_of({f"{path}/{DOCUMENT}": document for path, document in found.items()})


def refuse_members_along(storage: Storage, found: Members, dimension: str) -> None:
    """Raise StorageNotEmptyError if an array lies along a dimension that is to grow: it would be too short."""
    for path, document in found.items():
        names = document.get("dimension_names")
        if isinstance(names, list) and dimension in names:
            raise StorageNotEmptyError(
                f"{path} in {storage}, which others added, lies along {dimension!r}, and would be too short where that "
                "grows: move it away, and add it again afterwards"
            )
