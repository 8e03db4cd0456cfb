"""Object stores through obstore: S3, Google Cloud Storage, Azure, and memory."""

import errno
import os
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from urllib.parse import quote

import numpy as np
import obstore
from obstore.exceptions import AlreadyExistsError, BaseError
from obstore.store import MemoryStore, ObjectStore

from mvn_dask.errors import StorageError, TransportError
from mvn_dask.store.storage.base import Buffer, ByteArray, Entry
from mvn_dask.store.storage.remote import RemoteStorage

ONE_REQUEST = 2**24
"""Bytes that are sent in one request; more are sent in parts, which takes two requests beside them."""

_memory = MemoryStore()


class ObjectStorage(RemoteStorage):
    """A prefix in a bucket.

    Parameters
    ----------
    store : obstore.store.ObjectStore
        The bucket and the prefix. It holds the credentials, and goes to the workers and nowhere else.
    name : str
        How messages call it.
    """

    def __init__(self, store: ObjectStore, name: str) -> None:
        self._store: Any = store
        self._name = name

    @property
    def name(self) -> str:
        return self._name

    def key(self, key: str) -> str:
        """Where a file of the store lies in the bucket, below the prefix that obstore knows."""
        return key

    def entry(self, key: str) -> Entry | None:
        with self._clean(key):
            try:
                return self._entry(obstore.head(self._store, self.key(key)))
            except FileNotFoundError:
                return None

    def read(self, key: str, start: int = 0, length: int | None = None) -> ByteArray:
        with self._clean(key):
            found: Any = b""
            if length is None and not start:
                found = obstore.get(self._store, self.key(key)).bytes()
            elif length is None:
                found = obstore.get(self._store, self.key(key), options={"range": {"offset": start}}).bytes()
            elif length:
                found = obstore.get_range(self._store, self.key(key), start=start, length=length)
        content: ByteArray = np.frombuffer(found, np.uint8)
        return content

    def write(self, key: str, pieces: Sequence[Buffer]) -> None:
        with self._clean():
            size = sum(memoryview(piece).nbytes for piece in pieces)
            obstore.put(self._store, self.key(key), list(pieces), use_multipart=size > ONE_REQUEST)

    def create(self, key: str, content: bytes) -> bool:
        with self._clean():
            try:
                obstore.put(self._store, self.key(key), content, mode="create", use_multipart=False)
            except AlreadyExistsError:
                return False
        return True

    def delete_batch(self, keys: list[str]) -> None:
        with self._clean():
            try:
                obstore.delete(self._store, [self.key(key) for key in keys])
            except FileNotFoundError:
                # Where a store says so of one, the others may still be there.
                for key in keys:
                    self._delete_one(key)

    def _delete_one(self, key: str) -> None:
        try:
            obstore.delete(self._store, self.key(key))
        except FileNotFoundError:
            return

    def entries(self, prefix: str = "") -> Iterator[Entry]:
        with self._clean():
            for batch in obstore.list(self._store, self.key(prefix) or None, chunk_size=1000):
                # Consoles make a folder by an empty object of its name.
                yield from (entry for entry in map(self._entry, batch) if entry.key)

    def _entry(self, found: Any) -> Entry:
        key = str(found["path"]).removeprefix(self.key(""))
        return Entry(key, int(found["size"]), found["last_modified"].timestamp())

    @contextmanager
    def _clean(self, key: str | None = None) -> Iterator[None]:
        """Errors of the system's kind, in one line, without what may be secret; `key` is one that is read."""
        try:
            yield
        except StorageError:
            raise
        except (BaseError, OSError, ValueError) as error:
            if key is not None and isinstance(error, FileNotFoundError):
                raise FileNotFoundError(errno.ENOENT, "there is no object", f"{self.name}/{key}") from None
            raise TransportError(f"{self.name}: {_in_one_line(str(error))}") from None


def _in_one_line(text: str) -> str:
    """What failed, and the server's own word for it, without the rest of its answer and without any query."""
    line = text.split("\n", maxsplit=1)[0].split(": <", maxsplit=1)[0]
    code = re.search("<Code>([A-Za-z0-9]+)</Code>", text)
    return re.sub(r"[?][^ :]*", "", line) + (f": {code[1]}" if code else "")


class MemoryStorage(ObjectStorage):
    """A prefix in the memory of this process: for tests, and for trying things out."""

    def __init__(self, prefix: str) -> None:
        super().__init__(_memory, f"memory://{prefix}")
        # In letters of which obstore's `put` and `list` have always had the same opinion.
        plain = quote(prefix.strip("/")).replace("%", "=").replace("~", "=7E")
        self._prefix = f"{plain}/" if plain else ""
        self._process = os.getpid()

    def key(self, key: str) -> str:
        # Not where it is unpickled: a worker that cannot unpickle its tasks waits for ever.
        if self._process != os.getpid():
            raise StorageError(f"{self} lies in the memory of one process, which other workers do not see")
        return self._prefix + key

    def __getstate__(self) -> tuple[str, str, int]:
        return self._name, self._prefix, self._process

    def __setstate__(self, state: tuple[str, str, int]) -> None:
        self._name, self._prefix, self._process = state
        self._store = _memory
