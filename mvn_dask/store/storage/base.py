"""The interface of storage: whole files under keys, and sessions that are shared or exclusive.

A key is a relative path with slashes. Every write is atomic: a key has its old content or its new content, never a part
of one. Cost: a system call or a request a method, more where the docstring says so.
"""

import io
import re
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar, Literal, cast

import numpy as np
import numpy.typing as npt

from mvn_dask._typing import ArrayLoader
from mvn_dask.advice import Advice
from mvn_dask.atomic import PARTIAL
from mvn_dask.errors import NotAStoreError, StorageBusyError

INTERNAL_FOLDER = ".mvn_dask"
"""Folder of all that is not part of the Zarr hierarchy."""
MANIFEST_KEY = f"{INTERNAL_FOLDER}/manifest.json"
"""Key of the manifest, which is written first and deleted last."""
LEASES = f"{INTERNAL_FOLDER}/leases"
"""Folder of the leases of jobs, where nothing can be locked."""
VERSION_2_KEY = f"{INTERNAL_FOLDER}/plan.json"
"""Key of the manifest of a store of format version 2, which is refused by name."""

FOLDER_LOCK = re.compile(rf"{re.escape(INTERNAL_FOLDER)}/(lock|create-lock)")
"""Keys of the locks of a folder."""
LEASE = re.compile(rf"{re.escape(LEASES)}/[0-9a-f]{{32}}\.(json|staged|vacancy|probe)")
"""Keys of the leases in a bucket, and of what belongs to them."""

ByteArray = npt.NDArray[np.uint8]
Buffer = bytes | memoryview
Over = Literal["nothing", "other sizes", "anything"]
"""What a file may be written over: nothing; files of another size, which count as missing; or any."""


def is_repository(names: Container[str]) -> bool:
    """Whether names of files and folders are those in a repository of icechunk."""
    # Releases keep references in a folder or in a file.
    return "snapshots" in names and ("refs" in names or "repo" in names)


NO_PLAIN_FILE = "a link, a pipe, a folder or the like"
"""What an entry is that is not `Entry.regular`, in words."""


@dataclass(frozen=True)
class Entry:
    """One file or object."""

    key: str
    """Its key."""
    size: int
    """Its size, in bytes."""
    modified: float
    """When it was written, in seconds since 1970, by the clock of the storage."""
    regular: bool = True
    """False for what is not a plain file: a link, a pipe, …."""


class Session(ABC):
    """Use of a store by one job: shared with jobs of the same manifest, or exclusive."""

    @abstractmethod
    def acquire_shared(self) -> None:
        """Make the session shared; wait while another is exclusive, so look again at what was read before."""

    @abstractmethod
    def try_exclusive(self) -> bool:
        """Try to make it exclusive. On failure nothing is held: call `acquire_shared`, and look again."""

    def busy(self, what: str) -> StorageBusyError:
        """The error for another job that keeps this one out, and does `what`."""
        return StorageBusyError(f"another job {what}: {self.way_past_others()}")

    def way_past_others(self) -> str:
        """What ends the sessions of others, in words."""
        return "wait for it or stop it"  # that of a killed one has ended with its process

    def save(self, what: str) -> None:  # noqa: B027 of most storage others see each write at once
        """Let other jobs see what was written in this session; `what` that is, in words, for a history of the store."""

    def publish(self, what: str) -> None:
        """The same, and let readers see it: the store is complete."""
        self.save(what)

    # What follows is for exclusive sessions. Each raises StorageBusyError where another job has taken the store over,
    # since this one stood still for too long, and then changes nothing.

    @abstractmethod
    def replace(self, key: str, buffers: Sequence[Buffer]) -> None:
        """Replace the content of a file, atomically."""

    @abstractmethod
    def begin_removal(self) -> None:
        """Say that all is going to be deleted, before anything is: no task finds the manifest that it began with."""

    @abstractmethod
    def delete_many(self, keys: Iterable[str]) -> None:
        """Delete files, those of them that exist, in any order."""


class Storage(ABC):
    """A folder or a prefix that holds one store. Its `repr` and `name` never hold a secret."""

    name: str
    """A path, or a URL without secrets, for messages."""
    prefers_listing: ClassVar[bool]
    """Whether listing many keys is cheaper than looking at each."""
    has_locks: ClassVar[bool]
    """Whether a `task_session` prevents exclusive sessions while it lasts."""
    in_memory: ClassVar[bool] = False
    """Whether it is the memory of this process, which no other sees."""
    copies_writes: ClassVar[bool]
    """Whether `write` may hold a copy of what it is given."""
    is_transactional: ClassVar[bool] = False
    """Whether others see what a session writes when it is saved, all at once, and an exclusive session finds out then
    whether others came first."""
    needs_documents: ClassVar[bool] = False
    """Whether Zarr's document of an array has to be there before its chunks."""
    replaces_others: ClassVar[bool] = True
    """Whether a Zarr hierarchy that is no store of ours may be overwritten."""
    lock_keys: ClassVar[re.Pattern[str]]
    """Keys of the files by which sessions are held."""

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.name!r})"

    def __str__(self) -> str:
        return self.name

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Storage) and self.name == other.name

    def __hash__(self) -> int:
        return hash(self.name)

    def __dask_tokenize__(self) -> tuple[str, str]:
        return type(self).__name__, self.name

    @abstractmethod
    def entry(self, key: str) -> Entry | None:
        """The file under a key, or None. Links are not followed."""

    @abstractmethod
    def read(self, key: str) -> ByteArray:
        """Content of a file. Raises FileNotFoundError if there is none, StoreError if it is no plain file."""

    @abstractmethod
    def write(self, key: str, buffers: Sequence[Buffer]) -> None:
        """Replace the content, atomically."""

    @abstractmethod
    def write_if(self, check: Callable[[], None], key: str, buffers: Sequence[Buffer], over: Over) -> bool:
        """Write a file, atomically, as long as a check raises nothing, in a session; whether it was written.

        However late the job is, what another has changed meanwhile is noticed: then the error of the check is raised,
        and nothing is written. Raises StoreError over "other sizes" where there are other bytes of the same size.
        """

    @abstractmethod
    def create(self, key: str, content: bytes) -> bool:
        """Write if the key is free, atomically; False if it is not."""

    @abstractmethod
    def delete(self, key: str) -> None:
        """Delete a file, if it exists. Raises StoreError where a folder is in its place."""

    @abstractmethod
    def entries(self, prefix: str = "") -> Iterator[Entry]:
        """Everything under a folder, ``""`` for the whole store, in any order."""

    def folders(self, prefix: str = "") -> list[str]:
        """Names of the folders in a folder, sorted."""
        start = f"{prefix}/" if prefix else ""
        paths = (entry.key.removeprefix(start) for entry in self.entries(prefix))
        return sorted({path.partition("/")[0] for path in paths if "/" in path})

    def names(self, folder: str) -> Iterator[str]:
        """Names of what lies right in a folder, files and folders, in any order."""
        start = len(folder) + 1 if folder else 0
        yield from {entry.key[start:].partition("/")[0] for entry in self.entries(folder)}

    def loader(self, key: str) -> ArrayLoader:
        """Reads a ``.npy`` file in another process; local ones are mapped into memory."""
        return partial(_load, self, key)

    @abstractmethod
    def require_folder(self) -> None:
        """Raise StorageNotEmptyError if it is a file, and neither a folder nor free."""

    @abstractmethod
    def session(self) -> AbstractContextManager[Session]:
        """A shared session for a whole job; the store's folder is made where it is missing."""

    @abstractmethod
    def task_session(self) -> AbstractContextManager[None]:
        """A shared session for one task. Raises StoreError if the store does not exist."""

    def writers(self) -> int | None:
        """Jobs that are at work on the store now, or processes; None where that cannot be seen."""
        return None

    @contextmanager
    def collected(self) -> Iterator[list[Any]]:
        """Inside the body, the writes of a task. The list then holds what the job must `take`: most often nothing."""
        yield []

    def begin_tasks(self) -> None:  # noqa: B027 most storage needs no more than its name
        """Prepare what tasks need to write, before this storage is sent to them, in a session that is shared."""

    def take(self, written: Any) -> None:  # noqa: B027 of most storage tasks have nothing to give back
        """Add what a task has `collected` to the session."""

    def published(self) -> bool:
        """Whether readers see what is seen here."""
        return True

    def look_again(self) -> None:  # noqa: B027 most storage shows at each look what is there
        """See what others have written since this storage was opened."""

    def commit_rate(self, is_counted: Callable[[str], bool] | None = None) -> float | None:
        """Chunks a second that jobs have committed lately, where they have no times of their own, by their keys."""
        del is_counted
        return None

    def absence(self) -> NotAStoreError:
        """The error where there is no store."""
        return NotAStoreError(f"there is no store at {self}", advice=Advice("{to_zarr} makes one"))

    def free_bytes(self) -> int | None:
        """Bytes that may still be written; None where that has no limit, or none that could be asked for."""
        return None

    def probe(self, key: str, buffers: Sequence[Buffer]) -> float:
        """Seconds that it takes to write a file, which is removed again, and so are folders that were made for it."""
        begin = time.perf_counter()
        try:
            self.write(key, buffers)
            return time.perf_counter() - begin
        finally:
            self.delete(key)

    def empty_folders(self, prefix: str = "") -> Iterator[str]:
        """Keys of the folders below which no file lies, the innermost first, where the medium has folders at all."""
        del prefix
        yield from ()

    def delete_folders(self, keys: Iterable[str]) -> None:  # noqa: B027 object stores have none
        """Delete folders, those of them in which nothing lies."""

    def is_lock(self, key: str) -> bool:
        """Whether a key is that of a file by which a session may be held here."""
        return self.lock_keys.fullmatch(key) is not None

    def refuse_large(self, nbytes: int) -> None:  # noqa: B027 of most storage a file may have any size
        """Raise StorageError if a file of that size cannot be written."""

    @abstractmethod
    def sync(self) -> None:
        """Wait until everything in the store is on the disk, where `fsync` was given."""

    @abstractmethod
    def remove_temporaries(self, is_own: Callable[[str], bool]) -> None:
        """Delete what killed writers left of files with such keys, in an exclusive session."""


def is_lock(key: str) -> bool:
    """Whether a key is that of a lock or a lease in any kind of storage, since stores are copied."""
    return FOLDER_LOCK.fullmatch(key) is not None or LEASE.fullmatch(key) is not None


def written_key(key: str) -> str:
    """Key of the file that a temporary file was to become; any other key as it is."""
    # Again and again, since a temporary file is itself written by way of another.
    while (found := PARTIAL.fullmatch(key)) is not None:
        key = found["name"]
    return key


def _load(storage: Storage, key: str) -> npt.NDArray[Any]:
    content = io.BytesIO(cast(Any, storage.read(key)))
    return cast("npt.NDArray[Any]", np.load(content, allow_pickle=False))
