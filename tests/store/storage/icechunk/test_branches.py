"""Both branches of a store, while others change them between two looks."""

from typing import Any

import icechunk
import pytest
import zarr

from mvn_dask.store.storage.icechunk.branches import Branches


@pytest.fixture
def repository() -> icechunk.Repository:
    return icechunk.Repository.create(icechunk.in_memory_storage())


def commit(repository: icechunk.Repository, branch: str, name: str) -> str:
    session = repository.writable_session(branch)
    zarr.create_group(session.store, path=name)
    return str(session.commit(name))


def test_branches_are_made_and_moved_on(repository: icechunk.Repository) -> None:
    branches = Branches(repository, "dev")
    first = repository.lookup_branch("main")
    assert (branches.tip("readers"), branches.tip("jobs"), branches.newest(), branches.session()) == (None,) * 4
    branches.begin(None)
    assert branches.tip("readers") == branches.tip("jobs") == first
    one = commit(repository, branches.jobs, "one")
    assert branches.newest() == (one, False)
    branches.drop_jobs()
    assert branches.tip("jobs") == one, "readers do not see it yet"
    assert [branches.move_readers(one) for _ in range(2)] == ["again", "there"]
    assert branches.newest() == (one, True)
    two = commit(repository, "dev", "two")
    branches.begin(one)
    assert branches.tip("jobs") == two, "it was left behind"
    branches.drop_jobs()
    assert (branches.tip("jobs"), branches.newest()) == (None, (two, True))
    branches.begin(one)
    assert branches.tip("jobs") == two, "what others have committed since is not lost"


def test_commits_of_others_are_never_undone(repository: icechunk.Repository) -> None:
    branches = Branches(repository, "main")
    branches.begin(None)
    ours = commit(repository, branches.jobs, "ours")
    assert not branches.have_diverged()
    theirs = commit(repository, "main", "theirs")
    assert branches.have_diverged()
    assert branches.move_readers(ours) == "diverged"
    assert branches.newest() == (ours, False)
    branches.drop_jobs()
    assert (branches.tip("readers"), branches.tip("jobs")) == (theirs, ours)


def test_a_job_that_ends_between_two_looks_hides_nothing(
    repository: icechunk.Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    branches = Branches(repository, "main")
    branches.begin(None)
    whole = commit(repository, branches.jobs, "whole")
    tip = Branches.tip

    def ending(self: Branches, which: Any) -> str | None:
        found = tip(self, which)
        monkeypatch.setattr(Branches, "tip", tip)
        while branches.move_readers(whole) == "again":
            pass
        branches.drop_jobs()
        return found

    monkeypatch.setattr(Branches, "tip", ending)
    assert branches.newest() == (whole, True)
    assert branches.tip("jobs") is None
