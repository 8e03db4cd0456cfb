"""Zarr's metadata documents of a store, and the arrays beside its samples.

Input: a manifest and the mean. Output: the files that make the chunks a Zarr group with the array ``samples``. Cost:
Zarr makes the documents in memory, in a few milliseconds; each is a small write.

No compressor, since the mantissas of normals do not compress; a crc32c in every chunk; NaN where nothing was written.
Labels along axes are arrays of their own, which makes them coordinates in xarray (`auxiliary_arrays`). The root's
document is written last of all: no Zarr reader, whatever its version or language, can open what has no ``zarr.json``.

Others may add attributes to the documents, and groups and arrays beside ours: documents are amended, never replaced.
"""

import json
from collections.abc import Mapping
from typing import Any, Literal

import numpy.typing as npt

from mvn_dask.advice import Advice
from mvn_dask.errors import DamagedManifestError, StorageNotEmptyError
from mvn_dask.origin_attributes import MEAN, origin_attributes
from mvn_dask.readable import plural
from mvn_dask.store.format.auxiliary_arrays import coordinate_names, has_mean_array, write_auxiliary_arrays
from mvn_dask.store.format.file_writer import FileWriter
from mvn_dask.store.format.hierarchy import DOCUMENT
from mvn_dask.store.format.layout import fill_value
from mvn_dask.store.format.manifest import FINGERPRINT, FORMAT_VERSION, Manifest
from mvn_dask.store.format.members import Members
from mvn_dask.store.storage.base import NO_PLAIN_FILE, Entry, Session, Storage

MAX_EXTRA_BYTES = 2**21
"""Bytes that others may add to a document, as attributes or as documents of members."""
BESIDE = frozenset({"attributes", "consolidated_metadata"})
"""Fields of a document that decide nothing about the numbers."""

Document = dict[str, Any]
Files = Mapping[str, bytes]


def zarr_files(manifest: Manifest, arrays: Mapping[str, npt.NDArray[Any]]) -> Files:
    """Everything that Zarr needs beside the chunks: documents, labels, and the mean where it is an array."""
    import zarr
    from zarr.codecs import Crc32cCodec
    from zarr.storage import MemoryStore

    written: dict[str, Any] = {}
    # In memory, since Zarr would write the root's document first.
    store = MemoryStore(written)
    root = {"mvn_dask_format_version": FORMAT_VERSION, FINGERPRINT: manifest.fingerprint}
    group = zarr.create_group(store, zarr_format=3, attributes=root)
    layout, mean = manifest.array, arrays.get(MEAN)
    group.create_array(
        layout.name,
        shape=layout.shape,
        chunks=layout.inner_chunks or layout.chunks,
        shards=None if layout.inner_chunks is None else layout.chunks,
        dtype=layout.dtype,
        fill_value=fill_value(layout.dtype),
        compressors=[Crc32cCodec()],
        filters=None,
        dimension_names=layout.dimensions,
        attributes={
            **origin_attributes(manifest.samples, manifest.expression, None if has_mean_array(manifest) else mean),
            **layout.attributes,
            **coordinate_names(manifest, layout.dimensions),
        },
    )
    write_auxiliary_arrays(group, manifest, mean)
    files = {key: value.to_bytes() for key, value in written.items()}
    files[DOCUMENT] = _consolidated(files)
    return files


def _consolidated(files: Files) -> bytes:
    """The root's document with copies of the others, so that one read opens the store.

    As ``zarr.consolidate_metadata`` does, which warns at each call that no specification has it yet; a warning cannot
    be silenced in one thread alone.
    """
    root = json.loads(files[DOCUMENT])
    inner = {
        key.removesuffix(f"/{DOCUMENT}"): json.loads(text)
        for key, text in sorted(files.items())
        if key.endswith(f"/{DOCUMENT}")
    }
    root["consolidated_metadata"] = {"kind": "inline", "must_understand": False, "metadata": inner}
    return json.dumps(root, indent=2).encode()


def is_too_long(entry: Entry, expected: bytes) -> bool:
    """Whether a document has more bytes than it may have beyond ours."""
    return entry.size > 2 * len(expected) + MAX_EXTRA_BYTES


def read_amendable(storage: Storage, key: str, expected: bytes) -> Document | None:
    """A document as it lies there, with what others added; None where there is nothing that can be amended.

    Raises DamagedManifestError if it is too long to be read: what others added to it must not be lost.
    """
    entry = storage.entry(key)
    if entry is None or not entry.regular:
        return None
    if is_too_long(entry, expected):
        raise DamagedManifestError(
            f"{key} of {storage} has {plural(entry.size, 'byte')}, more than are read",
            advice=Advice("move it away, and {repair} writes it anew"),
        )
    try:
        document = json.loads(storage.read(key).tobytes())
    except (FileNotFoundError, ValueError, RecursionError):
        return None
    return document if isinstance(document, dict) and isinstance(document.get("attributes", {}), dict) else None


def metadata_faults(storage: Storage, files: Files) -> dict[str, str]:
    """Files of `zarr_files` that are missing or differ, and why; those of a wrong size are not read.

    Documents are compared as JSON, since releases of Zarr spell it differently; others may add to them.
    """
    found = {}
    for key, expected in files.items():
        entry = storage.entry(key)
        if entry is None:
            found[key] = "missing"
        elif not entry.regular:
            found[key] = NO_PLAIN_FILE
        elif is_too_long(entry, expected):
            found[key] = f"wrong size: {plural(entry.size, 'byte')}"
        elif key.endswith(DOCUMENT):
            document = read_amendable(storage, key, expected)
            if document is None or document_fault(document, json.loads(expected)) is not None:
                found[key] = "differs from what mvn_dask writes"
        elif storage.read(key).tobytes() != expected:
            found[key] = "differs from what mvn_dask writes"
    return found


def document_fault(found: Document, ours: Document) -> Literal["contradicts", "changed"] | None:
    """Whether a document contradicts ours, or lacks some of what it says to readers beside the numbers."""
    if any(found.get(field, ours) != ours[field] for field in ours.keys() - BESIDE):
        return "contradicts"
    copies, our_copies = _copies(found), _copies(ours)
    whole = (
        all(_may_be_ignored(found[field]) for field in found.keys() - ours.keys())
        and _holds(found.get("attributes", {}), ours.get("attributes", {}))
        and copies.keys() >= our_copies.keys()
        and all(document_fault(copies[path], our_copies[path]) is None for path in our_copies)
    )
    return None if whole else "changed"


def _copies(document: Document) -> dict[str, Any]:
    """Copies of the documents of all members in that of the root."""
    consolidated = document.get("consolidated_metadata")
    copies = consolidated.get("metadata") if isinstance(consolidated, dict) else None
    copies = copies if isinstance(copies, dict) else {}
    return {path: copy for path, copy in copies.items() if isinstance(copy, dict)}


def _holds(found: Any, ours: Document) -> bool:
    return isinstance(found, dict) and all(field in found and found[field] == ours[field] for field in ours)


def _may_be_ignored(value: Any) -> bool:
    """Whether a field is an extension that readers need not know."""
    return isinstance(value, dict) and value.get("must_understand") is False


def _amended(found: Document | None, ours: Document) -> Document:
    """Our document with what others added to it."""
    if found is None:
        return ours
    more = {field: value for field, value in found.items() if field not in ours and _may_be_ignored(value)}
    return {**ours, **more, "attributes": {**found.get("attributes", {}), **ours.get("attributes", {})}}


def amended_files(storage: Storage, files: Files, others: Members) -> Files:
    """Our files with what others added to the documents, and to the copies of documents in that of the root.

    Raises DamagedManifestError or StorageNotEmptyError where that is more than is read again.
    """
    amended = dict(files)
    for key in (key for key in files if key.endswith(DOCUMENT) and key != DOCUMENT):
        amended[key] = _spelt(_amended(read_amendable(storage, key, files[key]), json.loads(files[key])), files[key])
    found = read_amendable(storage, DOCUMENT, files[DOCUMENT])
    root = _amended(found, json.loads(files[DOCUMENT]))
    inner = f"/{DOCUMENT}"
    copies = {key.removesuffix(inner): json.loads(text) for key, text in amended.items() if key.endswith(inner)}
    # Where the root has copies, readers see those alone; xarray cannot open every array that others may have added.
    seen = others.keys() if found is None or not _copies(found) else others.keys() & _copies(found).keys()
    copies |= {path: {**others[path]} for path in seen}
    for copy in copies.values():
        copy.pop("consolidated_metadata", None)  # of a group that others added
    root["consolidated_metadata"] = {**root["consolidated_metadata"], "metadata": dict(sorted(copies.items()))}
    amended[DOCUMENT] = _spelt(root, files[DOCUMENT])
    if len(amended[DOCUMENT]) > 2 * len(files[DOCUMENT]) + MAX_EXTRA_BYTES:
        raise StorageNotEmptyError(
            f"with groups and arrays of others {DOCUMENT} of {storage} would have "
            f"{plural(len(amended[DOCUMENT]), 'byte')}, more than are read: move some of them away"
        )
    return amended


def _spelt(document: Document, ours: bytes) -> bytes:
    return ours if document == json.loads(ours) else json.dumps(document, indent=2).encode()


def write_arrays(session: Session, writer: FileWriter, files: Files, others: Members) -> Files:
    """Write all of the files but the root's document, those that are missing or differ; all of them, amended."""
    amended = amended_files(writer.storage, files, others)
    for key in sorted(files, key=lambda key: (key.endswith(DOCUMENT), key)):
        is_wrong = key != DOCUMENT and key in metadata_faults(writer.storage, {key: files[key]})
        if is_wrong and not writer.create(key, amended[key]):
            session.replace(key, [amended[key]])
    return amended


def commit(session: Session, writer: FileWriter, files: Files, others: Members) -> None:
    """Write the files of Zarr that are missing or differ, amended.

    The root's document comes last, and once, however many parts end at the same moment.
    """
    storage = writer.storage
    amended = write_arrays(session, writer, files, others)
    # Created exclusively: of many parts that end at the same moment one commits, and readers never see it change.
    if not writer.create(DOCUMENT, amended[DOCUMENT]) and metadata_faults(storage, {DOCUMENT: files[DOCUMENT]}):
        # A careless reader's `zarr.open` has made an empty group there, others changed it, or the store was extended.
        session.replace(DOCUMENT, [amended[DOCUMENT]])
