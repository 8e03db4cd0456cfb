import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import dask
import pytest

from mvn_dask.diagnosis import folders
from mvn_dask.diagnosis.base import Finding

UNWRITABLE = Path("/proc/self")
"""Where not even root may write; on other systems there is no such folder."""


def only(results: Iterator[Finding]) -> Finding:
    (found,) = results
    return found


def test_everything_is_found_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    checks = folders.temporary_folder, folders.spool, folders.home, folders.working_folder, folders.shared_memory
    assert not [found for check in checks if (found := only(check())).grade == "fault"]
    assert list(tmp_path.iterdir()) == []
    assert only(folders.working_folder()).value.startswith(f"{tmp_path}, ")


def test_folders_that_cannot_be_written(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(UNWRITABLE))
    found = only(folders.home())
    assert found.grade == "warning"
    assert str(UNWRITABLE) in found.value
    monkeypatch.setenv("HOME", str(tmp_path / "none"))
    assert only(folders.home()).value == f"{tmp_path / 'none'}: there is no such folder"
    if UNWRITABLE.exists():
        monkeypatch.chdir(UNWRITABLE)
        found = only(folders.working_folder())
        assert (found.grade, "cannot be written to" in found.value) == ("warning", True)


def test_a_working_folder_that_was_deleted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    assert only(folders.working_folder()).value == "it was deleted"


def test_no_folder_for_temporary_files(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", None)
    monkeypatch.setattr(tempfile, "_candidate_tempdir_list", lambda: [str(UNWRITABLE)])
    found = only(folders.temporary_folder())
    assert (found.grade, "TMPDIR" in str(found.cure)) == ("fault", True)


def test_spools(tmp_path: Path) -> None:
    for setting, grade, words in (
        ("auto", "ok", "temporary files"),
        ("graph", "ok", "in graphs"),
        ("s3://bucket/spool", "ok", "s3://bucket/spool, which was not tried"),
        (str(tmp_path), "ok", f"{tmp_path}, "),
        (str(tmp_path / "none"), "fault", "there is no such folder"),
        (7, "fault", "must be"),
    ):
        with dask.config.set({"mvn_dask.spool": setting}):
            found = only(folders.spool())
        assert (found.grade, words in found.value) == (grade, True), found


def test_little_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(folders, "LITTLE_ROOM", 2**80)
    found = only(folders.working_folder())
    assert found.grade == "warning"
    assert str(found.cure).startswith("free some room, or ")


def test_semaphores_that_cannot_be_made(monkeypatch: pytest.MonkeyPatch) -> None:
    """As without /dev/shm; `test_doctor` takes it away."""

    def refuse(*_: object) -> None:
        raise OSError(38, os.strerror(38))

    monkeypatch.setattr("multiprocessing.context.SpawnContext.Value", refuse, raising=False)
    found = only(folders.shared_memory())
    assert (found.grade, "docker run --shm-size" in str(found.cure)) == ("warning", True)
