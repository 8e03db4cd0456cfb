import sys
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

import pytest

from mvn_dask.diagnosis import libraries
from mvn_dask.diagnosis.base import Finding


def distribution(folder: Path, name: str, version: str, code: str = "") -> None:
    """A library as pip leaves it."""
    info = folder / f"{name}-{version}.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
    (folder / f"{name}.py").write_text(code)


@pytest.fixture
def requiring(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder of libraries, and a package that requires them in place of ours."""
    wanted = [
        "goodlib>=1",
        "oldlib>=2",
        "brokenlib",
        "nolib>=3",
        "elselib; python_version < '3'",
        "xlib>=2; extra=='x'",
    ]
    wanted += ["goodlib; extra=='good'", "nolib; extra=='no'", "nolib; extra=='test'"]
    lines = "".join(f"Requires-Dist: {each}\n" for each in wanted)
    lines += "".join(f"Provides-Extra: {each}\n" for each in ("x", "good", "no", "test"))
    info = tmp_path / "askinglib-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: askinglib\nVersion: 1\nRequires-Python: >=4\n{lines}")
    distribution(tmp_path, "goodlib", "1.5")
    distribution(tmp_path, "oldlib", "1.0")
    distribution(tmp_path, "brokenlib", "1.0", "raise ImportError('needs\\n another libc')")
    distribution(tmp_path, "xlib", "1.9")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(libraries, "PACKAGE", "askinglib")
    libraries._requirements.cache_clear()
    yield tmp_path
    libraries._requirements.cache_clear()
    for name in ("goodlib", "brokenlib"):
        sys.modules.pop(name, None)


def test_what_is_missing_too_old_or_broken(requiring: Path) -> None:
    assert list(libraries.libraries()) == [
        Finding("brokenlib", "fault", "1.0 cannot be imported: needs another libc",
                "pip install --force-reinstall 'brokenlib'"),
        Finding("goodlib", "ok", "1.5"),
        Finding("nolib", "fault", "not installed", "pip install 'nolib>=3'"),
        Finding("oldlib", "fault", "oldlib 1.0, not >=2", "pip install 'oldlib>=2'"),
    ]  # fmt: skip
    python, package = libraries.python_and_package()
    assert (python.grade, package.value) == ("fault", "1")
    assert "not >=4" in python.value


def test_extras(requiring: Path) -> None:
    assert list(libraries.extras()) == [
        Finding("[good]", "ok", "goodlib 1.5"),
        Finding("[no]", "absent", "without nolib", "pip install 'askinglib[no]'"),
        Finding("[x]", "warning", "too old: xlib 1.9, not >=2", "pip install 'askinglib[x]'"),
    ]


def test_ours() -> None:
    found = {each.name: each for each in (*libraries.python_and_package(), *libraries.libraries())}
    assert {each.grade for each in found.values()} == {"ok"}
    assert {"python", "mvn_dask", "numpy", "dask", "zarr", "numba"} <= found.keys()
    assert found["numpy"].value == metadata.version("numpy")


def test_numba_is_no_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "numba", None)
    found = next(each for each in libraries.libraries() if each.name == "numba")
    assert found.grade == "warning"
    assert "cannot be imported" in found.value
