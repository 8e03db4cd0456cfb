"""Sessions of jobs in storage without locks."""

import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import pytest

import mvn_dask
from mvn_dask.errors import StorageBusyError, TransportError
from mvn_dask.store.storage import lease
from mvn_dask.store.storage.addressing import open_storage
from mvn_dask.store.storage.base import Storage
from tests.support.s3 import WAYS, Prefix, wired
from tests.support.stores import sample

CONTEXT = get_context("forkserver")


def renewing() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name == "mvn-dask-lease"]


@pytest.fixture(params=["local", "memory", *WAYS])
def storage(request: pytest.FixtureRequest, prefix: Prefix, tmp_path: Path) -> Storage:
    if request.param == "local":
        return open_storage(tmp_path / "store")
    return open_storage(f"memory://{prefix.path}") if request.param == "memory" else prefix.storage(request.param)


def race(storage: Storage, threads: int) -> list[int]:
    """Numbers of the threads that created it."""
    start = threading.Barrier(threads)

    def create(number: int) -> bool:
        start.wait()
        return storage.create("once", str(number).encode())

    with ThreadPoolExecutor(threads) as pool:
        return [number for number, ours in enumerate(pool.map(create, range(threads))) if ours]


def race_in_process(storage: Storage, threads: int, results: Any) -> None:
    results.put(race(storage, threads))


def test_of_many_threads_exactly_one_creates(storage: Storage) -> None:
    for _ in range(5):
        winners = race(storage, 16)
        assert len(winners) == 1
        assert storage.read("once").tobytes() == str(winners[0]).encode()
        storage.delete("once")


@pytest.mark.parametrize("way", ["local", *WAYS])
def test_of_two_processes_exactly_one_creates(way: str, prefix: Prefix, tmp_path: Path) -> None:
    storage = open_storage(tmp_path / "store") if way == "local" else prefix.storage(way)
    results = CONTEXT.Queue()
    jobs = [CONTEXT.Process(target=race_in_process, args=(storage, 8, results)) for _ in range(2)]
    for job in jobs:
        job.start()
    winners = [results.get(timeout=120) for _ in jobs]
    for job in jobs:
        job.join()
        assert job.exitcode == 0
    assert sorted(map(len, winners)) == [0, 1]
    assert storage.read("once").tobytes() == str(max(winners)[0]).encode()


@pytest.mark.parametrize("way", WAYS)
def test_overwrite_and_extend_refuse_a_store_in_use(way: str, prefix: Prefix) -> None:
    url, options = prefix.way(way)
    mvn_dask.to_zarr(sample(), url, storage_options=options)
    before = prefix.tree()
    with prefix.storage(way).session():
        assert len(renewing()) == 1
        with pytest.raises(StorageBusyError, match=f"another job is writing to {prefix.url}"):
            mvn_dask.to_zarr(sample(seed=2), url, overwrite=True, storage_options=options)
        with pytest.raises(StorageBusyError, match=f"another job is in {prefix.url}"):
            mvn_dask.extend(url, 10, storage_options=options)
        prefix.delete("samples/c/0/0")
        mvn_dask.to_zarr(sample(), url, storage_options=options)  # together, a job goes on
        assert len(renewing()) == 1
    assert renewing() == []
    assert prefix.tree() == before


def test_a_job_waits_for_one_that_overwrites(prefix: Prefix, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lease, "EXCLUSIVE_WAIT_SECONDS", 1.0)
    storage = prefix.storage()
    with storage.session() as overwriting:
        assert overwriting.try_exclusive()
        begin = time.monotonic()
        with pytest.raises(StorageBusyError, match=f"another job is overwriting {prefix.url}"):
            mvn_dask.to_zarr(sample(), prefix.url, storage_options=prefix.options)
        assert time.monotonic() - begin >= 1.0
        assert len(prefix.keys(".mvn_dask/jobs")) == 1, "the lease of the one that gave up is gone"
        monkeypatch.setattr(lease, "EXCLUSIVE_WAIT_SECONDS", 30.0)
        soon = threading.Timer(0.7, overwriting.acquire_shared)
        soon.start()
        mvn_dask.to_zarr(sample(), prefix.url, storage_options=prefix.options)
        soon.join()
    assert renewing() == []
    assert mvn_dask.verify(prefix.url, storage_options=prefix.options).ok


def test_two_sessions_are_never_both_exclusive(prefix: Prefix) -> None:
    storage = prefix.storage()
    with storage.session() as one, storage.session() as other:
        with ThreadPoolExecutor(2) as pool:
            both = list(pool.map(lambda each: each.try_exclusive(), (one, other)))
        assert both != [True, True]


@pytest.mark.parametrize("error", [KeyboardInterrupt, ValueError])
def test_renewing_ends_with_the_job(error: type[BaseException], storage: Storage) -> None:
    with pytest.raises(error), storage.session():
        raise error
    assert renewing() == []
    assert list(storage.entries(".mvn_dask/jobs")) == []


@pytest.fixture
def fast(monkeypatch: pytest.MonkeyPatch) -> None:
    """A lease that is renewed many times a second."""
    monkeypatch.setattr(lease, "RENEWAL_SECONDS", 0.05)


def until(condition: Any) -> None:
    deadline = time.monotonic() + 120
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.mark.parametrize("way", WAYS)
def test_a_lease_that_cannot_be_renewed_for_a_moment_is_renewed_later(way: str, prefix: Prefix, fast: None) -> None:
    versioned = Prefix(prefix.endpoint, prefix.path, "versioned")
    with wired(prefix.endpoint) as wire:
        storage = Prefix(wire.endpoint, prefix.path, "versioned").storage(way)
        with storage.session():
            (key,) = versioned.keys(".mvn_dask/jobs")
            until(lambda: versioned.versions(key) > 2)
            wire.cut()
            with pytest.raises(TransportError):
                storage.entry("x")
            time.sleep(0.3)
            assert len(renewing()) == 1
            seen = versioned.versions(key)
            wire.mend()
            until(lambda: versioned.versions(key) > seen + 1)
        assert versioned.keys(".mvn_dask/jobs") == []


@pytest.mark.parametrize("way", WAYS)
def test_a_job_whose_lease_cannot_be_deleted_has_succeeded(way: str, prefix: Prefix) -> None:
    with wired(prefix.endpoint) as wire:
        with Prefix(wire.endpoint, prefix.path).storage(way).session():
            wire.cut()
        assert len(prefix.keys(".mvn_dask/jobs")) == 1
    assert renewing() == []


def test_leases_expire_by_the_clock_of_the_store(prefix: Prefix, monkeypatch: pytest.MonkeyPatch) -> None:
    prefix.write(".mvn_dask/jobs/dead.json", json.dumps({"exclusive": True}).encode())
    storage = prefix.storage()
    monkeypatch.setattr(lease, "EXCLUSIVE_WAIT_SECONDS", 0.0)
    with pytest.raises(StorageBusyError), storage.session():
        pytest.fail("entered")
    monkeypatch.setattr(lease, "LEASE_SECONDS", 0.5)
    time.sleep(1.6)  # S3 counts whole seconds
    monkeypatch.setattr(time, "time", lambda: 0.0)
    with storage.session() as session:
        assert prefix.keys(".mvn_dask/jobs/dead") == []
        assert session.try_exclusive()


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"null", b'{"exclusive": 1}', b"\xff"])
def test_what_is_no_lease_is_not_exclusive_but_counts_as_a_job(content: bytes, prefix: Prefix) -> None:
    storage = open_storage(f"memory://{prefix.path}")
    storage.write(".mvn_dask/jobs/odd.json", [content])
    with storage.session() as session:
        assert not session.try_exclusive()


def test_a_renewal_never_takes_exclusivity_back(prefix: Prefix, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lease, "RENEWAL_SECONDS", 0.0001)
    storage = open_storage(f"memory://{prefix.path}")
    with storage.session() as session:
        (entry,) = storage.entries(".mvn_dask/jobs")
        for _ in range(300):
            assert session.try_exclusive()
            assert json.loads(storage.read(entry.key).tobytes())["exclusive"]
            session.acquire_shared()
            assert not json.loads(storage.read(entry.key).tobytes())["exclusive"]
