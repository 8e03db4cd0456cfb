"""Stores in the memory of this process, and tasks that would run in other processes.

Input: a storage. Output: an error before any work, where workers cannot see it. Cost: none for other storage; for
memory:// on a cluster that listens, one message to each worker.
"""

from mvn_dask.advice import Advice
from mvn_dask.errors import StorageError
from mvn_dask.execution.client import other_processes
from mvn_dask.store.storage.base import Storage


def refuse_other_processes(storage: Storage) -> None:
    """Raise StorageError if the storage is the memory of this process, and other processes would run the tasks."""
    if not storage.in_memory:
        return
    others = other_processes()
    if others is not None:
        raise StorageError(
            f"{storage} lies in the memory of this process, and {others} would run the tasks, which do not see it",
            advice=Advice("name a folder or a bucket, or use threads, by {threads}"),
        )
