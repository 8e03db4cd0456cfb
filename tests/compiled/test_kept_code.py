"""Compiled code that is kept; where it may lie is tried in `test_code_cache`."""

from pathlib import Path

import pytest
from numba import config

from mvn_dask.compiled import code_cache, kept_code
from mvn_dask.compiled.compilation import SOURCE_DIGEST


def test_what_lies_where_it_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(config, "CACHE_DIR", str(tmp_path))
    before = kept_code.kept_code()
    assert before.folder is not None
    assert before.folder.is_relative_to(tmp_path)
    assert not before.temporary
    (before.folder / f"drawing.draw-{SOURCE_DIGEST}-7.py311.nbi").touch()
    (before.folder / "drawing.draw-0123456789abcdef-7.py311.nbi").touch()  # of other sources
    assert kept_code.kept_code().functions == before.functions + 1


def test_temporary_files_and_nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(config, "CACHE_DIR", str(tmp_path / "mvn_dask-x"))
    monkeypatch.setattr(kept_code, "temporary_folder", lambda: tmp_path / "mvn_dask-x")
    assert kept_code.kept_code().temporary
    monkeypatch.setattr(code_cache.CodeCache, "written_folder", lambda _: None)
    assert kept_code.kept_code() == kept_code.KeptCode(None, False, kept_code.kept_code().functions)
