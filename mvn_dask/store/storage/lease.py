"""Sessions in an object store, which has no locks, by leases.

Input: the storage of a store. Output: sessions, as objects in ``.mvn_dask/jobs``, each rewritten every
`RENEWAL_SECONDS` while its job lives. Cost: one small object a minute, and a listing when a session begins or becomes
exclusive.

Of two jobs that begin at the same moment at least one sees the other, since each writes its lease before it lists those
of others, and object stores list what was written. Both may then give way; none goes on unseen.
"""

import json
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from mvn_dask.errors import StorageBusyError, TransportError
from mvn_dask.store.storage.base import INTERNAL_FOLDER, Session, Storage

LEASE_SECONDS = 600.0
"""Age from which on a lease has expired: ten renewals were missed, so its job is dead."""
RENEWAL_SECONDS = 60.0
"""Seconds between two renewals of a lease."""
EXCLUSIVE_WAIT_SECONDS = 30.0
"""Seconds for which a job waits for one whose session is exclusive."""
JOBS = f"{INTERNAL_FOLDER}/jobs"
"""Folder of the leases."""

_POLL_SECONDS = 0.5


class LeaseSession(Session):
    """A session by an object that says whether it is exclusive, and by its age whether the job lives."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage
        self._key = f"{JOBS}/{uuid.uuid4().hex}.json"
        self._exclusive = False
        self._writing = threading.Lock()
        self._ended = threading.Event()

    def renew(self) -> None:
        """Write the lease."""
        # Under a lock, from the flag to the answer: a renewal by the thread that began before `try_exclusive` must not
        # arrive after it, and say "shared" again.
        with self._writing:
            self._storage.write(self._key, [json.dumps({"exclusive": self._exclusive}).encode()])

    def keep_renewing(self) -> None:
        """Renew the lease until the session ends."""
        while not self._ended.wait(RENEWAL_SECONDS):
            # A lease outlasts nine failures; where the store is gone for good, the job's own requests say so.
            with suppress(TransportError):
                self.renew()

    def end(self, renewing: threading.Thread) -> None:
        """Delete the lease; where that fails, it expires."""
        self._ended.set()
        # Joined first, so that no late renewal brings the lease back.
        if renewing.is_alive():
            renewing.join()
        with suppress(TransportError):
            self._storage.delete(self._key)

    def acquire_shared(self) -> None:
        self._exclusive = False
        self.renew()
        waited = 0.0
        while any(self._is_exclusive(key) for key in self._others()):
            if waited >= EXCLUSIVE_WAIT_SECONDS:
                raise StorageBusyError(f"another job is overwriting {self._storage}: wait for it or stop it")
            self._ended.wait(_POLL_SECONDS)
            waited += _POLL_SECONDS

    def try_exclusive(self) -> bool:
        self._exclusive = True
        # Written first, listed second; whoever comes later sees the flag, and waits or gives way.
        self.renew()
        if self._others():
            self._exclusive = False
            self.renew()
            return False
        return True

    def _others(self) -> list[str]:
        """Keys of other leases; expired ones are deleted."""
        leases = {entry.key: entry.modified for entry in self._storage.entries(JOBS)}
        # By the clock of the object store alone: those of two machines may differ by more than a lease. The newest
        # lease stands in where someone has deleted ours.
        now = leases.pop(self._key, max(leases.values(), default=0.0))
        for key, modified in list(leases.items()):
            if now - modified > LEASE_SECONDS:
                self._storage.delete(key)
                del leases[key]
        return list(leases)

    def _is_exclusive(self, key: str) -> bool:
        try:
            content = json.loads(self._storage.read(key).tobytes())
        except (FileNotFoundError, ValueError):
            return False  # it ended since it was listed, or is none of ours
        return isinstance(content, dict) and content.get("exclusive") is True


@contextmanager
def lease_session(storage: Storage) -> Iterator[LeaseSession]:
    """A shared session for a job."""
    session = LeaseSession(storage)
    # A daemon: a process that ends without leaving this block must not wait for the next renewal.
    renewing = threading.Thread(target=session.keep_renewing, daemon=True, name="mvn-dask-lease")
    try:
        session.acquire_shared()
        renewing.start()
        yield session
    finally:
        session.end(renewing)
