"""Write the files of a store, as long as it is the one that the job began.

Input: keys and contents. Output: files. Cost: that of `Storage.write_if`, and a read of the manifest each time it
compares.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from mvn_dask.advice import Advice
from mvn_dask.errors import StoreError
from mvn_dask.store.format.manifest import Manifest, is_unchanged
from mvn_dask.store.storage.base import Buffer, Over, Storage


@dataclass(frozen=True)
class FileWriter:
    """Writes files into a store, in a session."""

    storage: Storage
    """Storage of the store."""
    manifest: Manifest
    """What it holds."""

    def write(self, key: str, buffers: Sequence[Buffer], over: Over = "anything") -> None:
        """Write a file. Raises what `Storage.write_if` raises, and StoreError if the store has become another."""
        self.storage.write_if(self._refuse_overwritten, key, buffers, over)

    def create(self, key: str, content: bytes) -> bool:
        """Write a file if there is none; False if there is one. It raises what `write` raises."""
        return self.storage.write_if(self._refuse_overwritten, key, [content], "nothing")

    def _refuse_overwritten(self) -> None:
        # Whoever stood still, or outlives its job on a cluster, finds the store of another: it must not write there.
        if not is_unchanged(self.storage, self.manifest):
            raise StoreError(
                f"{self.storage} was overwritten while a job was writing to it, or extended: nothing of what is there "
                "now is changed",
                advice=Advice("see {status}, or name another URL"),
            )
