"""What a job sees of an icechunk repository, and what it has changed there and not committed yet.

Input: a history. Output: files as the job sees them, its own among them, and commits. Cost: that of `Nodes`; a commit a
minute while chunks are written.

A job that commits compares the manifest first: where another has overwritten or extended the store, nothing is
committed. Chunks of jobs of one manifest go together, whatever the order.
"""

import threading
import time
import uuid
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from mvn_dask.advice import Advice
from mvn_dask.errors import ArgumentError, StoreError
from mvn_dask.readable import plural, readable_bytes
from mvn_dask.store.storage.base import MANIFEST_KEY, Buffer, ByteArray, Entry
from mvn_dask.store.storage.icechunk.changes import Changes, TaskChunks, TaskCopies
from mvn_dask.store.storage.icechunk.history import Found, History
from mvn_dask.store.storage.icechunk.nodes import Nodes
from mvn_dask.store.storage.icechunk.rate import commit_fields

COMMIT_SECONDS = 60.0
"""Seconds between two commits while chunks are written, where nothing else is configured."""
COMMIT_BYTES = 2**34
"""Bytes of chunks that wait for a commit, at most, but for those of a range."""
COMMIT_SHARE = 20
"""That time, at least, as a multiple of what the last commit took: references to many chunks are written each time."""


def commit_seconds(duration: float = 0.0) -> float:
    """Seconds between two commits, by dask's setting ``mvn_dask.commit``, or by what the last one took.

    Raises ArgumentError if the setting is no time.
    """
    import dask.config

    setting = dask.config.get("mvn_dask.commit", max(COMMIT_SECONDS, COMMIT_SHARE * duration))
    if isinstance(setting, bool) or not isinstance(setting, (int, float)) or not 0 <= setting < float("inf"):
        raise ArgumentError(f"the setting `mvn_dask.commit` of dask must be seconds, not negative: it is {setting!r}")
    return float(setting)


class Transaction:
    """A job's view of a repository, and its changes."""

    def __init__(self, history: History, snapshot: str | None = None, *, published: bool = True) -> None:
        self.history = history
        self.changes = Changes()
        self.exclusive = False
        self._found: Found | None = None
        self._looked = False
        # Where another process has looked, what it saw.
        self._snapshot, self._snapshot_published = snapshot, published
        self._job = uuid.uuid4().hex
        self._committed, self._duration = time.monotonic(), 0.0
        self._lock = threading.Lock()

    @property
    def found(self) -> Found | None:
        """What lies in the repository: as it was when it was first looked at, since a snapshot never changes."""
        with self._lock:
            if not self._looked:
                if self._snapshot is None:
                    self._found = self.history.look()
                else:
                    self._found = self.history.at(self._snapshot, published=self._snapshot_published)
                self._looked = True
            return self._found

    @property
    def nodes(self) -> Nodes | None:
        return None if self.found is None else self.found.nodes

    @property
    def published(self) -> bool:
        """Whether readers of the branch see what is seen here."""
        return not self.changes and (self.found is None or self.found.published)

    def look_again(self) -> Found | None:
        """See what others have committed since; at once, since what is committed is compared with it."""
        self._looked, self._snapshot = False, None
        return self.found

    def forget(self) -> None:
        """Begin anew, with nothing changed, and see what is there then."""
        self.changes, self.exclusive = Changes(), False
        self._looked, self._snapshot = False, None

    def entry(self, key: str) -> Entry | None:
        if key in self.changes.files:
            put = self.changes.files[key]
            return None if put is None else Entry(key, put.nbytes, time.time())
        return None if self.nodes is None or self.changes.hides(key) else self.nodes.entry(key)

    def read(self, key: str) -> ByteArray | None:
        if key in self.changes.files:
            put = self.changes.files[key]
            return None if put is None else np.frombuffer(put.content, np.uint8)
        return None if self.nodes is None or self.changes.hides(key) else self.nodes.read(key)

    def entries(self, prefix: str) -> Iterator[Entry]:
        start = f"{prefix}/" if prefix else ""
        for key in list(self.changes.files):
            entry = self.entry(key) if key.startswith(start) else None
            if entry is not None:
                yield entry
        if self.nodes is not None:
            yield from (entry for entry in self.nodes.entries(prefix) if not self.changes.hides(entry.key))

    def put(self, key: str, buffers: Sequence[Buffer], *, only_new: bool = False) -> None:
        self.changes.put(key, buffers, only_new=only_new)

    def delete(self, key: str) -> None:
        if self.entry(key) is not None:
            self.changes.delete(key)
        elif key in self.changes.files:
            del self.changes.files[key]

    def begin_tasks(self) -> None:
        """Chunks are written from now on: commit what they need."""
        self.save("")
        self._committed = time.monotonic()

    def take(self, written: TaskChunks | TaskCopies) -> None:
        """Keep what a task has written, and commit it where others have waited for long enough."""
        self.changes.take(written)
        waited = time.monotonic() - self._committed
        if self.changes.nbytes >= COMMIT_BYTES or waited >= commit_seconds(self._duration):
            self.save("")

    def save(self, what: str) -> None:
        """Commit the changes; `what` they are in words, where they are not chunks alone.

        Raises StoreError if the store has become another, StorageBusyError if others came first in an exclusive one.
        """
        changes, begun = self.changes, time.monotonic()
        if not changes:
            return
        chunks = f"{plural(changes.chunks, 'chunk')}, {readable_bytes(changes.nbytes)}" if changes.chunks else ""
        message = f"mvn_dask: {'; '.join(filter(None, (what, chunks))) or _named(changes)}"
        begins = changes.files.get(MANIFEST_KEY) is not None
        fields = commit_fields(changes.chunks, changes.nbytes, begun - self._committed, self._job, begins=begins)
        known = None if self.nodes is None else self.nodes.version(MANIFEST_KEY)
        expected = None if not self.exclusive or self.found is None else self.found.snapshot

        def make(session: Any, nodes: Nodes) -> bool:
            if nodes.version(MANIFEST_KEY) != known:
                raise self._overwritten()
            return changes.apply(session, nodes)

        snapshot = self.history.commit(make, message, fields, expected)
        self.changes = Changes()
        self._found, self._looked = self.history.at(snapshot, published=False), True
        self._committed = time.monotonic()
        self._duration = self._committed - begun

    def _overwritten(self) -> StoreError:
        return StoreError(
            f"{self.history.name} was overwritten while a job was writing to it, or extended: nothing of what is there "
            "now is changed",
            advice=Advice("see {status}, or name another URL"),
        )

    def publish(self, what: str) -> None:
        """Commit, and let readers of the branch see it."""
        self.save(what)
        if self.found is not None and not self.found.published:
            self.history.publish(self.found.snapshot)
            self.look_again()


def _named(changes: Changes) -> str:
    """The files of changes, in words."""
    written = sum(put is not None for put in changes.files.values())
    deleted = len(changes.files) - written
    parts = [f"{plural(written, 'file')} written"] if written else []
    return ", ".join(parts + ([f"{plural(deleted, 'file')} deleted"] if deleted else []))
