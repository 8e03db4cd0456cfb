"""Who is in a store: a lock that the system drops with the process, however that ends.

Jobs of one specification, and their tasks, are in a store together and share the lock; whoever overwrites
or sweeps is there alone. The lock is a file of its own that nobody deletes, so that all who wait for it
wait for the same one.
"""

import errno
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mvn_dask.errors import StoreError, TargetBusyError, TargetError
from mvn_dask.store.record import HIDDEN

if sys.platform != "win32":
    import fcntl

LOCK = "lock"
"""Name of the lock's file in the hidden folder."""

_UNSUPPORTED = {errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOSYS}


class Occupancy:
    """A place in a store."""

    def __init__(self, descriptor: int, folder: Path) -> None:
        self._descriptor = descriptor
        self._folder = folder

    def share(self) -> None:
        """Stay together with others, and wait for one who is alone; what was known before may be past."""
        self._lock(exclusive=False, wait=True)

    def alone(self) -> bool:
        """Try to be alone. Where that fails, nothing is held: `share` again, and look again."""
        try:
            self._lock(exclusive=True, wait=False)
        except BlockingIOError:
            return False
        return True

    def _lock(self, *, exclusive: bool, wait: bool) -> None:
        if sys.platform == "win32":
            return
        how = fcntl.LOCK_EX if exclusive else fcntl.LOCK_SH
        try:
            fcntl.flock(self._descriptor, how if wait else how | fcntl.LOCK_NB)
        except OSError as error:
            if error.errno in _UNSUPPORTED:
                msg = f"{self._folder} lies on a file system without locks, which a store needs: {error}"
                raise TargetError(msg) from error
            raise


@contextmanager
def _place(folder: Path, *, create: bool) -> Iterator[Occupancy]:
    path = folder / HIDDEN / LOCK
    if create:
        path.parent.mkdir(parents=True, exist_ok=True)
    try:
        descriptor = os.open(path, os.O_RDWR | (os.O_CREAT if create else 0), 0o666)
    except FileNotFoundError as error:
        raise StoreError(f"{folder} is not there: does this worker see it, and was it not deleted?") from error
    try:
        yield Occupancy(descriptor, folder)
    finally:
        os.close(descriptor)


@contextmanager
def occupy(folder: Path, *, create: bool = True) -> Iterator[Occupancy]:
    """Enter a store together with others.

    Raises
    ------
    StoreError
        If it is not there, and not to be created.
    """
    with _place(folder, create=create) as occupancy:
        occupancy.share()
        yield occupancy


@contextmanager
def occupy_alone(folder: Path) -> Iterator[Occupancy]:
    """Enter a store alone.

    Raises
    ------
    TargetBusyError
        If somebody is in it.
    """
    with _place(folder, create=True) as occupancy:
        if not occupancy.alone():
            raise TargetBusyError(f"another job is writing to {folder}: wait for it or stop it")
        yield occupancy
