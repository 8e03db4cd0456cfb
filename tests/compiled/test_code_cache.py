"""Where compiled code is found again, by processes that may not write where it lies."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from mvn_dask.compiled.code_cache import temporary_folder

RUN = """
import json, os, sys
import numpy as np
from mvn_dask.compiled.compilation import CompiledFunction
sys.path.insert(0, sys.argv[1])
import function
# All that numba imports while it compiles, since another user may not read it.
CompiledFunction(function.double)(np.ones(2, np.float32))
if sys.argv[2] == "another":
    if os.getuid() == 0:
        os.setgroups([])
        os.setgid(65534)
        os.setuid(65534)
again = CompiledFunction(function.double)
assert again(np.ones(3)) == 6.0
print(json.dumps([sum(again._run.stats.cache_hits.values()), sum(again._run.stats.cache_misses.values())]))
"""
FUNCTION = """
def double(array):
    total = 0.0
    for number in array:
        total += 2.0 * number
    return total
"""


class Machine:
    """A package with one function, a home and a folder for temporary files, each in a folder of its own."""

    def __init__(self, root: Path) -> None:
        self.package, self.home, self.temporary = (root / name for name in ("package", "home", "temporary"))
        root.chmod(0o755)
        for folder in (self.package, self.home, self.temporary):
            folder.mkdir()
        self.temporary.chmod(0o777)
        (self.package / "function.py").write_text(FUNCTION)

    def run(self, who: str = "self", **environment: str) -> tuple[int, int]:
        """How often code for float64 was found, and how often it was not."""
        variables = {"TMPDIR": self.temporary, "HOME": self.home, "XDG_CACHE_HOME": self.home / "cache"}
        kept = {name: value for name, value in os.environ.items() if name != "NUMBA_CACHE_DIR"}
        done = subprocess.run(
            [sys.executable, "-c", RUN, str(self.package), who], capture_output=True, text=True, check=False,
            env={**kept, **{name: str(value) for name, value in variables.items()}, **environment},
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        hits, misses = json.loads(done.stdout)
        return hits, misses

    def close(self) -> None:
        """Take the right to write, from those who are not root."""
        for folder in (self.package, *self.package.rglob("*/"), self.home, *self.home.rglob("*/")):
            folder.chmod(0o555)

    def temporary_files(self) -> list[Path]:
        return [file for file in self.temporary.rglob("*") if file.suffix in {".nbc", ".nbi"}]


@pytest.fixture
def machine() -> Iterator[Machine]:
    # Not tmp_path, which another user may not enter.
    with TemporaryDirectory() as folder:
        machine = Machine(Path(folder))
        yield machine
        for closed in (machine.package, machine.home):
            closed.chmod(0o755)


@pytest.mark.slow
def test_code_beside_its_source(machine: Machine) -> None:
    assert machine.run() == (0, 1)
    assert machine.run() == (1, 0)
    assert list((machine.package / "__pycache__").glob("*.nbc"))
    assert not machine.temporary_files()


@pytest.mark.parametrize(
    "where", ["package", *(pytest.param(each, marks=pytest.mark.slow) for each in ("home", "folder"))]
)
def test_code_that_may_only_be_read(machine: Machine, where: str) -> None:
    """As in an image of a container that another user built: nothing of it is compiled again."""
    environment = {"NUMBA_CACHE_DIR": str(machine.package / "code")} if where == "folder" else {}
    if where == "home":
        # What is no folder stops even root.
        (machine.package / "__pycache__").touch()
    assert machine.run(**environment) == (0, 1)
    machine.close()
    assert machine.run("another", **environment) == (1, 0)
    assert not machine.temporary_files()


@pytest.mark.faults
def test_nothing_but_temporary_files_can_be_written(machine: Machine) -> None:
    (machine.package / "__pycache__").touch()
    machine.close()
    assert machine.run("another", PYTHONDONTWRITEBYTECODE="1") == (0, 1)
    assert machine.run("another", PYTHONDONTWRITEBYTECODE="1") == (1, 0)
    assert machine.temporary_files()
    (folder,) = machine.temporary.glob("mvn_dask-*[!0]*")
    assert folder.stat().st_mode & 0o777 == 0o700


@pytest.mark.faults
@pytest.mark.parametrize("fault", ["others may write", "a link", "a file"])
def test_a_temporary_folder_that_others_could_have_written_is_not_used(machine: Machine, fault: str) -> None:
    """Code is unpickled and run."""
    (machine.package / "__pycache__").touch()
    (machine.home / "cache").touch()
    folder = machine.temporary / temporary_folder().name
    if fault == "a file":
        folder.touch()
    else:
        target = machine.temporary / "elsewhere" if fault == "a link" else folder
        target.mkdir()
        target.chmod(0o777)
        if fault == "a link":
            target.chmod(0o700)
            folder.symlink_to(target)
    assert machine.run() == (0, 1)
    assert machine.run() == (0, 1)
    assert not machine.temporary_files()
