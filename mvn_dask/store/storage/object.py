"""A store under a prefix of an object store, through obstore: S3, Google Cloud Storage, Azure, and memory.

Input: an obstore store, which holds the credentials. Output: `Storage`: objects appear whole, a conditional put
creates what must be created once, and leases take the place of locks. Cost: a request an operation, without the GIL;
objects over `MULTIPART_BYTES` are sent in parts, at two requests more.
"""

import errno
import io
import os
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from functools import partial
from itertools import islice
from typing import Any, cast
from urllib.parse import quote

import numpy as np
import numpy.typing as npt
import obstore
from obstore.exceptions import AlreadyExistsError, BaseError
from obstore.store import MemoryStore, ObjectStore

from mvn_dask._typing import ArrayLoader
from mvn_dask.errors import StorageError, StoreError, TransportError
from mvn_dask.store.storage.base import LEASE, MANIFEST_KEY, Buffer, ByteArray, Entry, Storage
from mvn_dask.store.storage.lease import LeaseSession, lease_session

MULTIPART_BYTES = 2**24
"""Bytes that are sent in one request, at most."""
REQUEST_KEYS = 1000
"""Objects that one request lists, and S3 deletes in one, at most."""

_memory = MemoryStore()


class ObjectStorage(Storage):
    """A prefix in a bucket. `store` holds the credentials, and goes to the workers and nowhere else."""

    prefers_listing = True
    has_locks = False
    lock_keys = LEASE

    def __init__(self, store: ObjectStore, name: str) -> None:
        self._store: Any = store
        self.name = name

    def path(self, key: str) -> str:
        """Path of a key in the bucket, below the prefix that obstore knows."""
        return key

    def entry(self, key: str) -> Entry | None:
        with self._translated(key):
            try:
                return self._entry(obstore.head(self._store, self.path(key)))
            except FileNotFoundError:
                return None

    def read(self, key: str) -> ByteArray:
        with self._translated(key):
            found: Any = obstore.get(self._store, self.path(key)).bytes()
        return np.frombuffer(found, np.uint8)

    def write(self, key: str, buffers: Sequence[Buffer]) -> None:
        with self._translated():
            size = sum(memoryview(buffer).nbytes for buffer in buffers)
            obstore.put(self._store, self.path(key), list(buffers), use_multipart=size > MULTIPART_BYTES)

    def create(self, key: str, content: bytes) -> bool:
        with self._translated():
            try:
                obstore.put(self._store, self.path(key), content, mode="create", use_multipart=False)
            except AlreadyExistsError:
                return False
        return True

    def delete(self, key: str) -> None:
        with self._translated(), suppress(FileNotFoundError):
            obstore.delete(self._store, self.path(key))

    def delete_many(self, keys: Iterable[str]) -> None:
        remaining = iter(keys)
        while batch := list(islice(remaining, REQUEST_KEYS)):
            try:
                with self._translated(batch[0]):
                    obstore.delete(self._store, list(map(self.path, batch)))
            except FileNotFoundError:
                # Stores without a bulk delete raise at the first that does not exist; the others may still be there.
                for key in batch:
                    self.delete(key)

    def entries(self, prefix: str = "") -> Iterator[Entry]:
        with self._translated():
            for batch in obstore.list(self._store, self.path(prefix) or None, chunk_size=REQUEST_KEYS):
                # Consoles make a folder by an empty object of its name, which has no key below the prefix.
                yield from (entry for entry in map(self._entry, batch) if entry.key)

    def folders(self, prefix: str = "") -> list[str]:
        with self._translated():
            found: Any = obstore.list_with_delimiter(self._store, self.path(prefix) or None)
        return sorted(str(path).rstrip("/").rpartition("/")[2] for path in found["common_prefixes"])

    def loader(self, key: str) -> ArrayLoader:
        return partial(_load, self, key)

    def require_folder(self) -> None:
        """Every prefix is a folder."""

    def session(self) -> AbstractContextManager[LeaseSession]:
        return lease_session(self)

    @contextmanager
    def task_session(self) -> Iterator[None]:
        # No lease: a request before and after every chunk. Tasks compare the manifest before and after they write.
        if self.entry(MANIFEST_KEY) is None:
            raise StoreError(f"{self} is not there: does this worker see it, and was it not deleted?")
        yield

    def sync(self) -> None:
        """Object stores answer when an object is safe."""

    def remove_temporaries(self, is_own: Callable[[str], bool]) -> None:
        """There are none: an object that was not sent whole never appears."""

    def _entry(self, found: Any) -> Entry:
        key = str(found["path"]).removeprefix(self.path(""))
        return Entry(key, int(found["size"]), found["last_modified"].timestamp())

    @contextmanager
    def _translated(self, key: str | None = None) -> Iterator[None]:
        """Errors in one line, without a request's query, which may hold a signature; `key` is one that must exist."""
        try:
            yield
        except StorageError:
            raise
        except (BaseError, OSError, ValueError) as error:
            # From None: the causes hold what was left out.
            if key is not None and isinstance(error, FileNotFoundError):
                raise FileNotFoundError(errno.ENOENT, "there is no object", f"{self.name}/{key}") from None
            raise TransportError(f"{self.name}: {_in_one_line(str(error))}") from None


def _load(storage: Storage, key: str) -> npt.NDArray[Any]:
    content = io.BytesIO(cast(Any, storage.read(key)))
    return cast("npt.NDArray[Any]", np.load(content, allow_pickle=False))


def _in_one_line(text: str) -> str:
    """The failure and the server's code for it, without the rest of the answer."""
    line = text.split("\n", maxsplit=1)[0].split(": <", maxsplit=1)[0]
    code = re.search("<Code>([A-Za-z0-9]+)</Code>", text)
    return re.sub(r"[?][^ :]*", "", line) + (f": {code[1]}" if code else "")


class MemoryStorage(ObjectStorage):
    """A prefix in the memory of this process: for tests, and for trying things out."""

    in_memory = True

    def __init__(self, prefix: str) -> None:
        super().__init__(_memory, f"memory://{prefix}")
        # Only characters that obstore's `put` and `list` do not escape, since releases escape the others differently.
        plain = quote(prefix.strip("/")).replace("%", "=").replace("~", "=7E")
        self._prefix = f"{plain}/" if plain else ""
        self._process = os.getpid()

    def path(self, key: str) -> str:
        # Not in `__setstate__`: a worker that cannot unpickle its tasks waits for ever.
        if self._process != os.getpid():
            raise StorageError(f"{self} lies in the memory of one process, which other workers do not see")
        return self._prefix + key

    def __getstate__(self) -> tuple[str, str, int]:
        return self.name, self._prefix, self._process

    def __setstate__(self, state: tuple[str, str, int]) -> None:
        self.name, self._prefix, self._process = state
        self._store = _memory
