"""Object stores through obstore: what goes wrong, what is refused, and what is never told."""

import re
import time
from collections.abc import Callable
from typing import Any

import dask
import numpy as np
import pytest
import s3fs
from distributed import Client

import mvn_dask
from mvn_dask.errors import NotAStoreError, StorageError, StoreError, TransportError
from mvn_dask.store.storage.addressing import open_storage
from mvn_dask.store.storage.base import Storage
from mvn_dask.store.storage.object import ONE_REQUEST
from tests.store.conftest import WAYS, Prefix, wired

NORMAL = mvn_dask.MultivariateNormal([0.0, 1.0], 2.0)


def sample(seed: int = 1) -> Any:
    return NORMAL.sample(1000, seed=seed, chunks=300)


def remote(prefix: Prefix, way: str) -> Storage:
    url, options = prefix.way(way)
    return open_storage(url, options)


CALLS: dict[str, Callable[[Storage], object]] = {
    "entry": lambda storage: storage.entry("x"),
    "read": lambda storage: storage.read("x"),
    "write": lambda storage: storage.write("x", [b"1"]),
    "create": lambda storage: storage.create("x", b"1"),
    "delete": lambda storage: storage.delete("x"),
    "entries": lambda storage: list(storage.entries()),
}


@pytest.mark.parametrize("way", WAYS)
def test_a_server_that_is_not_there_is_an_error_in_one_line(
    way: str, prefix: Prefix, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(s3fs.S3FileSystem, "retries", 1)
    with wired(prefix.endpoint) as wire:
        gone = Prefix(wire.endpoint, prefix.path)
        storage = remote(gone, way)
        storage.write("x", [b"1"])
        wire.cut()
        for name, call in CALLS.items():
            begin = time.monotonic()
            with pytest.raises(TransportError, match=f"^{re.escape(prefix.url)}: ") as caught:
                call(storage)
            assert time.monotonic() - begin < 15, name
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


@pytest.mark.parametrize("way", WAYS)
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


@pytest.mark.parametrize("way", WAYS)
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


def test_what_fits_into_one_request_is_sent_in_one(prefix: Prefix) -> None:
    storage = remote(prefix, "url")
    content = np.zeros(ONE_REQUEST + 1, np.uint8)
    storage.write("small", [content[1:].data])
    storage.write("large", [content.data])
    tags = {key: tag for key, (_, tag) in prefix.times().items()}
    assert "-" not in tags["small"]
    assert "-" in tags["large"], "sent in parts"


def test_stores_in_memory() -> None:
    for name in ("memory://stores-in-memory", "memory://stores in/memory/%C3%BC"):
        mvn_dask.to_zarr(sample(), name, overwrite=True)
        np.testing.assert_array_equal(mvn_dask.from_zarr(name), sample())
        storage = open_storage(name)
        storage.remove(ours=True, documents=lambda key: key.endswith("zarr.json"))
        assert list(storage.entries()) == []


@pytest.mark.parametrize("derive", [lambda rows: rows, lambda rows: rows - rows.mean(axis=0)], ids=["own", "shared"])
def test_memory_is_refused_where_other_processes_work(derive: Any, processes: Client, prefix: Prefix) -> None:
    name = f"memory://{prefix.path}"
    with pytest.raises(StorageError, match="lies in the memory of one process, which other workers do not see"):
        mvn_dask.to_zarr(derive(sample()), name)
    with dask.config.set(scheduler="threads"):
        mvn_dask.to_zarr(derive(sample()), name)
    with pytest.raises(StorageError, match="lies in the memory of one process"):
        mvn_dask.from_zarr(name).compute()


@pytest.mark.parametrize("derive", [lambda rows: rows, lambda rows: rows - rows.mean(axis=0)], ids=["own", "shared"])
def test_memory_is_refused_by_the_scheduler_of_processes(derive: Any, prefix: Prefix) -> None:
    with (
        dask.config.set(scheduler="processes"),
        pytest.raises(StorageError, match="lies in the memory of one process"),
    ):
        mvn_dask.to_zarr(derive(sample()), f"memory://{prefix.path}")


def test_memory_is_seen_by_a_cluster_of_threads(threads: Client, prefix: Prefix) -> None:
    name = f"memory://{prefix.path}"
    mvn_dask.to_zarr(sample(), name)
    np.testing.assert_array_equal(mvn_dask.from_zarr(name), sample())
