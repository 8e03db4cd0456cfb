"""Who is in a store on an object store, where nothing can be locked: jobs that show that they are alive.

Each job keeps an object in the hidden folder and writes it anew while it lasts. Whoever registers first and
looks afterwards sees everybody who did so before, since object stores list what was written. A job that was
killed counts for `LEASE` seconds more, by the clock of the object store, since nobody knows that it is dead.
"""

import json
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from mvn_dask.errors import StorageBusyError, TransportError
from mvn_dask.store.storage.base import INTERNAL_FOLDER, Session, Storage

LEASE = 600.0
"""Seconds for which a job counts as alive after it last showed so."""
BEAT = 60.0
"""Seconds after which a job shows again that it is alive."""
PATIENCE = 30.0
"""Seconds for which a job waits for one that is overwriting."""
JOBS = f"{INTERNAL_FOLDER}/jobs"
"""Folder of the jobs."""


class Lease(Session):
    """A place in a store, by an object that shows that its job is alive."""

    def __init__(self, storage: Storage) -> None:
        self._target = storage
        self._key = f"{JOBS}/{uuid.uuid4().hex}.json"
        self._exclusive = False
        self._showing = threading.Lock()
        self._stop = threading.Event()

    def show(self) -> None:
        """Show that the job is alive."""
        # One after the other: what the beat shows must not be older than what `alone` has shown.
        with self._showing:
            content: dict[str, Any] = {"exclusive": self._exclusive}
            self._target.write(self._key, [json.dumps(content).encode()])

    def beat(self) -> None:
        """Show it again and again, until the job leaves."""
        while not self._stop.wait(BEAT):
            with suppress(TransportError):
                self.show()

    def leave(self, beating: threading.Thread) -> None:
        """Be in the store no more; where even that cannot be told, the lease ends by itself."""
        self._stop.set()
        if beating.is_alive():
            beating.join()
        with suppress(TransportError):
            self._target.delete(self._key)

    def acquire_shared(self) -> None:
        self._exclusive = False
        self.show()
        waited = 0.0
        while any(self._claims(key) for key in self._others()):
            if waited >= PATIENCE:
                raise StorageBusyError(f"another job is overwriting {self._target}: wait for it or stop it")
            self._stop.wait(0.5)
            waited += 0.5

    def try_exclusive(self) -> bool:
        self._exclusive = True
        self.show()
        if self._others():
            self._exclusive = False
            self.show()
            return False
        return True

    def _others(self) -> list[str]:
        """Other jobs that are alive; what the dead left is deleted."""
        jobs = {entry.key: entry.modified for entry in self._target.entries(JOBS)}
        now = jobs.pop(self._key, max(jobs.values(), default=0.0))
        for key, modified in list(jobs.items()):
            if now - modified > LEASE:
                self._target.delete(key)
                del jobs[key]
        return list(jobs)

    def _claims(self, key: str) -> bool:
        try:
            found = json.loads(self._target.read(key).tobytes())
        except (FileNotFoundError, ValueError):
            return False
        return isinstance(found, dict) and found.get("exclusive") is True


@contextmanager
def leased(storage: Storage) -> Iterator[Lease]:
    """Enter a store together with others."""
    lease = Lease(storage)
    beating = threading.Thread(target=lease.beat, daemon=True, name="mvn-dask-lease")
    try:
        lease.acquire_shared()
        beating.start()
        yield lease
    finally:
        lease.leave(beating)
