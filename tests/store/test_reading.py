import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import zarr

import mvn_dask
from mvn_dask.errors import NotAStoreError, StorageNotEmptyError, StoreError, UnfinishedStoreError
from mvn_dask.store.format.parameters import parameter_key

ROWS = mvn_dask.MultivariateNormal([0.0, 1.0], 2.0).sample(100, seed=1, chunks=40)


def test_aligned_with_the_chunks_and_lazy(tmp_path: Path) -> None:
    mvn_dask.to_zarr(ROWS, tmp_path)
    stored = mvn_dask.from_zarr(tmp_path)
    assert stored.chunks == ROWS.chunks
    assert stored.dtype == ROWS.dtype
    assert stored.name == mvn_dask.from_zarr(str(tmp_path)).name
    np.testing.assert_array_equal(stored, ROWS)


def test_nothing_there(tmp_path: Path) -> None:
    for folder in (tmp_path, tmp_path / "absent"):
        with pytest.raises(NotAStoreError, match="there is no store"):
            mvn_dask.from_zarr(folder)
    (tmp_path / "file").touch()
    with pytest.raises(FileNotFoundError):
        mvn_dask.from_zarr(tmp_path / "file" / "below")
    zarr.create_group(tmp_path / "other")
    with pytest.raises(NotAStoreError):
        mvn_dask.from_zarr(tmp_path / "other")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "other"]


@pytest.mark.parametrize("damage", ["absent", "short", "empty", "long"])
def test_a_chunk_of_the_wrong_size(damage: str, tmp_path: Path) -> None:
    mvn_dask.to_zarr(ROWS, tmp_path)
    chunk = tmp_path / "samples" / "c" / "2" / "0"
    content = chunk.read_bytes()
    if damage == "absent":
        chunk.unlink()
    else:
        chunk.write_bytes({"short": content[:-1], "empty": b"", "long": content + b"x"}[damage])
    with pytest.raises(UnfinishedStoreError, match=r"1 of 3 chunks .* call mvn_dask.to_zarr with the same array"):
        mvn_dask.from_zarr(tmp_path)
    mvn_dask.to_zarr(ROWS, tmp_path)
    np.testing.assert_array_equal(mvn_dask.from_zarr(tmp_path), ROWS)


def test_an_empty_group_that_a_reader_made_is_no_commit(tmp_path: Path) -> None:
    mvn_dask.to_zarr(ROWS, tmp_path)
    for document in tmp_path.rglob("zarr.json"):
        document.unlink()
    zarr.open(tmp_path)
    with pytest.raises(UnfinishedStoreError, match=r"all chunks of .* are there, 3 of them, but its metadata is not"):
        mvn_dask.from_zarr(tmp_path)
    mvn_dask.to_zarr(ROWS, tmp_path)
    np.testing.assert_array_equal(zarr.open_group(tmp_path, mode="r")["samples"][:], ROWS)  # type: ignore[index]


def test_a_chunk_lost_after_opening_is_an_error_and_no_nan(tmp_path: Path) -> None:
    mvn_dask.to_zarr(ROWS, tmp_path / "store")
    stored = mvn_dask.from_zarr(tmp_path / "store")
    (tmp_path / "store" / "samples" / "c" / "1" / "0").unlink()
    with pytest.raises(UnfinishedStoreError, match=r"chunk \(1, 0\) of .* is missing"):
        stored.compute(scheduler="synchronous")  # threads would still be in the store
    shutil.rmtree(tmp_path / "store")
    with pytest.raises(StoreError, match="does this worker see it"):
        mvn_dask.to_zarr(stored + 1, tmp_path / "copy")
    assert not (tmp_path / "copy" / "zarr.json").exists()


def test_an_array_does_not_change_when_its_store_is_overwritten(tmp_path: Path) -> None:
    mvn_dask.to_zarr(ROWS, tmp_path)
    stored = mvn_dask.from_zarr(tmp_path)
    other = mvn_dask.MultivariateNormal([0.0, 1.0], 2.0).sample(100, seed=2, chunks=40)
    mvn_dask.to_zarr(other, tmp_path, overwrite=True)
    with pytest.raises(StoreError, match="overwritten since it was opened"):
        stored.compute(scheduler="synchronous")  # no thread of it is left in the store
    mvn_dask.to_zarr(ROWS.rechunk((50, 2)), tmp_path, overwrite=True)
    assert mvn_dask.from_zarr(tmp_path).name not in {stored.name, mvn_dask.from_zarr(tmp_path).rechunk((40, 2)).name}


@pytest.mark.parametrize("size", [0, (0, 5), (5, 0)])
def test_empty_samples_come_back(size: Any, tmp_path: Path) -> None:
    rows = mvn_dask.MultivariateNormal([0.0, 1.0], 2.0).sample(size, seed=1)
    mvn_dask.to_zarr(rows, tmp_path)
    assert mvn_dask.from_zarr(tmp_path).compute().shape == rows.shape


def test_a_record_that_the_metadata_contradict(tmp_path: Path) -> None:
    mvn_dask.to_zarr(ROWS, tmp_path)
    path = tmp_path / ".mvn_dask" / "manifest.json"
    path.write_text(path.read_text().replace('"shape":[100,2]', '"shape":[80,2]'))
    with pytest.raises(StorageNotEmptyError, match=r"has the shape \(100, 2\) in place of \(80, 2\)"):
        mvn_dask.from_zarr(tmp_path)


def test_a_copy_without_its_lock_is_read(tmp_path: Path) -> None:
    mvn_dask.to_zarr(ROWS, tmp_path)
    (tmp_path / ".mvn_dask" / "lock").unlink()
    np.testing.assert_array_equal(mvn_dask.from_zarr(tmp_path), ROWS)


@pytest.mark.parametrize(
    "lost", ["samples/zarr.json", "zarr.json", parameter_key("factor.scale"), parameter_key("mean")]
)
def test_everything_that_is_lost_is_made_again(lost: str, tmp_path: Path) -> None:
    mvn_dask.to_zarr(ROWS, tmp_path)
    before = (tmp_path / lost).read_bytes()
    (tmp_path / lost).unlink()
    if lost.endswith(".json"):
        with pytest.raises(UnfinishedStoreError, match="its metadata is not"):
            mvn_dask.from_zarr(tmp_path)
    mvn_dask.to_zarr(ROWS, tmp_path)
    assert (tmp_path / lost).read_bytes() == before
