"""Object stores through obstore: what goes wrong, what is refused, and what no message holds: secrets."""

import re
import time
import traceback
from collections.abc import Callable, Iterator
from logging import INFO
from typing import Any

import dask
import dask.array as da
import numpy as np
import pytest
from distributed import Client, LocalCluster
from distributed.diagnostics.plugin import SchedulerPlugin

import mvn_dask
from mvn_dask.errors import NotAStoreError, StorageError, StoreError, TransportError
from mvn_dask.store.storage.addressing import open_storage
from mvn_dask.store.storage.base import MANIFEST_KEY, Storage
from tests.support.clusters import local_cluster
from tests.support.s3 import ACCESS, EACH_WAY, SECRET, WAYS, Prefix, wired
from tests.support.stores import remove_store, sample

CALLS: dict[str, Callable[[Storage], object]] = {
    "entry": lambda storage: storage.entry("x"),
    "read": lambda storage: storage.read("x"),
    "write": lambda storage: storage.write("x", [b"1"]),
    "create": lambda storage: storage.create("x", b"1"),
    "delete": lambda storage: storage.delete("x"),
    "entries": lambda storage: list(storage.entries()),
}


@pytest.mark.parametrize("way", EACH_WAY)
def test_a_server_that_is_not_there_is_an_error_in_one_line(way: str, prefix: Prefix) -> None:
    with wired(prefix.endpoint) as wire:
        gone = Prefix(wire.endpoint, prefix.path)
        storage = gone.storage(way)
        storage.write("x", [b"1"])
        wire.cut()
        for name, call in CALLS.items():
            begin = time.monotonic()
            with pytest.raises(TransportError, match=f"^{re.escape(prefix.url)}: ") as caught:
                call(storage)
            assert time.monotonic() - begin < 60, name
            assert isinstance(caught.value, OSError)
            assert str(caught.value).count("\n") == 0
            assert caught.value.__cause__ is None
        with pytest.raises(TransportError):
            storage.loader("x")()
        url, options = gone.way(way)
        for call_with in (mvn_dask.from_zarr, mvn_dask.verify, mvn_dask.status, mvn_dask.repair):
            with pytest.raises(TransportError):
                call_with(url, storage_options=options)
        with pytest.raises(TransportError):
            mvn_dask.to_zarr(sample(), url, storage_options=options)


@pytest.mark.parametrize("way", EACH_WAY)
def test_a_bucket_that_is_not_there_is_an_error_in_one_line(way: str, prefix: Prefix) -> None:
    nowhere = Prefix(prefix.endpoint, prefix.path, "no-such-bucket")
    url, options = nowhere.way(way)
    storage = open_storage(url, options)
    for name in ("write", "create", "entries"):
        with pytest.raises(TransportError, match=r"no-such-bucket.*(NoSuchBucket|does not exist)") as caught:
            CALLS[name](storage)
        assert str(caught.value).count("\n") == 0
    with pytest.raises(TransportError, match="no-such-bucket"):
        mvn_dask.to_zarr(sample(), url, storage_options=options)
    with pytest.raises(NotAStoreError, match=f"there is no store at {nowhere.url}"):
        mvn_dask.from_zarr(url, storage_options=options)


@pytest.mark.parametrize("way", EACH_WAY)
def test_a_task_of_a_store_that_was_deleted_says_so(way: str, prefix: Prefix) -> None:
    url, options = prefix.way(way)
    mvn_dask.to_zarr(sample(), url, storage_options=options)
    rows = mvn_dask.from_zarr(url, storage_options=options)
    prefix.delete("samples/c/0/0")
    with pytest.raises(FileNotFoundError, match=r"chunk \(0, 0\) of .* is missing"):
        rows.compute()
    mvn_dask.to_zarr(sample(seed=2), url, overwrite=True, storage_options=options)
    with pytest.raises(StoreError, match="was overwritten since it was opened"):
        rows.compute()
    for key in prefix.tree():
        prefix.delete(key)
    with pytest.raises(StoreError, match="is not there"):
        rows.compute()


def test_objects_are_sent_in_one_request_which_leaves_no_parts_behind(prefix: Prefix) -> None:
    prefix.storage().write("large", [np.zeros(2**26, np.uint8).data])
    ((_, tag),) = prefix.times().values()
    assert "-" not in tag, "that of many requests has the number of its parts"


def test_stores_in_memory() -> None:
    for name in ("memory://stores-in-memory", "memory://stores in/memory/%C3%BC"):
        mvn_dask.to_zarr(sample(), name, overwrite=True)
        np.testing.assert_array_equal(mvn_dask.from_zarr(name), sample())
        storage = open_storage(name)
        remove_store(storage)
        assert [entry.key for entry in storage.entries()] == [MANIFEST_KEY], "of what was removed"


@pytest.mark.parametrize("derive", [lambda rows: rows, lambda rows: rows - rows.mean(axis=0)], ids=["own", "shared"])
def test_memory_is_refused_where_other_processes_work(derive: Any, processes: Client, prefix: Prefix) -> None:
    name = f"memory://{prefix.path}"
    with pytest.raises(StorageError, match="lies in the memory of this process, and the workers of"):
        mvn_dask.to_zarr(derive(sample()), name)
    with dask.config.set(scheduler="threads"):
        mvn_dask.to_zarr(derive(sample()), name)
    with pytest.raises(StorageError, match="lies in the memory of one process"):
        mvn_dask.from_zarr(name).compute()


@pytest.mark.faults
@pytest.mark.parametrize("derive", [lambda rows: rows, lambda rows: rows - rows.mean(axis=0)], ids=["own", "shared"])
def test_memory_is_refused_by_the_scheduler_of_processes(derive: Any, prefix: Prefix) -> None:
    with (
        dask.config.set(scheduler="processes"),
        pytest.raises(StorageError, match="lies in the memory of this process"),
    ):
        mvn_dask.to_zarr(derive(sample()), f"memory://{prefix.path}")


def test_memory_is_seen_by_a_cluster_of_threads(threads: Client, prefix: Prefix) -> None:
    name = f"memory://{prefix.path}"
    mvn_dask.to_zarr(sample(), name)
    np.testing.assert_array_equal(mvn_dask.from_zarr(name), sample())


def test_missing_credentials_are_an_error_of_transport(prefix: Prefix, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    closed = {"metadata_endpoint": "http://127.0.0.1:9"}
    options = {name: prefix.options[name] for name in prefix.options if "access_key" not in name}
    with pytest.raises(TransportError, match=f"^{re.escape(prefix.url)}: "):
        open_storage(prefix.url, {**options, **closed}).entry("x")


def test_folders_made_in_a_console_are_no_entries(prefix: Prefix) -> None:
    storage = prefix.storage()
    for marker in ("", "samples/", "samples/c/"):
        prefix.write(marker, b"")
    assert [entry.key for entry in storage.entries() if not entry.key.startswith("samples")] == []
    assert storage.entry("samples") is None


def test_what_others_write_is_seen_at_once(prefix: Prefix) -> None:
    storage = prefix.storage()
    assert list(storage.entries()) == []
    prefix.write("x", b"1")
    assert [entry.key for entry in storage.entries()] == ["x"]
    prefix.write("x", b"22")
    entry = storage.entry("x")
    assert entry is not None
    assert entry.size == 2
    assert storage.read("x").tobytes() == b"22"
    prefix.delete("x")
    assert storage.entry("x") is None
    assert list(storage.entries()) == []


def broken(block: Any, block_id: tuple[int, ...]) -> Any:
    if block_id[0] == 2:
        raise ArithmeticError("broken on purpose")
    return block


class Keys(SchedulerPlugin):
    """All keys that a scheduler ever saw."""

    def __init__(self) -> None:
        self.seen: set[str] = set()

    def transition(self, key: Any, *_: Any, **__: Any) -> None:
        self.seen.add(str(key))


@pytest.fixture
def logging_cluster() -> Iterator[tuple[LocalCluster, Client, Keys]]:
    """A cluster of processes that logs all that a cluster logs."""
    with (
        local_cluster(silence_logs=False) as cluster,
        Client(cluster) as client,
        dask.config.set(scheduler="distributed"),
    ):
        keys = Keys()
        cluster.scheduler.add_plugin(keys)
        yield cluster, client, keys


def everything_said(way: str, prefix: Prefix) -> list[object]:
    """All that jobs say about a store, also as they fail."""
    url, options = prefix.way(way)
    mvn_dask.to_zarr(sample(), url, storage_options=options)
    rows = mvn_dask.from_zarr(url, storage_options=options)
    np.testing.assert_array_equal(rows, sample())
    said: list[object] = [rows, repr(rows), rows.name, list(rows.dask), repr(rows.dask), open_storage(url, options)]
    said += [mvn_dask.verify(url, level="values", storage_options=options)]
    said += [mvn_dask.status(url, storage_options=options), prefix.tree()]
    said += [mvn_dask.extend(url, 300, storage_options=options), mvn_dask.repair(url, storage_options=options)]
    said += [prefix.tree()]
    for array in (sample(), sample() - sample().mean()):
        failing = da.map_blocks(broken, array, dtype="f8", meta=np.empty((0, 0)))
        with pytest.raises(ArithmeticError, match="broken on purpose") as caught:
            mvn_dask.to_zarr(failing, url, overwrite=True, storage_options=options)
        said += ["".join(traceback.format_exception(caught.value)), prefix.tree()]
    with pytest.raises(StoreError, match="was overwritten") as lost:
        rows.compute()
    return [*said, "".join(traceback.format_exception(lost.value))]


@pytest.mark.faults
def test_secrets_are_in_no_message_name_or_log(
    logging_cluster: tuple[LocalCluster, Client, Keys],
    prefix: Prefix,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    caplog.set_level(INFO)
    cluster, client, keys = logging_cluster
    said = [each for way in WAYS for each in everything_said(way, prefix.below(way))]
    logs = [client.get_worker_logs(), client.get_scheduler_logs(), cluster.get_logs(), client.get_events()]
    captured = capfd.readouterr()
    assert "Compute Failed" in str(logs)
    assert len(keys.seen) > 60
    for each in (*said, *logs, keys.seen, caplog.text, captured.out, captured.err):
        assert ACCESS not in str(each)
        assert SECRET not in str(each)
