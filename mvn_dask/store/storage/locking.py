"""Who is in a folder: a lock that the system drops with the process, however that ends.

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

from mvn_dask.errors import StorageError, StoreError
from mvn_dask.store.storage.base import INTERNAL_FOLDER, Session

if sys.platform != "win32":
    import fcntl

LOCK = "lock"
"""Name of the lock's file in the hidden folder."""
CREATION = "create-lock"
"""Name of a second one, for the moment in which something is created that must be created once."""

_UNSUPPORTED = {errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOSYS}


class FolderSession(Session):
    """A place in a folder, by a lock on a file in it."""

    def __init__(self, descriptor: int, folder: Path) -> None:
        self._descriptor = descriptor
        self._folder = folder

    def enter(self, *, exclusive: bool) -> None:
        """Wait for a place."""
        self._lock(exclusive=exclusive, wait=True)

    def acquire_shared(self) -> None:
        self.enter(exclusive=False)

    def try_exclusive(self) -> bool:
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
                raise StorageError(msg) from error
            raise


@contextmanager
def session(folder: Path) -> Iterator[FolderSession]:
    """Enter a store, which is made where it is missing, together with others."""
    (folder / INTERNAL_FOLDER).mkdir(parents=True, exist_ok=True)
    with _opened(folder, os.O_RDWR) as session:
        yield session


@contextmanager
def creating(folder: Path) -> Iterator[None]:
    """Nobody else creates anything in the store meanwhile that must be created once."""
    with _opened(folder, os.O_RDWR, CREATION, exclusive=True):
        yield


@contextmanager
def task_session(folder: Path) -> Iterator[None]:
    """Enter a store that must be there, for one task, together with others.

    Raises
    ------
    StoreError
        If it is not there.
    """
    if _is_locked_copy(folder):
        yield
        return
    with _opened(folder, os.O_RDONLY):
        yield


def _is_locked_copy(folder: Path) -> bool:
    """Whether it has no lock and may not get one, as a copy that is only to be read: then nobody is in it."""
    hidden = folder / INTERNAL_FOLDER
    return not (hidden / LOCK).exists() and hidden.is_dir() and not os.access(hidden, os.W_OK)


@contextmanager
def _opened(folder: Path, how: int, name: str = LOCK, *, exclusive: bool = False) -> Iterator[FolderSession]:
    path = folder / INTERNAL_FOLDER / name
    if path.parent.is_symlink() or path.is_symlink() or (path.exists() and not path.is_file()):
        raise StoreError(f"{path} is a link, or no plain file, which a store never holds: delete it")
    try:
        # Made where only the lock is lost, as in a copy; the folder around it is not made here.
        descriptor = os.open(path, how | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0), 0o666)
    except FileNotFoundError as error:
        raise StoreError(f"{folder} is not there: does this worker see it, and was it not deleted?") from error
    try:
        session = FolderSession(descriptor, folder)
        session.enter(exclusive=exclusive)
        yield session
    finally:
        if sys.platform != "win32":
            # Closing is not enough: a child that was forked meanwhile holds the same lock. Where there are no
            # locks at all, `share` has said so already.
            with suppress(OSError):
                fcntl.flock(descriptor, fcntl.LOCK_UN)
        os.close(descriptor)
