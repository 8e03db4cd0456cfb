"""S3 through s3fs, and what no way to S3 ever tells: secrets."""

import traceback
from collections.abc import Iterator
from logging import INFO
from typing import Any

import dask
import dask.array as da
import numpy as np
import pytest
import s3fs
from distributed import Client, LocalCluster
from distributed.diagnostics.plugin import SchedulerPlugin
from zarr.storage import FsspecStore

import mvn_dask
from mvn_dask.errors import StoreError, TransportError
from mvn_dask.store.storage.addressing import open_storage
from mvn_dask.store.storage.s3 import S3Storage
from tests.conftest import local_cluster
from tests.store.conftest import ACCESS, SECRET, WAYS, Prefix


def sample(seed: int = 1) -> Any:
    return mvn_dask.MultivariateNormal([0.0, 1.0], 2.0).sample(1000, seed=seed, chunks=300)


def broken(block: Any, block_id: tuple[int, ...]) -> Any:
    if block_id[0] == 2:
        msg = "broken on purpose"
        raise ArithmeticError(msg)
    return block


class Keys(SchedulerPlugin):
    """All keys that a scheduler ever saw."""

    def __init__(self) -> None:
        self.seen: set[str] = set()

    def transition(self, key: Any, *_: Any, **__: Any) -> None:
        self.seen.add(str(key))


@pytest.fixture
def talkative() -> Iterator[tuple[LocalCluster, Client, Keys]]:
    """A cluster of processes that logs all that a cluster logs."""
    with (
        local_cluster(silence_logs=False) as cluster,
        Client(cluster) as client,
        dask.config.set(scheduler="distributed"),
    ):
        keys = Keys()
        cluster.scheduler.add_plugin(keys)
        yield cluster, client, keys


def tell(way: str, prefix: Prefix) -> list[object]:
    """All that jobs say about a store, also as they fail."""
    url, options = prefix.way(way)
    mvn_dask.to_zarr(sample(), url, storage_options=options)
    rows = mvn_dask.from_zarr(url, storage_options=options)
    np.testing.assert_array_equal(rows, sample())
    told: list[object] = [rows, repr(rows), rows.name, list(rows.dask), repr(rows.dask), open_storage(url, options)]
    told += [mvn_dask.verify(url, level="values", storage_options=options)]
    told += [mvn_dask.status(url, storage_options=options), prefix.tree()]
    told += [mvn_dask.extend(url, 300, storage_options=options), mvn_dask.repair(url, storage_options=options)]
    told += [prefix.tree()]
    for array in (sample(), sample() - sample().mean()):
        failing = da.map_blocks(broken, array, dtype="f8", meta=np.empty((0, 0)))
        with pytest.raises(ArithmeticError, match="broken on purpose") as caught:
            mvn_dask.to_zarr(failing, url, overwrite=True, storage_options=options)
        told += ["".join(traceback.format_exception(caught.value)), prefix.tree()]
    with pytest.raises(StoreError, match="was overwritten") as lost:
        rows.compute()
    return [*told, "".join(traceback.format_exception(lost.value))]


def test_secrets_are_never_told(
    talkative: tuple[LocalCluster, Client, Keys],
    prefix: Prefix,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    caplog.set_level(INFO)
    cluster, client, keys = talkative
    told = [each for way in WAYS for each in tell(way, prefix.below(way))]
    logs = [client.get_worker_logs(), client.get_scheduler_logs(), cluster.get_logs(), client.get_events()]
    captured = capfd.readouterr()
    assert "Compute Failed" in str(logs)
    assert len(keys.seen) > 60
    for each in (*told, *logs, keys.seen, caplog.text, captured.out, captured.err):
        assert ACCESS not in str(each)
        assert SECRET not in str(each)


def test_missing_credentials_are_an_error_of_transport(prefix: Prefix, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
    filesystem = s3fs.S3FileSystem(endpoint_url=prefix.endpoint, asynchronous=True, skip_instance_cache=True)
    with pytest.raises(TransportError, match="NoCredentialsError"):
        open_storage(FsspecStore(filesystem, path=f"bucket/{prefix.path}")).entry("x")


def test_folders_made_in_a_console_are_no_entries(prefix: Prefix) -> None:
    storage = open_storage(prefix.fsspec)
    assert isinstance(storage, S3Storage)
    for marker in ("", "samples/", "samples/c/"):
        prefix.write(marker, b"")
    assert list(storage.entries()) == []
    assert storage.entry("samples") is None


def test_what_others_write_is_seen_at_once(prefix: Prefix) -> None:
    """s3fs would keep listings."""
    storage = open_storage(prefix.fsspec)
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
