import errno
import os
from pathlib import Path

import pytest

from mvn_dask.atomic import atomic_write, file_named
from mvn_dask.errors import NoSpaceError


def test_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "folder" / "file.txt"
    with atomic_write(path) as file:
        file.write(b"one")
        assert not path.exists()
    with pytest.raises(TypeError), atomic_write(path) as file:
        file.writelines([b"half", "text"])  # type: ignore[list-item]
    assert path.read_bytes() == b"one"
    with atomic_write(path) as file:
        file.write(b"two")
    assert path.read_bytes() == b"two"
    assert [entry.name for entry in path.parent.iterdir()] == ["file.txt"]


def test_waiting_for_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The content before the name, then the folders that were made and the one around them."""
    synced: list[str] = []
    real = os.fsync

    def record(descriptor: int) -> None:
        synced.append(Path(f"/proc/self/fd/{descriptor}").readlink().name)
        real(descriptor)

    monkeypatch.setattr(os, "fsync", record)
    with atomic_write(tmp_path / "a" / "b" / "file", fsync=True) as file:
        file.write(b"one")
    assert synced[0].endswith(".partial")
    assert sorted(synced[1:]) == sorted(["b", "a", tmp_path.name])
    assert (tmp_path / "a" / "b" / "file").read_bytes() == b"one"


def write_to_a_full_disk() -> None:
    """A real error for want of space, which names no file."""
    with Path("/dev/full").open("wb", buffering=0) as file:
        file.write(b"x")


def test_an_error_of_the_system_names_its_file() -> None:
    """Those of reading, writing and waiting name none by themselves."""
    with pytest.raises(OSError, match=r"No space left on device: '/a/b'") as full, file_named("/a/b"):
        write_to_a_full_disk()
    assert (full.value.errno, full.value.filename) == (errno.ENOSPC, "/a/b")
    with pytest.raises(OSError, match=r"Input/output error: '/a/b'"), file_named(Path("/a/b")):
        Path("/proc/self/mem").read_bytes()
    with pytest.raises(OSError, match="100 requested and 0 written: '/a/b'"), file_named("/a/b"):
        raise OSError("100 requested and 0 written")  # as numpy does
    with pytest.raises(PermissionError), file_named("/a/b"):
        raise OSError(errno.EACCES, "no")


def test_errors_that_name_a_file_or_are_ours_stay() -> None:
    for error in (FileNotFoundError(errno.ENOENT, "none", "/other"), NoSpaceError("/other: full"), KeyError("x")):
        with pytest.raises(type(error)) as caught, file_named("/a/b"):
            raise error
        assert caught.value is error


def test_a_full_disk_leaves_nothing_behind(tmp_path: Path) -> None:
    path = tmp_path / "a"
    with pytest.raises(OSError, match=rf"No space left on device: '{path}'"), atomic_write(path):
        write_to_a_full_disk()
    assert list(tmp_path.iterdir()) == []
