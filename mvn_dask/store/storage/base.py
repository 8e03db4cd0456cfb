"""What a store needs of the medium on which it lies: whole files under keys, and a way to be alone.

A key is a relative path with slashes. Whatever the medium, a write is atomic: under a key lies the old
content or the new, never a part of one.
"""

import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from mvn_dask._typing import ArrayLoader
from mvn_dask.atomic import PARTIAL

INTERNAL_FOLDER = ".mvn_dask"
"""Folder of the plan manifest and of all that is not for Zarr's eyes."""

_LEFTOVER = re.compile(rf"{re.escape(INTERNAL_FOLDER)}/(lock|create-lock|(trash|jobs)/.*)", re.DOTALL)

MANIFEST_KEY = f"{INTERNAL_FOLDER}/plan.json"
"""Where the plan manifest lies: whoever deletes a store deletes it last."""

ByteArray = npt.NDArray[np.uint8]
Buffer = bytes | memoryview


@dataclass(frozen=True)
class Entry:
    """One file or object."""

    key: str
    """Where it lies."""
    size: int
    """Its size, in bytes."""
    modified: float
    """When it was written, in seconds since 1970, by the clock of the medium."""
    regular: bool = True
    """False for what is not a plain file: a link, a pipe, …."""


class Session(ABC):
    """A place in a store, together with others of the same specification, or alone."""

    @abstractmethod
    def acquire_shared(self) -> None:
        """Stay together with others, and wait for one who is alone; what was known before may be past."""

    @abstractmethod
    def try_exclusive(self) -> bool:
        """Try to be alone. Where that fails, nothing is held: `share` again, and look again."""


class Storage(ABC):
    """Where a store lies. Its `repr` and `name` never hold a secret."""

    @property
    @abstractmethod
    def name(self) -> str:
        """How messages call it: a path, or a URL without secrets."""

    @property
    @abstractmethod
    def prefers_listing(self) -> bool:
        """Whether listing many keys is cheaper than asking for each."""

    @property
    @abstractmethod
    def has_locks(self) -> bool:
        """Whether the tasks that visit a store keep others from being alone in it."""

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
        """What lies under a key; None if nothing does. Links are not followed."""

    @abstractmethod
    def read(self, key: str, start: int = 0, length: int | None = None) -> ByteArray:
        """Content of a file, or `length` bytes of it from `start` on, which lies in it; fewer where it ends.

        Raises
        ------
        FileNotFoundError
            If there is none. Links are not followed.
        """

    @abstractmethod
    def write(self, key: str, pieces: Sequence[Buffer]) -> None:
        """Replace the content, atomically."""

    @abstractmethod
    def create(self, key: str, content: bytes) -> bool:
        """Write, whole and only if nothing lies there; whether it was us."""

    @abstractmethod
    def delete(self, key: str) -> None:
        """Delete what lies under a key, if anything does."""

    @abstractmethod
    def entries(self, prefix: str = "") -> Iterator[Entry]:
        """Everything under a folder, ``""`` for the whole store, in any order."""

    @abstractmethod
    def loader(self, key: str) -> ArrayLoader:
        """How another process gets an array that was saved as ``.npy``; local ones are mapped into memory."""

    @abstractmethod
    def require_folder(self) -> None:
        """Raise if something else than a folder lies there.

        Raises
        ------
        StorageNotEmptyError
            If a file does.
        """

    @abstractmethod
    def session(self) -> AbstractContextManager[Session]:
        """Enter the store, which is made where it is missing, for a whole job, together with others."""

    @abstractmethod
    def task_session(self) -> AbstractContextManager[None]:
        """Enter a store that must be there, for one task, together with others.

        Raises
        ------
        StoreError
            If it is not there.
        """

    @abstractmethod
    def remove(self, *, ours: bool, documents: Callable[[str], bool]) -> None:
        """Delete everything, so that a kill at any moment leaves what can be deleted again, the manifest last.

        Parameters
        ----------
        ours : bool
            Whether it is a store of ours: then its metadata go first, so that no reader sees half a store;
            those of a foreign hierarchy go after its chunks, so that it is still known as one.
        documents : callable
            Whether a key is one of metadata.
        """

    @abstractmethod
    def sync(self) -> None:
        """Wait until all that was ever written here is on the disk, where that is wanted."""

    @abstractmethod
    def remove_temporaries(self) -> None:
        """Delete what killed writers left: temporary files, and what was about to be removed."""

    def is_temporary(self, key: str) -> bool:
        """Whether a key belongs to writers at work, or killed: no part of the store, and no stranger.

        Those of every medium count on each, since stores are copied from one to another.
        """
        return PARTIAL.search(key) is not None or _LEFTOVER.fullmatch(key) is not None
