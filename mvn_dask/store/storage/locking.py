"""Sessions in a folder, by locks of the system (`flock`).

Input: the folder of a store. Output: sessions, shared by jobs of one manifest and their tasks, or exclusive to one that
overwrites or removes temporary files. Cost: an open, a lock and a close a session.
"""

import errno
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from mvn_dask.errors import StorageError, StoreError
from mvn_dask.store.storage.base import INTERNAL_FOLDER, Session

if sys.platform != "win32":
    import fcntl

# A file of its own, which nobody deletes or replaces: a lock belongs to an inode, so two who opened the path before and
# after a replacement would both hold "the" lock.
LOCK = "lock"
"""Name of the sessions' lock file in the internal folder."""
CREATION_LOCK = "create-lock"
"""Name of the lock file of exclusive creation: a session may hold the other one while it creates."""

_UNSUPPORTED = {errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOSYS}


class FolderSession(Session):
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
def session(folder: Path) -> Iterator[FolderSession]:
    """A shared session for a job; the folder is made where it is missing."""
    (folder / INTERNAL_FOLDER).mkdir(parents=True, exist_ok=True)
    with _locked(folder, LOCK, os.O_RDWR) as session:
        session.acquire_shared()
        yield session


@contextmanager
def creating(folder: Path) -> Iterator[None]:
    """While the body lasts, nobody else creates anything exclusively in the store."""
    with _locked(folder, CREATION_LOCK, os.O_RDWR) as session:
        session.acquire_exclusive()
        yield


@contextmanager
def task_session(folder: Path) -> Iterator[None]:
    """A shared session for one task. Raises StoreError if the store does not exist."""
    if _is_read_only_copy(folder):
        yield
        return
    # For reading, which a lock does not need more than: the store may be another user's.
    with _locked(folder, LOCK, os.O_RDONLY) as session:
        session.acquire_shared()
        yield


def _is_read_only_copy(folder: Path) -> bool:
    """Whether there is no lock file and none can be made, as in a read-only copy of a store: then nobody writes."""
    internal = folder / INTERNAL_FOLDER
    return not (internal / LOCK).exists() and internal.is_dir() and not os.access(internal, os.W_OK)


@contextmanager
def _locked(folder: Path, name: str, mode: int) -> Iterator[FolderSession]:
    path = folder / INTERNAL_FOLDER / name
    # O_NOFOLLOW sees a link in the last step alone, and a pipe would be waited for.
    if path.parent.is_symlink() or path.is_symlink() or (path.exists() and not path.is_file()):
        raise StoreError(f"{path} is a link, or no plain file, which a store never holds: delete it")
    try:
        # O_CREAT, since a copy of a store may lack the lock. The folder around it is not made: a task that outlives its
        # store would bring it back.
        descriptor = os.open(path, mode | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0), 0o666)
    except FileNotFoundError as error:
        raise StoreError(f"{folder} is not there: does this worker see it, and was it not deleted?") from error
    try:
        yield FolderSession(descriptor, folder)
    finally:
        if sys.platform != "win32":
            # Closing is not enough: a child that was forked meanwhile holds the same open file, and so the lock.
            # Where there are no locks at all, `acquire_shared` has raised already.
            with suppress(OSError):
                fcntl.flock(descriptor, fcntl.LOCK_UN)
        os.close(descriptor)
