"""Repositories in folders, made in one step."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import icechunk
import pytest

from mvn_dask.store.storage.icechunk.folder import create_repository, holds_something, local_storage


def test_of_many_that_make_a_repository_one_does(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "r"
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(create_repository, [folder] * 8))
    assert [path.name for path in tmp_path.iterdir()] == ["r"]
    assert icechunk.Repository.open(local_storage(folder)).list_branches() == {"main"}
    assert capfd.readouterr().out == "", "a warning there would be in the midst of JSON"


def test_an_empty_folder_becomes_one_and_a_full_one_stays(tmp_path: Path) -> None:
    create_repository(tmp_path / "empty")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "theirs").touch()
    create_repository(tmp_path / "full")
    assert [path.name for path in (tmp_path / "full").iterdir()] == ["theirs"]
    assert holds_something(tmp_path / "full")
    assert not holds_something(tmp_path / "none")
    assert not holds_something(tmp_path / "full" / "theirs")
