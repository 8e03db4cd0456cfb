"""Changes to the files of an icechunk repository that wait for a commit.

Input: files written and deleted, and forks of sessions in which tasks wrote chunks. Output: the same in a writable
session of icechunk's. Cost: the files are kept in memory; a fork takes some 30 bytes a chunk.
"""

import pickle
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mvn_dask.errors import StoreError
from mvn_dask.store.storage.base import Buffer, ByteArray
from mvn_dask.store.storage.icechunk.nodes import (
    FILE_CHUNK_BYTES,
    Nodes,
    array_of,
    document_path,
    file_document,
    folder_document,
    is_document,
    parent_of,
    waited,
)


@dataclass(frozen=True)
class TaskChunks:
    """Chunks that a task has written, and that nobody sees before they are committed."""

    fork: bytes
    """The fork of a session in which they were written, pickled."""
    number: int
    """How many."""
    nbytes: int
    """Their size."""

    def add_to(self, session: Any) -> None:
        """Add them to a writable session."""
        session.merge(pickle.loads(self.fork))  # noqa: S301 our own task made it


@dataclass(frozen=True)
class TaskCopies:
    """The same in the memory of this process, where forks of icechunk's do not see what their repository holds."""

    chunks: Mapping[str, bytes]
    """The chunks, by their keys."""

    @property
    def number(self) -> int:
        """How many."""
        return len(self.chunks)

    @property
    def nbytes(self) -> int:
        """Their size."""
        return sum(map(len, self.chunks.values()))

    def add_to(self, session: Any) -> None:
        """Add them to a writable session."""
        for key, content in self.chunks.items():
            _set(session, key, content)


@dataclass(frozen=True)
class Put:
    """A file that is to be written."""

    buffers: Sequence[Buffer]
    """Its content."""
    only_new: bool
    """Whether a file stays that another job has put there meanwhile."""

    @property
    def nbytes(self) -> int:
        return sum(memoryview(buffer).nbytes for buffer in self.buffers)

    @property
    def content(self) -> bytes:
        return b"".join(self.buffers)


class Changes:
    """Files and chunks that wait for a commit."""

    def __init__(self, tasks: Sequence[TaskChunks | TaskCopies] = ()) -> None:
        self.files: dict[str, Put | None] = {}
        """Files by their keys; None for those that are deleted."""
        self.dropped: set[str] = set()
        """Arrays and groups whose documents were deleted, and which lose their chunks with them."""
        self.tasks = list(tasks)
        """What tasks have written."""
        self.nbytes = sum(each.nbytes for each in tasks)
        """Size of the chunks in it: counted as they come, since it is asked for after each task."""

    def __bool__(self) -> bool:
        return bool(self.files or self.tasks)

    @property
    def chunks(self) -> int:
        """Chunks that tasks have written."""
        return sum(each.number for each in self.tasks)

    def take(self, written: TaskChunks | TaskCopies) -> None:
        self.tasks.append(written)
        self.nbytes += written.nbytes

    def put(self, key: str, buffers: Sequence[Buffer], *, only_new: bool = False) -> None:
        self.files[key] = Put(list(buffers), only_new)

    def delete(self, key: str) -> None:
        self.files[key] = None
        if is_document(key):
            self.dropped.add(parent_of(key))

    def hides(self, key: str) -> bool:
        """Whether a file of the snapshot is none any more: it was replaced, deleted, or a chunk of a lost array."""
        return key in self.files or array_of(key, self.dropped.__contains__) is not None

    def apply(self, session: Any, nodes: Nodes) -> bool:
        """Make the changes in a writable session of icechunk's, in which `nodes` lie; whether there were any."""
        changed = False
        for path in sorted(self.dropped):
            # A node that is a file, or a folder of files, is not what was deleted.
            if nodes.document(path) is None or nodes.is_file(path) or nodes.is_folder(path):
                continue
            if path:
                _delete(session, document_path(path))
            else:
                _set(session, document_path(path), folder_document())  # everything else goes with a root
            changed = True
        writer = _FileWriter(session, nodes, self)
        # What is deleted first; then documents, the outer before the inner: chunks lie in arrays that are there.
        for key in sorted(self.files, key=lambda key: (bool(self.files[key]), not is_document(key), key.count("/"))):
            changed |= writer.write(key, self.files[key])
        for each in self.tasks:
            each.add_to(session)
            changed = True
        return changed


class _FileWriter:
    """Writes files into a session, with the groups that they lie below."""

    def __init__(self, session: Any, nodes: Nodes, changes: Changes) -> None:
        self._session, self._nodes, self._changes = session, nodes, changes
        self._made: set[str] = set()

    def write(self, key: str, put: Put | None) -> bool:
        """Write or delete a file; whether that changes anything."""
        there = None if self._is_dropped(key) else self._nodes.read(key)
        if put is None:
            return self._remove(key) if there is not None else False
        if there is not None and (put.only_new or _is_same(there, put)):
            return False
        if not is_document(key) and array_of(key, self._is_array) is None:
            return self._write_file(key, put)
        if is_document(key):
            self._make_folders(parent_of(key))
            self._made.add(parent_of(key))
        _set(self._session, key, put.content)
        return True

    def _remove(self, key: str) -> bool:
        if is_document(key):
            return False  # `dropped` has done it
        _delete(self._session, key if array_of(key, self._is_array) else document_path(key))
        return True

    def _write_file(self, key: str, put: Put) -> bool:
        if self._nodes.is_file(key) or self._nodes.is_folder(key):
            if not all(self._changes.hides(entry.key) for entry in self._nodes.entries(key)):
                raise StoreError(f"{key} is a folder, where a store has a file: delete it")
            _delete(self._session, document_path(key))
        self._make_folders(key)
        _set(self._session, document_path(key), file_document(put.nbytes))
        content = put.content
        for number in range(-(-len(content) // FILE_CHUNK_BYTES)):
            _set(
                self._session, f"{key}/c/{number}", content[number * FILE_CHUNK_BYTES : (number + 1) * FILE_CHUNK_BYTES]
            )
        return True

    def _make_folders(self, path: str) -> None:
        """Make the groups above a node, the root among them, where there are none."""
        while path:
            path = parent_of(path)
            gone = path in self._changes.dropped
            if path in self._made or (self._nodes.document(path) is not None and not gone):
                continue
            if self._changes.files.get(document_path(path)) is None:
                _set(self._session, document_path(path), folder_document())
            self._made.add(path)

    def _is_dropped(self, key: str) -> bool:
        node = parent_of(key) if is_document(key) else array_of(key, self._changes.dropped.__contains__)
        return node is not None and node in self._changes.dropped

    def _is_array(self, path: str) -> bool:
        put = self._changes.files.get(document_path(path))
        return put is not None or (path not in self._changes.dropped and self._nodes.is_array(path))


def _is_same(there: ByteArray, put: Put) -> bool:
    return len(there) == put.nbytes and there.tobytes() == put.content


def _set(session: Any, key: str, content: bytes) -> None:
    from zarr.core.buffer import default_buffer_prototype

    waited(session.store.set(key, default_buffer_prototype().buffer.from_bytes(content)))


def _delete(session: Any, key: str) -> None:
    waited(session.store.delete(key))


class TaskWriter:
    """Writes the chunks of a task into a fork of its own."""

    def __init__(self, fork: bytes) -> None:
        self._session = pickle.loads(fork)  # noqa: S301 our own job made it
        self._count = self._nbytes = 0

    def write(self, key: str, buffers: Sequence[Buffer]) -> None:
        content = b"".join(buffers)
        _set(self._session, key, content)
        self._count, self._nbytes = self._count + 1, self._nbytes + len(content)

    def written(self) -> TaskChunks | None:
        """What the job has to commit; None where nothing was written."""
        return TaskChunks(pickle.dumps(self._session), self._count, self._nbytes) if self._count else None


class CopyWriter:
    """Keeps the chunks of a task."""

    def __init__(self) -> None:
        self._chunks: dict[str, bytes] = {}

    def write(self, key: str, buffers: Sequence[Buffer]) -> None:
        self._chunks[key] = b"".join(buffers)

    def written(self) -> TaskCopies | None:
        """What the job has to commit; None where nothing was written."""
        return TaskCopies(self._chunks) if self._chunks else None
