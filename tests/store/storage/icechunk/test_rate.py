"""The rate of a job in a repository, from its commits."""

import time
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from types import SimpleNamespace

import dask
import icechunk
import pytest
import zarr

import mvn_dask
from mvn_dask.store.storage.icechunk.rate import Committed, commit_fields, rate_of, recent_commits
from tests.support.repositories import repository_in, url_of
from tests.support.stores import sample


def commits(*each: tuple[str, float, float, int]) -> Iterator[Committed]:
    return (Committed(*fields) for fields in each)


def test_the_rate_is_that_of_the_last_minute_of_each_job() -> None:
    assert rate_of(commits()) is None
    assert rate_of(commits(("a", 100.0, 0.5, 8))) is None, "too short to say"
    assert rate_of(commits(("a", 100.0, 10.0, 8))) == 0.8
    assert rate_of(commits(("a", 190.0, 20.0, 40), ("a", 170.0, 20.0, 20), ("a", 100.0, 20.0, 900))) == 60 / 40
    assert rate_of(commits(("a", 600.0, 300.0, 600), ("a", 300.0, 300.0, 9))) == 2.0, "a commit may take longer"
    assert rate_of(commits(("a", 600.0, 60.0, 60), ("b", 520.0, 60.0, 120), ("c", 500.0, 60.0, 999))) == 3.0


def test_commits_of_another_store_and_of_others_end_the_search(tmp_path: Path) -> None:
    url = url_of(tmp_path)
    with dask.config.set({"mvn_dask.commit": 0, "scheduler": "synchronous"}):
        mvn_dask.to_zarr(sample(chunks=100), url)
        mvn_dask.to_zarr(sample(chunks=50, seed=2), url, overwrite=True)
    repository = repository_in(tmp_path)
    found = list(recent_commits(repository, repository.lookup_branch("main"), None))
    assert sum(each.chunks for each in found) == 20
    assert len({each.job for each in found}) == 1
    assert [each.end for each in found] == sorted((each.end for each in found), reverse=True)
    even = list(
        recent_commits(repository, repository.lookup_branch("main"), lambda key: int(key.split("/")[2]) % 2 == 0)
    )
    assert sum(each.chunks for each in even) == 10
    session = repository.writable_session("main")
    zarr.create_group(session.store, path="theirs")
    session.commit("theirs", {"mvn_dask_chunks": "many"})
    assert list(recent_commits(repository, repository.lookup_branch("main"), None)) == []


def test_no_more_commits_are_looked_at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    repository = icechunk.Repository.create(icechunk.local_filesystem_storage(str(tmp_path)))
    monkeypatch.setattr("mvn_dask.store.storage.icechunk.rate.MAX_COMMITS", 3)
    for number in range(6):
        session = repository.writable_session("main")
        zarr.create_group(session.store, path=f"group{number}")
        session.commit("chunks", commit_fields(1, 8, 1.0, "a", begins=False))
    assert len(list(recent_commits(repository, repository.lookup_branch("main"), None))) < 6


def test_status_knows_rate_and_time_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By a clock that goes on by ten seconds whenever it is read: the rate is that of a multiple of them."""
    url, array, readings = url_of(tmp_path), sample(1000, chunks=100), count(0, 10)
    clock = SimpleNamespace(monotonic=lambda: float(next(readings)), time=time.time)
    monkeypatch.setattr("mvn_dask.store.storage.icechunk.transaction.time", clock)
    with dask.config.set(scheduler="synchronous"):
        mvn_dask.to_zarr(array, url, part=(0, 2))
    status = mvn_dask.status(url)
    assert status.rate is not None
    seconds = status.bytes / status.rate
    assert seconds == pytest.approx(round(seconds, -1))
    assert 10 <= seconds < 1000
    assert status.seconds_left == pytest.approx(seconds), "half of the chunks are missing"
    assert "left at that rate" in str(status)
    assert mvn_dask.status(url, part=(0, 2)).rate == status.rate
    assert mvn_dask.status(url, part=(1, 2)).rate is None
