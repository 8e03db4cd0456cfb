"""A bucket without fences: leases are written and looked at, and then trusted, whatever time it is.

The simulation has to find what is lost here; else nothing that it finds elsewhere would mean much.
"""

import json
import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager

from mvn_dask.errors import StoreError
from mvn_dask.store.storage.base import LEASE, LEASES, MANIFEST_KEY, Buffer, Over, Session
from tests.simulation.storage import SimulatedStorage


class UnfencedBucket(SimulatedStorage):
    """Objects appear whole; some are created exclusively; a task looks at the manifest before and after it writes."""

    prefers_listing = True
    has_locks = False
    lock_keys = LEASE

    def write(self, key: str, buffers: Sequence[Buffer]) -> None:
        self.medium.put(key, b"".join(map(bytes, buffers)))

    def write_if(self, check: Callable[[], None], key: str, buffers: Sequence[Buffer], over: Over) -> bool:
        check()
        if over == "nothing":
            return self.create(key, b"".join(buffers))
        self.write(key, buffers)
        try:
            check()
        except StoreError:
            self.delete(key)
            raise
        return True

    def create(self, key: str, content: bytes) -> bool:
        return self.medium.put(key, content, lambda found: found is None) is not None

    @contextmanager
    def session(self) -> Iterator[Session]:
        session = UnfencedSession(self)
        try:
            session.acquire_shared()
            yield session
        finally:
            self.delete(session.key)

    @contextmanager
    def task_session(self) -> Iterator[None]:
        if self.entry(MANIFEST_KEY) is None:
            raise StoreError(f"{self} is not there")
        yield

    def remove_temporaries(self, is_own: Callable[[str], bool]) -> None:
        pass


class UnfencedSession(Session):
    """A lease that nobody looks at again once it was obtained."""

    def __init__(self, storage: UnfencedBucket) -> None:
        self.storage = storage
        self.key = f"{LEASES}/{uuid.uuid4().hex}.json"

    def acquire_shared(self) -> None:
        self._write(exclusive=False)
        while any(self._is_exclusive(key) for key in self._others()):
            self.storage.medium.simulation.sleep(1.0)

    def try_exclusive(self) -> bool:
        self._write(exclusive=True)
        if self._others():
            self._write(exclusive=False)
            return False
        return True

    def replace(self, key: str, buffers: Sequence[Buffer]) -> None:
        self.storage.write(key, buffers)

    def begin_removal(self) -> None:
        pass

    def delete_many(self, keys: Iterable[str]) -> None:
        for key in keys:
            self.storage.delete(key)

    def _write(self, *, exclusive: bool) -> None:
        self.storage.write(self.key, [json.dumps(exclusive).encode()])

    def _others(self) -> list[str]:
        leases = {key: file.modified for key, file in self.storage.medium.list(LEASES).items()}
        now = leases.pop(self.key, max(leases.values(), default=0.0))
        for key, modified in list(leases.items()):
            if now - modified > self.storage.medium.simulation.lease_seconds:
                self.storage.delete(key)
                del leases[key]
        return list(leases)

    def _is_exclusive(self, key: str) -> bool:
        found = self.storage.medium.get(key)
        return found is not None and found.content == b"true"
