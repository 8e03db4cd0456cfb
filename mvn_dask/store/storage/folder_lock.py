"""Locks of a folder, by the system.

Input: the folder of a store. Output: locks, shared or exclusive, which the system drops with the process that holds
them, however it ends. Cost: three system calls.
"""

import errno
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from mvn_dask.errors import StorageError, StoreError
from mvn_dask.store.storage.base import INTERNAL_FOLDER, NO_PLAIN_FILE

if sys.platform != "win32":
    import fcntl

# A file of its own, which nobody deletes or replaces: a lock belongs to an inode, so two who opened the path before and
# after a replacement would both hold "the" lock.
LOCK = "lock"
"""Name of the sessions' lock file in the internal folder."""
CREATION_LOCK = "create-lock"
"""Name of the lock file of exclusive creation: a session may hold the other one while it creates."""

LOCKS = Path("/proc/locks")
"""Where Linux lists the locks of all processes."""

_UNSUPPORTED = {errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOSYS}


class FolderLock:
    """A lock on an open file. The system drops it with the process, however that ends."""

    def __init__(self, descriptor: int, folder: Path) -> None:
        self._descriptor = descriptor
        self._folder = folder

    def acquire_shared(self) -> None:
        self._lock(exclusive=False, wait=True)

    def acquire_exclusive(self) -> None:
        """Wait until no other session is left."""
        self._lock(exclusive=True, wait=True)

    def try_exclusive(self) -> bool:
        try:
            # Not atomic: flock gives the shared lock up first, so on failure another may have overwritten the store.
            self._lock(exclusive=True, wait=False)
        except BlockingIOError:
            return False
        return True

    def _lock(self, *, exclusive: bool, wait: bool) -> None:
        if sys.platform == "win32":
            return
        mode = fcntl.LOCK_EX if exclusive else fcntl.LOCK_SH
        try:
            fcntl.flock(self._descriptor, mode if wait else mode | fcntl.LOCK_NB)
        except OSError as error:
            # Without locks an overwriting job would delete chunks of others, so there is no way on.
            if error.errno in _UNSUPPORTED:
                msg = f"{self._folder} lies on a file system without locks, which a store needs: {error}"
                raise StorageError(msg) from error
            raise


@contextmanager
def locked(folder: Path, name: str, mode: int) -> Iterator[FolderLock]:
    """A lock file of a store, open; nothing is held at first, and nothing afterwards. `mode` is that of ``os.open``."""
    path = folder / INTERNAL_FOLDER / name
    # O_NOFOLLOW sees a link in the last step alone, and a pipe would be waited for.
    if path.parent.is_symlink() or path.is_symlink() or (path.exists() and not path.is_file()):
        raise StoreError(f"{path} is {NO_PLAIN_FILE}, which a store never holds: delete it")
    try:
        # O_CREAT, since a copy of a store may lack the lock. The folder around it is not made: a task that outlives its
        # store would bring it back.
        descriptor = os.open(path, mode | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0), 0o666)
    except FileNotFoundError as error:
        raise StoreError(f"{folder} is not there: does this worker see it, and was it not deleted?") from error
    try:
        yield FolderLock(descriptor, folder)
    finally:
        if sys.platform != "win32":
            # Closing is not enough: a child that was forked meanwhile holds the same open file, and so the lock.
            # Where there are no locks at all, `acquire_shared` has raised already.
            with suppress(OSError):
                fcntl.flock(descriptor, fcntl.LOCK_UN)
        os.close(descriptor)


def lock_holders(path: Path) -> int | None:
    """Processes of this machine that hold a lock file, as this one sees them; None where the system does not list them.

    Of a disk that several machines share, those of the others are not among them. Nothing is locked for it, since an
    overwriting job that tries at that moment would find the store in use.
    """
    try:
        lines, file = LOCKS.read_text().splitlines(), path.stat()
    except FileNotFoundError:
        return 0 if LOCKS.exists() else None
    except OSError:
        return None
    name = f"{os.major(file.st_dev):02x}:{os.minor(file.st_dev):02x}:{file.st_ino}"
    # As "1: FLOCK ADVISORY READ 4711 fe:00:1234 0 EOF"; one that waits has "->" after its number.
    fields = (line.split() for line in lines)
    return len({each[4] for each in fields if len(each) == 8 and each[1] == "FLOCK" and each[5] == name})
