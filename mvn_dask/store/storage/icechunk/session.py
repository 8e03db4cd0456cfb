"""Sessions of jobs in an icechunk repository: shared ones, and exclusive ones that find out when they commit.

Input: a transaction. Output: sessions. Cost: none but that of commits.

Nothing is locked: an exclusive session commits on top of the snapshot that it began with, or not at all.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress

from mvn_dask.advice import Advice
from mvn_dask.errors import StorageNotEmptyError
from mvn_dask.store.storage.base import MANIFEST_KEY, Buffer, Session
from mvn_dask.store.storage.icechunk.changes import Changes
from mvn_dask.store.storage.icechunk.transaction import Transaction


class IcechunkSession(Session):
    """A session whose changes are seen by others when they are committed."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    def acquire_shared(self) -> None:
        self._transaction.save("replace the store" if self._transaction.exclusive else "")
        self._transaction.exclusive = False
        self._transaction.look_again()

    def try_exclusive(self) -> bool:
        self._transaction.save("")
        self._transaction.look_again()
        self._transaction.exclusive = True
        return True

    def replace(self, key: str, buffers: Sequence[Buffer]) -> None:
        self._transaction.put(key, buffers)

    def begin_removal(self) -> None:
        nodes = self._transaction.nodes
        if nodes is not None and self._transaction.entry(MANIFEST_KEY) is None and nodes.has_nodes_of_others():
            raise StorageNotEmptyError(
                f"{self._transaction.history.name} holds no store of mvn_dask, and what others keep in a repository is "
                "never overwritten",
                advice=Advice("name another branch, as …?branch=NAME, or another repository"),
            )

    def delete_many(self, keys: Iterable[str]) -> None:
        for key in keys:
            self._transaction.delete(key)

    def save(self, what: str) -> None:
        self._transaction.save(what)

    def publish(self, what: str) -> None:
        self._transaction.publish(what)


@contextmanager
def icechunk_session(transaction: Transaction) -> Iterator[IcechunkSession]:
    """A shared session for a job; the repository is made where there is none."""
    transaction.history.create()
    transaction.look_again()
    transaction.history.refuse_diverged()
    try:
        yield IcechunkSession(transaction)
        transaction.save("")
        transaction.history.clear()
    except BaseException:
        # What tasks have written need not be drawn again; the rest was not finished.
        transaction.changes = Changes(() if transaction.exclusive else transaction.changes.tasks)
        with suppress(Exception):
            transaction.save("")
        with suppress(Exception):
            transaction.history.clear()
        raise
    finally:
        transaction.forget()
