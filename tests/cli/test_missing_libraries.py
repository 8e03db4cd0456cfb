"""The command in environments in which libraries are missing: real ones, of links to all the others."""

import json
import os
import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import Any

import pytest

import mvn_dask
from mvn_dask.diagnosis.import_faults import requirements
from tests.support.command import JOB

ROOT = Path(mvn_dask.__file__).parents[1]


def environment_without(folder: Path, *libraries: str) -> Path:
    packages = folder / "packages"
    packages.mkdir()
    for each in Path(sysconfig.get_path("purelib")).iterdir():
        if not any(each.stem == name or each.name.startswith(f"{name}-") for name in libraries):
            (packages / each.name).symlink_to(each)
    return packages


def call(packages: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    # Without the packages of this Python, and without numba, which takes long to import.
    path = os.pathsep.join([str(ROOT), str(packages)])
    environment = {**os.environ, "PYTHONPATH": path, "NUMBA_DISABLE_JIT": "1"}
    command = [sys.executable, "-S", "-m", "mvn_dask", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, env=environment, cwd=packages.parent)


def missing_line(library: str) -> str:
    cure = f"{library} is not installed: pip install '{requirements()[library]}'"
    return f"{cure}; `mvn-dask doctor` looks for what else is missing"


@pytest.mark.parametrize(("library", "first"), [("typer", "typer"), ("pydantic", "pydantic"), ("numpy", "numpy")])
def test_a_command_names_what_is_missing(library: str, first: str, tmp_path: Path) -> None:
    (tmp_path / "job.toml").write_text(JOB)
    packages = environment_without(tmp_path, library, "numba")
    done = call(packages, "status", "job.toml")
    line = missing_line(first)
    assert (done.returncode, done.stdout, done.stderr) == (1, "", f"mvn-dask: error: {line}\n")
    done = call(packages, "status", "job.toml", "--log-format=json")
    content = json.loads(done.stderr)
    assert (content["level"], content["message"], content["exit_code"]) == ("error", line, 1)


def test_what_is_missing_after_a_command_has_begun(tmp_path: Path) -> None:
    (tmp_path / "job.toml").write_text(JOB)
    done = call(environment_without(tmp_path, "threadpoolctl"), "run", "job.toml")
    line = missing_line("threadpoolctl")
    assert (done.returncode, done.stdout, done.stderr) == (1, "", f"mvn-dask: error: {line}\n")


def test_the_doctor_works_without_the_command(tmp_path: Path) -> None:
    """It names all that is missing at once, and looks at whatever can be looked at."""
    missing = ("typer", "pydantic", "rich", "scipy")
    done = call(environment_without(tmp_path, *missing), "doctor", "--json")
    assert (done.returncode, done.stderr) == (1, "")
    found: dict[str, Any] = {each["name"]: each for each in json.loads(done.stdout)["results"]}
    for name in missing:
        cure = f"pip install '{requirements()[name]}'"
        assert (found[name]["grade"], found[name]["value"], found[name]["cure"]) == ("fault", "not installed", cure)
    assert found["blas"]["value"] == "not looked at: scipy is not installed"
    for name in ("numpy", "cores", "memory", "clock", "temporary files", "spool", "loopback"):
        assert found[name]["grade"] == "ok", name
