"""A folder in memory, with the locks of a system, which go with the process that holds them."""

import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from mvn_dask.errors import StoreError
from mvn_dask.store.storage.base import FOLDER_LOCK, MANIFEST_KEY, Buffer, Over, Session, written_key
from tests.simulation.medium import Medium
from tests.simulation.scheduling import Job
from tests.simulation.storage import SimulatedStorage


@dataclass(eq=False)
class Descriptor:
    """An open lock file."""

    job: Job | None
    holds: str = ""
    """Nothing, "shared" or "exclusive"."""

    @property
    def alive(self) -> bool:
        return self.job is None or not self.job.dead


@dataclass(eq=False)
class Lock:
    """What descriptors hold of it."""

    descriptors: list[Descriptor] = field(default_factory=list)

    def is_free(self, descriptor: Descriptor, mode: str) -> bool:
        others = [each for each in self.descriptors if each is not descriptor and each.alive and each.holds]
        return not others if mode == "exclusive" else all(each.holds == "shared" for each in others)


class SimulatedFolder(SimulatedStorage):
    """Files take their names by renaming, and jobs wait for each other's locks."""

    prefers_listing = False
    has_locks = True
    lock_keys = FOLDER_LOCK

    def __init__(self, medium: Medium) -> None:
        super().__init__(medium)
        self._lock = Lock()
        self._creating = Lock()

    def write(self, key: str, buffers: Sequence[Buffer]) -> None:
        partial_key = f"{key}.{uuid.uuid4().hex}.partial"
        self.medium.put(partial_key, b"".join(map(bytes, buffers)))
        self.medium.rename(partial_key, key)

    def write_if(self, check: Callable[[], None], key: str, buffers: Sequence[Buffer], over: Over) -> bool:
        check()
        if over == "nothing":
            return self.create(key, b"".join(buffers))
        self.write(key, buffers)
        return True

    def create(self, key: str, content: bytes) -> bool:
        with self.locked(self._creating) as descriptor:
            self.acquire(self._creating, descriptor, "exclusive")
            if self.medium.get(key) is not None:
                return False
            self.write(key, [content])
        return True

    @contextmanager
    def session(self) -> Iterator[Session]:
        with self.locked(self._lock) as descriptor:
            session = LockSession(self, self._lock, descriptor)
            session.acquire_shared()
            yield session

    @contextmanager
    def task_session(self) -> Iterator[None]:
        with self.session():
            if self.entry(MANIFEST_KEY) is None:
                raise StoreError(f"{self} is not there")
            yield

    @contextmanager
    def locked(self, lock: Lock) -> Iterator[Descriptor]:
        descriptor = Descriptor(self.medium.simulation.job)
        lock.descriptors.append(descriptor)
        try:
            yield descriptor
        finally:
            lock.descriptors.remove(descriptor)

    def acquire(self, lock: Lock, descriptor: Descriptor, mode: str) -> None:
        descriptor.holds = ""
        self.medium.simulation.wait(lambda: lock.is_free(descriptor, mode))
        descriptor.holds = mode

    def remove_temporaries(self, is_own: Callable[[str], bool]) -> None:
        for entry in self.entries():
            if (name := written_key(entry.key)) != entry.key and is_own(name):
                self.delete(entry.key)


class LockSession(Session):
    """A session by a lock."""

    def __init__(self, storage: SimulatedFolder, lock: Lock, descriptor: Descriptor) -> None:
        self._storage = storage
        self._lock = lock
        self._descriptor = descriptor

    def acquire_shared(self) -> None:
        self._storage.acquire(self._lock, self._descriptor, "shared")

    def try_exclusive(self) -> bool:
        # What was held is given up first, as flock does.
        self._descriptor.holds = ""
        self._storage.medium.simulation.step("lock")
        if not self._lock.is_free(self._descriptor, "exclusive"):
            return False
        self._descriptor.holds = "exclusive"
        return True

    def replace(self, key: str, buffers: Sequence[Buffer]) -> None:
        self._storage.write(key, buffers)

    def begin_removal(self) -> None:
        pass

    def delete_many(self, keys: Iterable[str]) -> None:
        for key in keys:
            self._storage.delete(key)
