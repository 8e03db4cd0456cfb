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


def test_exclusive(tmp_path: Path) -> None:
    path = tmp_path / "file"
    with atomic_write(path, exclusive=True) as file:
        file.write(b"one")
    with pytest.raises(FileExistsError), atomic_write(path, exclusive=True) as file:
        file.write(b"two")
    assert path.read_bytes() == b"one"
    assert [entry.name for entry in tmp_path.iterdir()] == ["file"]
