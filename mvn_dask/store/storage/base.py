"""The interface of storage: whole files under keys, and sessions that are shared or exclusive.

A key is a relative path with slashes. Every write is atomic: a key has its old content or its new content, never a part
of one. Cost: a system call or a request a method, more where the docstring says so.
"""

import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from mvn_dask._typing import ArrayLoader
from mvn_dask.atomic import PARTIAL

INTERNAL_FOLDER = ".mvn_dask"
"""Folder of all that is not part of the Zarr hierarchy."""
MANIFEST_KEY = f"{INTERNAL_FOLDER}/manifest.json"
"""Key of the manifest, which is written first and deleted last."""
VERSION_2_KEY = f"{INTERNAL_FOLDER}/plan.json"
"""Key of the manifest of a store of format version 2, which is refused by name."""

_TEMPORARY = re.compile(rf"{re.escape(INTERNAL_FOLDER)}/(lock|create-lock|(trash|jobs)/.*)", re.DOTALL)

ByteArray = npt.NDArray[np.uint8]
Buffer = bytes | memoryview


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


class Storage(ABC):
    """A folder or a prefix that holds one store. Its `repr` and `name` never hold a secret."""

    name: str
    """A path, or a URL without secrets, for messages."""
    prefers_listing: ClassVar[bool]
    """Whether listing many keys is cheaper than looking at each."""
    has_locks: ClassVar[bool]
    """Whether a `task_session` prevents exclusive sessions while it lasts."""

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
    def create(self, key: str, content: bytes) -> bool:
        """Write if the key is free, atomically; False if it is not."""

    @abstractmethod
    def delete(self, key: str) -> None:
        """Delete a file, if it exists."""

    @abstractmethod
    def entries(self, prefix: str = "") -> Iterator[Entry]:
        """Everything under a folder, ``""`` for the whole store, in any order."""

    @abstractmethod
    def loader(self, key: str) -> ArrayLoader:
        """Reads a ``.npy`` file in another process; local ones are mapped into memory."""

    @abstractmethod
    def require_folder(self) -> None:
        """Raise StorageNotEmptyError if it is a file, and neither a folder nor free."""

    @abstractmethod
    def session(self) -> AbstractContextManager[Session]:
        """A shared session for a whole job; the store's folder is made where it is missing."""

    @abstractmethod
    def task_session(self) -> AbstractContextManager[None]:
        """A shared session for one task. Raises StoreError if the store does not exist."""

    @abstractmethod
    def remove(self, *, metadata_first: bool, is_metadata: Callable[[str], bool]) -> None:
        """Delete everything, the manifest last, in an exclusive session.

        After a kill at any moment, the next call still recognises what remains, and may delete it.

        Parameters
        ----------
        metadata_first : bool
            For a store of mvn_dask: no reader shall see it with chunks missing. Else for another Zarr hierarchy, which
            is recognised by its metadata: they are deleted after its chunks.
        is_metadata : callable
            Whether a key is one of metadata.
        """

    @abstractmethod
    def sync(self) -> None:
        """Wait until everything in the store is on the disk, where `fsync` was given."""

    @abstractmethod
    def remove_temporaries(self) -> None:
        """Delete temporary files of killed writers, in an exclusive session."""

    def is_temporary(self, key: str) -> bool:
        """Whether a key is a lock, a lease or a temporary file of any kind of storage, since stores are copied."""
        return PARTIAL.search(key) is not None or _TEMPORARY.fullmatch(key) is not None
