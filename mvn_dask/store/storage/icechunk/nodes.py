"""The files of a snapshot of an icechunk repository, which keeps Zarr's documents and chunks and nothing else.

Input: a session of icechunk's. Output: files under keys, as `Storage` has them. Cost: a request for a document or a
chunk, since references of chunks lie together; listing takes some microseconds a chunk.

A key that is neither Zarr's document nor a chunk of an array is the path of an array of bytes, marked by an attribute,
which holds the file. Groups above it that nobody else made, the root among them, are marked as well, and are no files.
"""

import json
import re
import uuid
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar, cast

import numpy as np

from mvn_dask.errors import TransportError
from mvn_dask.store.storage.base import MANIFEST_KEY, ByteArray, Entry

FILE = "mvn_dask_file"
"""Attribute of an array that holds the bytes of a file: a digest of nothing, and other for each time it is written."""
FOLDER = "mvn_dask_folder"
"""Attribute of a group that is there since a file lies below it."""
FILE_CHUNK_BYTES = 2**26
"""Bytes of a chunk of a file, at most."""
_DOCUMENT = "zarr.json"
"""Name of a document of Zarr's."""
BATCH = 10_000
"""Chunks that are listed in one call."""

_CHUNK = re.compile(r"(?P<array>.+?)/c(?P<index>(/(0|[1-9][0-9]*))*)")

T = TypeVar("T")


@contextmanager
def translated(name: str) -> Iterator[None]:
    """Inside the body, errors of icechunk become errors of one line; FileNotFoundError for an object that is gone."""
    import icechunk

    try:
        yield
    except icechunk.IcechunkError as error:
        lines = [line.lstrip(" |->`x").rstrip() for line in str(error).splitlines()]
        text = lines[0] if lines else type(error).__name__
        if " not found" in text and text.startswith(("object store error", "object not found")):  # versions 1 and 2
            raise FileNotFoundError(2, "there is no object", name) from None
        # Version 1 ends with the cause, version 2 with a place in its source.
        causes = [line for line in lines[-1:] if line and line not in text and not line.startswith("at ")]
        # From None: a cause may hold what a request was signed with.
        raise TransportError(f"{name}: {': '.join([text, *causes])}") from None


def waited(coroutine: Any) -> Any:
    """The result of a coroutine of a Zarr store, in the loop that Zarr has for them."""
    from zarr.core.sync import sync

    return sync(coroutine)


async def _all(items: AsyncIterator[T]) -> list[T]:
    return [item async for item in items]


def document_path(path: str) -> str:
    """Key of the document of a node; "" is the root."""
    return f"{path}/{_DOCUMENT}" if path else _DOCUMENT


def parent_of(path: str) -> str:
    """The node above another."""
    return path.rpartition("/")[0]


def is_document(key: str) -> bool:
    """Whether a key is that of a document of Zarr's."""
    return key.rpartition("/")[2] == _DOCUMENT


def array_of(key: str, is_array: Callable[[str], bool]) -> str | None:
    """The array that a key is of a chunk of; None where there is no such array, and the key is a file's."""
    found = _CHUNK.fullmatch(key)
    return found["array"] if found is not None and is_array(found["array"]) else None


def folder_document() -> bytes:
    """The document of a group that files lie below."""
    return json.dumps({"zarr_format": 3, "node_type": "group", "attributes": {FOLDER: True}}).encode()


def file_document(size: int) -> bytes:
    """The document of an array that holds the bytes of a file; it is equal to no other."""
    document = {
        "zarr_format": 3,
        "node_type": "array",
        "shape": [size],
        "data_type": "uint8",
        "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": [max(1, min(size, FILE_CHUNK_BYTES))]}},
        "chunk_key_encoding": {"name": "default", "configuration": {"separator": "/"}},
        "fill_value": 0,
        "codecs": [{"name": "bytes"}],
        "attributes": {FILE: uuid.uuid4().hex},
    }
    return json.dumps(document).encode()


class Nodes:
    """What a session of icechunk's sees; it must not change."""

    def __init__(self, session: Any, name: str, modified: float) -> None:
        self._session, self._store, self._name, self._modified = session, session.store, name, modified
        self._documents: dict[str, tuple[bytes, dict[str, Any]] | None] = {}
        self._manifest: ByteArray | None = None

    def raw(self, key: str) -> bytes | None:
        """Content of a document or of a chunk of Zarr's; None where there is none."""
        from zarr.core.buffer import default_buffer_prototype

        with translated(f"{self._name}/{key}"):
            found = waited(self._store.get(key, default_buffer_prototype()))
        return None if found is None else cast(bytes, found.to_bytes())

    def _document(self, path: str) -> tuple[bytes, dict[str, Any]] | None:
        if path not in self._documents:
            text = self.raw(document_path(path))
            self._documents[path] = None if text is None else (text, json.loads(text))
        return self._documents[path]

    def document(self, path: str) -> dict[str, Any] | None:
        """The document of a node, whether it is marked or not; None where there is no node."""
        found = self._document(path)
        return None if found is None else found[1]

    def is_array(self, path: str) -> bool:
        """Whether a path is that of an array that is no file."""
        return self._is(path, "array", marked=False)

    def is_file(self, path: str) -> bool:
        """Whether a path is that of an array of bytes that is a file."""
        return self._is(path, "array", marked=True)

    def is_folder(self, path: str) -> bool:
        """Whether a path is that of a group that is there for files below it alone."""
        return self._is(path, "group", marked=True)

    def _is(self, path: str, node_type: str, *, marked: bool) -> bool:
        document = self.document(path)
        return document is not None and document["node_type"] == node_type and _is_marked(document) == marked

    def version(self, key: str) -> bytes | None:
        """What tells one content of a file from another: the document of the array that holds it."""
        found = self._document(key)
        return None if found is None else found[0]

    def read(self, key: str) -> ByteArray | None:
        """Content of a file; None where there is none."""
        if key == MANIFEST_KEY and self._manifest is not None:
            return self._manifest  # it is compared before each chunk is written
        found = self._read(key)
        content = None if found is None else np.frombuffer(found, np.uint8)
        if key == MANIFEST_KEY:
            self._manifest = content
        return content

    def _read(self, key: str) -> bytes | None:
        if is_document(key):
            found = self._document(parent_of(key))
            return None if found is None or _is_marked(found[1]) else found[0]
        if array_of(key, self.is_array) is not None:
            return self.raw(key)
        if not self.is_file(key):
            return None
        size = self._size_of_file(key)
        pieces = [self.raw(f"{key}/c/{number}") for number in range(-(-size // FILE_CHUNK_BYTES))]
        return b"".join(piece for piece in pieces if piece is not None)

    def _size_of_file(self, key: str) -> int:
        return int((self.document(key) or {})["shape"][0])

    def entry(self, key: str) -> Entry | None:
        """The file of a key; None where there is none."""
        size = self._size(key)
        return None if size is None else Entry(key, size, self._modified)

    def _size(self, key: str) -> int | None:
        if is_document(key):
            found = self._document(parent_of(key))
            return None if found is None or _is_marked(found[1]) else len(found[0])
        if array_of(key, self.is_array) is None:
            return self._size_of_file(key) if self.is_file(key) else None
        with translated(f"{self._name}/{key}"):
            return int(waited(self._store.getsize(key))) if waited(self._store.exists(key)) else None

    def children(self, path: str) -> list[str]:
        """Names of the nodes below a group."""
        if not path and self.document("") is None:
            # Without a root others' arrays are in no listing of its folder.
            with translated(self._name):
                keys = waited(_all(self._store.list()))
            return sorted({key.partition("/")[0] for key in keys})
        with translated(f"{self._name}/{path}"):
            names = waited(_all(self._store.list_dir(path)))
        return sorted(name for name in names if name != _DOCUMENT)

    def has_nodes_of_others(self) -> bool:
        """Whether there are groups or arrays that are neither files nor folders of files."""
        root = self.document("")
        if root is not None and not self.is_folder(""):
            return True
        return not all(self.is_file(name) or self.is_folder(name) for name in self.children(""))

    def entries(self, prefix: str = "") -> Iterator[Entry]:
        """Files below a folder."""
        document = self.document(prefix)
        if document is None:
            if prefix:
                yield from self._chunks_below(prefix)
                return
        elif document["node_type"] == "array":
            if not _is_marked(document):
                yield from self._array_entries(prefix)
            return
        elif not _is_marked(document):
            yield self._named(document_path(prefix))
        for name in self.children(prefix):
            path = f"{prefix}/{name}" if prefix else name
            if self.is_file(path):
                yield self._named(path)
            yield from self.entries(path)

    def _named(self, key: str) -> Entry:
        return Entry(key, self._size(key) or 0, self._modified)

    def _chunks_below(self, prefix: str) -> Iterator[Entry]:
        """Chunks in a folder of an array."""
        above = parent_of(prefix)
        while above and not self.is_array(above):
            above = parent_of(above)
        if above:
            yield from (entry for entry in self._array_entries(above) if entry.key.startswith(f"{prefix}/"))

    def _array_entries(self, path: str) -> Iterator[Entry]:
        """The document of an array, and its chunks."""
        yield self._named(document_path(path))
        keys = self._chunk_keys(path)
        if not keys:
            return
        document, first = self._size(document_path(path)) or 0, self._size(keys[0]) or 0
        with translated(f"{self._name}/{path}"):
            total = int(waited(self._store.getsize_prefix(path)))
        # One call in place of one a chunk: where they add up, none has another size than the first.
        same = total == document + first * len(keys)
        for key in keys:
            yield Entry(key, first if same else self._size(key) or 0, self._modified)

    def _chunk_keys(self, path: str) -> list[str]:
        with translated(f"{self._name}/{path}"):
            found = waited(_all(self._session.chunk_coordinates(f"/{path}", BATCH)))
        return ["/".join((path, "c", *map(str, index))) for index in found]


def _is_marked(document: dict[str, Any]) -> bool:
    attributes = document.get("attributes")
    return isinstance(attributes, dict) and not attributes.keys().isdisjoint({FILE, FOLDER})
