import os
import shutil
from itertools import pairwise
from pathlib import Path
from typing import Any

import dask
import dask.array as da
import numpy as np
import pytest
import zarr
from distributed import Client

import mvn_dask
from mvn_dask.errors import (
    AlignmentError,
    ArgumentError,
    ArgumentTypeError,
    StorageBusyError,
    StorageNotEmptyError,
    StoreError,
    UnfinishedStoreError,
)
from mvn_dask.maintenance.extend import chunks_of_row
from mvn_dask.store.array_manifest import manifest_of
from mvn_dask.store.storage.local import LocalStorage
from tests.support.damage import chunk, flip, named, write
from tests.support.stores import tree

NORMAL = mvn_dask.MultivariateNormal([0.0, 1.0], [[2.0, 1.0], [1.0, 2.0]])


def times(folder: Path) -> dict[str, int]:
    return {str(path.relative_to(folder)): path.lstat().st_mtime_ns for path in folder.rglob("*") if not path.is_dir()}


def extended(folder: Path, sizes: list[Any], **options: Any) -> None:
    """A store that is extended again and again is that of the longest run."""
    shards = options.pop("shards", None)
    normal = options.pop("normal", NORMAL)
    write(folder / "store", normal.sample(sizes[0], seed=1, **options), shards=shards)
    for before, size in pairwise(sizes):
        rows = size[0] - before[0] if isinstance(size, tuple) else size - before
        done = mvn_dask.extend(folder / "store", rows)
        assert (done.before[0], done.after[0]) == (before, size) if isinstance(size, int) else done.after[:-1] == size
        write(folder / str(size), normal.sample(size, seed=1, **options), shards=shards)
        assert tree(folder / "store") == tree(folder / str(size)), (before, size)
        assert times(folder / "store").keys() == times(folder / str(size)).keys()
    assert mvn_dask.verify(folder / "store", level="values", full=True).ok


@pytest.mark.parametrize("chunks", [1, 7, 10])
@pytest.mark.parametrize(
    "sizes", [[10, 11], [10, 20], [20, 30, 31, 39, 40, 41], [13, 20, 40], [19, 20], [10, 200, 201]]
)
def test_rows_that_are_appended(sizes: list[int], chunks: int, tmp_path: Path) -> None:
    extended(tmp_path, sizes, chunks=chunks)


@pytest.mark.parametrize(
    ("sizes", "options"),
    [
        ([(3, 4), (4, 4), (7, 4)], {"chunks": (1, 4, 2)}),
        ([(3, 4), (4, 4), (7, 4)], {"chunks": (1, 3, 2)}),
        ([(3, 4), (4, 4), (7, 4)], {"chunks": (2, 4, 2)}),
        ([(3, 4), (4, 4), (7, 4)], {"chunks": (2, 3, 1)}),
        ([(3, 4, 2), (5, 4, 2)], {"chunks": (2, 3, 1, 2)}),
        ([(3, 0), (5, 0)], {"chunks": (2, 0, 2)}),
        ([0, 3, 5], {"chunks": 1}),
        ([(0, 3), (2, 3)], {"chunks": (1, 3, 2)}),
        ([25, 30, 55], {"chunks": 10, "shards": 5}),
        ([25, 30, 55], {"chunks": 10, "shards": 10}),
        ([(3, 4), (8, 4)], {"chunks": (1, 4, 2), "shards": 2}),
        ([25, 30, 55], {"chunks": 10, "dtype": "float32"}),
        ([25, 55], {"chunks": (10, 1)}),
        ([32_770, 70_000], {"chunks": 32_768}),
    ],
)
def test_other_shapes_that_are_extended(sizes: list[Any], options: Any, tmp_path: Path) -> None:
    with dask.config.set(scheduler="synchronous"):
        extended(tmp_path, sizes, **options)


def test_names_and_kinds_stay(tmp_path: Path) -> None:
    folder = write(tmp_path / "store", named(100))
    assert str(mvn_dask.extend(folder, 35)) == f"{folder}: 100 rows before, 135 now; shape (135, 2)"
    assert tree(folder) == tree(write(tmp_path / "longer", named(135)))
    for method in ("svd", "eigh", "cholesky", None):
        cov: Any = 2.0 if method is None else np.eye(3) + 1
        normal = mvn_dask.MultivariateNormal(np.zeros(3), cov, method=method or "svd")
        extended(tmp_path / str(method), [25, 55], chunks=10, normal=normal)


def test_the_chunks_that_hold_a_row() -> None:
    normal = mvn_dask.MultivariateNormal([0.0, 1.0], 2.0)
    assert chunks_of_row(manifest_of(normal.sample(100, seed=1, chunks=30))[0], 59).tolist() == [1]
    boxes = manifest_of(normal.sample((10, 40), seed=1, chunks=(4, 15)))[0]
    assert chunks_of_row(boxes, 9).tolist() == [6, 7, 8]


@pytest.mark.parametrize("rows", [0, -1, True, 1.5, "3", None, 2**63, 10**30, 10**9])
def test_rows_that_are_none(rows: Any, tmp_path: Path) -> None:
    folder = write(tmp_path / "store")
    before = tree(folder)
    with pytest.raises((ArgumentError, ArgumentTypeError, AlignmentError)):
        mvn_dask.extend(folder, rows)
    assert tree(folder) == before


def test_stores_that_are_not_extended(tmp_path: Path) -> None:
    single = write(tmp_path / "single" / "store", NORMAL.sample(seed=1))
    with pytest.raises(ArgumentError, match="holds a single row without an axis: there is nothing to append to"):
        mvn_dask.extend(single, 3)
    folder = write(tmp_path / "store")
    with (
        LocalStorage(folder).session(),
        pytest.raises(StorageBusyError, match=r"another job is in .*: wait for it or stop it"),
    ):
        mvn_dask.extend(folder, 3)
    before = tree(folder)
    chunk(folder, 1).unlink()
    with pytest.raises(UnfinishedStoreError, match=r"is unfinished: call mvn_dask.repair first"):
        mvn_dask.extend(folder, 3)
    mvn_dask.repair(folder)
    assert tree(folder) == before


def test_who_opened_it_before(tmp_path: Path) -> None:
    """Plain readers go on to see their rows, and ours notices."""
    folder = write(tmp_path / "store")
    rows = named().compute()
    plain, ours = zarr.open_array(folder / "samples", mode="r"), mvn_dask.from_zarr(folder)
    through_dask = da.from_zarr(folder, component="samples")
    mvn_dask.extend(folder, 55)
    np.testing.assert_array_equal(plain[:], rows)
    np.testing.assert_array_equal(through_dask, rows)
    with pytest.raises(StoreError, match="was overwritten since it was opened, or extended"):
        ours.compute()
    np.testing.assert_array_equal(mvn_dask.from_zarr(folder)[:100], rows)
    assert mvn_dask.from_zarr(folder).name != ours.name


def test_all_of_it_on_a_cluster(processes: Client, tmp_path: Path) -> None:
    folder = tmp_path / "store"
    mvn_dask.to_zarr(named(), folder)
    assert mvn_dask.verify(folder, level="values", full=True).ok
    shutil.copy(chunk(folder, 0), chunk(folder, 2))
    flip(chunk(folder, 1), 7)
    os.truncate(chunk(folder, 3), 9)
    report = mvn_dask.verify(folder, level="values", full=True)
    assert list(report.bad) == [(1, 0), (2, 0), (3, 0)]
    assert mvn_dask.repair(folder, level="values", full=True).chunks == tuple(report.bad)
    mvn_dask.extend(folder, 55)
    assert mvn_dask.status(folder).complete
    with dask.config.set(scheduler="threads"):
        assert tree(folder) == tree(write(tmp_path / "longer", named(155)))
    assert not any(processes.run(lambda dask_worker: len(dask_worker.data)).values())


def test_what_lies_beyond_the_end_is_not_taken_for_rows(tmp_path: Path) -> None:
    normal = mvn_dask.MultivariateNormal([0.0, 1.0], 2.0)
    mvn_dask.to_zarr(normal.sample(100, seed=1, chunks=30), tmp_path)
    unknown = tmp_path / "samples" / "c" / "5" / "0"
    unknown.parent.mkdir()
    unknown.write_bytes((tmp_path / "samples" / "c" / "0" / "0").read_bytes())
    assert mvn_dask.verify(tmp_path).unknown_files == ("samples/c/5/0",)
    before = tree(tmp_path)
    with pytest.raises(StorageNotEmptyError, match=r"samples/c/5/0 lies where the new rows would go, .*: move it away"):
        mvn_dask.extend(tmp_path, 100)
    assert tree(tmp_path) == before
    unknown.unlink()
    unknown.mkdir()
    before = tree(tmp_path)
    with pytest.raises(StorageNotEmptyError, match=r"samples/c/5/0 in .* is a folder, where a store has a file"):
        mvn_dask.extend(tmp_path, 100)
    assert tree(tmp_path) == before
    unknown.rmdir()
    mvn_dask.extend(tmp_path, 100, fsync=True)
    np.testing.assert_array_equal(mvn_dask.from_zarr(tmp_path), normal.sample(200, seed=1, chunks=30))


@pytest.mark.parametrize("place", ["folder", "memory"])
def test_an_array_without_axes(place: str, tmp_path: Path) -> None:
    url = str(tmp_path) if place == "folder" else "memory://no-axes"
    total = mvn_dask.MultivariateNormal([0.0, 1.0], 2.0).sample(100, seed=1, chunks=30).sum()
    mvn_dask.to_zarr(total, url)
    assert mvn_dask.status(url).complete
    assert mvn_dask.verify(url, level="checksum").ok
    assert mvn_dask.from_zarr(url).compute() == total.compute()
