"""What may be deleted of a store, or of another hierarchy: whatever something accounts for."""

import shutil
from pathlib import Path

import dask.array as da
import numpy as np
import pandas as pd
import pytest
import zarr

import mvn_dask
from mvn_dask.errors import DamagedManifestError, StorageNotEmptyError
from mvn_dask.store.format.hierarchy import read_hierarchy
from mvn_dask.store.format.manifest import require_manifest
from mvn_dask.store.format.ownership import is_accounted_for, own_folders, own_keys, removal
from mvn_dask.store.format.parameters import parameter_key
from mvn_dask.store.storage.base import MANIFEST_KEY
from mvn_dask.store.storage.local import LocalStorage
from tests.support.damage import make_special, named, write
from tests.support.stores import put, remove_store, sample, tree

PARTIAL = f".{'0a' * 16}.partial"


def names(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


def others(folder: Path) -> list[str]:
    return sorted(entry.key for entry in removal(LocalStorage(folder)).other_files())


def test_of_a_store_only_the_locks_stay(tmp_path: Path) -> None:
    folder = write(tmp_path / "store")
    put(folder, f"zarr.json{PARTIAL}", f"samples/c/3/0{PARTIAL}", f"{MANIFEST_KEY}{PARTIAL}")
    # A probe writes a temporary file by way of another.
    put(folder, f"samples/c/0/0{PARTIAL}{PARTIAL}")
    assert others(folder) == []
    remove_store(LocalStorage(folder))
    assert names(folder) == [".mvn_dask", ".mvn_dask/create-lock", ".mvn_dask/lock"]


STRANGERS = [
    "note", "2024", "7/8", "samples/2024", "samples/c/4/0", "samples/c/1/1", "samples/c/01/0",
    "samples/c.0.0", "c/0/0", "other/zarr.json", "variable/c/1", "samples/c/2/0.bak", "zarr.json~", ".zattrs",
    ".mvn_dask/note", ".mvn_dask/7", ".mvn_dask/parameters/more.npy", ".mvn_dask/parameters/note",
    ".mvn_dask/plan.json", ".mvn_dask/mean.npy", ".mvn_dask/trash/samples/c/0/0", ".mvn_dask/leases/note",
    ".mvn_dask/lock~",    f"note{PARTIAL}",
    f"samples/c/9/0{PARTIAL}", f".mvn_dask/note{PARTIAL}", f"samples/c/1/0{PARTIAL}~",
    "inner/.mvn_dask/manifest.json",
]  # fmt: skip
"""Files in the store of `named`, four chunks, which no manifest accounts for."""


@pytest.mark.parametrize("key", STRANGERS)
def test_files_that_the_manifest_does_not_account_for(key: str, tmp_path: Path) -> None:
    folder = write(tmp_path / "store")
    put(folder, key)
    before = tree(folder)
    assert others(folder) == [key]
    with pytest.raises(StorageNotEmptyError, match="lies there, which is no part of the store: move it away"):
        mvn_dask.to_zarr(sample(), folder, overwrite=True)
    assert tree(folder) == before
    remove_store(LocalStorage(folder))  # should it appear later
    assert {path for path, content in tree(folder).items() if content} == {key}


@pytest.mark.parametrize("manifest", ["{", "[" * 10**5, '{"format":"mvn_dask store","format_version":2}'])
def test_without_a_manifest_the_documents_tell_chunks_from_other_files(manifest: str, tmp_path: Path) -> None:
    folder = write(tmp_path / "store")
    (folder / MANIFEST_KEY).write_text(manifest)
    assert others(folder) == []
    put(folder, "2024", "samples/2024", "samples/c/4/0", ".mvn_dask/note", f"samples/c/9/0{PARTIAL}")
    assert others(folder) == sorted(
        ["2024", "samples/2024", "samples/c/4/0", ".mvn_dask/note", f"samples/c/9/0{PARTIAL}"]
    )


@pytest.mark.parametrize("manifest", ["{", '{"format":"mvn_dask store","format_version":3}'])
def test_an_unfinished_store_without_a_readable_manifest_can_be_overwritten(manifest: str, tmp_path: Path) -> None:
    """As the error about such a manifest advises; its chunks are known by their place, and nothing else is."""
    folder = tmp_path / "store"
    mvn_dask.to_zarr(sample(), folder, part=(0, 2))
    (folder / MANIFEST_KEY).write_text(manifest)
    with pytest.raises(DamagedManifestError, match="overwrite=True" if "3" in manifest else "is no JSON"):
        mvn_dask.to_zarr(sample(), folder)
    put(folder, "samples/c/2024")
    before = tree(folder)
    with pytest.raises(StorageNotEmptyError, match=r"samples/c/.* lies there"):
        mvn_dask.to_zarr(sample(), folder, overwrite=True)
    assert tree(folder) == before
    (folder / "samples" / "c" / "2024").unlink()
    put(folder, "samples/c/note", "samples/2024", f"samples/c/0/0{PARTIAL}")
    assert others(folder) == ["samples/2024", "samples/c/note"]
    (folder / "samples" / "2024").unlink()
    (folder / "samples" / "c" / "note").unlink()
    mvn_dask.to_zarr(sample(), folder, overwrite=True)
    assert tree(folder) == tree(write(tmp_path / "fresh", sample()))


@pytest.mark.parametrize("readable", [True, False])
def test_a_removal_that_is_cut_short_goes_on(readable: bool, tmp_path: Path) -> None:
    """After any number of deletions, what is left is known to be one's own."""
    whole = write(tmp_path / "store")
    if not readable:
        (whole / MANIFEST_KEY).write_text("{")
    count = len([key for keys in removal(LocalStorage(whole)).steps() for key in keys])
    assert count > 10
    for number in range(count):
        folder = tmp_path / str(number)
        for key, content in tree(whole).items():
            put(folder, key)
            (folder / key).write_bytes(content)
        storage, left = LocalStorage(folder), number
        for keys in removal(storage).steps():
            for key in keys:
                if left:
                    storage.delete_many([key])
                    left -= 1
        assert others(folder) == [], number
        remove_store(storage)
        assert set(tree(folder)) <= {".mvn_dask/create-lock", ".mvn_dask/lock"}


@pytest.mark.parametrize("special", ["link", "link to a folder", "pipe", "socket"])
@pytest.mark.parametrize("key", ["samples/c/1/0", "samples/c/5", "note", ".mvn_dask/trash", ".mvn_dask/writer.json"])
def test_what_is_no_plain_file_is_refused_before_anything_is_deleted(special: str, key: str, tmp_path: Path) -> None:
    folder = write(tmp_path / "store")
    (folder / key).unlink(missing_ok=True)
    make_special(folder / key, special)
    before = tree(folder)
    with pytest.raises(
        StorageNotEmptyError, match=f"{key} in .* is a link, a pipe, a folder or the like, .*: delete it"
    ):
        mvn_dask.to_zarr(sample(), folder, overwrite=True)
    assert tree(folder) == before
    (folder / key).unlink()
    mvn_dask.to_zarr(sample(), folder, overwrite=True)
    assert mvn_dask.verify(folder).ok


OWN = [
    MANIFEST_KEY, "zarr.json", "samples/zarr.json", "variable/zarr.json", "variable/c/0", "samples/c/1/0",
    parameter_key("mean"), ".mvn_dask/writer.json",
]  # fmt: skip
"""Keys of files in the store of `named`, of every kind."""


def everything(folder: Path) -> dict[str, bytes | None]:
    """Contents of all files, and None for every folder."""
    return {name: (folder / name).read_bytes() if (folder / name).is_file() else None for name in names(folder)}


@pytest.mark.parametrize("below", ["", "2024"])
@pytest.mark.parametrize("key", [*OWN, ".mvn_dask/lock", ".mvn_dask/create-lock"])
def test_a_folder_in_place_of_a_file_is_refused_before_anything_is_deleted(
    key: str, below: str, tmp_path: Path
) -> None:
    folder = write(tmp_path / "store")
    (folder / key).unlink()
    (folder / key / below).mkdir(parents=True)
    before = everything(folder)
    for _ in range(2):
        with pytest.raises(StorageNotEmptyError, match=f"^{key} in .* is a folder, where a store has a file: delete"):
            mvn_dask.to_zarr(sample(), folder, overwrite=True)
        assert everything(folder) == before
    shutil.rmtree(folder / key)
    mvn_dask.to_zarr(sample(), folder, overwrite=True)
    assert tree(folder) == tree(write(tmp_path / "fresh", sample()))


@pytest.mark.parametrize("key", ["samples/c/4/0", "variable/c/0", "variable/zarr.json", "samples/c/3"])
@pytest.mark.parametrize("there", ["a store", "a hierarchy", "nothing"])
def test_a_folder_in_place_of_a_file_of_the_new_store_is_refused(key: str, there: str, tmp_path: Path) -> None:
    """Before the old one is deleted, of which that is no file; a folder on the way to a file does no harm."""
    folder = tmp_path / "store"
    if there == "a store":
        write(folder, sample())
    elif there == "a hierarchy":
        zarr.create_group(folder).create_array("x", shape=(4,), chunks=(2,), dtype="f8")[:] = 7.0
    (folder / key).mkdir(parents=True, exist_ok=True)
    before, longer = everything(folder), named(150)
    if key == "samples/c/3":
        mvn_dask.to_zarr(longer, folder, overwrite=there != "nothing")
    else:
        with pytest.raises(StorageNotEmptyError, match=f"^{key} in .* is a folder, where a store has a file: delete"):
            mvn_dask.to_zarr(longer, folder, overwrite=there != "nothing")
        assert everything(folder) == before
        (folder / key).rmdir()
        mvn_dask.to_zarr(longer, folder, overwrite=there != "nothing")
    assert tree(folder) == tree(write(tmp_path / "fresh", longer))


MINE = ["mnt", "notes/2024", "samples/mine", "samples/c/9", "samples/c/1/0.bak", "samples/c/x", ".mvn_dask/mine"]
"""Empty folders of somebody else."""


@pytest.mark.parametrize("begun", [True, False])
def test_a_folder_of_a_node_goes_if_a_killed_removal_may_have_emptied_it(begun: bool, tmp_path: Path) -> None:
    """Its document, the last file in it, is gone: nothing but the lock of the job tells it from a folder of others."""
    folder = tmp_path / "store"
    zarr.create_group(folder).create_group("model")
    (folder / "emptied").mkdir()
    (folder / "notes" / "2024").mkdir(parents=True)
    (folder / "model" / "emptied").mkdir()
    if begun:
        with LocalStorage(folder).session():
            pass
        (folder / "notes" / "2024").rmdir()
        (folder / "notes").rmdir()
    mvn_dask.to_zarr(sample(60), folder, overwrite=True)
    fresh = everything(write(tmp_path / "fresh", sample(60)))
    kept = [] if begun else ["emptied", "model", "model/emptied", "notes", "notes/2024"]
    assert sorted(everything(folder)) == sorted([*fresh, *kept])


@pytest.mark.parametrize("there", ["a store", "a damaged store", "a hierarchy", "nothing"])
def test_empty_folders_of_others_stay(there: str, tmp_path: Path) -> None:
    folder = tmp_path / "store"
    if there.endswith("store"):
        write(folder)
    elif there == "a hierarchy":
        zarr.create_group(folder).create_array("samples", shape=(8, 2), chunks=(2, 2), dtype="f8")[:] = 7.0
    if there == "a damaged store":
        (folder / MANIFEST_KEY).write_text("{")
    for key in MINE:
        (folder / key).mkdir(parents=True)
    mvn_dask.to_zarr(named(60, seed=2), folder, overwrite=True)
    assert set(MINE) <= set(names(folder))
    assert tree(folder) == tree(write(tmp_path / "fresh", named(60, seed=2)))


@pytest.mark.parametrize("there", ["a store", "a damaged store", "an unfinished store", "a hierarchy", "zarr 2"])
def test_folders_that_a_killed_removal_left_empty_go(there: str, tmp_path: Path) -> None:
    """They are known by what accounts for the chunks that lay in them."""
    folder, chunks = tmp_path / "store", "samples/c"
    if there.endswith("hierarchy"):
        zarr.create_group(folder).create_array("samples", shape=(100, 2), chunks=(30, 2), dtype="f8")[:] = 7.0
    elif there == "zarr 2":
        group = zarr.create_group(folder, zarr_format=2)
        x = group.create_array(
            "samples", shape=(100, 2), chunks=(30, 2), dtype="f8", chunk_key_encoding={"name": "v2", "separator": "/"}
        )
        x[:], chunks = 7.0, "samples"
    else:
        write(folder)
    if there in {"a damaged store", "an unfinished store"}:
        (folder / MANIFEST_KEY).write_text("{")
    if there == "an unfinished store":
        for document in ("zarr.json", "samples/zarr.json", "variable/zarr.json", "variable/c/0"):
            (folder / document).unlink()
        shutil.rmtree(folder / "variable")
    for number in (1, 3):
        (folder / chunks / str(number) / "0").unlink()
    assert {f"{chunks}/1", f"{chunks}/3"} <= set(names(folder))
    mvn_dask.to_zarr(sample(60), folder, overwrite=True)
    fresh = write(tmp_path / "fresh", sample(60))
    assert everything(folder) == everything(fresh)


def test_an_empty_folder_that_goes_makes_room_for_a_file(tmp_path: Path) -> None:
    """Of an array with fewer axes; not where an empty folder of somebody else lies in it."""
    folder, flat = write(tmp_path / "store"), named(150).sum(axis=1)
    (folder / "samples" / "c" / "3" / "0").unlink()
    (folder / "samples" / "c" / "3" / "mine").mkdir()
    before = everything(folder)
    with pytest.raises(StorageNotEmptyError, match=r"^samples/c/3 in .* is a folder, where a store has a file"):
        mvn_dask.to_zarr(flat, folder, overwrite=True)
    assert everything(folder) == before
    (folder / "samples" / "c" / "3" / "mine").rmdir()
    mvn_dask.to_zarr(flat, folder, overwrite=True)
    assert everything(folder) == everything(write(tmp_path / "fresh", flat))


@pytest.mark.parametrize("array", [named(), named() * 2, sample().sum(), sample().sum(axis=0)])
def test_the_folders_of_a_manifest_are_those_of_its_store(array: da.Array, tmp_path: Path) -> None:
    folder = write(tmp_path / "store", array)
    is_folder = own_folders(require_manifest(LocalStorage(folder)))
    for name in names(folder):
        assert is_folder(name) is (folder / name).is_dir(), name
    for name in ("", "samples/c/4", "samples/c/0/0", "samples/c/x", "samples/d", "notes", ".mvn_dask/notes", "c"):
        assert not is_folder(name), name


def test_a_folder_of_stores_is_no_store(tmp_path: Path) -> None:
    write(tmp_path / "store")
    assert "store/.mvn_dask/manifest.json" in others(tmp_path)
    zarr.open(tmp_path)
    assert "store/.mvn_dask/manifest.json" in others(tmp_path), "nor is it under a group: that store is another's"


def test_a_folder_without_documents_is_all_unknown(tmp_path: Path) -> None:
    put(tmp_path, "0", "c", "samples", "zarr/0")
    assert others(tmp_path) == ["0", "c", "samples", "zarr/0"]


def test_the_keys_of_a_manifest_are_those_of_its_store(tmp_path: Path) -> None:
    frame = pd.DataFrame(np.eye(2), columns=["a", "b"], index=["a", "b"])
    x = mvn_dask.MultivariateNormal([0.0, 1.0], frame).sample(100, seed=1, chunks=30)
    for number, array in enumerate((x, x * 2, x.sum(), sample())):
        folder = write(tmp_path / str(number), array)
        manifest = require_manifest(LocalStorage(folder))
        assert all(is_accounted_for(own_keys(manifest), key) for key in tree(folder))
        assert {key for key in tree(folder) if not key.startswith(".mvn_dask")} <= {
            key for key in tree(folder) if key in read_hierarchy(LocalStorage(folder))
        }
