"""Whole stores on S3, by every way to name them."""

import os
import time
from contextlib import suppress
from itertools import count
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import dask
import dask.array as da
import numpy as np
import pytest
import xarray as xr
import zarr
from distributed import Client

import mvn_dask
from mvn_dask.errors import SpecMismatchError, StorageNotEmptyError, StoreError, UnfinishedStoreError
from mvn_dask.store.chunk_writer import ChunkWriter
from mvn_dask.store.format.parameters import parameter_key
from mvn_dask.store.status import status
from mvn_dask.store.storage import lease
from mvn_dask.store.storage.base import MANIFEST_KEY, Storage
from mvn_dask.store.storage.object import MemoryStorage
from mvn_dask.store.storage.placeholder import is_placeholder
from tests.support.pausing import DEADLINE, kill, start, wait_for
from tests.support.s3 import EACH_WAY, WAYS, Prefix
from tests.support.stores import LEASES, labelled, local_files, tree_without_locks

CONTEXT = get_context("forkserver")


@pytest.mark.parametrize("way", EACH_WAY)
def test_a_store_on_s3_from_its_first_to_its_last_day(way: str, prefix: Prefix, tmp_path: Path) -> None:
    url, options = prefix.way(way)
    mvn_dask.to_zarr(labelled(), url, storage_options=options)
    assert prefix.tree() == local_files(tmp_path / "local", labelled())
    np.testing.assert_array_equal(mvn_dask.from_zarr(url, storage_options=options), labelled())

    times = prefix.times()
    with dask.config.set(scheduler=lambda *_args, **_kwargs: pytest.fail("computed")):
        mvn_dask.to_zarr(labelled(), url, storage_options=options)
        with pytest.raises(SpecMismatchError, match=r"`samples\[0\].entropy` is '1' in the store, '2' here"):
            mvn_dask.to_zarr(labelled(seed=2), url, storage_options=options)
    assert prefix.times() == times, "a finished store is left alone"

    for lost in ("samples/c/1/0", "zarr.json"):
        prefix.delete(lost)
    with pytest.raises(UnfinishedStoreError, match="1 of 4 chunks"):
        mvn_dask.from_zarr(url, storage_options=options)
    report = status(url, storage_options=options)
    assert (report.done, report.missing, report.committed) == (3, 1, False)
    prefix.write("samples/c/2/0", prefix.read("samples/c/2/0")[:-1])
    before = prefix.times()
    mvn_dask.to_zarr(labelled(), url, storage_options=options)
    assert prefix.tree() == tree_without_locks(tmp_path / "local")
    untouched = {"samples/c/0/0", "samples/c/3/0", parameter_key("factor.matrix"), MANIFEST_KEY, "samples/zarr.json"}
    after = prefix.times()
    assert {key: after[key] for key in untouched} == {key: before[key] for key in untouched}

    mvn_dask.to_zarr(labelled(500, seed=2), url, overwrite=True, storage_options=options)
    assert prefix.tree() == local_files(tmp_path / "other", labelled(500, seed=2))


@pytest.mark.faults
@pytest.mark.parametrize("way", EACH_WAY)
def test_a_store_on_s3_is_verified_repaired_and_extended(way: str, prefix: Prefix, tmp_path: Path) -> None:
    url, options = prefix.way(way)
    mvn_dask.to_zarr(labelled(), url, storage_options=options)
    before = prefix.tree()
    for level, full in (("size", False), ("checksum", False), ("values", False), ("values", True)):
        found = mvn_dask.verify(url, level=level, full=full, storage_options=options)  # type: ignore[arg-type]
        assert found.ok, str(found)

    flipped = bytearray(before["samples/c/0/0"])
    flipped[100] ^= 1
    prefix.write("samples/c/0/0", bytes(flipped))
    prefix.write("samples/c/1/0", before["samples/c/1/0"][:-5])
    prefix.delete("samples/c/3/0")
    prefix.write("samples/notes.txt", b"mine")
    bad = mvn_dask.verify(url, level="checksum", storage_options=options)
    assert bad.bad == {(0, 0): "the checksum differs", (1, 0): "wrong size: 4799 bytes, not 4804", (3, 0): "missing"}
    assert bad.unknown_files == ("samples/notes.txt",)
    assert mvn_dask.repair(url, storage_options=options).chunks == ((0, 0), (1, 0), (3, 0))
    assert prefix.tree() == {**before, "samples/notes.txt": b"mine"}
    prefix.delete("samples/notes.txt")

    extension = mvn_dask.extend(url, 1200, storage_options=options)
    assert (extension.before, extension.after) == ((1000, 2), (2200, 2))
    assert prefix.tree() == local_files(tmp_path / "longer", labelled(2200))
    report = status(url, storage_options=options)
    assert (report.done, report.missing, report.complete, report.bytes) == (8, 0, True, 8 * 4804)
    assert report.url == prefix.url


@pytest.mark.parametrize("way", EACH_WAY)
def test_shards_and_derived_arrays_on_s3(way: str, prefix: Prefix, tmp_path: Path) -> None:
    url, options = prefix.way(way)
    mvn_dask.to_zarr(labelled(), url, shards=100, storage_options=options)
    assert prefix.tree() == local_files(tmp_path / "shards", labelled(), shards=100)
    group = zarr.open_group(prefix.object_store, mode="r")
    np.testing.assert_array_equal(group["samples"][250:350], labelled()[250:350])  # type: ignore[index]
    payoff = np.maximum(labelled().sum(axis=1) - labelled().mean(), 0.0)
    mvn_dask.to_zarr(payoff, url, overwrite=True, storage_options=options)
    assert prefix.tree() == local_files(tmp_path / "derived", payoff)


@pytest.mark.parametrize("way", EACH_WAY)
def test_plain_readers_open_it(way: str, prefix: Prefix) -> None:
    url, options = prefix.way(way)
    mvn_dask.to_zarr(labelled(), url, storage_options=options)
    store = prefix.object_store
    group = zarr.open_group(store, mode="r")
    np.testing.assert_array_equal(group["samples"], labelled())
    with xr.open_zarr(store) as dataset:
        np.testing.assert_array_equal(dataset["samples"], labelled())
        assert dataset["variable"].to_numpy().tolist() == ["a", "b"]
    np.testing.assert_array_equal(da.from_zarr(store, component="samples"), labelled())


def test_unknown_files_in_a_bucket_are_never_touched(prefix: Prefix) -> None:
    prefix.write("src/main.c", b"work")
    for overwrite in (False, True):
        with pytest.raises(StorageNotEmptyError, match=r"src/main.c lies there"):
            mvn_dask.to_zarr(labelled(), prefix.url, overwrite=overwrite, storage_options=prefix.options)
    assert prefix.tree() == {"src/main.c": b"work"}


@pytest.mark.parametrize("way", EACH_WAY)
def test_a_folder_made_in_a_console_is_empty(way: str, prefix: Prefix) -> None:
    prefix.write("", b"")
    url, options = prefix.way(way)
    mvn_dask.to_zarr(labelled(), url, storage_options=options)
    assert mvn_dask.verify(url, storage_options=options).ok


def test_a_hierarchy_of_somebody_else_needs_overwrite(prefix: Prefix, tmp_path: Path) -> None:
    zarr.create_group(prefix.object_store).create_array("x", shape=(4,), chunks=(2,), dtype="f8")[:] = 1.0
    with pytest.raises(StorageNotEmptyError, match="or use overwrite=True"):
        mvn_dask.to_zarr(labelled(), prefix.url, storage_options=prefix.options)
    mvn_dask.to_zarr(labelled(), prefix.url, overwrite=True, storage_options=prefix.options)
    assert prefix.tree() == local_files(tmp_path, labelled())


def own_process(block: Any) -> Any:
    return np.full((1, 1), os.getpid() + 0 * len(block))


def test_workers_write_to_s3_themselves(processes: Client, prefix: Prefix, tmp_path: Path) -> None:
    pids = set(processes.run(os.getpid).values())
    array = labelled(100_000, chunks=10_000)
    with dask.config.set(scheduler="threads"):
        expected = local_files(tmp_path, array)
    for way in WAYS:
        place = prefix.below(way)
        url, options = place.way(way)
        mvn_dask.to_zarr(array, url, storage_options=options)
        rows = mvn_dask.from_zarr(url, storage_options=options)
        assert set(da.map_blocks(own_process, rows, chunks=(1, 1), dtype=int).compute().flat) <= pids
        assert mvn_dask.verify(url, level="values", storage_options=options).ok
        assert place.tree() == expected


CHUNKS = 40


def large(chunks: int = CHUNKS) -> da.Array:
    normal = mvn_dask.MultivariateNormal(np.arange(8.0), np.eye(8) + 0.5, method="cholesky")
    return normal.sample(chunks * 2048 - 5, seed=7, chunks=2048)


def write(prefix: Prefix, part: tuple[int, int] | None = None) -> None:
    mvn_dask.to_zarr(large(), prefix.url, part=part, storage_options=prefix.options)


def test_of_parts_at_the_same_time_exactly_one_commits(prefix: Prefix, tmp_path: Path) -> None:
    versioned = Prefix(prefix.endpoint, prefix.path, "versioned")
    jobs = [CONTEXT.Process(target=write, args=(versioned, (number, 2))) for number in range(2)]
    for job in jobs:
        job.start()
    for job in jobs:
        job.join()
        assert job.exitcode == 0
    assert versioned.tree() == local_files(tmp_path, large())
    # Beside the placeholder over which it was written.
    assert [versioned.versions(key) for key in ("zarr.json", MANIFEST_KEY, "samples/c/0/0")] == [2, 1, 2]


def write_most(prefix: Prefix) -> None:
    """A job that never ends: its last chunks wait."""
    real, begun = ChunkWriter.write, count(1)

    def held(writer: ChunkWriter, index: tuple[int, ...], block: Any) -> None:
        if next(begun) > CHUNKS - 10:
            time.sleep(DEADLINE)
        real(writer, index, block)

    ChunkWriter.write = held  # type: ignore[assignment,method-assign]
    write(prefix)


def chunks_in_bucket(prefix: Prefix) -> int:
    """Chunks, without the placeholders of those that are on their way."""
    return sum(not is_placeholder(prefix.read(key)) for key in prefix.keys("samples/c/"))


@pytest.mark.faults
def test_a_killed_writer_is_resumed(prefix: Prefix, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    url, options = prefix.way("url")
    writer = start(write_most, prefix)
    wait_for(lambda: chunks_in_bucket(prefix) >= 5, "some chunks")
    kill(writer)
    done = chunks_in_bucket(prefix)
    assert 5 <= done < CHUNKS, "it was on the way"
    dead = prefix.keys(LEASES)
    assert len(dead) == 1
    report = status(url, storage_options=options)
    assert (report.done, report.missing, report.committed) == (done, CHUNKS - done, False)
    found = mvn_dask.verify(url, level="checksum", storage_options=options)
    assert set(found.bad.values()) == {"missing"}
    assert len(found.bad) == CHUNKS - done
    assert found.unknown_files == ()
    with pytest.raises(FileNotFoundError):
        zarr.open_group(prefix.object_store, mode="r")

    mvn_dask.to_zarr(large(), url, storage_options=options)
    assert prefix.keys(LEASES) == dead, "nobody knows that it is dead"
    assert {key: content for key, content in prefix.tree().items() if key not in dead} == local_files(tmp_path, large())
    assert mvn_dask.verify(url, storage_options=options).ok
    monkeypatch.setattr(lease, "RESOLUTION_SECONDS", -1e9)
    mvn_dask.repair(url, storage_options=options)
    assert prefix.keys(LEASES) == []
    assert prefix.tree() == local_files(tmp_path, large())


class Death(BaseException):
    """The end of a process, for all that its storage sees of it."""


class Mortal:
    """Counts what is changed in memory, and lets nothing more happen from one change on."""

    def __init__(self, step: int, monkeypatch: pytest.MonkeyPatch) -> None:
        self.touches = 0
        self.step = step
        for name in ("put", "put_new", "put_over", "copy", "erase", "erase_version"):
            monkeypatch.setattr(MemoryStorage, name, self._counted(getattr(MemoryStorage, name)))

    def _counted(self, change: Any) -> Any:
        def counted(storage: Storage, *arguments: Any) -> Any:
            self.touches += 1
            if self.touches >= self.step:
                raise Death
            return change(storage, *arguments)

        return counted


@pytest.mark.faults
@pytest.mark.parametrize(
    "before",
    [
        "nothing",
        pytest.param("another store", marks=pytest.mark.slow),
        pytest.param("another store, unfinished", marks=pytest.mark.slow),
        "another hierarchy",
    ],
)
def test_a_death_at_every_single_step(before: str, prefix: Prefix, tmp_path: Path) -> None:
    """Whatever the step, the next call arrives at the bytes of an uninterrupted run, once the lease is over."""
    expected = local_files(tmp_path, labelled())
    for step in count(1):
        storage = MemoryStorage(f"{prefix.path}/{step}")
        if "hierarchy" in before:
            for key, content in expected.items():
                if not key.startswith(".mvn_dask"):
                    storage.write(key, [content])
        elif before != "nothing":
            mvn_dask.to_zarr(labelled(seed=2), storage.name)
            if "unfinished" in before:
                storage.delete("zarr.json")
        died = False
        with dask.config.set(scheduler="synchronous"):
            with pytest.MonkeyPatch.context() as patch:
                Mortal(step, patch)
                try:
                    mvn_dask.to_zarr(labelled(), storage.name, overwrite=before != "nothing")
                except Death:
                    died = True
            finished = False
            with suppress(StoreError):  # there is none, or it is being removed
                finished = status(storage.name).complete
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(lease, "RESOLUTION_SECONDS", -1e9)
                mvn_dask.to_zarr(labelled(), storage.name, overwrite=before != "nothing")
        # Who died in leaving a finished store has left a lease there, and the next call had nothing to do.
        keys = [entry.key for entry in storage.entries() if not (finished and entry.key.startswith(LEASES))]
        assert {key: storage.read(key).tobytes() for key in keys} == expected, step
        if not died:
            break
    assert 20 < step < 120
