"""Commits of a job to an icechunk repository, and when readers see them.

Input: a repository and a branch, a tag or a snapshot of it. Output: snapshots. Cost: two or three requests to find out
what is there; five and more for a commit.

A job commits to a branch of its own, ``NAME.mvn_dask-unfinished``, beside the branch NAME that readers open. When its
store is complete, NAME is moved on to the last of these commits, in one step, and the other branch is deleted: nobody
ever opens half a store. Many jobs may commit to the same branch: each begins from what the last one has committed, and
icechunk lets one of two through that do so at the same moment. Where the repository is a folder it does not, so that
jobs hold a lock there.
"""

import os
import pickle
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mvn_dask.advice import Advice
from mvn_dask.errors import NotAStoreError, StorageBusyError, StorageError, StorageNotEmptyError
from mvn_dask.store.storage.base import INTERNAL_FOLDER
from mvn_dask.store.storage.folder_lock import LOCK, locked
from mvn_dask.store.storage.icechunk.absence import repository_absence, revision_absence
from mvn_dask.store.storage.icechunk.branches import Branches
from mvn_dask.store.storage.icechunk.connection import Connection
from mvn_dask.store.storage.icechunk.folder import create_repository, holds_something, say_no_warning
from mvn_dask.store.storage.icechunk.nodes import Nodes, translated
from mvn_dask.store.storage.icechunk.rate import rate_of, recent_commits
from mvn_dask.store.storage.icechunk.revision import UNFINISHED, Revision

TRIES = 1000
"""Commits of others that come first, at most, before one gives up; icechunk's own number."""

Make = Callable[[Any, Nodes], bool]
"""Makes changes in a writable session, in which some files lie; whether there were any."""


@dataclass(frozen=True)
class Found:
    """What lies in a repository."""

    nodes: Nodes
    """Its files."""
    snapshot: str
    """The snapshot."""
    published: bool
    """Whether it is what readers of the branch open."""


class History:
    """The commits of a branch; of a tag or a snapshot, the one that it names."""

    def __init__(
        self,
        name: str,
        revision: Revision,
        connection: Connection | None,
        repository: Any = None,
        folder: Path | None = None,
    ) -> None:
        """Of a place, or of a repository that has been opened; `folder` is where it lies, where that is one."""
        self.name, self.revision = f"{name}{revision.query}", revision
        self._connection, self._repository, self._folder = connection, repository, folder
        # The last commit of this job, which is kept where another deletes the branch meanwhile.
        self._last: str | None = None

    def __getstate__(self) -> dict[str, Any]:
        # Only what has been opened travels: a storage of icechunk's by itself cannot.
        repository = None if self._repository is None else pickle.dumps(self._repository)
        return {**self.__dict__, "_connection": None, "_repository": repository}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        say_no_warning()
        if self._repository is not None:
            self._repository = pickle.loads(self._repository)  # noqa: S301 our own process sent it

    @property
    def folder(self) -> Path | None:
        """The folder of the repository, where it lies in one."""
        return self._folder

    def repository(self) -> Any:
        """The repository; None where there is none."""
        # Not where nothing lies: icechunk would make the folder, and panic where there is a file.
        unopened = self._repository is None and (self._folder is None or holds_something(self._folder))
        if unopened and self._connection is not None:
            with translated(self.name):
                self._repository = self._connection.open()
        return self._repository

    def _require(self) -> Any:
        repository = self.repository()
        if repository is None:
            raise repository_absence(self.name, self._folder)
        return repository

    def create(self) -> None:
        """Make the repository, where there is none."""
        self.refuse_fixed()
        if self.repository() is not None or self._connection is None:
            return
        if self._folder is not None:
            create_repository(self._folder)
        self._repository = self._connection.create(self.name)

    def refuse_fixed(self) -> None:
        """Raise StorageError for a tag or a snapshot, which nothing is ever written to."""
        if self.revision.kind != "branch":
            raise StorageError(
                f"`url` names the {self.revision} of a repository, which never changes: to write, name a branch"
            )

    def look(self) -> Found | None:
        """What is there now: what jobs have committed, or else what readers open; None where there is nothing."""
        repository = self.repository()
        if repository is None:
            return None
        with translated(self.name):
            if self.revision.kind == "tag":
                if self.revision.name not in repository.list_tags():
                    return None
                return self.at(repository.lookup_tag(self.revision.name), published=True)
            if self.revision.kind == "snapshot":
                return self._named_snapshot(repository)
            found = self._branches(repository).newest()
        return None if found is None else self.at(found[0], published=found[1])

    def _named_snapshot(self, repository: Any) -> Found:
        import icechunk

        try:
            repository.lookup_snapshot(self.revision.name)
        except (icechunk.IcechunkError, ValueError) as error:
            if "invalid" not in str(error) and "not found" not in str(error):
                raise
            raise StorageError(f"`url` names the {self.revision}, which the repository does not have") from None
        return self.at(self.revision.name, published=True)

    def absence(self, nodes: Nodes | None) -> NotAStoreError:
        """The error where there is no store; `nodes` are what lies there."""
        repository = self.repository()
        if repository is None:
            return repository_absence(self.name, self._folder)
        with translated(self.name):
            return revision_absence(self.name, self.revision, repository, nodes)

    def rate(self, snapshot: str, is_counted: Callable[[str], bool] | None) -> float | None:
        """Chunks a second that jobs have committed lately, up to a snapshot; of the keys that count."""
        with translated(self.name):
            return rate_of(recent_commits(self._require(), snapshot, is_counted))

    def at(self, snapshot: str, *, published: bool) -> Found:
        """What lies in a snapshot."""
        repository = self._require()
        with translated(self.name):
            written = repository.lookup_snapshot(snapshot).written_at.timestamp()
            session = repository.readonly_session(snapshot_id=snapshot)
        return Found(Nodes(session, self.name, written), snapshot, published)

    def fork(self) -> bytes:
        """A session for tasks, pickled."""
        repository = self._require()
        with translated(self.name):
            session = self._branches(repository).session()
            if session is None:
                session = repository.writable_session(self.revision.name)
            return pickle.dumps(session.fork())

    def commit(self, make: Make, message: str, metadata: Mapping[str, Any], expected: str | None) -> str:
        """Commit changes, on top of what others have committed; the snapshot that they are in.

        Raises what `make` raises; StorageBusyError where another job has committed since the snapshot `expected`.
        """
        branches = self._branches(self._require())
        with self._locked():
            for _ in range(TRIES):
                with translated(self.name):
                    branches.begin(self._last)
                    session = branches.session()
                    if session is None:
                        continue  # a job that ended has deleted the branch meanwhile
                    base = str(session.snapshot_id)
                    if expected is not None and base != expected:
                        raise StorageBusyError(
                            f"another job has written to {self.name} meanwhile: nothing of it is changed",
                            advice=Advice("the same {call} again, when the other has ended"),
                        )
                    self._last = base
                    if not make(session, Nodes(session, self.name, 0.0)):
                        return base
                    committed = branches.commit(session, message, metadata)
                    if committed is not None:
                        self._last = committed
                        return committed
        raise self._crowded()

    def _crowded(self) -> StorageBusyError:
        return StorageBusyError(f"other jobs commit to {self.name} all the time: try again later")

    def _branches(self, repository: Any) -> Branches:
        return Branches(repository, self.revision.name)

    def refuse_diverged(self) -> None:
        """Raise StorageNotEmptyError if others committed to the branch while jobs wrote beside it."""
        with translated(self.name):
            if self._branches(self._require()).have_diverged():
                raise self._diverged()

    def _diverged(self) -> StorageNotEmptyError:
        jobs = f"{self.revision.name}{UNFINISHED}"
        return StorageNotEmptyError(
            f"others committed to the branch {self.revision.name!r} of {self.name} while a job wrote to "
            f"{jobs!r} beside it: nothing of theirs is changed",
            advice=Advice(
                f"move the one to the other with icechunk's Repository.reset_branch, delete {jobs!r} to "
                "give up what the job has written, or name another branch"
            ),
        )

    def publish(self, snapshot: str) -> None:
        """Let readers of the branch see a snapshot of ours, in one step."""
        branches = self._branches(self._require())
        with self._locked(), translated(self.name):
            for _ in range(TRIES):
                found = branches.move_readers(snapshot)
                if found == "diverged":
                    raise self._diverged()
                if found == "there":
                    break
            else:
                raise self._crowded()
            branches.drop_jobs()

    def clear(self) -> None:
        """Delete the branch of jobs where a job was killed right before it would have done so."""
        repository = self.repository()
        if self.revision.kind != "branch" or repository is None:
            return
        branches = self._branches(repository)
        with translated(self.name):
            if branches.tip("jobs") is None:
                return
        with self._locked(), translated(self.name):
            branches.drop_jobs()

    @contextmanager
    def _locked(self) -> Iterator[None]:
        if self._folder is None:
            yield
            return
        (self._folder / INTERNAL_FOLDER).mkdir(parents=True, exist_ok=True)
        with locked(self._folder, LOCK, os.O_RDWR) as lock:
            lock.acquire_exclusive()
            yield
