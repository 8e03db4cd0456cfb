"""What the simulated places have in common: files in a medium, each call on which is a step of a job."""

from collections.abc import Iterator
from functools import partial
from io import BytesIO
from typing import Any

import numpy as np

from mvn_dask._typing import ArrayLoader
from mvn_dask.store.storage.base import ByteArray, Entry, Storage
from tests.simulation.medium import Medium


class SimulatedStorage(Storage):
    """Reads, lists and deletes what a medium holds; subclasses write, and hold sessions."""

    def __init__(self, medium: Medium) -> None:
        self.name = "memory://simulation"
        self.medium = medium

    def entry(self, key: str) -> Entry | None:
        found = self.medium.get(key)
        return None if found is None else Entry(key, len(found.content), found.modified)

    def read(self, key: str) -> ByteArray:
        found = self.medium.get(key)
        if found is None:
            raise FileNotFoundError(key)
        return np.frombuffer(found.content, np.uint8)

    def delete(self, key: str) -> None:
        self.medium.delete(key)

    def entries(self, prefix: str = "") -> Iterator[Entry]:
        for key, file in self.medium.list(prefix).items():
            yield Entry(key, len(file.content), file.modified)

    def loader(self, key: str) -> ArrayLoader:
        return partial(load, self, key)

    def require_folder(self) -> None:
        pass

    def sync(self) -> None:
        pass


def load(storage: Storage, key: str) -> Any:
    return np.load(BytesIO(storage.read(key).tobytes()), allow_pickle=False)
