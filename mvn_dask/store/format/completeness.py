"""What lies in a storage: a complete store, an unfinished one, or something else.

Input: storage and a manifest. Output: numbers of missing chunks, or answers. Cost: that of listing the
chunks, and the documents' JSON.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any, Literal

from mvn_dask.advice import Advice
from mvn_dask.display.previews import preview
from mvn_dask.errors import DamagedManifestError, StorageNotEmptyError, UnfinishedStoreError
from mvn_dask.readable import plural, short_repr
from mvn_dask.store.format.auxiliary_arrays import auxiliary_chunks
from mvn_dask.store.format.chunk_listing import missing_count
from mvn_dask.store.format.hierarchy import DOCUMENT, read_document
from mvn_dask.store.format.layout import chunk_count
from mvn_dask.store.format.manifest import FINGERPRINT, Manifest, lost_manifest, read_manifest
from mvn_dask.store.format.members import members
from mvn_dask.store.format.metadata import BESIDE, Files, document_fault, read_amendable, zarr_files
from mvn_dask.store.format.ownership import no_key, own_keys, refuse_appended, refuse_folders, removal
from mvn_dask.store.format.parameters import parameter_key
from mvn_dask.store.format.ways_out import by_repair, go_on
from mvn_dask.store.storage.base import INTERNAL_FOLDER, NO_PLAIN_FILE, Storage

State = Literal["unfinished", "changed", "complete"]
"""How far a store is: "changed" is one that was complete, and whose metadata others changed since."""


def changed_documents(storage: Storage, manifest: Manifest) -> tuple[str, ...] | None:
    """Keys of the metadata documents that others have changed since they were written; None where some are missing.

    They are missing where the root's, the last thing written, is that of another manifest: the store was extended
    since; and where readers do not see them yet. Attributes and members that others added are no change. Raises
    DamagedManifestError if a document contradicts the manifest; StorageNotEmptyError if that is since others appended
    to the array.
    """
    if not storage.published():
        return None
    expected = {key: text for key, text in zarr_files(manifest, {}).items() if key.endswith(DOCUMENT)}
    root = _document(storage, DOCUMENT, expected)
    if root is None or root.get("attributes", {}).get(FINGERPRINT, manifest.fingerprint) != manifest.fingerprint:
        return None
    changed = []
    for key, text in expected.items():
        found = root if key == DOCUMENT else _document(storage, key, expected)
        if found is None:
            return None
        fault = document_fault(found, json.loads(text))
        if fault == "contradicts" and key != DOCUMENT:
            refuse_appended(storage, manifest)
            raise DamagedManifestError(
                f"the manifest of {storage} and its Zarr metadata in {key} disagree, since others changed "
                f"{_changes(json.loads(text), found)}",
                advice=by_repair(manifest, "writes them again, with what is missing"),
            )
        if fault is not None:
            changed.append(key)
    return tuple(sorted(changed))


def _changes(ours: Mapping[str, Any], found: Mapping[str, Any]) -> str:
    """What another document says where it contradicts ours, in words."""
    fields = [field for field in ours if field not in BESIDE and found.get(field, ours[field]) != ours[field]]
    return " and ".join(f"`{field}` from {short_repr(ours[field])} to {short_repr(found[field])}" for field in fields)


def _document(storage: Storage, key: str, expected: Files) -> dict[str, Any] | None:
    entry = storage.entry(key)
    if entry is not None and not entry.regular:
        raise DamagedManifestError(
            f"{key} of {storage} is {NO_PLAIN_FILE}", advice=Advice("delete it, and {repair} writes it again")
        )
    return read_amendable(storage, key, expected[key])


def missing_files(storage: Storage, manifest: Manifest) -> tuple[str, ...]:
    """Keys of the parameter arrays, and of the arrays beside the samples, that are not there as plain files."""
    keys = [*map(parameter_key, manifest.parameters), *auxiliary_chunks(manifest)]
    found = {key: storage.entry(key) for key in keys}
    return tuple(sorted(key for key, entry in found.items() if entry is None or not entry.regular))


def state_of(missing_chunks: int, changed: Sequence[str] | None, files: Sequence[str]) -> State:
    """The state of a store by what `missing_count`, `changed_documents` and `missing_files` find there."""
    if missing_chunks or changed is None or files:
        return "unfinished"
    return "changed" if changed else "complete"


def state(storage: Storage, manifest: Manifest) -> State:
    """How far a store is: whether chunks, names, metadata and parameter arrays are there, and as they were written."""
    changed, files = changed_documents(storage, manifest), missing_files(storage, manifest)
    # Chunks are counted last, since that may take long.
    missing = 0 if changed is None or files else missing_count(storage, manifest, 0, chunk_count(manifest))
    return state_of(missing, changed, files)


def refuse_unfinished(storage: Storage, manifest: Manifest) -> None:
    """Raise UnfinishedStoreError with what is missing, chunks or metadata, and how to go on.

    Raises what `changed_documents` does: where others changed the shape, or appended, that is why chunks are missing.
    """
    count, changed = chunk_count(manifest), changed_documents(storage, manifest)
    missing = missing_count(storage, manifest, 0, count)
    fault = f"{missing} of {plural(count, 'chunk')} of {storage} {'is' if missing == 1 else 'are'} missing"
    if not missing:
        # What others changed beside the numbers decides none of them, nor do parameters that are lost.
        if changed is not None:
            return
        fault = f"all chunks of {storage} are there, {count} of them, but its metadata is not"
    raise UnfinishedStoreError(f"{fault}{_deleted(storage, manifest)}", advice=go_on(manifest))


def _deleted(storage: Storage, manifest: Manifest) -> str:
    """Which arrays of a store that was complete are not there any more, and which may be the one of the samples."""
    keys = [key for key in zarr_files(manifest, {}) if key.endswith(DOCUMENT)]
    root = read_document(storage, DOCUMENT) or {}
    if not storage.published() or root.get("attributes", {}).get(FINGERPRINT) != manifest.fingerprint:
        return ""
    gone = [key.removesuffix(f"/{DOCUMENT}") for key in keys if key != DOCUMENT and storage.entry(key) is None]
    if not gone:
        return ""
    text = f", since others deleted or renamed {preview(gone, 'array')}"
    if manifest.array.name in gone:
        others = members(storage, manifest).items()
        alike = [path for path, each in others if each.get("shape") == list(manifest.shape)]
        text += f" (of the same shape is {preview(alike, 'array')}: give it back its name)" if alike else ""
    return text


def refuse_unknown_files(storage: Storage, *, overwrite: bool, going_to_be: Manifest | None = None) -> None:
    """Raise unless the storage is free or holds a store; with `overwrite`, or any Zarr hierarchy, and nothing else.

    Raises StorageNotEmptyError with a file that does not belong there, or with a folder in place of one that does, in
    the store that is there or in the one that is `going_to_be`; DamagedManifestError as `read_manifest` does.
    """
    storage.require_folder()
    is_going_to_be = no_key if going_to_be is None else own_keys(going_to_be)
    if overwrite:
        found = removal(storage)
        found.refuse_other_files()
        refuse_folders(storage, lambda key: found.is_own(key) or is_going_to_be(key), goes=found.is_folder)
    elif read_manifest(storage) is None:
        unknown = next((entry.key for entry in storage.entries() if not _is_internal(entry.key)), None)
        if unknown is None:
            refuse_folders(storage, is_going_to_be)
            return
        removal(storage).refuse_other_files()
        why = f" ({lost})" if (lost := lost_manifest(storage)) else ""
        way_out = Advice(
            "name another URL, or {overwrite}" if storage.replaces_others else "name another branch or URL"
        )
        raise StorageNotEmptyError(f"{storage} is not empty, and no store of mvn_dask{why}", advice=way_out)


def _is_internal(key: str) -> bool:
    return key.startswith(f"{INTERNAL_FOLDER}/")
