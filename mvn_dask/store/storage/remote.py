"""A store on an object store: objects that appear whole, and a conditional put for what must be created once."""

import io
from abc import abstractmethod
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import numpy.typing as npt

from mvn_dask._typing import ArrayLoader
from mvn_dask.errors import StoreError
from mvn_dask.store.storage.base import INTERNAL_FOLDER, MANIFEST_KEY, Storage
from mvn_dask.store.storage.lease import JOBS, Lease, leased

BATCH = 1000
"""Objects that S3 deletes in one request, at most."""


@dataclass(frozen=True)
class Download:
    """Gets an array from an object store."""

    storage: Storage
    """Where it lies."""
    key: str
    """Under which key."""

    def __call__(self) -> npt.NDArray[Any]:
        content = io.BytesIO(cast(Any, self.storage.read(self.key)))
        return cast("npt.NDArray[Any]", np.load(content, allow_pickle=False))


class RemoteStorage(Storage):
    """What all object stores have in common."""

    @property
    def prefers_listing(self) -> bool:
        return True

    @property
    def has_locks(self) -> bool:
        return False

    @abstractmethod
    def delete_batch(self, keys: list[str]) -> None:
        """Delete as many objects as go into one request, those that are there."""

    def delete_all(self, keys: list[str]) -> None:
        """Delete many objects."""
        for start in range(0, len(keys), BATCH):
            self.delete_batch(keys[start : start + BATCH])

    def delete(self, key: str) -> None:
        self.delete_all([key])

    def loader(self, key: str) -> ArrayLoader:
        return Download(self, key)

    def require_folder(self) -> None:
        """Prefixes of an object store are always folders."""

    def session(self) -> AbstractContextManager[Lease]:
        return leased(self)

    @contextmanager
    def task_session(self) -> Iterator[None]:
        if self.entry(MANIFEST_KEY) is None:
            raise StoreError(f"{self} is not there: does this worker see it, and was it not deleted?")
        yield

    def remove(self, *, ours: bool, documents: Callable[[str], bool]) -> None:
        visible, hidden = [], []
        for entry in self.entries():
            if not entry.key.startswith(f"{INTERNAL_FOLDER}/"):
                visible.append(entry.key)
            elif not entry.key.startswith(f"{JOBS}/"):
                hidden.append(entry.key)
        metadata = sorted((key for key in visible if documents(key)), key=lambda key: key.count("/"))
        chunks = [key for key in visible if not documents(key)]
        root = metadata[:1]
        for batch in (root, metadata[1:], chunks) if ours else (chunks, metadata[1:], root):
            self.delete_all(batch)
        self.delete_all([key for key in hidden if key != MANIFEST_KEY])
        self.delete(MANIFEST_KEY)

    def sync(self) -> None:
        """Object stores answer when an object is safe."""

    def remove_temporaries(self) -> None:
        """Nothing is left behind: an object that was not sent whole never appears."""
