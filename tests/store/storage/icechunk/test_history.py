"""Branches of jobs, and when readers see what is on them."""

import pickle
from pathlib import Path
from typing import Any

import pytest

from mvn_dask.errors import StorageBusyError, StorageNotEmptyError
from mvn_dask.store.storage.addressing import open_storage
from mvn_dask.store.storage.icechunk.changes import Changes
from mvn_dask.store.storage.icechunk.connection import Connection
from mvn_dask.store.storage.icechunk.folder import local_storage
from mvn_dask.store.storage.icechunk.history import History, Make
from mvn_dask.store.storage.icechunk.nodes import Nodes
from mvn_dask.store.storage.icechunk.revision import MAIN, UNFINISHED, Revision
from tests.support.repositories import messages, repository_at, repository_in
from tests.support.s3 import Prefix

WORK = f"main{UNFINISHED}"


def history_in(folder: Path, revision: Revision = MAIN) -> History:
    history = History(f"icechunk+file://{folder}", revision, Connection(local_storage(folder)), folder=folder)
    history.create()
    return history


def putting(key: str, content: bytes) -> Make:
    changes = Changes()
    changes.put(key, [content])
    return changes.apply


def files(history: History) -> set[str]:
    found = history.look()
    return set() if found is None else {entry.key for entry in found.nodes.entries()}


def test_commits_of_many_jobs_follow_one_another(tmp_path: Path) -> None:
    one, other = history_in(tmp_path / "r"), history_in(tmp_path / "r")
    first = one.commit(putting("a", b"1"), "first", {}, None)
    second = other.commit(putting("b", b"2"), "second", {}, None)
    assert files(one) == files(other) == {"a", "b"}
    assert not one.look().published  # type: ignore[union-attr]
    with pytest.raises(StorageBusyError, match="nothing of it is changed"):
        one.commit(putting("c", b"3"), "third", {}, first)
    assert one.commit(putting("b", b"2"), "nothing new", {}, second) == second
    repository = repository_in(tmp_path / "r")
    one.publish(first)
    assert messages(repository)[-1] == "first"
    assert WORK in repository.list_branches(), "the other is at work there"
    other.publish(second)
    assert messages(repository)[1:] == ["first", "second"]
    assert repository.list_branches() == {"main"}
    other.publish(first)
    assert messages(repository)[-1] == "second", "readers never go back"


def test_a_branch_that_was_left_behind_is_moved_on(tmp_path: Path) -> None:
    history = history_in(tmp_path)
    repository = repository_in(tmp_path)
    repository.create_branch(WORK, repository.lookup_branch("main"))
    history.publish(history.commit(putting("a", b"1"), "first", {}, None))
    repository.create_branch(WORK, [each.id for each in repository.ancestry(branch="main")][-1])
    assert files(history) == {"a"}
    assert history.look().published  # type: ignore[union-attr]
    history.commit(putting("b", b"2"), "second", {}, None)
    assert files(history) == {"a", "b"}


def test_a_commit_is_kept_where_another_job_has_deleted_the_branch(tmp_path: Path) -> None:
    history = history_in(tmp_path)
    history.commit(putting("a", b"1"), "first", {}, None)
    repository_in(tmp_path).delete_branch(WORK)
    history.publish(history.commit(putting("b", b"2"), "second", {}, None))
    assert files(history) == {"a", "b"}


def test_commits_of_others_to_the_branch_are_never_undone(tmp_path: Path) -> None:
    history = history_in(tmp_path)
    snapshot = history.commit(putting("a", b"1"), "first", {}, None)
    repository = repository_in(tmp_path)
    repository.reset_branch("main", _commit(repository, "theirs"))
    for call in (history.refuse_diverged, lambda: history.publish(snapshot)):
        with pytest.raises(StorageNotEmptyError, match="nothing of theirs is changed"):
            call()
    assert messages(repository)[-1] == "theirs"


def _commit(repository: Any, message: str) -> str:
    session = repository.writable_session("main")
    putting("theirs", b"x")(session, Nodes(session, "here", 0.0))
    return str(session.commit(message))


def test_a_branch_is_made_empty_and_histories_travel(tmp_path: Path) -> None:
    main = history_in(tmp_path)
    main.publish(main.commit(putting("a", b"1"), "first", {}, None))
    branch = history_in(tmp_path, Revision("branch", "b"))
    assert branch.look() is None
    branch.publish(branch.commit(putting("b", b"2"), "second", {}, None))
    again = pickle.loads(pickle.dumps(branch))  # noqa: S301
    assert files(again) == {"b"}
    assert again.name.endswith("?branch=b")
    assert files(main) == {"a"}
    assert not list(tmp_path.parent.glob("*.partial")), "nothing is left beside the folder"


def test_the_branch_of_a_job_that_was_killed_at_its_end_goes(tmp_path: Path) -> None:
    history, repository = history_in(tmp_path), repository_in(tmp_path)
    snapshot = history.commit(putting("a", b"1"), "first", {}, None)
    history.clear()
    assert WORK in repository.list_branches()
    repository.reset_branch("main", snapshot)
    history.clear()
    assert repository.list_branches() == {"main"}
    History("none", MAIN, Connection(local_storage(tmp_path / "none")), folder=tmp_path / "none").clear()
    assert not (tmp_path / "none").exists()


def test_a_commit_that_another_came_before_is_made_again_on_top(prefix: Prefix) -> None:
    """In a bucket, where nothing is locked, and icechunk lets one of two through."""
    one, other = (open_storage(f"icechunk+{prefix.url}", prefix.options_of_repositories)._history for _ in range(2))  # type: ignore[attr-defined]
    one.create()
    tries: list[int] = []

    def make(session: Any, nodes: Nodes) -> bool:
        tries.append(len(tries))
        if len(tries) <= 2:
            other.commit(putting(f"theirs{len(tries)}", b"1"), f"theirs {len(tries)}", {}, None)
        return putting("ours", b"2")(session, nodes)

    one.publish(one.commit(make, "ours", {}, None))
    assert len(tries) == 3
    assert files(one) == {"theirs1", "theirs2", "ours"}
    assert messages(repository_at(prefix))[1:] == ["theirs 1", "theirs 2", "ours"]


def test_a_branch_that_is_deleted_right_before_a_commit_is_made_again(prefix: Prefix) -> None:
    history = open_storage(f"icechunk+{prefix.url}", prefix.options_of_repositories)._history  # type: ignore[attr-defined]
    history.create()
    repository = repository_at(prefix)
    kept = history.commit(putting("a", b"1"), "first", {}, None)
    tries: list[int] = []

    def make(session: Any, nodes: Nodes) -> bool:
        tries.append(0)
        if len(tries) == 1:
            repository.reset_branch("main", kept)
            repository.delete_branch(WORK)
        return putting("b", b"2")(session, nodes)

    history.publish(history.commit(make, "second", {}, None))
    assert (len(tries), files(history)) == (2, {"a", "b"})
