import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import zarr

import mvn_dask
from mvn_dask.errors import (
    DamagedManifestError,
    MissingManifestError,
    NotAStoreError,
    StorageNotEmptyError,
    UnfinishedStoreError,
)
from mvn_dask.maintenance.describe import describe
from mvn_dask.store.format.chunk_listing import missing_numbers
from mvn_dask.store.format.completeness import changed_documents, refuse_unfinished, state
from mvn_dask.store.format.manifest import require_manifest
from mvn_dask.store.storage.addressing import StoreLike, open_storage
from tests.support.damage import make_special


def stored(url: StoreLike) -> None:
    cov = pd.DataFrame(np.eye(2) + 0.5, columns=["a", "b"], index=["a", "b"])
    mvn_dask.to_zarr(mvn_dask.MultivariateNormal([0.0, 1.0], cov).sample(100, seed=1, chunks=30), url)


@pytest.mark.parametrize("place", ["folder", "memory"])
def test_missing_chunks_by_their_numbers(place: str, tmp_path: Path) -> None:
    url = str(tmp_path) if place == "folder" else f"memory://{tmp_path.name}"
    stored(url)
    storage = open_storage(url)
    manifest = require_manifest(storage)
    assert state(storage, manifest) == "complete"
    refuse_unfinished(storage, manifest)
    for number in (1, 3):
        storage.delete(f"samples/c/{number}/0")
    assert missing_numbers(storage, manifest, 0, 4).tolist() == [1, 3]
    assert missing_numbers(storage, manifest, 1, 3).tolist() == [1]
    assert state(storage, manifest) == "unfinished"
    with pytest.raises(UnfinishedStoreError, match="2 of 4 chunks"):
        refuse_unfinished(storage, manifest)
    for number in (0, 2):
        storage.delete(f"samples/c/{number}/0")
    assert missing_numbers(storage, manifest, 2, 4).tolist() == [2, 3]


@pytest.mark.parametrize("lost", ["zarr.json", "samples/zarr.json", "variable/zarr.json"])
def test_without_a_document_it_is_not_committed(lost: str, tmp_path: Path) -> None:
    stored(tmp_path)
    storage = open_storage(tmp_path)
    manifest = require_manifest(storage)
    assert changed_documents(storage, manifest) == ()
    storage.delete(lost)
    assert changed_documents(storage, manifest) is None
    with pytest.raises(UnfinishedStoreError, match=r"all chunks of .* are there, 4 of them"):
        refuse_unfinished(storage, manifest)


@pytest.mark.parametrize(
    "lost", [".mvn_dask/parameters/factor.matrix.npy", ".mvn_dask/parameters/mean.npy", "variable/c/0"]
)
def test_what_lies_beside_the_chunks_belongs_to_it(lost: str, tmp_path: Path) -> None:
    stored(tmp_path)
    storage = open_storage(tmp_path)
    storage.delete(lost)
    assert state(storage, require_manifest(storage)) == "unfinished"


def test_documents_that_contradict_the_record(tmp_path: Path) -> None:
    stored(tmp_path)
    document = tmp_path / "samples" / "zarr.json"
    document.write_text(document.read_text().replace("float64", "float32"))
    storage = open_storage(tmp_path)
    with pytest.raises(DamagedManifestError, match=r"others changed `data_type` from 'float64' to 'float32': mvn"):
        changed_documents(storage, require_manifest(storage))


CALLS: list[Any] = [
    mvn_dask.from_zarr, mvn_dask.status, mvn_dask.verify, mvn_dask.repair, describe,
    lambda place: mvn_dask.extend(place, 5),
]  # fmt: skip


@pytest.mark.parametrize("known_by", ["both", "the root", "the array"])
def test_a_copy_without_the_names_that_begin_with_a_dot(known_by: str, tmp_path: Path) -> None:
    stored(tmp_path / "store")
    copy = shutil.copytree(tmp_path / "store", tmp_path / "copy", ignore=shutil.ignore_patterns(".*"))
    group = zarr.open_group(copy, mode="r+")
    if known_by == "the array":
        group.attrs.clear()
    elif known_by == "the root":
        group["samples"].attrs.clear()
    left = r"but the folder .mvn_dask is missing: it was left behind by a copy .* Copy it as well"
    for call in CALLS:
        with pytest.raises(NotAStoreError, match=f"there is no store at .*{left}"):
            call(copy)
    with pytest.raises(StorageNotEmptyError, match=rf"{left}.*\): name another URL, or use overwrite=True"):
        stored(copy)
    shutil.copytree(tmp_path / "store" / ".mvn_dask", copy / ".mvn_dask")
    mvn_dask.repair(copy)
    assert mvn_dask.verify(copy, level="values").ok


NO_FOLDER = r".mvn_dask is no folder, but a file, a link or the like: put the store's own in its place"


@pytest.mark.parametrize(
    ("kind", "says"),
    [
        ("only the manifest", r".mvn_dask/manifest.json is missing: restore it from a copy of the store"),
        ("an empty folder", r".mvn_dask/manifest.json is missing: restore it from a copy of the store"),
        ("pipe", NO_FOLDER),
        ("socket", NO_FOLDER),
        ("link", NO_FOLDER),
        ("file", NO_FOLDER),
    ],
)
def test_a_lost_manifest_is_no_folder_left_behind(kind: str, says: str, tmp_path: Path) -> None:
    """The error says what lies in its place, and putting it back helps."""
    folder, internal = tmp_path / "store", tmp_path / "store" / ".mvn_dask"
    stored(folder)
    shutil.copytree(internal, tmp_path / "kept")
    (internal / "manifest.json").unlink()
    if kind != "only the manifest":
        shutil.rmtree(internal)
        if kind == "an empty folder":
            internal.mkdir()
        elif kind == "file":
            internal.write_text("mine")
        else:
            make_special(internal, kind)
    for call in CALLS:
        with pytest.raises(
            MissingManifestError, match=f"^there is no store at .*: its Zarr metadata is that of one, but {says}$"
        ):
            call(folder)
    there = says if internal.is_dir() else "lies there: move it away|a link, a pipe, a folder or the like"
    with pytest.raises(StorageNotEmptyError, match=there):
        stored(folder)
    if internal.is_dir():
        shutil.rmtree(internal)
    else:
        internal.unlink()
    shutil.copytree(tmp_path / "kept", internal)
    stored(folder)
    assert mvn_dask.verify(folder).ok


def test_in_a_bucket_a_lost_manifest_is_named_as_well() -> None:
    url = "memory://lost-manifest"
    stored(url)
    open_storage(url).delete(".mvn_dask/manifest.json")
    with pytest.raises(MissingManifestError, match=r"but .mvn_dask/manifest.json is missing: restore it from a copy"):
        mvn_dask.status(url)


def test_nothing_was_left_behind_by_others(tmp_path: Path) -> None:
    zarr.create_group(tmp_path, attributes={"title": "another"})
    with pytest.raises(NotAStoreError, match=r"mvn_dask\.to_zarr makes one"):
        mvn_dask.status(tmp_path)
