"""Sessions in a folder, by locks.

Input: a lock, and what writes and deletes files. Output: sessions, so that nobody takes the store over while the
process lives. Cost: a system call.
"""

from collections.abc import Callable, Iterable, Sequence

from mvn_dask.store.storage.base import Buffer, Session
from mvn_dask.store.storage.folder_lock import FolderLock


class FolderSession(Session):
    """A session by a lock."""

    def __init__(
        self,
        lock: FolderLock,
        write: Callable[[str, Sequence[Buffer]], None],
        delete_many: Callable[[Iterable[str]], None],
    ) -> None:
        self._lock = lock
        self._write = write
        self._delete_many = delete_many

    def acquire_shared(self) -> None:
        self._lock.acquire_shared()

    def try_exclusive(self) -> bool:
        return self._lock.try_exclusive()

    def replace(self, key: str, buffers: Sequence[Buffer]) -> None:
        self._write(key, buffers)

    def begin_removal(self) -> None:
        """Nobody else is there."""

    def delete_many(self, keys: Iterable[str]) -> None:
        self._delete_many(keys)
