import os
from pathlib import Path

import pytest

from mvn_dask.atomic import atomic_write


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
