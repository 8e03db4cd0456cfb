"""What a store looks like to Zarr: a group with the array ``samples``, and the documents that say so.

No compressor, since the mantissas of normals do not compress; a crc32c in every chunk; NaN where nothing was
written. Where the variables have names, the array ``variable`` holds them, which makes them a coordinate in xarray.
The documents are made in memory and written last, the root's last of all: no Zarr reader, whatever its version or
language, can open what has no ``zarr.json``.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from mvn_dask.hashing import canonical_json
from mvn_dask.store.format.layout import ARRAY, fill_value
from mvn_dask.store.format.manifest import FORMAT_VERSION, Manifest
from mvn_dask.store.storage.base import Storage

DOCUMENT = "zarr.json"
"""Name of a document."""
MAX_MEAN_SIZE = 10_000
"""Numbers of a mean that stands in the attributes; a longer one stands in ``.mvn_dask/mean.npy`` alone."""

MAX_EXTRA_BYTES = 2**19
"""Bytes that a document may have beyond what we write: attributes that users add, and the mean."""

Files = Mapping[str, bytes]


def zarr_files(manifest: Manifest, arrays: Mapping[str, npt.NDArray[Any]]) -> Files:
    """Everything that Zarr needs beside the chunks: documents, and the names of the variables."""
    import zarr
    from zarr.codecs import Crc32cCodec
    from zarr.storage import MemoryStore

    written: dict[str, Any] = {}
    store = MemoryStore(written)
    root = {"mvn_dask_format_version": FORMAT_VERSION, "mvn_dask_fingerprint": manifest.fingerprint}
    group = zarr.create_group(store, zarr_format=3, attributes=root)
    layout = manifest.array
    group.create_array(
        ARRAY,
        shape=layout.shape,
        chunks=layout.inner_chunks or layout.chunks,
        shards=None if layout.inner_chunks is None else layout.chunks,
        dtype=layout.dtype,
        fill_value=fill_value(layout.dtype),
        compressors=[Crc32cCodec()],
        filters=None,
        dimension_names=layout.dimensions,
        attributes=attributes(manifest.samples, manifest.expression, arrays.get("mean")),
        config={"write_empty_chunks": True},
    )
    if layout.names is not None:
        names = group.create_array(
            layout.dimensions[-1],
            shape=(len(layout.names),),
            chunks=(max(1, len(layout.names)),),
            dtype=str,
            compressors=None,
            dimension_names=layout.dimensions[-1:],
        )
        names[:] = np.array(layout.names, dtype=object)
    files = {key: value.to_bytes() for key, value in written.items()}
    files[DOCUMENT] = _consolidated(files)
    return files


def attributes(
    samples: Sequence[Mapping[str, object]], expression: str | None, mean: npt.NDArray[Any] | None
) -> dict[str, Any]:
    """What plain readers are told: text and numbers only, so that they can be saved in other formats."""
    told: dict[str, Any] = {"provenance": canonical_json(list(samples))}
    if expression is not None:
        told["expression"] = expression
    if mean is not None and mean.size <= MAX_MEAN_SIZE:
        told["mean"] = mean.tolist()
    return told


def _consolidated(files: Files) -> bytes:
    """The root's document with copies of the others, so that one read opens the store.

    As ``zarr.consolidate_metadata`` does, which warns each time that no specification has it yet, and cannot
    be kept from warning in one thread alone.
    """
    root = json.loads(files[DOCUMENT])
    inner = {
        key.removesuffix(f"/{DOCUMENT}"): json.loads(text)
        for key, text in sorted(files.items())
        if key.endswith(f"/{DOCUMENT}")
    }
    root["consolidated_metadata"] = {"kind": "inline", "must_understand": False, "metadata": inner}
    return json.dumps(root, indent=2).encode()


def faults(storage: Storage, files: Files) -> dict[str, str]:
    """Files of Zarr's that are missing, or not what they should be. The sizes of hostile ones are not read.

    Documents are compared by what they say, since releases of Zarr spell it differently.
    """
    found = {}
    for key, expected in files.items():
        entry = storage.entry(key)
        if entry is None:
            found[key] = "missing"
        elif not entry.regular:
            found[key] = "a link"
        elif entry.size > 2 * len(expected) + MAX_EXTRA_BYTES:
            found[key] = f"wrong size: {entry.size} bytes"
        elif not _same(storage.read(key).tobytes(), expected, document=key.endswith(DOCUMENT)):
            found[key] = "differs from what mvn_dask writes"
    return found


def _same(content: bytes, expected: bytes, *, document: bool) -> bool:
    if content == expected or not document:
        return content == expected
    try:
        return _agree(json.loads(content), json.loads(expected))
    except (ValueError, RecursionError):
        return False


def _agree(there: Any, ours: Any, *, more: bool = False) -> bool:
    """Whether a document says what ours says; attributes are the user's to add to."""
    if not (isinstance(there, dict) and isinstance(ours, dict)):
        return bool(there == ours)
    if there.keys() != ours.keys() and not (more and there.keys() > ours.keys()):
        return False
    return all(_agree(there[key], ours[key], more=key == "attributes") for key in ours)


def commit(storage: Storage, files: Files) -> None:
    """Write what Zarr needs, the root's document last, and that exactly once, however many jobs come to it."""
    for key in sorted(files, key=lambda key: (key.endswith(DOCUMENT), key)):
        if key != DOCUMENT and key in faults(storage, {key: files[key]}):
            storage.write(key, [files[key]])
    if not storage.create(DOCUMENT, files[DOCUMENT]) and faults(storage, {DOCUMENT: files[DOCUMENT]}):
        # A careless reader's `zarr.open` has made an empty group there, or the store was extended.
        storage.write(DOCUMENT, [files[DOCUMENT]])
