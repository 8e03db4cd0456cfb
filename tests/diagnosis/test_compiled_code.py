import sys
from importlib import metadata
from pathlib import Path

import pytest

from mvn_dask.compiled import compilation, kept_code
from mvn_dask.diagnosis import compiled_code
from mvn_dask.diagnosis.base import Finding


def found() -> Finding:
    (each,) = compiled_code.compiled_code()
    return each


def test_where_it_is_kept(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for kept, grade, words in (
        (kept_code.KeptCode(tmp_path, False, 3), "ok", f"3 functions compiled so far; kept in {tmp_path}"),
        (kept_code.KeptCode(tmp_path, True, 0), "warning", "nothing compiled yet; kept among temporary files"),
        (kept_code.KeptCode(None, False, 1), "warning", "1 function compiled so far; no folder to keep more in"),
    ):
        monkeypatch.setattr(kept_code, "kept_code", lambda kept=kept: kept)
        each = found()
        assert (each.grade, words in each.value, each.cure is None) == (grade, True, grade == "ok")


def test_without_numba(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compilation, "USABLE", False)
    monkeypatch.setenv("NUMBA_DISABLE_JIT", "1")
    assert found().cure == "unset NUMBA_DISABLE_JIT"
    monkeypatch.delitem(sys.modules, "mvn_dask.compiled.compilation")
    monkeypatch.setitem(sys.modules, "numba", None)
    assert "numba cannot be imported" in found().value

    def missing(_: str) -> str:
        raise metadata.PackageNotFoundError

    monkeypatch.setattr(metadata, "version", missing)
    assert (found().value.startswith("no numba"), found().cure) == (True, "pip install numba")
