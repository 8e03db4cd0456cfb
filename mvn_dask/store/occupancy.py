"""Who is in a store: a lock that the system drops with the process, however that ends.

Jobs of one specification, and their tasks, are in a store together and share the lock; whoever overwrites
or sweeps is there alone. The lock is a file of its own that nobody deletes, so that all who wait for it
wait for the same one.
"""

import errno
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from mvn_dask.errors import StoreError, TargetError
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
def occupy(folder: Path) -> Iterator[Occupancy]:
    """Enter a store, which is made where it is missing, together with others."""
    (folder / HIDDEN).mkdir(parents=True, exist_ok=True)
    with _opened(folder, os.O_RDWR) as occupancy:
        yield occupancy


@contextmanager
def visit(folder: Path) -> Iterator[None]:
    """Enter a store that must be there, for one task, together with others.

    Raises
    ------
    StoreError
        If it is not there.
    """
    with _opened(folder, os.O_RDONLY):
        yield


@contextmanager
def _opened(folder: Path, how: int) -> Iterator[Occupancy]:
    try:
        # Made where only the lock is lost, as in a copy; the folder around it is not made here.
        descriptor = os.open(folder / HIDDEN / LOCK, how | os.O_CREAT, 0o666)
    except FileNotFoundError as error:
        raise StoreError(f"{folder} is not there: does this worker see it, and was it not deleted?") from error
    try:
        occupancy = Occupancy(descriptor, folder)
        occupancy.share()
        yield occupancy
    finally:
        if sys.platform != "win32":
            # Closing is not enough: a child that was forked meanwhile holds the same lock. Where there are no
            # locks at all, `share` has said so already.
            with suppress(OSError):
                fcntl.flock(descriptor, fcntl.LOCK_UN)
        os.close(descriptor)
