"""One contract for every storage."""

from collections.abc import Callable
from pathlib import Path

import pytest

import mvn_dask
from mvn_dask.store.storage.addressing import open_storage
from mvn_dask.store.storage.base import MANIFEST_KEY, Storage, is_lock, written_key
from mvn_dask.store.storage.icechunk.storage import IcechunkStorage
from mvn_dask.store.storage.local import LocalStorage
from mvn_dask.store.storage.object import MemoryStorage, ObjectStorage
from tests.support.contracts import check_storage
from tests.support.s3 import ACCESS, SECRET, Prefix
from tests.support.stores import LEASES, LOCKS, labelled, local_files, tree

KINDS: dict[type[Storage], Callable[[Path, Prefix], Storage]] = {
    LocalStorage: lambda folder, _: LocalStorage(folder / "store"),
    MemoryStorage: lambda _, prefix: open_storage(f"memory://{prefix.path}/a b"),
    ObjectStorage: lambda _, prefix: open_storage(f"{prefix.url}/a b", prefix.options),
    IcechunkStorage: lambda folder, _: open_storage(f"icechunk+file://{folder}/a%20b"),
}


@pytest.mark.parametrize("kind", KINDS)
def test_every_storage_keeps_the_contract(kind: type[Storage], tmp_path: Path, prefix: Prefix) -> None:
    storage = KINDS[kind](tmp_path, prefix)
    assert type(storage) is kind
    check_storage(storage, [ACCESS, SECRET])


def test_a_folder_that_waits_for_the_disk_keeps_the_contract(tmp_path: Path) -> None:
    check_storage(LocalStorage(tmp_path / "store", fsync=True))


def test_locks_of_any_storage_are_known() -> None:
    lease = f"{LEASES}{'0a' * 16}.json"
    for key in (".mvn_dask/lock", ".mvn_dask/create-lock", lease):
        assert is_lock(key)
        assert LocalStorage(Path("/none")).is_lock(key) is not MemoryStorage("none").is_lock(key)
    for key in (
        MANIFEST_KEY,
        "lock",
        lease.removeprefix(".mvn_dask/"),
        f"{LEASES}1.json",
        f"{lease}~",
        f"{LEASES}a{lease}",
    ):
        assert not is_lock(key)


def test_temporary_files_say_what_they_were_to_become() -> None:
    digits = "0a" * 16
    for key in ("samples/c/0", "zarr.json", "a\nb"):
        assert written_key(f"{key}.{digits}.partial") == key
    for key in (
        "a",
        f"a.{digits}.partial~",
        f"a.{digits[1:]}.partial",
        f".{digits}.partial",
        f"a.{digits.upper()}.partial",
    ):
        assert written_key(key) == key


def test_a_store_moves_between_a_folder_and_a_bucket(prefix: Prefix, tmp_path: Path) -> None:
    mvn_dask.to_zarr(labelled(), tmp_path / "here")
    for key, content in tree(tmp_path / "here").items():
        prefix.write(key, content)
    prefix.write(f"{LEASES}{'0' * 32}.json", b'{"exclusive": false}')
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
