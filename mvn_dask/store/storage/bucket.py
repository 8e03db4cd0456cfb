"""A store in a bucket of objects, whatever library speaks to it: what takes the place of locks.

Input: the requests that a bucket answers, of which a subclass makes each. Output: `Storage`. Cost: a request an
operation; three more for a file that other jobs may be writing.

Nobody can be kept from sending a request late: a process stands still, for as long as it pleases, between any two of
its instructions. So no write depends on what was true before it, but on what the bucket itself compares:

- *A file of a store* is written over a placeholder. The writer creates one, which no other is equal to, compares the
  manifest, and then replaces exactly that placeholder, by a conditional put. Who overwrites a store first changes the
  manifest and then replaces every placeholder, so whoever comes later fails at one or the other.
- *What an exclusive session changes* is copied to its place from an object that belongs to its lease. Who takes a store
  over deletes leases that have expired, and what belongs to them; from then on there is nothing left to copy.

A placeholder is no file: it is in no listing, and cannot be read. One that its writer left is replaced by the next.
"""

import time
from abc import abstractmethod
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from mvn_dask.advice import Advice
from mvn_dask.errors import StorageError, StoreError
from mvn_dask.readable import plural
from mvn_dask.store.storage.base import LEASE, MANIFEST_KEY, Buffer, ByteArray, Entry, Over, Storage
from mvn_dask.store.storage.placeholder import PLACEHOLDER_BYTES, is_placeholder, new_placeholder

MAX_OBJECT_BYTES = 5 * 2**30
"""Size of an object, at most: one request sends it, since those of many requests cannot be conditional."""


class Version(NamedTuple):
    """What tells one content of an object from another."""

    e_tag: str | None
    """On S3 a digest of the content, elsewhere a number of the write."""
    number: str | None
    """What Google Cloud Storage asks for in its place."""


@dataclass(frozen=True)
class Object:
    """An object as it is listed."""

    key: str
    size: int
    modified: float
    """When it was written, in seconds since 1970, by the clock of the bucket."""


def without_conditional_put(storage: Storage) -> str:
    """Why a bucket is refused that does not compare before it writes."""
    return (
        f"{storage} does not know the conditional put (If-None-Match, If-Match), without which jobs would destroy each "
        "other's stores: use another server, or a folder"
    )


class BucketStorage(Storage):
    """A prefix in a bucket."""

    prefers_listing = True
    has_locks = False
    copies_writes = True
    lock_keys = LEASE

    @abstractmethod
    def find(self, key: str) -> Object | None:
        """The object of a key, a placeholder or not."""

    @abstractmethod
    def fetch(self, key: str) -> tuple[ByteArray, Version] | None:
        """Content and version of an object, or None if there is none."""

    @abstractmethod
    def objects(self, prefix: str = "") -> Iterator[Object]:
        """All objects below a folder, as they are now."""

    @abstractmethod
    def put(self, key: str, buffers: Sequence[Buffer]) -> Version:
        """Write an object, whatever is there."""

    @abstractmethod
    def put_new(self, key: str, buffers: Sequence[Buffer]) -> Version | None:
        """Write an object where there is none; None where there is one."""

    @abstractmethod
    def put_over(self, key: str, buffers: Sequence[Buffer], version: Version) -> Version | None:
        """Write an object in the place of that version; None where there is another one, or none."""

    @abstractmethod
    def copy(self, source: str, target: str) -> bool:
        """Copy an object over another, atomically; False where the source does not exist."""

    @abstractmethod
    def erase(self, key: str) -> None:
        """Delete an object, if it exists. Only for keys that one job alone ever writes."""

    @abstractmethod
    def erase_version(self, key: str, version: Version) -> None:
        """Delete an object if it is of that version; do nothing where the bucket cannot compare it."""

    def pause(self, seconds: float) -> None:
        """Wait."""
        time.sleep(seconds)

    @abstractmethod
    def for_each(self, function: Callable[[str], None], keys: Iterable[str]) -> None:
        """Call a function with every key, many at a time."""

    def entry(self, key: str) -> Entry | None:
        found = self.find(key)
        return None if found is None or self._is_hidden(found) else Entry(found.key, found.size, found.modified)

    def read(self, key: str) -> ByteArray:
        found = self.fetch(key)
        if found is None or (key != MANIFEST_KEY and is_placeholder(found[0])):
            raise FileNotFoundError(2, "there is no object", f"{self.name}/{key}")
        return found[0]

    def entries(self, prefix: str = "") -> Iterator[Entry]:
        for found in self.objects(prefix):
            if not self._is_hidden(found):
                yield Entry(found.key, found.size, found.modified)

    def _is_hidden(self, found: Object) -> bool:
        # The manifest of a store that is being removed may be nothing else, and has to be seen.
        if found.size != PLACEHOLDER_BYTES or found.key == MANIFEST_KEY:
            return False
        content = self.fetch(found.key)
        return content is None or is_placeholder(content[0])

    def write(self, key: str, buffers: Sequence[Buffer]) -> None:
        self.put(key, buffers)

    def create(self, key: str, content: bytes) -> bool:
        return self.put_new(key, [content]) is not None

    def delete(self, key: str) -> None:
        self.erase(key)

    def write_if(self, check: Callable[[], None], key: str, buffers: Sequence[Buffer], over: Over) -> bool:
        check()
        version = self.put_new(key, [new_placeholder()])
        while True:
            if version is None:
                found = self.fetch(key)
                if found is None:
                    version = self.put_new(key, [new_placeholder()])
                    continue
                content, version = found
                if not is_placeholder(content):
                    if over == "nothing" or _is_same(content, buffers):
                        return False
                    check()
                    self._refuse_same_size(key, content, buffers, over)
                    # Not the file itself, whose very bytes may come back, when the store has been overwritten twice.
                    version = self.put_over(key, [new_placeholder()], version)
                    continue
            # After the placeholder was found, and before it is replaced: who overwrites does both in the other order.
            try:
                check()
            except StoreError:
                self.erase_version(key, version)
                raise
            if self.put_over(key, buffers, version) is not None:
                return True
            version = None

    def _refuse_same_size(self, key: str, content: ByteArray, buffers: Sequence[Buffer], over: Over) -> None:
        if over == "other sizes" and len(content) == _size(buffers):
            raise StoreError(
                f"{key} of {self} holds other bytes than were drawn now: it is damaged, or another machine drew it",
                advice=Advice("{verify} compares it with its sample, {repair} replaces it"),
            )

    @contextmanager
    def task_session(self) -> Iterator[None]:
        # No lease: that would be a request before and after every chunk. What a task writes needs none.
        if self.entry(MANIFEST_KEY) is None:
            raise StoreError(f"{self} is not there: does this worker see it, and was it not deleted?")
        yield

    def require_folder(self) -> None:
        """Every prefix is a folder."""

    def sync(self) -> None:
        """A bucket answers when an object is safe."""

    def remove_temporaries(self, is_own: Callable[[str], bool]) -> None:
        """There are none: an object that was not sent whole never appears."""

    def refuse_large(self, nbytes: int) -> None:
        if nbytes > MAX_OBJECT_BYTES:
            raise StorageError(
                f"a chunk of {plural(nbytes, 'byte')} is too large for {self}, where one request sends an object, of "
                f"at most {MAX_OBJECT_BYTES} bytes: use smaller `chunks`"
            )


def _size(buffers: Sequence[Buffer]) -> int:
    return sum(memoryview(buffer).nbytes for buffer in buffers)


def _is_same(content: ByteArray, buffers: Sequence[Buffer]) -> bool:
    """Whether a content is that of some buffers, one after the other."""
    if len(content) != _size(buffers):
        return False
    start = 0
    for buffer in buffers:
        piece = np.frombuffer(buffer, np.uint8)
        if not np.array_equal(content[start : start + len(piece)], piece):
            return False
        start += len(piece)
    return True
