"""S3 through fsspec's s3fs."""

import errno
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any

import numpy as np

from mvn_dask.errors import TransportError
from mvn_dask.store.storage.base import Buffer, ByteArray, Entry
from mvn_dask.store.storage.remote import RemoteStorage


class S3Storage(RemoteStorage):
    """A prefix in a bucket.

    Parameters
    ----------
    filesystem : s3fs.S3FileSystem
        Synchronous. It holds the credentials, and goes to the workers and nowhere else.
    path : str
        Bucket and prefix.
    """

    def __init__(self, filesystem: Any, path: str) -> None:
        self._filesystem = filesystem
        self._path = path.strip("/")

    @property
    def name(self) -> str:
        return f"s3://{self._path}"

    def entry(self, key: str) -> Entry | None:
        with self._clean(key):
            try:
                found = self._filesystem.info(f"{self._path}/{key}", refresh=True)
            except FileNotFoundError:
                return None
        return self._entry(found) if found["type"] == "file" else None

    def read(self, key: str, start: int = 0, length: int | None = None) -> ByteArray:
        if length == 0:
            return np.empty(0, np.uint8)
        stop = None if length is None else start + length
        with self._clean(key):
            found = self._filesystem.cat_file(f"{self._path}/{key}", start=start or None, end=stop)
        return np.frombuffer(found, np.uint8)

    def write(self, key: str, pieces: Sequence[Buffer]) -> None:
        with self._clean():
            self._filesystem.pipe_file(f"{self._path}/{key}", b"".join(pieces))

    def create(self, key: str, content: bytes) -> bool:
        with self._clean():
            try:
                self._filesystem.pipe_file(f"{self._path}/{key}", content, mode="create")
            except FileExistsError:
                return False
        return True

    def delete_batch(self, keys: list[str]) -> None:
        with self._clean(), suppress(FileNotFoundError):
            self._filesystem.rm([f"{self._path}/{key}" for key in keys])

    def entries(self, prefix: str = "") -> Iterator[Entry]:
        with self._clean():
            self._filesystem.invalidate_cache()
            place = f"{self._path}/{prefix}".rstrip("/")
            found = self._filesystem.find(place, detail=True)
        # Consoles make a folder by an empty object with a slash at its end.
        inside = (each for name, each in found.items() if name.startswith(f"{place}/") and not name.endswith("/"))
        yield from map(self._entry, inside)

    def _entry(self, found: Any) -> Entry:
        key = str(found["name"]).removeprefix(f"{self._path}/")
        return Entry(key, int(found["size"]), found["LastModified"].timestamp())

    @contextmanager
    def _clean(self, key: str | None = None) -> Iterator[None]:
        """Errors in one line that name the store, and hold nothing of the request; `key` is one that is read."""
        try:
            yield
        except Exception as error:  # noqa: BLE001 those of botocore, aiohttp and http.client have no base in common
            if key is not None and isinstance(error, FileNotFoundError):
                raise FileNotFoundError(errno.ENOENT, "there is no object", f"{self.name}/{key}") from None
            text = str(error).split("\n", maxsplit=1)[0]
            raise TransportError(f"{self.name}: {type(error).__name__}: {re.sub(r'[?][^ :]*', '', text)}") from None
