"""A bucket in memory, with the code by which real ones are written to; each request is a step."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial

import numpy as np

from mvn_dask._typing import ArrayLoader
from mvn_dask.store.storage.base import Buffer, ByteArray
from mvn_dask.store.storage.bucket import BucketStorage, Object, Version
from mvn_dask.store.storage.bucket_session import LeaseSession
from tests.simulation.medium import File, Medium, always
from tests.simulation.storage import load


class SimulatedBucket(BucketStorage):
    """The requests of a bucket, of which each is atomic."""

    def __init__(self, medium: Medium, *, puts: bool = True) -> None:
        self.name = "memory://simulation"
        self.medium = medium
        self._puts = puts

    def find(self, key: str) -> Object | None:
        found = self.medium.get(key)
        return None if found is None else _object(key, found)

    def fetch(self, key: str) -> tuple[ByteArray, Version] | None:
        found = self.medium.get(key)
        return None if found is None else (np.frombuffer(found.content, np.uint8), Version(found.version, None))

    def objects(self, prefix: str = "") -> Iterator[Object]:
        for key, found in self.medium.list(prefix).items():
            yield _object(key, found)

    def put(self, key: str, buffers: Sequence[Buffer]) -> Version:
        version = self._put(key, buffers, always)
        assert version is not None
        return version

    def put_new(self, key: str, buffers: Sequence[Buffer]) -> Version | None:
        return self._put(key, buffers, lambda found: found is None)

    def put_over(self, key: str, buffers: Sequence[Buffer], version: Version) -> Version | None:
        return self._put(key, buffers, lambda found: found is not None and found.version == version.e_tag)

    def _put(self, key: str, buffers: Sequence[Buffer], condition: Callable[[File | None], bool]) -> Version | None:
        version = self.medium.put(key, b"".join(map(bytes, buffers)), condition if self._puts else always)
        return None if version is None else Version(version, None)

    def copy(self, source: str, target: str) -> bool:
        return self.medium.copy(source, target)

    def erase(self, key: str) -> None:
        self.medium.delete(key)

    def erase_version(self, key: str, version: Version) -> None:
        if self.medium.deletes:
            self.medium.delete(key, lambda found: found.version == version.e_tag)

    def for_each(self, function: Callable[[str], None], keys: Iterable[str]) -> None:
        for key in keys:
            function(key)

    def pause(self, seconds: float) -> None:
        self.medium.simulation.sleep(seconds)

    def loader(self, key: str) -> ArrayLoader:
        return partial(load, self, key)

    @contextmanager
    def session(self) -> Iterator[LeaseSession]:
        session = LeaseSession(self, self.medium.simulation.lease_seconds)
        with session.held():
            yield session


def _object(key: str, found: File) -> Object:
    return Object(key, len(found.content), found.modified)
