"""Stores in repositories of icechunk, in folders, in memory and in a bucket, from the first commit to the last."""

import pickle
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import dask
import dask.array as da
import icechunk
import numpy as np
import pytest
import xarray as xr
import zarr
from distributed import Client
from zarr.core.sync import sync

import mvn_dask
from mvn_dask.errors import (
    NotAStoreError,
    StorageBusyError,
    StorageError,
    StorageNotEmptyError,
    StoreError,
    TransportError,
    UnfinishedStoreError,
)
from mvn_dask.maintenance.describe import describe
from mvn_dask.store.storage.base import Buffer
from mvn_dask.store.storage.icechunk.changes import TaskWriter
from mvn_dask.store.storage.icechunk.session import IcechunkSession
from tests.support.repositories import messages, repository_at, repository_in, url_of
from tests.support.s3 import SECRET, Prefix
from tests.support.stores import NORMAL, labelled, sample

WORK = "main.mvn_dask-unfinished"


def memory() -> icechunk.Repository:
    return icechunk.Repository.create(icechunk.in_memory_storage())


def assert_holds(repository: icechunk.Repository, array: da.Array, branch: str = "main") -> None:
    """Plain Zarr, xarray and mvn_dask read the very numbers of a branch, and nothing is left to do."""
    store, expected = repository.readonly_session(branch).store, array.compute()
    np.testing.assert_array_equal(zarr.open_array(store, path="samples", mode="r")[:], expected)
    np.testing.assert_array_equal(xr.open_zarr(store, consolidated=False)["samples"], expected)
    options = {"branch": branch}
    np.testing.assert_array_equal(mvn_dask.from_zarr(repository, storage_options=options), expected)
    found = mvn_dask.verify(repository, level="checksum", storage_options=options)
    assert found.ok, found
    assert f"{branch}.mvn_dask-unfinished" not in repository.list_branches()


def failing(array: da.Array, count: int) -> da.Array:
    """An array of which so many blocks can be made, and no more."""
    made: list[None] = []

    def fail(block: Any) -> Any:
        if len(made) == count:
            raise ZeroDivisionError
        made.append(None)
        return block

    found: da.Array = da.map_blocks(fail, array, dtype=array.dtype, meta=np.empty((0, 2)))
    return found


def test_a_store_is_written_in_few_commits_that_say_what_they_are(tmp_path: Path) -> None:
    url, array = url_of(tmp_path / "a b"), labelled(chunks=20)
    mvn_dask.to_zarr(array, url)
    repository = repository_in(tmp_path / "a b")
    assert_holds(repository, array)
    said = messages(repository)
    assert len(said) == 5, "icechunk's own, and four of ours for 50 chunks"
    assert [text.split(":")[0] for text in said[1:]] == ["mvn_dask"] * 4
    assert said[3] == "mvn_dask: 50 chunks, 15.8 KiB"
    assert "shape (1000, 2), float64, fingerprint" in said[4]
    dataset = xr.open_zarr(repository.readonly_session("main").store, consolidated=False)
    assert dataset["variable"].values.tolist() == ["a", "b"]
    mvn_dask.to_zarr(array, url)
    assert mvn_dask.repair(url).chunks == ()
    assert messages(repository) == said, "a finished store gets no commit"
    status = mvn_dask.status(url)
    assert (status.done, status.complete, status.url) == (50, True, url.replace(" ", "%20"))
    assert mvn_dask.verify(url, level="values", full=True).ok


def test_nobody_sees_a_store_before_it_is_complete(tmp_path: Path) -> None:
    url, array = url_of(tmp_path), sample(chunks=100)
    for i in (2, 0):
        mvn_dask.to_zarr(array, url, part=(i, 3))
        repository = repository_in(tmp_path)
        assert messages(repository) == ["Repository initialized"]
        with pytest.raises((FileNotFoundError, ValueError)):
            zarr.open_group(repository.readonly_session("main").store, mode="r")
        with pytest.raises(UnfinishedStoreError, match="are missing"):
            mvn_dask.from_zarr(url)
        assert mvn_dask.status(url, part=(i, 3)).complete
        assert not mvn_dask.status(url).committed
    mvn_dask.to_zarr(array, url, part=(1, 3))
    assert_holds(repository, array)


def test_what_was_committed_before_an_error_is_kept(tmp_path: Path) -> None:
    array = sample(chunks=100) * 1
    broken = failing(array, 6)
    with dask.config.set({"mvn_dask.commit": 0, "scheduler": "synchronous"}), pytest.raises(ZeroDivisionError):
        mvn_dask.to_zarr(broken, url_of(tmp_path))
    status = mvn_dask.status(url_of(tmp_path))
    assert 0 < status.done <= 6, "each range that ended was committed"
    repository = repository_in(tmp_path)
    assert sum("chunk" in message for message in messages(repository, WORK)) >= 1
    with pytest.raises(mvn_dask.errors.SpecMismatchError, match="expression"):
        mvn_dask.to_zarr(array, url_of(tmp_path))
    mvn_dask.to_zarr(array, url_of(tmp_path), overwrite=True)
    assert_holds(repository, array)


def test_the_same_call_goes_on_after_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was committed is drawn no second time, and what the failing range had written is no part of the store."""
    array, write, written = sample(chunks=100), TaskWriter.write, list[str]()

    def failing_write(self: TaskWriter, key: str, buffers: Sequence[Buffer]) -> None:
        if len(written) == 6:
            raise ZeroDivisionError
        written.append(key)
        write(self, key, buffers)

    monkeypatch.setattr(TaskWriter, "write", failing_write)
    with dask.config.set({"mvn_dask.commit": 0, "scheduler": "synchronous"}):
        with pytest.raises(ZeroDivisionError):
            mvn_dask.to_zarr(array, url_of(tmp_path))
        done, first = mvn_dask.status(url_of(tmp_path)).done, list(written)
        assert 0 < done <= 6
        written[:] = [""] * 7  # no error any more
        mvn_dask.to_zarr(array, url_of(tmp_path))
    assert len(written) == 7 + 10 - done
    assert not set(first[:done]) & set(written), "in the order of the blocks, so that those of the first commits"
    assert_holds(repository_in(tmp_path), array)


def test_arrays_whose_blocks_share_work(tmp_path: Path) -> None:
    array = sample(chunks=100)
    centred = array - array.mean(axis=0)
    mvn_dask.to_zarr(centred, url_of(tmp_path), shards=50)
    assert_holds(repository_in(tmp_path), centred)


def test_readers_see_the_old_store_until_the_new_one_is_complete(tmp_path: Path) -> None:
    url, old, new = url_of(tmp_path), sample(chunks=100), sample(chunks=100, seed=2)
    mvn_dask.to_zarr(old, url)
    opened = mvn_dask.from_zarr(url)
    broken = failing(sample(chunks=100) * 1, 5)
    with pytest.raises(ZeroDivisionError):
        mvn_dask.to_zarr(broken, url, overwrite=True)
    repository = repository_in(tmp_path)
    np.testing.assert_array_equal(zarr.open_array(repository.readonly_session("main").store, path="samples"), old)
    mvn_dask.to_zarr(new, url, overwrite=True)
    assert_holds(repository, new)
    assert "replace the store" in "".join(messages(repository))
    np.testing.assert_array_equal(opened, old, "what was opened is a snapshot, which never changes")
    first = next(each.id for each in repository.ancestry(branch="main") if "finish" in each.message)
    assert mvn_dask.verify(f"{url}?snapshot={first}").ok


def test_an_extended_store_is_that_of_the_longer_run(tmp_path: Path) -> None:
    url = url_of(tmp_path)
    mvn_dask.to_zarr(sample(chunks=300), url)
    opened = mvn_dask.from_zarr(url)
    assert mvn_dask.extend(url, 700).after == (1700, 2)
    assert_holds(repository_in(tmp_path), sample(1700, chunks=300))
    np.testing.assert_array_equal(opened, sample())


def test_damaged_and_lost_chunks_are_drawn_again(tmp_path: Path) -> None:
    url, array = url_of(tmp_path), NORMAL.sample(10_000, seed=1, chunks=1000)
    mvn_dask.to_zarr(array, url)
    damaged, lost, *_ = (path for path in sorted((tmp_path / "chunks").iterdir()) if path.stat().st_size == 16_004)
    damaged.write_bytes(bytes(16_004))
    lost.unlink()
    found = mvn_dask.verify(url, level="checksum")
    assert sorted(found.bad.values()) == ["missing", "the checksum differs"]
    with pytest.raises(mvn_dask.errors.StoreError, match=r"checksum differs|is missing"):
        mvn_dask.from_zarr(url).compute()
    assert sorted(mvn_dask.repair(url).chunks) == sorted(found.bad)
    assert_holds(repository_in(tmp_path), array)


def test_what_others_keep_in_a_repository_is_never_overwritten(tmp_path: Path) -> None:
    repository = icechunk.Repository.create(icechunk.local_filesystem_storage(str(tmp_path)))
    session = repository.writable_session("main")
    zarr.create_group(session.store).create_array("theirs", shape=(3,), dtype="i4")[:] = 7
    session.commit("theirs")
    for overwrite in (False, True):
        with pytest.raises(StorageNotEmptyError, match=r"never overwritten|no store of mvn_dask"):
            mvn_dask.to_zarr(sample(), repository, overwrite=overwrite)
    assert repository.list_branches() == {"main"}
    mvn_dask.to_zarr(sample(), url_of(tmp_path, "?branch=ours"))
    assert_holds(repository, sample(), "ours")
    assert messages(repository) == ["Repository initialized", "theirs"]


def test_what_others_add_to_a_store_stays(tmp_path: Path) -> None:
    url, array = url_of(tmp_path), labelled()
    mvn_dask.to_zarr(array, url)
    repository = repository_in(tmp_path)
    session = repository.writable_session("main")
    xr.Dataset({"weight": ("sample", np.arange(1000.0))}).to_zarr(session.store, mode="a", consolidated=False)
    session.commit("weights")
    assert describe(url).members == ("weight",)
    mvn_dask.repair(url)
    assert mvn_dask.verify(url).ok
    store = repository.readonly_session("main").store
    np.testing.assert_array_equal(xr.open_zarr(store, consolidated=False)["weight"], np.arange(1000.0))
    with pytest.raises(StorageNotEmptyError, match="weight"):
        mvn_dask.extend(url, 100)
    with pytest.raises(StorageNotEmptyError, match="weight"):
        mvn_dask.to_zarr(array, url, overwrite=True)


def test_others_that_commit_while_a_job_writes_are_left_alone(tmp_path: Path) -> None:
    url = url_of(tmp_path)
    mvn_dask.to_zarr(sample(), url, part=(0, 2))
    repository = repository_in(tmp_path)
    session = repository.writable_session("main")
    zarr.create_group(session.store)
    session.commit("theirs")
    with pytest.raises(StorageNotEmptyError, match=f"{WORK!r} beside it: nothing of theirs is changed"):
        mvn_dask.to_zarr(sample(), url)
    assert messages(repository)[-1] == "theirs"
    repository.reset_branch("main", [each.id for each in repository.ancestry(branch="main")][-1])
    mvn_dask.to_zarr(sample(), url)
    assert_holds(repository, sample())


def test_tags_are_read_and_never_written(tmp_path: Path) -> None:
    url = url_of(tmp_path)
    mvn_dask.to_zarr(sample(), url)
    repository = repository_in(tmp_path)
    repository.create_tag("v1", repository.lookup_branch("main"))
    mvn_dask.to_zarr(sample(seed=2), url, overwrite=True)
    np.testing.assert_array_equal(mvn_dask.from_zarr(f"{url}?tag=v1"), sample())
    np.testing.assert_array_equal(mvn_dask.from_zarr(repository, storage_options={"tag": "v1"}), sample())
    never = "'v1' of a repository, which never changes: to write, name a branch"
    with pytest.raises(StorageError, match=never):
        mvn_dask.to_zarr(sample(seed=3), f"{url}?tag=v1", overwrite=True)
    with pytest.raises(StorageError, match=never):
        mvn_dask.repair(f"{url}?tag=v1")
    for missing in ("?tag=v2", "?branch=none", "/none"):
        with pytest.raises((NotAStoreError, StoreError), match="there is no store"):
            mvn_dask.status(url + missing)
    with pytest.raises(StorageError, match="which the repository does not have"):
        mvn_dask.status(f"{url}?snapshot=none")


def test_a_repository_in_memory() -> None:
    repository, array = memory(), sample(chunks=100)
    with dask.config.set(scheduler="processes"), pytest.raises(StorageError, match="memory of this process"):
        mvn_dask.to_zarr(array, repository)
    mvn_dask.to_zarr(array, repository)
    assert_holds(repository, array)
    mvn_dask.to_zarr(mvn_dask.from_zarr(repository), "memory://copy of a repository")
    assert mvn_dask.verify("memory://copy of a repository", level="values").ok


@pytest.mark.faults
def test_workers_of_a_cluster_write_in_few_commits_and_verify(processes: Client, tmp_path: Path) -> None:
    array, url = sample(10_000, chunks=100), url_of(tmp_path)
    for i in range(2):
        mvn_dask.to_zarr(array, url, part=(i, 2))
    said = messages(repository_in(tmp_path))
    assert len(said) == 1 + 3 + 2, "of the store, and one of each part, whatever the number of workers"
    assert mvn_dask.verify(url, level="values", full=True).ok
    assert_holds(repository_in(tmp_path), array)
    session = repository_in(tmp_path).writable_session("main")
    sync(session.store.delete("samples/c/7/0"))
    session.commit("lost")
    assert mvn_dask.verify(url, level="values").bad == {(7, 0): "missing"}
    assert mvn_dask.repair(url).chunks == ((7, 0),)
    assert_holds(repository_in(tmp_path), array)


@pytest.mark.faults
def test_other_processes_write_what_threads_do(tmp_path: Path) -> None:
    array = sample(chunks=100)
    with dask.config.set({"scheduler": "processes", "num_workers": 2}):
        mvn_dask.to_zarr(array, url_of(tmp_path))
        np.testing.assert_array_equal(mvn_dask.from_zarr(url_of(tmp_path)), array)
    assert_holds(repository_in(tmp_path), array)


def test_a_folder_of_others_is_no_repository(tmp_path: Path) -> None:
    (tmp_path / "theirs").write_text("x")
    for folder in (tmp_path, tmp_path / "theirs"):
        with pytest.raises((StorageNotEmptyError, StorageError)):
            mvn_dask.to_zarr(sample(), url_of(folder))
    assert [path.name for path in tmp_path.iterdir()] == ["theirs"]
    mvn_dask.to_zarr(sample(), url_of(tmp_path / "repository"))
    with pytest.raises(StorageNotEmptyError, match="is a repository of icechunk: its URL"):
        mvn_dask.to_zarr(sample(), tmp_path / "repository")


def test_a_repository_in_a_bucket(prefix: Prefix) -> None:
    url, array, options = f"icechunk+{prefix.url}", labelled(chunks=100), prefix.options_of_repositories
    for i in (1, 0):
        mvn_dask.to_zarr(array, url, part=(i, 2), storage_options=options)
        assert mvn_dask.status(url, storage_options=options).missing == 5 * i
    repository = repository_at(prefix)
    assert_holds(repository, array)
    mvn_dask.extend(url, 100, storage_options=options)
    mvn_dask.to_zarr(labelled(chunks=100, seed=3), repository, overwrite=True)
    assert_holds(repository, labelled(chunks=100, seed=3))
    storage = mvn_dask.from_zarr(url, storage_options=options)
    assert SECRET not in repr(storage.dask)
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(storage)), labelled(seed=3))  # noqa: S301


def test_a_bucket_without_conditional_put_is_refused(prefix: Prefix) -> None:
    other = Prefix(prefix.endpoint, prefix.path, "outdated")
    with pytest.raises(TransportError, match=r"icechunk\+s3://outdated") as caught:
        mvn_dask.to_zarr(sample(), f"icechunk+{other.url}", storage_options=other.options_of_repositories)
    assert "\n" not in str(caught.value)


def test_of_two_that_overwrite_the_first_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    url = url_of(tmp_path)
    mvn_dask.to_zarr(sample(), url)
    begin = IcechunkSession.begin_removal

    def another_comes_first(self: IcechunkSession) -> None:
        monkeypatch.setattr(IcechunkSession, "begin_removal", begin)
        begin(self)
        mvn_dask.to_zarr(sample(seed=2), url, overwrite=True)

    monkeypatch.setattr(IcechunkSession, "begin_removal", another_comes_first)
    with pytest.raises(StorageBusyError, match=r"another job has written to .* meanwhile: nothing of it is changed"):
        mvn_dask.to_zarr(sample(seed=3), url, overwrite=True)
    assert_holds(repository_in(tmp_path), sample(seed=2))


@pytest.mark.parametrize("parts", [1, 3])
def test_commits_are_as_few_as_promised(parts: int, tmp_path: Path) -> None:
    """Three of the store, one of each job, whatever the number of chunks, and icechunk's own."""
    url, array = url_of(tmp_path), sample(10_000, chunks=50)
    for part in range(parts):
        mvn_dask.to_zarr(array, url, part=(part, parts))
    said = messages(repository_in(tmp_path))
    assert len(said) == 1 + 3 + parts
    assert sum(int(text.split()[1]) for text in said if "chunks," in text) == 200


def test_what_no_snapshot_refers_to_is_collected_as_documented(tmp_path: Path) -> None:
    url = url_of(tmp_path)
    mvn_dask.to_zarr(sample(chunks=100), url)
    mvn_dask.to_zarr(sample(chunks=100, seed=2), url, overwrite=True)
    repository = repository_in(tmp_path)
    now = datetime.now(UTC)
    repository.expire_snapshots(older_than=now)
    found = repository.garbage_collect(delete_object_older_than=now)
    assert found.chunks_deleted >= 10, "those of the store that was replaced"
    assert_holds(repository_in(tmp_path), sample(chunks=100, seed=2))
    assert len(messages(repository_in(tmp_path))) == 2
    mvn_dask.extend(url, 100)
    assert_holds(repository_in(tmp_path), sample(1100, chunks=100, seed=2))
