"""Sessions in a bucket, by leases.

Input: the storage of a store. Output: sessions. Cost: that of a lease; two requests more a file that an exclusive
session replaces, and two a file that it deletes.

What an exclusive session changes is copied to its place from an object beside its lease. Whoever takes the store over,
since the lease has expired, deletes both first; from then on there is nothing to copy, however late the copying comes.
"""

import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from itertools import islice

from mvn_dask.errors import StorageBusyError, StoreError, TransportError
from mvn_dask.store.storage.base import LEASES, MANIFEST_KEY, Buffer, Session
from mvn_dask.store.storage.bucket import BucketStorage, Version
from mvn_dask.store.storage.lease import RENEWALS, Lease, LeaseContent, lease_seconds
from mvn_dask.store.storage.placeholder import PLACEHOLDER_BYTES, is_placeholder, new_placeholder

EXCLUSIVE_WAIT_SECONDS = 30.0
"""Seconds for which a job waits for one whose session is exclusive."""
BATCH_KEYS = 1000
"""Files that are deleted between two proofs that the lease is still there."""
MAX_KEPT_BYTES = 2**26
"""Size of a manifest, at most, that is kept while its store is deleted."""

_POLL_SECONDS = 0.5


class LeaseSession(Session):
    """A session by a lease."""

    def __init__(self, storage: BucketStorage, seconds: float) -> None:
        self._storage = storage
        self.lease = Lease(storage, seconds)
        self._staged = f"{self.lease.name}.staged"
        self._vacancy = f"{self.lease.name}.vacancy"
        self._used: set[str] = set()
        self._vacant: Version | None = None
        self._others: list[LeaseContent] = []

    @contextmanager
    def held(self) -> Iterator[None]:
        """The session, shared at first, while the body runs; it raises what `Lease.begin` and `acquire_shared` do."""
        try:
            self.lease.begin()
            self._wait_for_exclusive()
            yield
        except (StorageBusyError, TransportError):
            raise
        except StoreError as error:
            # What an exclusive session has found wrong may be the other job's, in the midst of its work.
            if self.lease.exclusive and not self.lease.renew():
                raise self.lease.overtaken() from error
            raise
        finally:
            for key in self._used:
                with suppress(TransportError):
                    self._storage.erase(key)
            self.lease.end()

    def acquire_shared(self) -> None:
        self.lease.make_shared()
        self._wait_for_exclusive()

    def _wait_for_exclusive(self) -> None:
        waited = 0.0
        while any(lease.exclusive for lease in self._look_for_others()):
            if waited >= EXCLUSIVE_WAIT_SECONDS:
                raise self.busy(f"is overwriting {self._storage}, or extends it")
            self._storage.pause(_POLL_SECONDS)
            waited += _POLL_SECONDS

    def try_exclusive(self) -> bool:
        # Written first, listed second; whoever comes later sees the flag, and waits or gives way.
        self.lease.make_exclusive()
        if self._look_for_others():
            self.lease.make_shared()
            return False
        return True

    def _look_for_others(self) -> list[LeaseContent]:
        self._others = self.lease.others()
        return self._others

    def way_past_others(self) -> str:
        # Of one that was killed nothing is left to be stopped, and its lease stays.
        seconds = max((lease.seconds for lease in self._others), default=0.0)
        return f"{super().way_past_others()}, or, if it was killed, wait until its lease of {seconds:g} s has ended"

    def replace(self, key: str, buffers: Sequence[Buffer]) -> None:
        self._used.add(self._staged)
        self._storage.put(self._staged, buffers)
        # Proved after it was written, and before it is copied: who takes over deletes the lease first, and then this.
        self.lease.prove()
        if not self._storage.copy(self._staged, key):
            raise self.lease.overtaken()

    def begin_removal(self) -> None:
        placeholder = new_placeholder()
        self._used.add(self._vacancy)
        versions = [self._storage.put(self._vacancy, [placeholder]) for _ in range(2)]
        # All its copies are of that version, if versions are digests of a content.
        self._vacant = versions[0] if versions[0] == versions[1] else None
        entry = self._storage.find(MANIFEST_KEY)
        found = None if entry is None or entry.size > MAX_KEPT_BYTES else self._storage.fetch(MANIFEST_KEY)
        if entry is None:
            self.lease.prove()
            # Nobody else creates it meanwhile: jobs that do not overwrite find that a store is being removed.
            if self._storage.put_new(MANIFEST_KEY, [placeholder]) is None:
                raise self.lease.overtaken()
        elif found is None:
            self.replace(MANIFEST_KEY, [placeholder])
        elif not is_placeholder(found[0][-PLACEHOLDER_BYTES:]):
            self.replace(MANIFEST_KEY, [found[0].data, placeholder])
        # Now that no job finds its manifest, those placeholders go over which one that had found it may write.
        self.delete_many(filter(self._is_placeholder, self._small_objects()))

    def _small_objects(self) -> Iterator[str]:
        for each in self._storage.objects():
            if each.size == PLACEHOLDER_BYTES and each.key != MANIFEST_KEY and not each.key.startswith(f"{LEASES}/"):
                yield each.key

    def _is_placeholder(self, key: str) -> bool:
        found = self._storage.fetch(key)
        return found is not None and is_placeholder(found[0])

    def delete_many(self, keys: Iterable[str]) -> None:
        # The manifest stays until another takes its place: without one, any job might begin a store.
        remaining = filter(MANIFEST_KEY.__ne__, keys)
        while batch := list(islice(remaining, BATCH_KEYS)):
            self.lease.prove()
            self._storage.for_each(self._vacate, batch)
            # A placeholder of ours may go at any time, as long as it is there; where it stays, it is no file.
            self._storage.for_each(self._erase_vacant, batch)

    def _vacate(self, key: str) -> None:
        if not self._storage.copy(self._vacancy, key):
            raise self.lease.overtaken()

    def _erase_vacant(self, key: str) -> None:
        version = self._vacant
        if version is None and (found := self._storage.fetch(key)) is not None and is_placeholder(found[0]):
            version = found[1]
        if version is not None:
            self._storage.erase_version(key, version)


@contextmanager
def lease_session(storage: BucketStorage) -> Iterator[LeaseSession]:
    """A shared session for a job."""
    seconds = lease_seconds()
    session = LeaseSession(storage, seconds)
    ended = threading.Event()

    def keep_renewing() -> None:
        while not ended.wait(seconds / RENEWALS):
            # A lease outlasts nine failures; where the bucket is gone for good, the job's own requests say so.
            with suppress(TransportError):
                if not session.lease.renew():
                    return

    # A daemon: a process that ends without leaving this block must not wait for the next renewal.
    renewing = threading.Thread(target=keep_renewing, daemon=True, name="mvn-dask-lease")
    with session.held():
        try:
            renewing.start()
            yield session
        finally:
            ended.set()
            renewing.join()
