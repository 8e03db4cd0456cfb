from collections.abc import Iterator

import pytest

from mvn_dask.diagnosis import machine
from mvn_dask.diagnosis.base import Finding
from mvn_dask.diagnosis.diagnose import CHECKS, Diagnosis, diagnose


def test_what_cannot_be_looked_at_is_a_finding(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> Iterator[Finding]:
        yield Finding("half", "ok", "of it")
        raise RuntimeError("no\nsuch thing")

    monkeypatch.setattr(machine, "cores", broken)
    monkeypatch.setattr("mvn_dask.diagnosis.diagnose.CHECKS", {"machine": ("cores", "nothing")})
    found = diagnose()
    assert [each.name for each in found.results] == ["half", "cores", "nothing"]
    assert found.results[1].value == "RuntimeError: no such thing"
    assert not found.ok


def test_a_library_that_is_not_there_is_the_cure_of_all_that_needs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> Iterator[Finding]:
        raise ModuleNotFoundError("No module named 'dask.system'", name="dask.system")

    monkeypatch.setattr(machine, "cores", broken)
    monkeypatch.setattr("mvn_dask.diagnosis.diagnose.CHECKS", {"machine": ("cores",)})
    (found,) = diagnose().results
    assert found == Finding(
        "cores", "fault", "not looked at: dask cannot be imported: No module named 'dask.system'",
        "pip install --force-reinstall 'dask[array]>=2025.9', and look again",
    )  # fmt: skip
    assert str(Finding("temporary folder", "ok", "/tmp")).endswith("temporary folder /tmp")  # noqa: S108 named, not used


def test_the_verdict() -> None:
    results = tuple(Finding(grade, grade, "x\x1b", "do it" if grade != "ok" else None)
                     for grade in ("ok", "absent", "warning"))  # fmt: skip
    found = Diagnosis(results)
    assert found.ok
    assert str(found).splitlines()[0] == "ok       ok              x\\x1b"
    assert str(found).splitlines()[-2:] == ["         → do it", "ok: 0 faults, 1 warning"]
    worse = Diagnosis((*results, Finding("f", "fault", "y", "cure")))
    assert str(worse).endswith("NOT ok: 1 fault, 1 warning")
    assert worse.as_dict()["ok"] is False


def test_every_check_is_made() -> None:
    """Each function that gives results stands in the table."""
    for file, names in CHECKS.items():
        module = __import__(f"mvn_dask.diagnosis.{file}", fromlist=["x"])
        own = {name for name, each in vars(module).items() if getattr(each, "__module__", "") == module.__name__}
        public = {name for name in own if not name.startswith("_")}
        assert public == set(names)
