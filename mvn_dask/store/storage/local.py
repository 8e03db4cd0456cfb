"""A store in a folder.

Input: a folder that all workers see. Output: `Storage`: files that take their names by an atomic rename; sessions by
locks of the system (`flock`), shared by jobs of one manifest and their tasks, or exclusive to one that overwrites or
removes temporary files. Cost: a few system calls a file, three a session; links are looked for at every step of a path,
and never followed.
"""

import errno
import os
import shutil
import stat
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path

import numpy as np

from mvn_dask._typing import ArrayLoader
from mvn_dask.atomic import NO_SPACE, atomic_write, file_named
from mvn_dask.errors import NoSpaceError, NotAStoreError, StorageNotEmptyError, StoreError
from mvn_dask.locations import repository_url
from mvn_dask.store.storage.base import (
    FOLDER_LOCK,
    INTERNAL_FOLDER,
    NO_PLAIN_FILE,
    Buffer,
    ByteArray,
    Entry,
    Over,
    Session,
    Storage,
    is_repository,
    written_key,
)
from mvn_dask.store.storage.folder_lock import CREATION_LOCK, LOCK, lock_holders, locked
from mvn_dask.store.storage.folder_session import FolderSession

# Without following links (O_NOFOLLOW), and without waiting for the writer of a pipe (O_NONBLOCK).
_READ_FLAGS = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)


class LocalStorage(Storage):
    """A folder on a file system that all workers see; with `fsync` every file is waited for until it is on the disk.

    `folder` is absolute, since workers have working directories of their own.
    """

    prefers_listing = False
    has_locks = True
    copies_writes = False
    lock_keys = FOLDER_LOCK

    def __init__(self, folder: Path, *, fsync: bool = False) -> None:
        self._folder = folder
        # Paths as text: pathlib would take thrice as long as the system calls.
        self.name = str(folder)
        self._fsync = fsync

    def entry(self, key: str) -> Entry | None:
        try:
            status = os.lstat(f"{self.name}/{key}")
        except (FileNotFoundError, NotADirectoryError):
            return None
        regular = stat.S_ISREG(status.st_mode) and self._link_above(key) is None
        return Entry(key, status.st_size, status.st_mtime, regular)

    def read(self, key: str) -> ByteArray:
        self._refuse_links(key)
        try:
            descriptor = os.open(f"{self.name}/{key}", _READ_FLAGS)
        except NotADirectoryError as error:
            raise FileNotFoundError(error.errno, error.strerror, error.filename) from error
        except OSError as error:
            if error.errno in {errno.ENXIO, errno.EOPNOTSUPP}:  # a socket
                raise StoreError(f"{key} in {self} is {NO_PLAIN_FILE}, and no plain file") from error
            raise
        try:
            status = os.fstat(descriptor)
            if not stat.S_ISREG(status.st_mode):
                raise StoreError(f"{key} in {self} is {NO_PLAIN_FILE}, and no plain file")
            # Into an array of the file's size, in place: `read` would grow a buffer, and copy it.
            content, size = np.empty(status.st_size, np.uint8), 0
            with file_named(f"{self.name}/{key}"), open(descriptor, "rb", buffering=0, closefd=False) as file:
                while size < len(content) and (count := file.readinto(content[size:].data)):
                    size += count
            return content[:size]
        finally:
            os.close(descriptor)

    def write(self, key: str, buffers: Sequence[Buffer]) -> None:
        self._refuse_links(key, leaf=False)  # a rename replaces a link at the end itself
        try:
            with atomic_write(self._folder / key, fsync=self._fsync) as file:
                for buffer in buffers:
                    file.write(buffer)
        except IsADirectoryError as error:
            raise StoreError(self._folder_in_place_of(key)) from error
        except (FileExistsError, NotADirectoryError) as error:
            above = error.filename or key
            raise StoreError(f"{above} is a file, a pipe or the like, where a store has a folder: delete it") from error
        except OSError as error:
            if error.errno not in NO_SPACE:
                raise
            raise NoSpaceError.of(error, f"{error.filename}: {error.strerror}") from error

    def write_if(self, check: Callable[[], None], key: str, buffers: Sequence[Buffer], over: Over) -> bool:
        check()  # in a session, whose lock is kept however long the process stands still
        if over == "nothing":
            return self.create(key, b"".join(buffers))
        self.write(key, buffers)
        return True

    def create(self, key: str, content: bytes) -> bool:
        self._refuse_links(key, leaf=False)
        (self._folder / INTERNAL_FOLDER).mkdir(parents=True, exist_ok=True)
        # Under a lock, since a rename replaces. Not by O_EXCL, after which a kill leaves half a file; nor by a hard
        # link of a whole one, after which a kill leaves its second name.
        with locked(self._folder, CREATION_LOCK, os.O_RDWR) as session:
            session.acquire_exclusive()
            # Not by `lexists`, for which what cannot be looked at does not exist: it would be replaced.
            if self.entry(key) is not None:
                return False
            self.write(key, [content])
        return True

    def delete(self, key: str) -> None:
        self._refuse_links(key, leaf=False)
        try:
            os.unlink(f"{self.name}/{key}")  # noqa: PTH108
        except (FileNotFoundError, NotADirectoryError):
            pass
        except OSError as error:
            # Not by the number of the error, which for a folder is another one on every system.
            if stat.S_ISDIR(os.lstat(f"{self.name}/{key}").st_mode):
                raise StoreError(self._folder_in_place_of(key)) from error
            raise

    def entries(self, prefix: str = "") -> Iterator[Entry]:
        if not self._is_folder(prefix):
            return
        with os.scandir(self._folder / prefix) as items:
            for item in items:
                key = f"{prefix}/{item.name}" if prefix else item.name
                if item.is_dir(follow_symlinks=False):
                    yield from self.entries(key)
                    continue
                # Temporary files come and go while others write.
                with suppress(FileNotFoundError):
                    status = item.stat(follow_symlinks=False)
                    yield Entry(key, status.st_size, status.st_mtime, stat.S_ISREG(status.st_mode))

    def folders(self, prefix: str = "") -> list[str]:
        if not self._is_folder(prefix):
            return []
        with os.scandir(self._folder / prefix) as items:
            return sorted(item.name for item in items if item.is_dir(follow_symlinks=False))

    def names(self, folder: str) -> Iterator[str]:
        if self._link_above(f"{folder}/") is None:
            with suppress(FileNotFoundError, NotADirectoryError), os.scandir(self._folder / folder) as items:
                for item in items:
                    yield item.name

    def loader(self, key: str) -> ArrayLoader:
        self._refuse_links(key)
        return partial(np.load, f"{self.name}/{key}", mmap_mode="r", allow_pickle=False)

    def absence(self) -> NotAStoreError:
        fault = self._repository_fault()
        return super().absence() if fault is None else NotAStoreError(f"there is no store at {self}: {fault}")

    def _repository_fault(self) -> str | None:
        if not is_repository({*self.names("")}):
            return None
        return f"it is a repository of icechunk: its URL is {repository_url(self._folder)}"

    def require_folder(self) -> None:
        if (fault := self._repository_fault()) is not None:
            raise StorageNotEmptyError(f"{self} is no folder for a store: {fault}")
        # Up to the first that is there: what does not exist can be made in a folder alone.
        for folder in (self._folder, *self._folder.parents):
            with suppress(FileNotFoundError, NotADirectoryError):
                if stat.S_ISDIR(os.stat(folder).st_mode):  # noqa: PTH116 as in `_is_folder`
                    return
                below = "" if folder == self._folder else f", and {self} lies below it"
                raise StorageNotEmptyError(f"{folder} is a file{below}: `url` must name a folder")

    @contextmanager
    def session(self) -> Iterator[Session]:
        (self._folder / INTERNAL_FOLDER).mkdir(parents=True, exist_ok=True)
        with locked(self._folder, LOCK, os.O_RDWR) as lock:
            lock.acquire_shared()
            yield FolderSession(lock, self.write, self.delete_many)

    @contextmanager
    def task_session(self) -> Iterator[None]:
        internal = self._folder / INTERNAL_FOLDER
        if not (internal / LOCK).exists() and internal.is_dir() and not os.access(internal, os.W_OK):
            yield  # in a read-only copy of a store there is no lock file and none can be made: nobody writes
            return
        # For reading, which a lock does not need more than: the store may be another user's.
        with locked(self._folder, LOCK, os.O_RDONLY) as session:
            session.acquire_shared()
            yield

    def delete_many(self, keys: Iterable[str]) -> None:
        """Delete files, those of them that exist, and the folders that this empties."""
        for key in keys:
            self.delete(key)
            # Up to the first that holds anything else; the folder of the locks always does.
            with suppress(OSError):
                while key := key.rpartition("/")[0]:
                    os.rmdir(f"{self.name}/{key}")  # noqa: PTH106

    def writers(self) -> int | None:
        return lock_holders(self._folder / INTERNAL_FOLDER / LOCK)

    def free_bytes(self) -> int:
        there = next(folder for folder in (self._folder, *self._folder.parents) if folder.is_dir())
        return shutil.disk_usage(there).free

    def probe(self, key: str, buffers: Sequence[Buffer]) -> float:
        folder = (self._folder / key).parent
        made = [each for each in (folder, *folder.parents) if not each.exists()]
        try:
            return super().probe(key, buffers)
        finally:
            with suppress(OSError):  # a job that has begun meanwhile needs them
                for each in made:
                    each.rmdir()

    def empty_folders(self, prefix: str = "") -> Iterator[str]:
        if self._is_folder(prefix):
            yield from self._empty_below(prefix)

    def _empty_below(self, folder: str) -> Generator[str, None, bool]:
        """Folders below one in which no file lies, the innermost first; it returns whether none lies in it, either."""
        empty = True
        with os.scandir(self._folder / folder) as items:
            for item in items:
                key = f"{folder}/{item.name}" if folder else item.name
                if not item.is_dir(follow_symlinks=False):
                    empty = False
                    continue
                try:
                    is_empty = yield from self._empty_below(key)
                except FileNotFoundError:
                    continue  # another job has deleted it meanwhile
                if is_empty:
                    yield key
                else:
                    empty = False
        return empty

    def delete_folders(self, keys: Iterable[str]) -> None:
        for key in keys:
            with suppress(OSError):
                os.rmdir(f"{self.name}/{key}")  # noqa: PTH106

    def sync(self) -> None:
        if self._fsync and hasattr(os, "sync"):
            # Once, for what earlier calls wrote without waiting.
            os.sync()

    def remove_temporaries(self, is_own: Callable[[str], bool]) -> None:
        for entry in self.entries():
            if entry.regular and (name := written_key(entry.key)) != entry.key and is_own(name):
                self.delete(entry.key)

    def _is_folder(self, prefix: str) -> bool:
        """Whether there is such a folder, and no link on the way to it; one that cannot be looked at is an error."""
        if prefix and self._link_above(f"{prefix}/") is not None:
            return False
        try:
            # Not by pathlib, for which in some releases of Python a folder that cannot be looked at is none.
            return stat.S_ISDIR(os.stat(self._folder / prefix).st_mode)  # noqa: PTH116
        except (FileNotFoundError, NotADirectoryError):
            return False

    def _link_above(self, key: str) -> str | None:
        """The first folder above a key that is a link: files below it lie outside the store."""
        end = key.find("/")
        while end >= 0:
            if os.path.islink(f"{self.name}/{key[:end]}"):  # noqa: PTH114
                return key[:end]
            end = key.find("/", end + 1)
        return None

    def _folder_in_place_of(self, key: str) -> str:
        return f"{key} in {self} is a folder, where a store has a file: delete it"

    def _refuse_links(self, key: str, *, leaf: bool = True) -> None:
        link = self._link_above(key)
        if link is None and leaf and os.path.islink(f"{self.name}/{key}"):  # noqa: PTH114
            link = key
        if link is not None:
            raise StoreError(f"{link} in {self} is a symbolic link, which a store never holds: delete it")
