"""One contract for all that a store may lie on."""

from collections.abc import Callable
from pathlib import Path

import pytest

import mvn_dask
from mvn_dask.store.targets.addressing import as_target
from mvn_dask.store.targets.base import Target
from mvn_dask.store.targets.local import LocalTarget
from mvn_dask.store.targets.objects import MemoryTarget, ObjectTarget
from mvn_dask.store.targets.s3 import S3Target
from tests.contracts import check_target
from tests.store.conftest import ACCESS, SECRET, Prefix
from tests.store.targets.test_remote import JOBS, LOCKS, local_files, sample
from tests.store.test_writing import tree

KINDS: dict[type[Target], Callable[[Path, Prefix], Target]] = {
    LocalTarget: lambda folder, _: LocalTarget(folder / "store"),
    MemoryTarget: lambda _, prefix: as_target(f"memory://{prefix.path}/a b"),
    ObjectTarget: lambda _, prefix: as_target(f"{prefix.url}/a b", prefix.options),
    S3Target: lambda _, prefix: as_target(prefix.fsspec),
}


@pytest.mark.parametrize("kind", KINDS)
def test_every_target_keeps_the_contract(kind: type[Target], tmp_path: Path, prefix: Prefix) -> None:
    target = KINDS[kind](tmp_path, prefix)
    assert type(target) is kind
    check_target(target, [ACCESS, SECRET])


def test_a_local_target_that_waits_for_the_disk_keeps_the_contract(tmp_path: Path) -> None:
    check_target(LocalTarget(tmp_path / "store", fsync=True))


@pytest.mark.parametrize("kind", KINDS)
def test_what_writers_leave_on_any_medium_is_no_stranger_on_another(
    kind: type[Target], tmp_path: Path, prefix: Prefix
) -> None:
    target = KINDS[kind](tmp_path, prefix)
    partial = f"samples/c/0.{'0' * 32}.partial"
    for key in (".mvn_dask/lock", ".mvn_dask/create-lock", ".mvn_dask/trash/x", ".mvn_dask/jobs/1.json", partial):
        assert target.is_leftover(key)
    for key in (".mvn_dask/plan.json", "lock", "jobs/1.json", "samples/c/0", ".mvn_dask/locksmith"):
        assert not target.is_leftover(key)


def test_a_store_moves_between_a_folder_and_a_bucket(prefix: Prefix, tmp_path: Path) -> None:
    mvn_dask.to_zarr(sample(), tmp_path / "here")
    for key, content in tree(tmp_path / "here").items():
        prefix.write(key, content)
    prefix.write(f"{JOBS}{'0' * 32}.json", b'{"exclusive": false}')
    assert mvn_dask.verify(prefix.url, level="values", storage_options=prefix.options).ok
    prefix.delete("samples/c/1/0")
    mvn_dask.to_zarr(sample(), prefix.url, storage_options=prefix.options)
    for key, content in prefix.tree().items():
        path = tmp_path / "there" / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    assert mvn_dask.verify(tmp_path / "there", level="values").ok
    mvn_dask.to_zarr(sample(seed=2), tmp_path / "there", overwrite=True)
    assert tree(tmp_path / "there") == {**local_files(tmp_path / "other", sample(seed=2)), **dict.fromkeys(LOCKS, b"")}
