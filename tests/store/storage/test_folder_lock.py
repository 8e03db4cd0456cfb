"""Locks of a folder."""

import errno
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from mvn_dask.errors import StorageError, StoreError
from mvn_dask.store.storage import folder_lock
from mvn_dask.store.storage.folder_lock import LOCK, LOCKS, lock_holders, locked


def test_who_shares_and_who_does_not(tmp_path: Path) -> None:
    (tmp_path / ".mvn_dask").mkdir()
    with locked(tmp_path, LOCK, os.O_RDWR) as one, locked(tmp_path, LOCK, os.O_RDWR) as other:
        one.acquire_shared()
        other.acquire_shared()
        assert not one.try_exclusive()
        assert other.try_exclusive()
        assert not one.try_exclusive()
        other.acquire_shared()
        one.acquire_shared()
    with locked(tmp_path, LOCK, os.O_RDWR) as one:
        one.acquire_exclusive()
    with locked(tmp_path, LOCK, os.O_RDWR) as other:
        assert other.try_exclusive()


def test_a_file_system_without_locks_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".mvn_dask").mkdir()

    def unsupported(*_: object) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr("fcntl.flock", unsupported)
    with (
        pytest.raises(StorageError, match=r"lies on a file system without locks, which a store needs"),
        locked(tmp_path, LOCK, os.O_RDWR) as lock,
    ):
        lock.acquire_shared()


def test_a_folder_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="is not there"), locked(tmp_path / "store", LOCK, os.O_RDWR):
        pytest.fail("entered")
    assert list(tmp_path.iterdir()) == []


def test_holders_are_processes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".mvn_dask").mkdir()
    path = tmp_path / ".mvn_dask" / LOCK
    if not LOCKS.exists():
        assert lock_holders(path) is None
        return
    assert lock_holders(path) == 0
    with locked(tmp_path, LOCK, os.O_RDWR) as one, locked(tmp_path, LOCK, os.O_RDWR) as other:
        assert lock_holders(path) == 0
        one.acquire_shared()
        other.acquire_shared()
        assert lock_holders(path) == 1
        with hold_lock(path):
            assert lock_holders(path) == 2
    assert lock_holders(path) == 0
    monkeypatch.setattr(folder_lock, "LOCKS", tmp_path / "none")
    assert lock_holders(path) is None


@contextmanager
def hold_lock(path: Path) -> Iterator[None]:
    """Another process holds the lock, shared, inside the body."""
    code = "import fcntl, sys; f = open(sys.argv[1]); fcntl.flock(f, fcntl.LOCK_SH); print(flush=True); input()"
    with subprocess.Popen([sys.executable, "-c", code, path], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        yield
        process.communicate(b"\n")
