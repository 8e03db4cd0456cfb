"""Chunks and documents of any Zarr hierarchy, told from other files by the documents alone."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import zarr

import mvn_dask
from mvn_dask.errors import StorageNotEmptyError
from mvn_dask.store.format.ownership import removal
from mvn_dask.store.storage.local import LocalStorage
from tests.support.stores import LOCKS, put, remove_store, sample, tree

PARTIAL = f".{'0a' * 16}.partial"


def others(folder: Path) -> list[str]:
    return sorted(entry.key for entry in removal(LocalStorage(folder)).other_files())


def hierarchies(folder: Path, version: Any) -> None:
    array = zarr.create_array(folder / "array", shape=(4, 4), chunks=(2, 2), dtype="f8", zarr_format=version)
    array[:] = np.ones((4, 4))
    group = zarr.create_group(folder / "group", zarr_format=version, attributes={"a": 1})
    group.create_array("inner", shape=(4,), chunks=(2,), dtype="f8")[:] = 1.0
    deep = group.create_group("deep").create_array("single", shape=(), dtype="f8")
    deep[...] = 3.0
    if version == 2:
        group.create_array(
            "slashed", shape=(4, 4), chunks=(2, 2), dtype="f8", chunk_key_encoding={"name": "v2", "separator": "/"}
        )[:] = 1.0
    else:
        group.create_array(
            "dotted", shape=(4, 4), chunks=(2, 2), dtype="f8", chunk_key_encoding={"name": "default", "separator": "."}
        )[:] = 1.0
        group.create_array("sharded", shape=(8,), chunks=(2,), shards=(4,), dtype="f8")[:] = 1.0


@pytest.mark.parametrize("version", [2, 3])
def test_other_hierarchies_are_known_whole_and_only_they_are_deleted(version: int, tmp_path: Path) -> None:
    hierarchies(tmp_path, version)
    for folder in (tmp_path / "array", tmp_path / "group"):
        assert others(folder) == []
        assert len(tree(folder)) > 4
        strangers = ["notes.txt", "src/main.c", "2024", "9.9", "c/9/9", "inner/7", "deep/single/zz", f"x{PARTIAL}"]
        put(folder, *strangers)
        assert others(folder) == sorted(strangers)
        before = tree(folder)
        with pytest.raises(StorageNotEmptyError, match="lies there"):
            mvn_dask.to_zarr(sample(), folder, overwrite=True)
        assert tree(folder) == before
        for key in strangers:
            (folder / key).unlink()
        remove_store(LocalStorage(folder))
        assert set(tree(folder)) <= LOCKS


@pytest.mark.parametrize("version", [2, 3])
def test_removing_another_hierarchy_may_be_cut_short(version: int, tmp_path: Path) -> None:
    hierarchies(tmp_path, version)
    for folder in (tmp_path / "array", tmp_path / "group"):
        while tree(folder):
            assert others(folder) == []
            keys = next(first for step in removal(LocalStorage(folder)).steps() if (first := list(step)[:1]))
            if not (folder / keys[0]).exists():
                break
            LocalStorage(folder).delete_many(keys)
        assert set(tree(folder)) <= LOCKS


@pytest.mark.parametrize(
    "document",
    [
        "",
        "{}",
        "[]",
        '{"zarr_format":3}',
        '{"zarr_format":2,"node_type":"group"}',
        "[" * 10**5,
        '{"node_type":"group"}',
    ],
)
def test_a_file_that_is_only_called_like_a_document(document: str, tmp_path: Path) -> None:
    (tmp_path / "zarr.json").write_text(document)
    (tmp_path / "0").touch()
    (tmp_path / ".zattrs").write_text("{}")
    assert others(tmp_path) == [".zattrs", "0", "zarr.json"]


@pytest.mark.parametrize(
    "change",
    [
        {"shape": "abc"}, {"shape": [4]}, {"shape": [4, -4]}, {"chunk_grid": {"name": "rectilinear"}},
        {"chunk_grid": {"name": "regular", "configuration": {"chunk_shape": [0, 2]}}}, {"chunk_grid": 7},
        {"chunk_key_encoding": {"name": "fanout"}}, {"chunk_key_encoding": None},
        {"chunk_key_encoding": {"name": "default", "configuration": {"separator": ""}}},
    ],
)  # fmt: skip
def test_chunks_of_an_array_that_is_not_understood_are_not_deleted(change: dict[str, Any], tmp_path: Path) -> None:
    zarr.create_array(tmp_path, shape=(4, 4), chunks=(2, 2), dtype="f8")[:] = np.ones((4, 4))
    document = json.loads((tmp_path / "zarr.json").read_text())
    (tmp_path / "zarr.json").write_text(json.dumps({**document, **change}))
    assert others(tmp_path) == ["c/0/0", "c/0/1", "c/1/0", "c/1/1"]


def test_temporary_files_that_zarr_left(tmp_path: Path) -> None:
    zarr.create_group(tmp_path).create_array("x", shape=(4,), chunks=(2,), dtype="f8")[:] = 1.0
    put(tmp_path, f"zarr{PARTIAL}", f"x/zarr{PARTIAL}", f"x/c/0{PARTIAL}", f"y/zarr{PARTIAL}", f"x/c/7{PARTIAL}")
    assert others(tmp_path) == [f"x/c/7{PARTIAL}", f"y/zarr{PARTIAL}"]
