"""The branch of a repository of icechunk that readers open, and that of jobs beside it.

Input: a repository and the name of a branch. Output: snapshots, and changes of both branches. Cost: a request or two
for each look, and one for each commit of the history that is gone through.

Nothing here is locked, and others change both branches meanwhile: each change names what it replaces, and a branch that
is gone is no error.
"""

from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Literal

from mvn_dask.store.storage.icechunk.revision import UNFINISHED


class Branches:
    """Both branches, as they are at each call."""

    def __init__(self, repository: Any, readers: str) -> None:
        self._repository = repository
        self.readers, self.jobs = readers, f"{readers}{UNFINISHED}"

    def tip(self, which: Literal["readers", "jobs"]) -> str | None:
        """The snapshot of a branch; None where there is no such branch."""
        import icechunk

        name = self.readers if which == "readers" else self.jobs
        try:
            return str(self._repository.lookup_branch(name))
        except icechunk.IcechunkError as error:
            if not _says(error, "ref not found"):
                raise
            return None

    def newest(self) -> tuple[str, bool] | None:
        """What jobs have committed, or else what readers open, and whether they do; None where there is neither."""
        # In this order, since a job that ends moves the readers' branch on before it deletes that of jobs.
        jobs = self.tip("jobs")
        readers = self.tip("readers")
        if jobs is not None and (readers is None or not self.is_ancestor(jobs, of=readers)):
            return jobs, False
        return None if readers is None else (readers, True)

    def is_ancestor(self, snapshot: str, *, of: str) -> bool:
        """Whether a snapshot is another, or one that it was made from."""
        return any(each.id == snapshot for each in self._repository.ancestry(snapshot_id=of))

    def begin(self, last: str | None) -> None:
        """Make both branches where they are not; `last` is the last commit of this job.

        A branch of jobs that was left behind is moved on to where readers are.
        """
        import icechunk

        jobs, readers = self.tip("jobs"), self.tip("readers")
        if readers is None:
            readers = [each.id for each in self._repository.ancestry(branch="main")][-1]
            self._create(self.readers, readers)
        if jobs is None:
            # One that ended has deleted the branch, perhaps with a commit of this job on it: that is not lost.
            is_ahead = last is not None and self.is_ancestor(readers, of=last)
            self._create(self.jobs, last if last is not None and is_ahead else readers)
        elif jobs != readers and self.is_ancestor(jobs, of=readers):
            with suppress(icechunk.IcechunkError):  # another job has moved it
                self._repository.reset_branch(self.jobs, readers, from_snapshot_id=jobs)

    def _create(self, name: str, snapshot: str) -> None:
        import icechunk

        try:
            self._repository.create_branch(name, snapshot)
        except icechunk.IcechunkError as error:
            if not _says(error, "update conflict"):  # else another job was faster
                raise

    def session(self) -> Any | None:
        """A writable session of the branch of jobs; None where that is gone."""
        import icechunk

        try:
            return self._repository.writable_session(self.jobs)
        except icechunk.IcechunkError as error:
            if not _says(error, "ref not found"):
                raise
            return None

    def commit(self, session: Any, message: str, metadata: Mapping[str, Any]) -> str | None:
        """The snapshot of a session's changes; None where the branch is not as the session began, or is gone."""
        import icechunk

        try:
            return str(session.commit(message, dict(metadata)))
        except icechunk.ConflictError:
            return None
        except icechunk.IcechunkError as error:
            if not _says(error, "branch not found"):  # version 2 has that for a branch that is gone
                raise
            return None

    def have_diverged(self) -> bool:
        """Whether others committed to the readers' branch while jobs wrote beside it."""
        jobs, readers = self.tip("jobs"), self.tip("readers")
        if jobs is None or readers is None:
            return False
        return not self.is_ancestor(readers, of=jobs) and not self.is_ancestor(jobs, of=readers)

    def move_readers(self, snapshot: str) -> Literal["there", "again", "diverged"]:
        """Let readers see a snapshot; "again" where another has moved their branch at the same time."""
        import icechunk

        readers = self.tip("readers")
        if readers is None:
            return "again"
        if self.is_ancestor(snapshot, of=readers):
            return "there"
        if not self.is_ancestor(readers, of=snapshot):
            return "diverged"
        with suppress(icechunk.IcechunkError):
            self._repository.reset_branch(self.readers, snapshot, from_snapshot_id=readers)
        return "again"

    def drop_jobs(self) -> None:
        """Delete the branch of jobs where readers see all that is on it: a job has ended, or was killed right then."""
        import icechunk

        jobs, readers = self.tip("jobs"), self.tip("readers")
        if jobs is not None and readers is not None and self.is_ancestor(jobs, of=readers):
            with suppress(icechunk.IcechunkError):  # another job was faster
                self._repository.delete_branch(self.jobs)


def _says(error: Exception, what: str) -> bool:
    """Whether an error is of that kind: icechunk has no types for them, and a look at what is there comes too late."""
    return what in str(error).partition("\n")[0]
