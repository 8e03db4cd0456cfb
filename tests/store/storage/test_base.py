"""One contract for every storage."""

from collections.abc import Callable
from pathlib import Path

import pytest

import mvn_dask
from mvn_dask.store.storage.addressing import open_storage
from mvn_dask.store.storage.base import Storage
from mvn_dask.store.storage.local import LocalStorage
from mvn_dask.store.storage.object import MemoryStorage, ObjectStorage
from tests.support.contracts import check_storage
from tests.support.s3 import ACCESS, SECRET, Prefix
from tests.support.stores import JOBS, LOCKS, labelled, local_files, tree

KINDS: dict[type[Storage], Callable[[Path, Prefix], Storage]] = {
    LocalStorage: lambda folder, _: LocalStorage(folder / "store"),
    MemoryStorage: lambda _, prefix: open_storage(f"memory://{prefix.path}/a b"),
    ObjectStorage: lambda _, prefix: open_storage(f"{prefix.url}/a b", prefix.options),
}


@pytest.mark.parametrize("kind", KINDS)
def test_every_storage_keeps_the_contract(kind: type[Storage], tmp_path: Path, prefix: Prefix) -> None:
    storage = KINDS[kind](tmp_path, prefix)
    assert type(storage) is kind
    check_storage(storage, [ACCESS, SECRET])


def test_a_folder_that_waits_for_the_disk_keeps_the_contract(tmp_path: Path) -> None:
    check_storage(LocalStorage(tmp_path / "store", fsync=True))


@pytest.mark.parametrize("kind", KINDS)
def test_temporary_files_of_any_storage_are_known_to_each(kind: type[Storage], tmp_path: Path, prefix: Prefix) -> None:
    storage = KINDS[kind](tmp_path, prefix)
    partial = f"samples/c/0.{'0' * 32}.partial"
    for key in (".mvn_dask/lock", ".mvn_dask/create-lock", ".mvn_dask/trash/x", ".mvn_dask/jobs/1.json", partial):
        assert storage.is_temporary(key)
    for key in (".mvn_dask/manifest.json", "lock", "jobs/1.json", "samples/c/0", ".mvn_dask/locksmith"):
        assert not storage.is_temporary(key)


def test_a_store_moves_between_a_folder_and_a_bucket(prefix: Prefix, tmp_path: Path) -> None:
    mvn_dask.to_zarr(labelled(), tmp_path / "here")
    for key, content in tree(tmp_path / "here").items():
        prefix.write(key, content)
    prefix.write(f"{JOBS}{'0' * 32}.json", b'{"exclusive": false}')
    assert mvn_dask.verify(prefix.url, level="values", storage_options=prefix.options).ok
    prefix.delete("samples/c/1/0")
    mvn_dask.to_zarr(labelled(), prefix.url, storage_options=prefix.options)
    for key, content in prefix.tree().items():
        path = tmp_path / "there" / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    assert mvn_dask.verify(tmp_path / "there", level="values").ok
    mvn_dask.to_zarr(labelled(seed=2), tmp_path / "there", overwrite=True)
    assert tree(tmp_path / "there") == {
        **local_files(tmp_path / "other", labelled(seed=2)),
        **dict.fromkeys(LOCKS, b""),
    }
