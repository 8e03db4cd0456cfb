"""A store in a folder: links are never followed, pipes never waited for, and a copy may be read-only."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

import mvn_dask
from mvn_dask.errors import (
    DamagedChunkError,
    DamagedManifestError,
    NotAStoreError,
    StorageNotEmptyError,
    StoreError,
    UnfinishedStoreError,
)
from mvn_dask.maintenance.shown_verification import Level
from mvn_dask.store.format.parameters import parameter_key
from mvn_dask.store.storage.base import MANIFEST_KEY
from mvn_dask.store.storage.local import LocalStorage
from tests.support.damage import make_special
from tests.support.stores import sample, tree


@pytest.fixture
def store(tmp_path: Path) -> Path:
    mvn_dask.to_zarr(sample(), tmp_path / "store")
    return tmp_path / "store"


def test_a_chunk_that_is_a_link_is_neither_read_nor_written_through(store: Path, tmp_path: Path) -> None:
    before = tree(store)
    chunk = store / "samples" / "c" / "1" / "0"
    chunk.rename(tmp_path / "elsewhere")
    chunk.symlink_to(tmp_path / "elsewhere")
    (tmp_path / "elsewhere").chmod(0o644)
    with pytest.raises(UnfinishedStoreError, match="1 of 4 chunks"):
        mvn_dask.from_zarr(store)
    levels: list[Level] = ["size", "checksum"]
    for level in levels:
        found = mvn_dask.verify(store, level=level)
        assert found.bad == {(1, 0): "no plain file, but a link, a pipe, a folder or the like"}
    (tmp_path / "elsewhere").write_bytes(b"mine")
    mvn_dask.to_zarr(sample(), store)
    assert (tmp_path / "elsewhere").read_bytes() == b"mine"
    assert tree(store) == before
    assert not chunk.is_symlink()


def test_a_link_that_appears_after_opening_is_not_read(store: Path, tmp_path: Path) -> None:
    rows = mvn_dask.from_zarr(store)
    chunk = store / "samples" / "c" / "1" / "0"
    chunk.rename(tmp_path / "elsewhere")
    chunk.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(DamagedChunkError, match=r"chunk \(1, 0\) of .*: a link, a pipe"):
        rows.compute()
    with pytest.raises(StoreError, match=r"samples/c/1/0 in .* is a symbolic link"):
        LocalStorage(store).read("samples/c/1/0")


@pytest.mark.parametrize("folder", ["samples/c/1", "samples/c", "samples"])
def test_a_folder_that_is_a_link_is_never_followed(folder: str, store: Path, tmp_path: Path) -> None:
    rows = mvn_dask.from_zarr(store)
    outside = tmp_path / "outside"
    (store / folder).rename(outside)
    (store / folder).symlink_to(outside)
    before = tree(outside)
    storage = LocalStorage(store)
    key = "samples/c/1/0"
    entry = storage.entry(key)
    assert entry is not None
    assert not entry.regular
    assert not any(each.regular for each in storage.entries(folder))
    assert [each.key for each in storage.entries() if each.key.startswith(f"{folder}/")] == []
    for name in ("samples", "samples/c", "samples/c/1"):
        assert key not in {each.key for each in storage.entries(name)}
    for call in (
        lambda: storage.read(key),
        lambda: storage.loader(key),
        lambda: storage.write(key, [b"x"]),
        lambda: storage.create(f"{key}0", b"x"),
        lambda: storage.delete(key),
        rows.compute,
        lambda: mvn_dask.from_zarr(store).compute(),
        lambda: mvn_dask.to_zarr(sample(), store),
        lambda: mvn_dask.repair(store),
    ):
        with pytest.raises((StoreError, DamagedManifestError)):
            call()
    assert not mvn_dask.verify(store).ok
    assert tree(outside) == before
    (store / folder).unlink()
    mvn_dask.to_zarr(sample(), store)
    assert mvn_dask.verify(store, level="values").ok


def test_overwriting_deletes_no_link_and_not_what_it_leads_to(store: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    (store / "samples" / "c" / "1").rename(outside)
    (store / "samples" / "c" / "1").symlink_to(outside)
    before = tree(outside), tree(store)
    with pytest.raises(StorageNotEmptyError, match=r"samples/c/1 in .* is a link, a pipe, a folder or the like"):
        mvn_dask.to_zarr(sample(seed=2), store, overwrite=True)
    assert (tree(outside), tree(store)) == before
    LocalStorage(store).delete_many(["samples/c/1"])
    assert tree(outside) == before[0]
    mvn_dask.to_zarr(sample(seed=2), store, overwrite=True)
    assert mvn_dask.verify(store, level="values").ok


@pytest.mark.parametrize("key", [MANIFEST_KEY, parameter_key("mean"), "zarr.json", "samples/zarr.json"])
def test_documents_that_are_links_are_not_believed(key: str, store: Path, tmp_path: Path) -> None:
    (store / key).rename(tmp_path / "elsewhere")
    (store / key).symlink_to(tmp_path / "elsewhere")
    if key == MANIFEST_KEY:
        with pytest.raises(DamagedManifestError, match="is a link"):
            mvn_dask.verify(store)
    else:
        assert mvn_dask.verify(store).faults[key].startswith("a link")
    with pytest.raises(StoreError, match="symbolic link"):
        LocalStorage(store).read(key)


def test_pipes_are_not_waited_for(store: Path) -> None:
    rows = mvn_dask.from_zarr(store)
    chunk = store / "samples" / "c" / "1" / "0"
    chunk.unlink()
    os.mkfifo(chunk)
    with pytest.raises(StoreError, match="no plain file"):
        LocalStorage(store).read("samples/c/1/0")
    with pytest.raises(StoreError):
        rows.compute()
    assert list(mvn_dask.verify(store, level="checksum").bad) == [(1, 0)]
    manifest = store / ".mvn_dask" / "parameters" / "mean.npy"
    manifest.unlink()
    os.mkfifo(manifest)
    assert ".mvn_dask/parameters/mean.npy" in mvn_dask.verify(store).faults
    mvn_dask.repair(store, array=sample())
    assert mvn_dask.verify(store, level="values").ok


def test_folders_where_files_should_be(store: Path) -> None:
    storage = LocalStorage(store)
    entry = storage.entry("samples")
    assert entry is not None
    assert not entry.regular
    with pytest.raises(StoreError, match="no plain file"):
        storage.read("samples")
    in_place_of_a_file = r"^samples/c in .* is a folder, where a store has a file: delete it"
    with pytest.raises(StoreError, match=in_place_of_a_file):
        storage.delete("samples/c")
    with pytest.raises(StoreError, match=in_place_of_a_file):
        storage.write("samples/c", [b"x"])
    with pytest.raises(FileNotFoundError):
        storage.read("zarr.json/below")
    assert storage.entry("zarr.json/below") is None
    storage.delete("zarr.json/below")
    assert list(storage.entries("zarr.json")) == []
    with pytest.raises(StorageNotEmptyError, match="is a file"):
        LocalStorage(store / "zarr.json").require_folder()


READ = """
import os, sys
import mvn_dask
x = mvn_dask.MultivariateNormal([0.0, 1.0], [[2.0, 1.0], [1.0, 2.0]]).sample(1000, seed=1, chunks=300)
def look(place):
    assert (mvn_dask.from_zarr(place).compute() == x.compute()).all()
    assert mvn_dask.verify(place, level="values").ok
    assert mvn_dask.status(place).complete
    mvn_dask.to_zarr(x, place)
mvn_dask.to_zarr(x, sys.argv[2])
look(sys.argv[2])  # imports what another user cannot
mvn_dask.repair(sys.argv[2])
if os.getuid() == 0:
    os.setgid(65534)
    os.setuid(65534)
look(sys.argv[1])
try:
    mvn_dask.repair(sys.argv[1])
except PermissionError as error:
    print(error)
"""


@pytest.mark.parametrize(
    "locked", [pytest.param(True, marks=pytest.mark.faults), pytest.param(False, marks=pytest.mark.slow)]
)
def test_a_copy_that_may_only_be_read_is_read(locked: bool, tmp_path: Path) -> None:
    """As another user, since root may write anywhere; with the lock of the original, and without it."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        mvn_dask.to_zarr(sample(), folder / "copy")
        for lock in (".mvn_dask/lock", ".mvn_dask/create-lock"):
            if not locked:
                (folder / "copy" / lock).unlink()
        folder.chmod(0o755)
        before = tree(folder)
        for path in folder.rglob("*"):
            path.chmod(0o555 if path.is_dir() else 0o444)
        command = [sys.executable, "-c", READ, str(folder / "copy"), str(tmp_path / "mine")]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        assert done.stdout.startswith("[Errno 13] Permission denied: ")
        assert tree(folder) == before


def test_a_finished_file_takes_its_name_only_when_it_is_whole(tmp_path: Path) -> None:
    storage = LocalStorage(tmp_path)

    def pieces() -> Any:
        yield b"half"
        assert storage.entry("x") is None
        raise OSError("the disk is full")

    with pytest.raises(OSError, match="disk is full"):
        storage.write("x", pieces())
    assert list(storage.entries()) == []
    assert list(tmp_path.iterdir()) == []


HOLD = """
import sys, pathlib
from mvn_dask.store.storage.local import LocalStorage
with LocalStorage(pathlib.Path(sys.argv[1])).session():
    print("in", flush=True)
    sys.stdin.read()
"""


@contextmanager
def another_process(store: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A process that is in the store."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(store)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == b"in\n"
        yield other
        other.kill()


def test_another_process_is_noticed_until_it_is_killed(tmp_path: Path) -> None:
    with another_process(tmp_path) as other:
        with LocalStorage(tmp_path).session() as session:
            assert not session.try_exclusive()
        other.kill()
        other.wait()
        with LocalStorage(tmp_path).session() as session:
            assert session.try_exclusive()


def test_whoever_failed_to_be_alone_and_shares_again_keeps_others_from_being_alone(tmp_path: Path) -> None:
    with LocalStorage(tmp_path).session() as one, LocalStorage(tmp_path).session() as other:
        assert not one.try_exclusive()
        one.acquire_shared()
        assert not other.try_exclusive()
        other.acquire_shared()
        with LocalStorage(tmp_path).session() as third:
            assert not third.try_exclusive()


def test_a_forked_child_keeps_no_lock(tmp_path: Path) -> None:
    with LocalStorage(tmp_path).session() as session:
        assert session.try_exclusive()
        child = os.fork()
        if child == 0:
            time.sleep(60)
            os._exit(0)
    try:
        with LocalStorage(tmp_path).session() as session:
            assert session.try_exclusive()
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)


@pytest.mark.parametrize("kind", ["link", "linked folder", "pipe"])
def test_a_lock_that_is_no_plain_file_is_not_followed(kind: str, tmp_path: Path) -> None:
    hidden = tmp_path / "store" / ".mvn_dask"
    elsewhere = tmp_path / "elsewhere"
    if kind == "linked folder":
        elsewhere.mkdir()
        hidden.parent.mkdir()
        hidden.symlink_to(elsewhere)
    else:
        hidden.mkdir(parents=True)
        os.mkfifo(hidden / "lock") if kind == "pipe" else (hidden / "lock").symlink_to(elsewhere)
    for enter in (LocalStorage(hidden.parent).session, LocalStorage(hidden.parent).task_session):
        with pytest.raises(StoreError, match="is a link, a pipe, a folder or the like"), enter():
            pass
    assert not list(elsewhere.glob("*"))
    assert kind == "linked folder" or not elsewhere.exists()


@pytest.mark.parametrize("kind", ["file", "pipe"])
@pytest.mark.parametrize("below", ["", "store", "some/store"])
def test_a_url_of_a_file_or_below_one_is_refused(below: str, kind: str, tmp_path: Path) -> None:
    """Before anything is made; whoever only looks finds no store there."""
    there = tmp_path / "notes"
    if kind == "file":
        there.write_text("mine")
    else:
        make_special(there, kind)
    more = f", and {there / below} lies below it" if below else ""
    for overwrite in (False, True):
        with pytest.raises(StorageNotEmptyError, match=f"^{there} is a file{more}: `url` must name a folder$"):
            mvn_dask.to_zarr(sample(), there / below, overwrite=overwrite)
    calls: list[Any] = [mvn_dask.from_zarr, mvn_dask.status, mvn_dask.verify, mvn_dask.repair]
    for call in (*calls, lambda url: mvn_dask.extend(url, 5)):
        with pytest.raises(NotAStoreError, match="there is no store at"):
            call(there / below)
    assert [path.name for path in tmp_path.iterdir()] == ["notes"]
    assert kind == "pipe" or there.read_text() == "mine"


def test_tasks_visit_what_is_there(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="does this worker see it"), LocalStorage(tmp_path / "x").task_session():
        pass
    assert not (tmp_path / "x").exists()
    with LocalStorage(tmp_path).session() as job, LocalStorage(tmp_path).task_session():
        assert not job.try_exclusive()
