"""Sessions of jobs in storage without locks."""

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import dask
import pytest

import mvn_dask
from mvn_dask.errors import ArgumentError, StorageBusyError, StorageError, TransportError
from mvn_dask.store.storage import bucket_session
from mvn_dask.store.storage.addressing import open_storage
from mvn_dask.store.storage.base import MANIFEST_KEY, Storage
from tests.support.s3 import EACH_WAY, Prefix, wired
from tests.support.stores import LEASES, sample

CONTEXT = get_context("forkserver")


def renewing() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name == "mvn-dask-lease"]


@pytest.fixture(params=["local", "memory", *EACH_WAY])
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


@pytest.mark.parametrize("way", ["local", *EACH_WAY])
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


@pytest.mark.parametrize("way", EACH_WAY)
def test_overwrite_and_extend_refuse_a_store_in_use(way: str, prefix: Prefix) -> None:
    url, options = prefix.way(way)
    mvn_dask.to_zarr(sample(), url, storage_options=options)
    before = prefix.tree()
    with dask.config.set({"mvn_dask.lease": 1234}), prefix.storage(way).session():
        assert len(renewing()) == 1
        way_out = "wait for it or stop it, or, if it was killed, wait until its lease of 1234 s has ended"
        with (
            dask.config.set({"mvn_dask.lease": 77}),
            pytest.raises(StorageBusyError, match=f"another job is writing to {prefix.url}: {way_out}"),
        ):
            mvn_dask.to_zarr(sample(seed=2), url, overwrite=True, storage_options=options)
        with pytest.raises(StorageBusyError, match=f"another job is in {prefix.url}: {way_out}"):
            mvn_dask.extend(url, 10, storage_options=options)
        prefix.delete("samples/c/0/0")
        mvn_dask.to_zarr(sample(), url, storage_options=options)  # together, a job goes on
        assert len(renewing()) == 1
    assert renewing() == []
    assert prefix.tree() == before


def test_a_job_waits_for_one_that_overwrites(prefix: Prefix, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bucket_session, "EXCLUSIVE_WAIT_SECONDS", 1.0)
    storage = prefix.storage()
    with storage.session() as overwriting:
        assert overwriting.try_exclusive()
        begin = time.monotonic()
        with pytest.raises(
            StorageBusyError,
            match=f"another job is overwriting {prefix.url}, or extends it: .* if it was killed, wait until",
        ):
            mvn_dask.to_zarr(sample(), prefix.url, storage_options=prefix.options)
        assert time.monotonic() - begin >= 1.0
        assert len(prefix.keys(".mvn_dask/leases")) == 1, "the lease of the one that gave up is gone"
        monkeypatch.setattr(bucket_session, "EXCLUSIVE_WAIT_SECONDS", 30.0)
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
    assert list(storage.entries(".mvn_dask/leases")) == []


@pytest.fixture
def fast(monkeypatch: pytest.MonkeyPatch) -> None:
    """A lease that is renewed many times a second."""
    monkeypatch.setattr(bucket_session, "RENEWALS", 12_000)


def until(condition: Any) -> None:
    deadline = time.monotonic() + 120
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.mark.parametrize("way", EACH_WAY)
def test_a_lease_that_cannot_be_renewed_for_a_moment_is_renewed_later(way: str, prefix: Prefix, fast: None) -> None:
    versioned = Prefix(prefix.endpoint, prefix.path, "versioned")
    with wired(prefix.endpoint) as wire:
        storage = Prefix(wire.endpoint, prefix.path, "versioned").storage(way)
        with storage.session():
            (key,) = versioned.keys(".mvn_dask/leases")
            until(lambda: versioned.versions(key) > 2)
            wire.cut()
            with pytest.raises(TransportError):
                storage.entry("x")
            time.sleep(0.3)
            assert len(renewing()) == 1
            seen = versioned.versions(key)
            wire.mend()
            until(lambda: versioned.versions(key) > seen + 1)
        assert versioned.keys(".mvn_dask/leases") == []


@pytest.mark.parametrize("way", EACH_WAY)
def test_a_job_whose_lease_cannot_be_deleted_has_succeeded(way: str, prefix: Prefix) -> None:
    with wired(prefix.endpoint) as wire:
        with Prefix(wire.endpoint, prefix.path).storage(way).session():
            wire.cut()
        assert len(prefix.keys(".mvn_dask/leases")) == 1
    assert renewing() == []


def test_leases_expire_by_the_clock_of_the_store(prefix: Prefix, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bucket_session, "EXCLUSIVE_WAIT_SECONDS", 0.0)
    storage, dead, staged = prefix.storage(), f"{LEASES}{'0' * 32}.json", f"{LEASES}{'0' * 32}.staged"
    prefix.write(dead, json.dumps({"exclusive": True, "renewal": 1, "seconds": 600}).encode())
    with pytest.raises(StorageBusyError), storage.session():
        pytest.fail("entered")
    prefix.write(dead, json.dumps({"exclusive": True, "renewal": 1, "seconds": 1}).encode())
    prefix.write(staged, b"what it was going to copy")
    time.sleep(3.1)  # S3 counts whole seconds
    monkeypatch.setattr(time, "time", lambda: 0.0)
    with storage.session() as session:
        assert prefix.keys(LEASES + "0" * 32) == []
        assert session.try_exclusive()


def test_what_belongs_to_no_lease_goes_and_what_is_nobodys_stays(prefix: Prefix) -> None:
    storage = open_storage(f"memory://{prefix.path}")
    for key in (f"{'1' * 32}.staged", f"{'2' * 32}.vacancy", "note", "odd.json", f"{'3' * 31}.staged"):
        storage.write(LEASES + key, [b"x"])
    with storage.session() as session:
        assert session.try_exclusive()
    assert {entry.key.removeprefix(LEASES) for entry in storage.entries()} == {"note", "odd.json", f"{'3' * 31}.staged"}


@pytest.mark.parametrize(
    ("setting", "seconds"), [(90, 90.0), (1, 1.0), (0.5, None), (0, None), (-1, None), ("long", None), (True, None)]
)
def test_the_length_of_a_lease_is_a_setting(setting: Any, seconds: float | None, prefix: Prefix) -> None:
    storage = open_storage(f"memory://{prefix.path}")
    with dask.config.set({"mvn_dask.lease": setting}):
        if seconds is None:
            with pytest.raises(ArgumentError, match=r"`mvn_dask.lease` of dask must be seconds, at least 1: it is"):
                mvn_dask.to_zarr(sample(), storage.name)
            return
        with storage.session():
            (entry,) = storage.entries(LEASES[:-1])
            assert json.loads(storage.read(entry.key).tobytes())["seconds"] == seconds


def test_the_length_of_a_lease_is_a_variable_of_the_environment() -> None:
    code = "from mvn_dask.store.storage.lease import lease_seconds; print(lease_seconds())"
    environment = {**os.environ, "DASK_MVN_DASK__LEASE": "45"}
    run = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert run.stdout == "45.0\n"


@pytest.mark.parametrize("bucket", ["careless", "outdated"])
def test_a_server_without_conditional_put_is_refused_at_the_start(bucket: str, prefix: Prefix) -> None:
    place = Prefix(prefix.endpoint, prefix.path, bucket)
    with pytest.raises(StorageError, match=rf"^{place.url} does not know the conditional put .*: use another server"):
        mvn_dask.to_zarr(sample(), place.url, storage_options=place.options)
    assert place.keys() == []


def test_a_job_whose_lease_was_taken_away_does_not_become_exclusive(prefix: Prefix) -> None:
    storage = prefix.storage()
    with storage.session() as late:
        (key,) = prefix.keys(LEASES)
        prefix.delete(key)
        with pytest.raises(StorageBusyError, match=r"another job has taken s3://.* over, since this one st") as caught:
            late.try_exclusive()
        assert str(caught.value).count("\n") == 0
    with storage.session() as late:
        assert late.try_exclusive()
        (key,) = prefix.keys(LEASES)
        prefix.delete(key)
        changes: list[Callable[[], None]] = [
            lambda: late.replace(MANIFEST_KEY, [b"mine"]),
            lambda: late.delete_many(["x"]),
            late.begin_removal,
            late.acquire_shared,
        ]
        for change in changes:
            with pytest.raises(StorageBusyError, match="another job has taken"):
                change()
    assert prefix.keys() == []


def test_a_shared_session_goes_on_when_its_lease_was_taken_away(prefix: Prefix, fast: None) -> None:
    storage = open_storage(f"memory://{prefix.path}")
    with storage.session():
        (entry,) = storage.entries(LEASES[:-1])
        storage.delete(entry.key)
        until(lambda: storage.entry(entry.key))
    assert list(storage.entries()) == []


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"null", b'{"exclusive": 1}', b"\xff"])
def test_what_is_no_lease_is_not_exclusive_but_counts_as_a_job(content: bytes, prefix: Prefix) -> None:
    storage = open_storage(f"memory://{prefix.path}")
    storage.write(".mvn_dask/leases/0123456789abcdef0123456789abcdef.json", [content])
    with storage.session() as session:
        assert not session.try_exclusive()


def test_a_renewal_never_takes_exclusivity_back(prefix: Prefix, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bucket_session, "RENEWALS", 6_000_000)
    storage = open_storage(f"memory://{prefix.path}")
    with storage.session() as session:
        (entry,) = storage.entries(".mvn_dask/leases")
        for _ in range(300):
            assert session.try_exclusive()
            assert json.loads(storage.read(entry.key).tobytes())["exclusive"]
            session.acquire_shared()
            assert not json.loads(storage.read(entry.key).tobytes())["exclusive"]
