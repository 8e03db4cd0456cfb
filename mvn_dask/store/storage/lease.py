"""Leases of jobs in a bucket, which has no locks.

Input: the storage of a store. Output: an object in ``.mvn_dask/leases``, rewritten ten times in the time that it is
good for while its job lives. Cost: four requests and a listing when it is begun, one a renewal.

Of two jobs that begin at the same moment at least one sees the other, since each writes its lease before it lists those
of others, and buckets list what was written. Both may then give way; none goes on unseen.

A lease keeps jobs out of each other's way. It protects nothing by itself: a job that stood still for longer than it is
good for does not know that it has expired, and is in the midst of something. `bucket_session` says what follows.
"""

import json
import threading
import time
import uuid
from contextlib import suppress
from typing import NamedTuple

from mvn_dask.advice import Advice
from mvn_dask.errors import ArgumentError, StorageBusyError, StorageError, TransportError
from mvn_dask.store.storage.base import LEASE, LEASES, Buffer
from mvn_dask.store.storage.bucket import BucketStorage, Version, without_conditional_put

LEASE_SECONDS = 600.0
"""Seconds for which a lease is good, where nothing else is configured."""
RENEWALS = 10
"""Renewals in that time: all of them but one may fail before another job takes the store over."""
RESOLUTION_SECONDS = 1.0
"""Resolution of a bucket's clock."""


def lease_seconds() -> float:
    """For how long leases are good, by dask's setting ``mvn_dask.lease``. Raises ArgumentError if that is no time."""
    import dask.config

    setting = dask.config.get("mvn_dask.lease", LEASE_SECONDS)
    if isinstance(setting, bool) or not isinstance(setting, (int, float)) or not 1 <= setting < float("inf"):
        raise ArgumentError(f"the setting `mvn_dask.lease` of dask must be seconds, at least 1: it is {setting!r}")
    return float(setting)


class LeaseContent(NamedTuple):
    """What a lease says."""

    exclusive: bool
    seconds: float
    """For how long it is good."""


class Lease:
    """An object that says whether its job's session is exclusive, and by its age whether the job lives."""

    def __init__(self, storage: BucketStorage, seconds: float) -> None:
        self._storage = storage
        self._seconds = seconds
        self.name = f"{LEASES}/{uuid.uuid4().hex}"
        """Keys of what belongs to it begin so."""
        self.key = f"{self.name}.json"
        self.exclusive = False
        self._was_lost = False
        self._renewals = 0
        self._version: Version | None = None
        # One request at a time, from the flag to the answer: a renewal that a thread began before `make_exclusive` must
        # not arrive after it, and say "shared" again.
        self._writing = threading.Lock()

    def begin(self) -> None:
        """Write the lease, and find out whether the bucket compares before it writes.

        Raises StorageError if it does not.
        """
        if not self._is_compared():
            # Or the lease expired between two requests, so that another job has deleted it.
            raise self.overtaken() if self._is_compared() else StorageError(without_conditional_put(self._storage))

    def _is_compared(self) -> bool:
        """Write the lease; whether the bucket refuses it where there is one, and in the place of an older one."""
        first = self._storage.put_new(self.key, self._content())
        if first is None or self._storage.put_new(self.key, self._content()) is not None:
            self._storage.erase(self.key)
            return False
        self._version = self._storage.put_over(self.key, self._content(), first)
        return self._version is not None and self._storage.put_over(self.key, self._content(), first) is None

    def renew(self) -> bool:
        """Write the lease again; False if another job has taken it away."""
        with self._writing:
            return self._renew()

    def _renew(self) -> bool:
        version = None
        if self._version is not None:
            version = self._storage.put_over(self.key, self._content(), self._version)
        if version is None and (found := self._storage.fetch(self.key)) is not None:
            # Nobody else writes it: an answer was lost on its way, to the request before, or to this one.
            version = self._storage.put_over(self.key, self._content(), found[1])
        if version is None:
            self._was_lost = True
            if not self.exclusive:
                # What a shared session writes is safe without a lease. It says again that somebody is at work.
                version = self._storage.put_new(self.key, self._content())
        self._version = version
        return version is not None

    def _content(self) -> list[Buffer]:
        # Counted, since two versions of the same content are equal.
        self._renewals += 1
        content = {"exclusive": self.exclusive, "renewal": self._renewals, "seconds": self._seconds}
        return [json.dumps(content).encode()]

    def prove(self) -> None:
        """Raise StorageBusyError if another job has taken the lease away."""
        if not self.renew() or self._was_lost:
            raise self.overtaken()

    def overtaken(self) -> StorageBusyError:
        return StorageBusyError(
            f"another job has taken {self._storage} over, since this one stood still for longer than its lease of "
            f"{self._seconds:g} s: nothing of the other is changed",
            advice=Advice("the same {call} again, if it is still to be done; {lease} makes leases longer"),
        )

    def make_exclusive(self) -> None:
        """Say that the session is exclusive. Raises StorageBusyError if the lease was taken away since it began."""
        with self._writing:
            self.exclusive = True
            if not self._renew() or self._was_lost:
                raise self.overtaken()

    def make_shared(self) -> None:
        """Say that it is shared. Raises StorageBusyError if the lease was taken away while it was exclusive."""
        with self._writing:
            kept = self._renew()
            self.exclusive = False
            if not kept:
                raise self.overtaken()
            self._renew()

    def end(self) -> None:
        """Delete the lease; where that fails, it expires."""
        with suppress(TransportError), self._writing:
            self._version = None
            self._storage.erase(self.key)

    def others(self) -> list[LeaseContent]:
        """Leases of other jobs; expired ones are deleted, with what belongs to them."""
        leases: dict[str, LeaseContent] = {}
        expired = True
        while expired:
            found = {
                each.key: each.modified
                for each in self._storage.objects(LEASES)
                if LEASE.fullmatch(each.key) is not None
            }
            times = {key: modified for key, modified in found.items() if key.endswith(".json")}
            # By the clock of the bucket alone: those of two machines may differ by more than a lease. The newest lease
            # stands in where someone has deleted ours.
            now = times.pop(self.key, max(times.values(), default=0.0))
            read = {key: self._read(key) for key in times}
            leases = {key: lease for key, lease in read.items() if lease is not None}
            expired = False
            for key, lease in list(leases.items()):
                if now - times[key] > lease.seconds + RESOLUTION_SECONDS:
                    self._storage.erase(key)
                    # Listed again: what belongs to it may have been written since.
                    expired = True
        names = {_name(key) for key in (*leases, self.key)}
        for key in found:
            if _name(key) not in names:
                self._storage.erase(key)
        return list(leases.values())

    def _read(self, key: str) -> LeaseContent | None:
        return read_lease(self._storage, key, self._seconds)


def read_lease(storage: BucketStorage, key: str, seconds: float) -> LeaseContent | None:
    """What a lease says; None where it ended since it was listed. `seconds` stand in where it says none."""
    found = storage.fetch(key)
    if found is None:
        return None
    try:
        content = json.loads(found[0].tobytes())
        return LeaseContent(content["exclusive"] is True, min(max(float(content["seconds"]), 1.0), 1e9))
    except (ValueError, TypeError, KeyError):
        return LeaseContent(exclusive=False, seconds=seconds)  # none of ours: somebody may be there


def living_leases(storage: BucketStorage) -> int:
    """Leases that have not expired, by the clock of this machine: for people to read, and for no decision."""
    found = [(each.key, each.modified) for each in storage.objects(LEASES) if LEASE.fullmatch(each.key) is not None]
    leases = ((modified, read_lease(storage, key, LEASE_SECONDS)) for key, modified in found if key.endswith(".json"))
    now = time.time()
    return sum(lease is not None and now - modified <= lease.seconds for modified, lease in leases)


def _name(key: str) -> str:
    """Name of a lease, in its key and in those of what belongs to it."""
    return key.partition(".json")[0] if key.endswith(".json") else key.rpartition(".")[0]
