"""Zarr's metadata documents of a store, and the names of the variables.

Input: a manifest and the mean. Output: the files that make the chunks a Zarr group with the array ``samples``. Cost:
Zarr makes the documents in memory, in a few milliseconds; each is a small write.

No compressor, since the mantissas of normals do not compress; a crc32c in every chunk; NaN where nothing was written.
Where the variables have names, the array ``variable`` holds them, which makes them a coordinate in xarray. The root's
document is written last of all: no Zarr reader, whatever its version or language, can open what has no ``zarr.json``.
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
"""Name of a metadata document."""
MAX_MEAN_SIZE = 10_000
"""Numbers of a mean in the attributes, at most; a longer one is in ``.mvn_dask/parameters/mean.npy`` alone."""

MAX_EXTRA_BYTES = 2**19
"""Bytes of attributes that users may add to a document, the mean included."""

Files = Mapping[str, bytes]


def zarr_files(manifest: Manifest, arrays: Mapping[str, npt.NDArray[Any]]) -> Files:
    """Everything that Zarr needs beside the chunks: documents, and the names of the variables."""
    import zarr
    from zarr.codecs import Crc32cCodec
    from zarr.storage import MemoryStore

    written: dict[str, Any] = {}
    # In memory, since Zarr would write the root's document first.
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
    """Attributes for plain readers: text and numbers only, so that they can be saved in other formats."""
    found: dict[str, Any] = {"provenance": canonical_json(list(samples))}
    if expression is not None:
        found["expression"] = expression
    if mean is not None and mean.size <= MAX_MEAN_SIZE:
        found["mean"] = mean.tolist()
    return found


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


def metadata_faults(storage: Storage, files: Files) -> dict[str, str]:
    """Files of `zarr_files` that are missing or differ, and why; those of a wrong size are not read.

    Documents are compared as JSON, since releases of Zarr spell it differently.
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
        elif not _is_same(storage.read(key).tobytes(), expected, document=key.endswith(DOCUMENT)):
            found[key] = "differs from what mvn_dask writes"
    return found


def _is_same(content: bytes, expected: bytes, *, document: bool) -> bool:
    if content == expected or not document:
        return content == expected
    try:
        return _agree(json.loads(content), json.loads(expected))
    except (ValueError, RecursionError):
        return False


def _agree(found: Any, ours: Any, *, more: bool = False) -> bool:
    """Whether a document says what ours says; users may add attributes."""
    if not (isinstance(found, dict) and isinstance(ours, dict)):
        return bool(found == ours)
    if found.keys() != ours.keys() and not (more and found.keys() > ours.keys()):
        return False
    return all(_agree(found[key], ours[key], more=key == "attributes") for key in ours)


def commit(storage: Storage, files: Files) -> None:
    """Write the files of Zarr, the root's document last, and that once, however many parts end at the same moment."""
    for key in sorted(files, key=lambda key: (key.endswith(DOCUMENT), key)):
        if key != DOCUMENT and key in metadata_faults(storage, {key: files[key]}):
            storage.write(key, [files[key]])
    # Created exclusively: of many parts that end at the same moment one commits, and readers never see it change.
    if not storage.create(DOCUMENT, files[DOCUMENT]) and metadata_faults(storage, {DOCUMENT: files[DOCUMENT]}):
        # A careless reader's `zarr.open` has made an empty group there, or the store was extended.
        storage.write(DOCUMENT, [files[DOCUMENT]])
