"""A store in a repository of icechunk: versioned, and changed by commits alone.

Input: the history of a branch. Output: `Storage`. Cost: a commit for what is written outside of a session; inside of
one, files and chunks wait for `Session.save`. Tasks write chunks into forks of icechunk's sessions, which come back
to the job with their results.
"""

import re
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from mvn_dask.errors import NotAStoreError, StorageError, StorageNotEmptyError, StoreError
from mvn_dask.store.storage.base import MANIFEST_KEY, Buffer, ByteArray, Entry, Over, Session, Storage
from mvn_dask.store.storage.icechunk.changes import Changes, CopyWriter, TaskWriter
from mvn_dask.store.storage.icechunk.folder import free_bytes, holds_something, probe_beside
from mvn_dask.store.storage.icechunk.history import History
from mvn_dask.store.storage.icechunk.session import icechunk_session
from mvn_dask.store.storage.icechunk.transaction import Transaction
from mvn_dask.store.storage.local import LocalStorage


class IcechunkStorage(Storage):
    """A branch, a tag or a snapshot of a repository. What it reads is a snapshot, the same until a session begins."""

    prefers_listing = True
    has_locks = False
    copies_writes = True
    is_transactional = True
    needs_documents = True
    replaces_others = False
    lock_keys = re.compile("(?!)")
    """None: nothing is locked."""

    def __init__(self, history: History) -> None:
        self._history, self.name = history, history.name
        self._in_session = False
        self._fork = b""
        self._transaction = Transaction(history)
        self._writing = threading.local()

    def __getstate__(self) -> Any:
        found = self._transaction.found
        return self._history, self._fork, None if found is None else (found.snapshot, found.published)

    def __setstate__(self, state: Any) -> None:
        history, self._fork, seen = state
        self._history, self.name, self._in_session = history, history.name, False
        self._transaction = Transaction(history) if seen is None else Transaction(history, seen[0], published=seen[1])
        self._writing = threading.local()

    def entry(self, key: str) -> Entry | None:
        return self._transaction.entry(key)

    def read(self, key: str) -> ByteArray:
        content = self._transaction.read(key)
        if content is None:
            raise FileNotFoundError(2, "there is no file", f"{self.name}/{key}")
        return content

    def write(self, key: str, buffers: Sequence[Buffer]) -> None:
        self._change(lambda: self._transaction.put(key, buffers))

    def write_if(self, check: Callable[[], None], key: str, buffers: Sequence[Buffer], over: Over) -> bool:
        check()
        task: TaskWriter | CopyWriter | None = getattr(self._writing, "task", None)
        if task is not None:
            task.write(key, buffers)  # whether the store is still the same is compared when it is committed
            return True
        if over == "nothing" and self.entry(key) is not None:
            return False
        self._change(lambda: self._transaction.put(key, buffers, only_new=over == "nothing"))
        return True

    def create(self, key: str, content: bytes) -> bool:
        if self.entry(key) is not None:
            return False
        self._change(lambda: self._transaction.put(key, [content], only_new=True))
        if self._transaction.exclusive:
            return True
        try:
            # At once, so that of many jobs that begin together one decides.
            self._transaction.save(f"begin with {key}")
        except StoreError:
            self._transaction.look_again()
            if self._transaction.nodes is None or self._transaction.nodes.entry(key) is None:
                raise
            self._transaction.changes.files.pop(key)
            return False
        return self.read(key).tobytes() == content

    def delete(self, key: str) -> None:
        self._change(lambda: self._transaction.delete(key))

    def _change(self, change: Callable[[], None]) -> None:
        """Make a change: outside of a session it is committed at once."""
        if self._in_session:
            change()
            return
        self._history.create()
        self._transaction.look_again()
        try:
            change()
            self._transaction.save("")
        finally:
            self._transaction.changes = Changes()

    def entries(self, prefix: str = "") -> Iterator[Entry]:
        yield from self._transaction.entries(prefix)

    def require_folder(self) -> None:
        folder = self._history.folder
        if folder is None or self._history.repository() is not None:
            return
        LocalStorage(folder).require_folder()
        if holds_something(folder):
            raise StorageNotEmptyError(f"{folder} is no repository of icechunk, and not empty: `url` must name another")

    @contextmanager
    def session(self) -> Iterator[Session]:
        with icechunk_session(self._transaction) as session:
            self._in_session = True
            try:
                yield session
            finally:
                self._in_session = False

    @contextmanager
    def task_session(self) -> Iterator[None]:
        if self.entry(MANIFEST_KEY) is None:
            raise StoreError(f"{self} is not there: does this worker see it, and was it not deleted?")
        yield

    @contextmanager
    def collected(self) -> Iterator[list[Any]]:
        written: list[Any] = []
        self._writing.task = task = self._task_writer()
        try:
            yield written
        finally:
            self._writing.task = None
        chunks = task.written()
        if chunks is not None:
            written.append(chunks)

    def begin_tasks(self) -> None:
        self._transaction.begin_tasks()
        self._fork = b"" if self.in_memory else self._history.fork()

    def _task_writer(self) -> TaskWriter | CopyWriter:
        return TaskWriter(self._fork)

    def take(self, written: Any) -> None:
        self._transaction.take(written)

    def published(self) -> bool:
        return self._transaction.published

    def absence(self) -> NotAStoreError:
        return self._history.absence(self._transaction.nodes)

    def look_again(self) -> None:
        if not self._in_session:
            self._transaction.look_again()

    def commit_rate(self, is_counted: Callable[[str], bool] | None = None) -> float | None:
        found = self._transaction.found
        return None if found is None else self._history.rate(found.snapshot, is_counted)

    def refuse_fsync(self) -> None:
        """Raise StorageError where a commit does not wait until it is on the disk, and cannot be made to."""
        if self.in_memory or self._history.folder is not None:
            raise StorageError(
                f"`fsync` has no meaning for {self}: icechunk writes files without waiting for the disk. Leave it out, "
                "or name a plain path"
            )

    def free_bytes(self) -> int | None:
        return None if self._history.folder is None else free_bytes(self._history.folder)

    def probe(self, key: str, buffers: Sequence[Buffer]) -> float:
        if self._history.folder is None:
            raise StorageError(
                f"{self} keeps whatever is written, so that no chunk is written there as a probe: leave the probe out"
            )
        return probe_beside(self._history.folder, key, buffers)

    def sync(self) -> None:
        """A commit is where the repository lies when it has ended; what a kill left of one goes."""
        if not self._in_session:
            self._history.clear()

    def remove_temporaries(self, is_own: Callable[[str], bool]) -> None:
        """There are none: chunks that no snapshot refers to are removed by icechunk's ``garbage_collect``."""


class IcechunkMemory(IcechunkStorage):
    """A repository in the memory of this process."""

    in_memory = True

    def _task_writer(self) -> CopyWriter:
        return CopyWriter()
