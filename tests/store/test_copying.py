"""Copies of stores: `to_zarr` of what `from_zarr` opened."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import dask.array as da
import numpy as np
import pytest

import mvn_dask
from mvn_dask.errors import SpecMismatchError, StorageError, StoreError
from mvn_dask.store.array_manifest import lineages, manifest_of
from tests.support.arrays import derived, sample
from tests.support.stores import labelled, tree_without_locks

WRITER = ".mvn_dask/writer.json"

ORIGINALS: dict[str, tuple[Callable[[], da.Array], dict[str, Any]]] = {
    "a sample": (sample, {}),
    "float32": (lambda: sample(dtype="f4"), {}),
    "a shaped one, in shards": (lambda: sample(size=(10, 100), chunks=(1, 50)), {"shards": 25}),
    "with names": (labelled, {}),
    "a single row": (lambda: sample(size=None, chunks=-1), {}),
    "nothing": (lambda: sample(size=0, chunks=7), {}),
    "derived": (lambda: derived(sample()), {}),
    "derived, of everything": (lambda: sample() - sample().mean(axis=0), {}),
}


@pytest.mark.parametrize("name", ORIGINALS)
def test_a_copy_is_its_original(name: str, tmp_path: Path) -> None:
    make, options = ORIGINALS[name]
    mvn_dask.to_zarr(make(), tmp_path / "a", **options)
    opened = mvn_dask.from_zarr(tmp_path / "a")
    mvn_dask.to_zarr(opened, tmp_path / "b")
    assert tree_without_locks(tmp_path / "b") == tree_without_locks(tmp_path / "a")
    # Whatever goes on with one goes on with the other.
    mvn_dask.to_zarr(make(), tmp_path / "b", **options)
    mvn_dask.to_zarr(opened, tmp_path / "a")
    mvn_dask.to_zarr(mvn_dask.from_zarr(tmp_path / "b"), tmp_path / "c")
    assert tree_without_locks(tmp_path / "c") == tree_without_locks(tmp_path / "a")


def test_a_copy_is_verified_repaired_and_extended_like_its_original(tmp_path: Path) -> None:
    for name in ("a", "b"):
        mvn_dask.to_zarr(sample() if name == "a" else mvn_dask.from_zarr(tmp_path / "a"), tmp_path / name)
    for name in ("a", "b"):
        store = tmp_path / name
        assert mvn_dask.verify(store, level="values", full=True).ok
        os.truncate(store / "samples" / "c" / "1" / "0", 5)
        assert mvn_dask.repair(store).chunks == ((1, 0),)
        mvn_dask.extend(store, 37)
        assert mvn_dask.verify(store, level="values", full=True).ok
    assert tree_without_locks(tmp_path / "a") == tree_without_locks(tmp_path / "b")
    np.testing.assert_array_equal(mvn_dask.from_zarr(tmp_path / "b").compute(), sample(size=137).compute())


def test_a_copy_goes_on_after_it_was_killed(tmp_path: Path) -> None:
    mvn_dask.to_zarr(sample(), tmp_path / "a")
    mvn_dask.to_zarr(mvn_dask.from_zarr(tmp_path / "a"), tmp_path / "b", part=(0, 2))
    with pytest.raises(FileNotFoundError):
        mvn_dask.from_zarr(tmp_path / "b")
    # By the copy, by the sample itself, or by nothing but the store.
    mvn_dask.repair(tmp_path / "b")
    assert tree_without_locks(tmp_path / "b") == tree_without_locks(tmp_path / "a")


def test_a_copy_says_where_its_numbers_were_drawn(tmp_path: Path) -> None:
    mvn_dask.to_zarr(sample(), tmp_path / "a")
    elsewhere = (tmp_path / "a" / WRITER).read_text().replace('"numpy": "', '"numpy": "0.')
    (tmp_path / "a" / WRITER).write_text(elsewhere)
    mvn_dask.to_zarr(mvn_dask.from_zarr(tmp_path / "a"), tmp_path / "b")
    assert (tmp_path / "b" / WRITER).read_text() == elsewhere
    (tmp_path / "a" / WRITER).unlink()
    mvn_dask.to_zarr(mvn_dask.from_zarr(tmp_path / "a"), tmp_path / "c")
    assert not (tmp_path / "c" / WRITER).exists(), "nobody knows"
    assert "not known where" in mvn_dask.verify(tmp_path / "c", level="values").guarantee


def test_a_copy_may_have_other_shards(tmp_path: Path) -> None:
    mvn_dask.to_zarr(sample(), tmp_path / "a", shards=8)
    mvn_dask.to_zarr(mvn_dask.from_zarr(tmp_path / "a"), tmp_path / "b", shards=20)
    mvn_dask.to_zarr(sample(), tmp_path / "expected", shards=20)
    assert tree_without_locks(tmp_path / "b") == tree_without_locks(tmp_path / "expected")


@pytest.mark.parametrize("change", [lambda x: x[10:], lambda x: x.rechunk((20, 2)), lambda x: x + 1, derived])
def test_what_is_derived_from_a_store_is_derived_from_its_samples(change: Any, tmp_path: Path) -> None:
    mvn_dask.to_zarr(sample(), tmp_path / "a")
    opened = mvn_dask.from_zarr(tmp_path / "a")
    array = change(opened).rechunk((20, 2)[: change(opened).ndim])
    manifest, arrays = manifest_of(array)
    assert manifest.kind == "derived"
    assert manifest.samples == (lineages(sample())[0].values,)
    assert not arrays
    mvn_dask.to_zarr(array, tmp_path / "b")
    mvn_dask.to_zarr(array, tmp_path / "b")
    np.testing.assert_array_equal(mvn_dask.from_zarr(tmp_path / "b").compute(), change(sample()).compute())
    with pytest.raises(SpecMismatchError):
        mvn_dask.to_zarr(opened, tmp_path / "b")


def test_what_is_derived_from_a_derived_store_has_all_its_samples(tmp_path: Path) -> None:
    mvn_dask.to_zarr(sample(seed=1) * sample(seed=2), tmp_path / "a")
    manifest, _ = manifest_of(mvn_dask.from_zarr(tmp_path / "a") * sample(seed=3))
    assert sorted(each["entropy"] for each in manifest.samples) == ["1", "2", "3"]


def test_a_store_that_has_changed_since_it_was_opened_is_not_copied(tmp_path: Path) -> None:
    mvn_dask.to_zarr(sample(), tmp_path / "a")
    opened = mvn_dask.from_zarr(tmp_path / "a")
    with pytest.raises(StorageError, match="which `overwrite` would delete"):
        mvn_dask.to_zarr(opened, tmp_path / "a", overwrite=True)
    mvn_dask.extend(tmp_path / "a", 10)
    with pytest.raises(StoreError, match="was overwritten since it was opened, or extended: open it again"):
        mvn_dask.to_zarr(opened, tmp_path / "b")
    assert not (tmp_path / "b").exists()


@pytest.mark.faults
def test_copies_on_a_cluster_and_in_memory(processes: object, tmp_path: Path) -> None:
    mvn_dask.to_zarr(sample(), tmp_path / "a")
    mvn_dask.to_zarr(mvn_dask.from_zarr(tmp_path / "a"), tmp_path / "b")
    assert tree_without_locks(tmp_path / "b") == tree_without_locks(tmp_path / "a")
