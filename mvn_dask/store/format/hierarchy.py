"""Files of any Zarr hierarchy, known by its documents alone.

Input: a storage. Output: a `Hierarchy`, which tells metadata documents and chunks from all other files: a name that
looks like a chunk's is not enough. Cost: a listing, and a read of every document.
"""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from mvn_dask.store.storage.base import Storage, written_key

DOCUMENT = "zarr.json"
"""Name of a metadata document of Zarr 3."""
DOCUMENTS = {DOCUMENT, ".zgroup", ".zarray", ".zattrs", ".zmetadata"}
"""Names of metadata documents of Zarr 3 and Zarr 2."""
MAX_DOCUMENT_BYTES = 2**24
"""Size of a document, at most; a larger one counts as another file."""

_NUMBER = re.compile(r"0|[1-9][0-9]{0,18}")


@dataclass(frozen=True)
class ChunkKeys:
    """Keys of the chunks of a Zarr array, below its folder."""

    counts: tuple[int, ...]
    """Chunks along each axis."""
    separator: str
    """Between two numbers."""
    prefixed: bool
    """Whether a "c" comes first, as in Zarr 3."""

    def __contains__(self, key: str) -> bool:
        words = key.split(self.separator)
        if self.prefixed and words.pop(0) != "c":
            return False
        if not self.prefixed and not self.counts:
            return key == "0"
        return len(words) == len(self.counts) and self._are_numbers(words)

    def has_folder(self, key: str) -> bool:
        """Whether a key is that of a folder that chunks lie in."""
        words = key.split("/")
        if self.separator != "/" or (self.prefixed and words.pop(0) != "c"):
            return False
        return len(words) < len(self.counts) and self._are_numbers(words)

    def _are_numbers(self, words: list[str]) -> bool:
        """Whether words are numbers of chunks along the first axes."""
        return all(
            _NUMBER.fullmatch(word) and int(word) < count for word, count in zip(words, self.counts, strict=False)
        )


@dataclass(frozen=True)
class Hierarchy:
    """The groups and arrays that a storage holds, and their files."""

    documents: frozenset[str]
    """Keys of the metadata documents."""
    arrays: Mapping[str, ChunkKeys]
    """Chunks of each array, by its folder; "" is that of the root."""

    def __contains__(self, key: str) -> bool:
        """Whether a key is that of a document or a chunk."""
        # Zarr writes zarr.json by way of zarr.<digits>.partial: what follows the last point gives way to them.
        written = written_key(key)
        return key in self.documents or self._is_chunk(key) or (written != key and f"{written}.json" in self.documents)

    def has_folder(self, key: str) -> bool:
        """Whether a key is that of a folder that documents or chunks lie in."""
        if any(document.startswith(f"{key}/") for document in self.documents):
            return True
        chunks, rest = self._array_above(key)
        return chunks is not None and chunks.has_folder(rest)

    def is_below_node(self, key: str) -> bool:
        """Whether a key is that of a folder in the folder of a group or of an array."""
        folder = key[: key.rfind("/") + 1]
        return any(folder + name in self.documents for name in DOCUMENTS)

    def _is_chunk(self, key: str) -> bool:
        chunks, rest = self._array_above(key)
        return chunks is not None and rest in chunks

    def _array_above(self, key: str) -> tuple[ChunkKeys | None, str]:
        """The chunks of the innermost array above a key, and the rest of the key below its folder."""
        folder = key
        while folder:
            folder = folder.rpartition("/")[0]
            chunks = self.arrays.get(folder)
            if chunks is not None:
                return chunks, key.removeprefix(f"{folder}/" if folder else "")
        return None, key


def read_hierarchy(storage: Storage) -> Hierarchy:
    """The hierarchy that lies in a storage, as far as its documents can be understood."""
    return hierarchy_of(_documents(storage, (entry.key for entry in storage.entries() if _is_document(entry.key))))


def hierarchy_of(found: Mapping[str, Mapping[str, Any]]) -> Hierarchy:
    """The hierarchy that consists of these documents, by their keys."""
    arrays = {}
    for key, document in found.items():
        chunks = _chunk_keys(key.rpartition("/")[2], document)
        if chunks is not None:
            arrays[key.rpartition("/")[0]] = chunks
    return Hierarchy(frozenset(found), arrays)


def _is_document(key: str) -> bool:
    return key.rpartition("/")[2] in DOCUMENTS


def _documents(storage: Storage, keys: Iterable[str]) -> dict[str, dict[str, Any]]:
    found = {key: document for key in list(keys) if (document := read_document(storage, key)) is not None}
    folders = {key.rpartition("/")[0] for key, document in found.items() if document.get("zarr_format") in {2, 3}}
    # Attributes and copies of Zarr 2 lie beside a group's or an array's document.
    return {key: document for key, document in found.items() if key.rpartition("/")[0] in folders}


def read_document(storage: Storage, key: str) -> dict[str, Any] | None:
    """A metadata document of Zarr; None where there is none that can be one."""
    entry = storage.entry(key)
    if entry is None or not entry.regular or entry.size > MAX_DOCUMENT_BYTES:
        return None
    try:
        document = json.loads(storage.read(key).tobytes())
    except (FileNotFoundError, ValueError, RecursionError):
        return None
    if not isinstance(document, dict):
        return None
    name = key.rpartition("/")[2]
    if name == "zarr.json":
        known = document.get("zarr_format") == 3 and document.get("node_type") in {"group", "array"}
    elif name == ".zmetadata":
        known = isinstance(document.get("metadata"), dict)
    else:
        known = name == ".zattrs" or document.get("zarr_format") == 2
    return document if known else None


def _chunk_keys(name: str, document: Mapping[str, Any]) -> ChunkKeys | None:
    """The chunks of an array; None where it is none, or is cut in a way that is not known here."""
    try:
        if name == ".zarray":
            return _keys(
                document["shape"], document["chunks"], document.get("dimension_separator", "."), prefixed=False
            )
        if name != "zarr.json" or document["node_type"] != "array" or document["chunk_grid"]["name"] != "regular":
            return None
        encoding = document["chunk_key_encoding"]
        prefixed = {"default": True, "v2": False}[encoding["name"]]
        separator = encoding.get("configuration", {}).get("separator", "/" if prefixed else ".")
        return _keys(
            document["shape"], document["chunk_grid"]["configuration"]["chunk_shape"], separator, prefixed=prefixed
        )
    except (KeyError, TypeError, ValueError, AttributeError):
        return None


def _keys(shape: Any, chunks: Any, separator: Any, *, prefixed: bool) -> ChunkKeys:
    whole = all(type(n) is int and n >= 0 for n in shape) and all(type(n) is int and n > 0 for n in chunks)
    if not whole or len(shape) != len(chunks) or separator not in {".", "/"}:
        raise ValueError("no regular grid")
    return ChunkKeys(tuple(-(-n // chunk) for n, chunk in zip(shape, chunks, strict=True)), separator, prefixed)
