"""``missing="draw"`` for every structure of a covariance, in every kind of storage, and while others write."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr
from zarr.core.sync import sync

import mvn_dask
from mvn_dask.covariance import Covariance
from mvn_dask.errors import (
    ArgumentError,
    DamagedChunkError,
    DamagedManifestError,
    DerivedStoreError,
    UnfinishedStoreError,
)
from mvn_dask.store.storage.addressing import open_storage
from tests.support.job_structures import STRUCTURES
from tests.support.pausing import end, gate, rows, start_paused
from tests.support.repositories import repository_in, url_of
from tests.support.s3 import Prefix
from tests.support.stores import NORMAL, labelled, sample


@pytest.mark.parametrize("name", STRUCTURES)
def test_every_structure(name: str) -> None:
    url, chance = f"memory://drawn {name}", np.random.default_rng(len(name))
    cov = STRUCTURES[name].make()
    mean = 0.0 if isinstance(cov, Covariance) else np.zeros(cov.shape[0])
    array = mvn_dask.MultivariateNormal(mean, cov).sample(60, seed=3, chunks=10)
    mvn_dask.to_zarr(array, url)
    storage = open_storage(url)
    chunks = sorted(entry.key for entry in storage.entries() if "/c/" in entry.key and "samples" in entry.key)
    lost = chance.choice(chunks, 4, replace=False)
    for key in lost:
        storage.delete(str(key))
    drawn = mvn_dask.from_zarr(url, missing="draw")
    assert drawn.compute(scheduler="synchronous").tobytes() == array.compute(scheduler="synchronous").tobytes()
    assert mvn_dask.verify(url, level="size").bad, "nothing was written"


def test_shards(tmp_path: Path) -> None:
    array = sample(1000, chunks=200)
    mvn_dask.to_zarr(array, tmp_path, shards=50)
    for number in (0, 3):
        (tmp_path / "samples" / "c" / str(number) / "0").unlink()
    drawn = mvn_dask.from_zarr(tmp_path, missing="draw")
    np.testing.assert_array_equal(drawn, array)
    shard = tmp_path / "samples" / "c" / "1" / "0"
    content = bytearray(shard.read_bytes())
    content[1000] ^= 1
    shard.write_bytes(content)
    with pytest.raises(DamagedChunkError, match="checksum of inner chunk 1 differs"):
        drawn[250:260].compute()
    np.testing.assert_array_equal(drawn[400:], array[400:])


def test_a_bucket(prefix: Prefix) -> None:
    array, url, options = sample(chunks=100), prefix.below("unreadable=c+2+0"), prefix.options
    mvn_dask.to_zarr(array, url.url, part=(1, 2), storage_options=options)
    drawn = mvn_dask.from_zarr(url.url, missing="draw", storage_options=options)
    np.testing.assert_array_equal(drawn[300:], array[300:])
    with pytest.raises(OSError, match="samples/c/2/0"):
        drawn[250:].compute()  # there, or not: that cannot be seen


def test_a_repository(tmp_path: Path) -> None:
    array, url = mvn_dask.MultivariateNormal(np.zeros(8), 1.0).sample(1000, seed=1, chunks=100), url_of(tmp_path)
    mvn_dask.to_zarr(array, url, part=(0, 2))
    early = mvn_dask.from_zarr(url, missing="draw")
    np.testing.assert_array_equal(early, array)
    mvn_dask.to_zarr(array, url)
    np.testing.assert_array_equal(early, array)
    first = repository_in(tmp_path).lookup_branch("main")
    lost = next(path for path in sorted((tmp_path / "chunks").iterdir()) if path.stat().st_size == 100 * 8 * 8 + 4)
    lost.unlink()
    with pytest.raises(UnfinishedStoreError, match="is missing"):
        mvn_dask.from_zarr(url).compute()
    for each in (url, f"{url}?snapshot={first}"):
        np.testing.assert_array_equal(mvn_dask.from_zarr(each, missing="draw"), array)


@pytest.mark.parametrize("shards", [None, 50])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_any_chunks_missing_in_a_repository(dtype: Any, shards: int | None, tmp_path: Path) -> None:
    """Chosen at random, and none at all."""
    array = NORMAL.sample(1000, seed=1, chunks=100, dtype=dtype)
    expected, url = array.compute(scheduler="synchronous").tobytes(), url_of(tmp_path / "finished")
    mvn_dask.to_zarr(array, url, shards=shards)
    repository, chance = repository_in(tmp_path / "finished"), np.random.default_rng(7)
    for count in (3, 10):
        session = repository.writable_session("main")
        for number in chance.choice(10, count, replace=False):
            sync(session.store.delete(f"samples/c/{number}/0"))
        repository.create_branch(f"without-{count}", session.commit("lost"))
        repository.reset_branch("main", [each.id for each in repository.ancestry(branch="main")][1])
        lost = f"{url}?branch=without-{count}"
        assert len(mvn_dask.verify(lost).bad) == count
        assert mvn_dask.from_zarr(lost, missing="draw").compute(scheduler="synchronous").tobytes() == expected
    begun = url_of(tmp_path / "begun")
    mvn_dask.to_zarr(array, begun, shards=shards, part=(0, 100))
    assert mvn_dask.status(begun).done == 0
    assert mvn_dask.from_zarr(begun, missing="draw").compute(scheduler="synchronous").tobytes() == expected


def test_damage_and_derived_numbers_in_a_repository(tmp_path: Path) -> None:
    array = mvn_dask.MultivariateNormal(np.zeros(8), 1.0).sample(1000, seed=1, chunks=100)
    mvn_dask.to_zarr(array, url_of(tmp_path / "damaged"))
    chunks = sorted((tmp_path / "damaged" / "chunks").iterdir())
    damaged = next(path for path in chunks if path.stat().st_size == 100 * 8 * 8 + 4)
    damaged.write_bytes(bytes(100 * 8 * 8 + 4))
    with pytest.raises(DamagedChunkError, match=r"checksum differs.*mvn_dask.repair draws it again"):
        mvn_dask.from_zarr(url_of(tmp_path / "damaged"), missing="draw").compute(scheduler="synchronous")
    mvn_dask.to_zarr(array.sum(axis=1), url_of(tmp_path / "derived"), part=(0, 2))
    with pytest.raises(DerivedStoreError, match="derived from samples by"):
        mvn_dask.from_zarr(url_of(tmp_path / "derived"), missing="draw")
    with pytest.raises(ArgumentError, match="`missing` must be 'raise' or 'draw': it is 'drawn'"):
        mvn_dask.from_zarr(url_of(tmp_path / "damaged"), missing="drawn")  # type: ignore[arg-type]


def test_names_and_what_comes_after(tmp_path: Path) -> None:
    """Labels are those of the finished store, reports wait for it, and `repair` makes it one for any reader."""
    array = labelled(chunks=100)
    mvn_dask.to_zarr(array, tmp_path, part=(0, 2))
    early = mvn_dask.to_xarray(mvn_dask.from_zarr(tmp_path, missing="draw"))
    assert early["variable"].values.tolist() == ["a", "b"]
    assert len(mvn_dask.verify(tmp_path).bad) == 5
    for call in (mvn_dask.from_zarr, mvn_dask.report):
        with pytest.raises(UnfinishedStoreError, match="are missing"):
            call(tmp_path)
    assert len(mvn_dask.repair(tmp_path).chunks) == 5
    with xr.open_zarr(tmp_path) as dataset:
        xr.testing.assert_equal(dataset["samples"].compute(), early.compute())


def test_a_store_of_an_older_format_is_refused_by_name(tmp_path: Path) -> None:
    mvn_dask.to_zarr(sample(chunks=100), tmp_path)
    manifest = tmp_path / ".mvn_dask" / "manifest.json"
    manifest.write_text(json.dumps({**json.loads(manifest.read_text()), "format_version": 5}))
    with pytest.raises(DamagedManifestError, match="format version 5; this mvn_dask reads 6"):
        mvn_dask.from_zarr(tmp_path, missing="draw")


@pytest.mark.faults
def test_while_another_process_writes(tmp_path: Path) -> None:
    folder = tmp_path / "store"
    job = start_paused(folder, 9)
    early = mvn_dask.from_zarr(folder, missing="draw")
    np.testing.assert_array_equal(early, rows())
    gate(folder).touch()
    np.testing.assert_array_equal(early, rows())
    end(job)
    np.testing.assert_array_equal(early, rows())
