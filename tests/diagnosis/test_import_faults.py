from importlib import metadata

import pytest

from mvn_dask.diagnosis.import_faults import import_fault, requirements


def test_what_the_package_requires() -> None:
    found = requirements()
    assert {"numpy", "dask", "pydantic", "typer", "rich", "zarr", "numba"} <= found.keys()
    assert not {"obstore", "icechunk", "pytest"} & found.keys()
    assert found["dask"].startswith("dask[array]>=")


def test_the_cure_names_what_is_required_of_a_library() -> None:
    missing = ModuleNotFoundError("No module named 'dask'", name="dask")
    assert import_fault(missing) == ("dask is not installed", f"pip install '{requirements()['dask']}'")
    part = ModuleNotFoundError("No module named 'dask.system'", name="dask.system")
    assert import_fault(part)[1] == f"pip install --force-reinstall '{requirements()['dask']}'"
    other = ModuleNotFoundError("No module named 'numcodecs'", name="numcodecs")
    assert import_fault(other) == ("numcodecs is not installed", "pip install 'numcodecs'")


def test_what_cannot_be_cured_by_an_installation() -> None:
    assert import_fault(ImportError("libblas.so.3: cannot\nopen")) == ("libblas.so.3: cannot open", None)
    assert import_fault(ModuleNotFoundError("No module named 'mvn_dask.x'", name="mvn_dask.x"))[1] is None


def test_without_metadata(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(_: str) -> list[str]:
        raise metadata.PackageNotFoundError

    monkeypatch.setattr(metadata, "requires", missing)
    assert import_fault(ModuleNotFoundError("x", name="numpy"))[1] == "pip install 'numpy'"
