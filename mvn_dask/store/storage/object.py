"""A store under a prefix of an object store, through obstore: S3, Google Cloud Storage, Azure, and memory.

Input: an obstore store, which holds the credentials. Output: the requests of `BucketStorage`. Cost: a request an
operation, without the GIL, and without a copy of the bytes.
"""

import errno
import os
import re
import threading
import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager, suppress
from typing import Any
from urllib.parse import quote

import numpy as np
import obstore
from obstore.exceptions import AlreadyExistsError, BaseError, NotSupportedError, PreconditionError
from obstore.store import MemoryStore, ObjectStore

from mvn_dask.errors import NotAStoreError, StorageError, TransportError
from mvn_dask.locations import bucket_repository_url
from mvn_dask.store.storage.base import LEASES, Buffer, ByteArray, is_repository
from mvn_dask.store.storage.bucket import BucketStorage, Object, Version, without_conditional_put
from mvn_dask.store.storage.bucket_session import LeaseSession, lease_session
from mvn_dask.store.storage.conditional_delete import ConditionalDelete
from mvn_dask.store.storage.lease import living_leases

REQUEST_KEYS = 1000
"""Objects that one request lists, at most."""
CONCURRENCY = 16
"""Requests at a time, where many objects are deleted."""

_memory = MemoryStore()
_memory_changes = threading.Lock()
"""Held while an object in memory is changed, since nothing in it deletes an object of a given version."""


class ObjectStorage(BucketStorage):
    """A prefix in a bucket. `store` holds the credentials, and goes to the workers and nowhere else."""

    def __init__(self, store: ObjectStore, name: str) -> None:
        self._store: Any = store
        self.name = name
        self._deleting: ConditionalDelete | None = None

    def __getstate__(self) -> Any:
        return self._store, self.name

    def __setstate__(self, state: Any) -> None:
        self._store, self.name = state
        self._deleting = None

    def path(self, key: str) -> str:
        """Path of a key in the bucket, below the prefix that obstore knows."""
        return key

    def find(self, key: str) -> Object | None:
        with self._translated(key):
            try:
                return self._object(obstore.head(self._store, self.path(key)))
            except FileNotFoundError:
                return None

    def fetch(self, key: str) -> tuple[ByteArray, Version] | None:
        with self._translated():
            try:
                found: Any = obstore.get(self._store, self.path(key))
                return np.frombuffer(found.bytes(), np.uint8), _version(found.meta)
            except FileNotFoundError:
                return None

    def objects(self, prefix: str = "") -> Iterator[Object]:
        with self._translated():
            for batch in obstore.list(self._store, self.path(prefix) or None, chunk_size=REQUEST_KEYS):
                # Consoles make a folder by an empty object of its name, which has no key below the prefix.
                yield from (found for found in map(self._object, batch) if found.key)

    def put(self, key: str, buffers: Sequence[Buffer]) -> Version:
        return self._put(key, buffers, "overwrite")

    def put_new(self, key: str, buffers: Sequence[Buffer]) -> Version | None:
        with suppress(AlreadyExistsError, PreconditionError):
            return self._put(key, buffers, "create")
        return None

    def put_over(self, key: str, buffers: Sequence[Buffer], version: Version) -> Version | None:
        with suppress(AlreadyExistsError, PreconditionError, FileNotFoundError):
            known = {"e_tag": version.e_tag, "version": version.number}
            return self._put(key, buffers, {name: text for name, text in known.items() if text is not None})
        return None

    def _put(self, key: str, buffers: Sequence[Buffer], mode: Any) -> Version:
        with self._translated():
            # In one request: those of many leave their parts behind when they are killed, and cannot be conditional.
            written = obstore.put(self._store, self.path(key), list(buffers), mode=mode, use_multipart=False)
        return _version(written)

    def copy(self, source: str, target: str) -> bool:
        with self._translated():
            try:
                obstore.copy(self._store, self.path(source), self.path(target))
            except FileNotFoundError:
                return False
        return True

    def erase(self, key: str) -> None:
        with self._translated(), suppress(FileNotFoundError):
            obstore.delete(self._store, self.path(key))

    def erase_version(self, key: str, version: Version) -> None:
        if self._deleting is None:
            self._deleting = ConditionalDelete(self._store, self.path(f"{LEASES}/{uuid.uuid4().hex}.probe"))
        with self._translated():
            self._deleting(self.path(key), version.e_tag)

    def for_each(self, function: Callable[[str], None], keys: Iterable[str]) -> None:
        with ThreadPoolExecutor(CONCURRENCY, "mvn-dask-requests") as pool:
            for _ in pool.map(function, keys):
                pass

    def folders(self, prefix: str = "") -> list[str]:
        with self._translated():
            found: Any = obstore.list_with_delimiter(self._store, self.path(prefix) or None)
        return sorted(str(path).rstrip("/").rpartition("/")[2] for path in found["common_prefixes"])

    def absence(self) -> NotAStoreError:
        with suppress(TransportError):  # it may be forbidden to list anything
            names = [*self.folders(), *(["repo"] if self.find("repo") is not None else [])]
            if is_repository(names):
                return NotAStoreError(f"there is no store at {self}: it is a repository of icechunk: {self._way_in()}")
        return super().absence()

    def _way_in(self) -> str:
        scheme, _, path = self.name.partition("://")
        if scheme not in {"s3", "s3a"}:
            return "open it with icechunk, and give that"
        bucket, _, prefix = path.partition("/")
        return f"its URL is {bucket_repository_url(bucket, prefix)}"

    def writers(self) -> int:
        return living_leases(self)

    def session(self) -> AbstractContextManager[LeaseSession]:
        return lease_session(self)

    def _object(self, found: Any) -> Object:
        key = str(found["path"]).removeprefix(self.path(""))
        return Object(key, int(found["size"]), found["last_modified"].timestamp())

    @contextmanager
    def _translated(self, key: str | None = None) -> Iterator[None]:
        """Errors in one line, without a request's query, which may hold a signature; `key` is one that must exist."""
        try:
            yield
        except (StorageError, AlreadyExistsError, PreconditionError):
            raise
        except NotSupportedError:
            raise StorageError(without_conditional_put(self)) from None
        except (BaseError, OSError, ValueError) as error:
            # From None: the causes hold what was left out.
            if key is not None and isinstance(error, FileNotFoundError):
                raise FileNotFoundError(errno.ENOENT, "there is no object", f"{self.name}/{key}") from None
            text = _in_one_line(str(error))
            if text.endswith(": NotImplemented"):
                raise StorageError(without_conditional_put(self)) from None
            raise TransportError(f"{self.name}: {text}") from None


def _version(found: Any) -> Version:
    return Version(found["e_tag"], found["version"])


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

    def _put(self, key: str, buffers: Sequence[Buffer], mode: Any) -> Version:
        with _memory_changes:
            return super()._put(key, buffers, mode)

    def copy(self, source: str, target: str) -> bool:
        with _memory_changes:
            return super().copy(source, target)

    def erase_version(self, key: str, version: Version) -> None:
        with _memory_changes:
            found = self.fetch(key)
            if found is not None and found[1] == version:
                self.erase(key)

    def __getstate__(self) -> tuple[str, str, int]:
        return self.name, self._prefix, self._process

    def __setstate__(self, state: tuple[str, str, int]) -> None:
        self.name, self._prefix, self._process = state
        self._store = _memory
