"""What compiled code needs of a machine: folders to keep it in, or none, and numba, or none."""

import os
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

import mvn_dask

DRAW = """
import sys
sys.path.insert(0, sys.argv[1])
import numpy as np
import mvn_dask
assert mvn_dask.__file__.startswith(sys.argv[1]), mvn_dask.__file__
from mvn_dask.compiled import compiled_module
assert (compiled_module("drawing") is not None) == (sys.argv[2] == "compiled")
normal = mvn_dask.MultivariateNormal([1.0, 2.0], [[2.0, 1.0], [1.0, 2.0]], method="cholesky")
print(normal.sample(100, seed=1).compute(scheduler="synchronous").tobytes().hex())
"""


def draw(package: Path, *, path: str = "compiled", **environment: str) -> str:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", DRAW, str(package), path],
        capture_output=True, text=True, check=False, cwd="/", env={**os.environ, **environment},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The package in a folder of its own, without numba's cache."""
    source = Path(mvn_dask.__file__).parent
    shutil.copytree(source, tmp_path / "site" / "mvn_dask", ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path / "site"


def files(folder: Path) -> set[str]:
    return {file.name for file in folder.rglob("*.nb?")}


@cache
def expected() -> str:
    return draw(Path(mvn_dask.__file__).parents[1])


@pytest.mark.slow
def test_code_is_compiled_once_and_again_when_any_of_it_changes(copy: Path) -> None:
    assert draw(copy) == expected()
    kept = files(copy)
    assert any("draw_stripes" in name for name in kept)
    draw(copy)
    assert files(copy) == kept
    with (copy / "mvn_dask" / "compiled" / "llvm.py").open("a") as file:
        file.write("# changed\n")
    draw(copy)
    assert files(copy) > kept


@pytest.mark.faults
def test_read_only_home_and_package(copy: Path, tmp_path: Path) -> None:
    # Files where numba would make folders: they stop even root, whom permissions do not.
    (copy / "mvn_dask" / "compiled" / "__pycache__").touch()
    (tmp_path / "home").touch()
    environment = {"HOME": str(tmp_path / "home"), "XDG_CACHE_HOME": str(tmp_path / "home"), "TMPDIR": str(tmp_path)}
    assert draw(copy, **environment) == expected()
    kept = files(tmp_path)
    assert any("draw_stripes" in name for name in kept)
    assert draw(copy, **environment) == expected()
    assert files(tmp_path) == kept


@pytest.mark.faults
def test_a_cache_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    drawn = draw(Path(mvn_dask.__file__).parents[1], NUMBA_CACHE_DIR=str(tmp_path / "file" / "cache"))
    assert drawn == expected()


@pytest.mark.slow
def test_numba_disabled_by_its_variable() -> None:
    assert draw(Path(mvn_dask.__file__).parents[1], path="numpy", NUMBA_DISABLE_JIT="1") == expected()


def test_without_numba(tmp_path: Path) -> None:
    (tmp_path / "numba.py").write_text("raise ImportError")
    drawn = draw(Path(mvn_dask.__file__).parents[1], path="numpy", PYTHONPATH=str(tmp_path))
    assert drawn == expected()
