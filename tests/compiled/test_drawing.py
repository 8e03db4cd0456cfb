"""What the compiled code needs of a machine and of its arguments. What it draws is tested with its parts."""

import os
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

import numpy as np
import pytest

import mvn_dask
from mvn_dask._typing import FloatArray
from mvn_dask.compiled.drawing import FactorProduct, StripeDrawer
from mvn_dask.compiled.matrix_product import TILE_ROWS
from mvn_dask.errors import ArgumentError
from mvn_dask.random.sfc64 import child_states

DRAW = """
import sys
sys.path.insert(0, sys.argv[1])
import numpy as np
import mvn_dask
assert mvn_dask.__file__.startswith(sys.argv[1]), mvn_dask.__file__
from mvn_dask.sampling import kernel
assert (kernel.compiled() is not None) == (sys.argv[2] == "compiled")
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


@pytest.mark.faults
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
    assert draw(copy, HOME=str(tmp_path / "home"), XDG_CACHE_HOME=str(tmp_path / "home")) == expected()
    assert not files(tmp_path)


@pytest.mark.faults
def test_a_cache_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    drawn = draw(Path(mvn_dask.__file__).parents[1], NUMBA_CACHE_DIR=str(tmp_path / "file" / "cache"))
    assert drawn == expected()


def test_numba_disabled_by_its_variable() -> None:
    assert draw(Path(mvn_dask.__file__).parents[1], path="numpy", NUMBA_DISABLE_JIT="1") == expected()


def test_without_numba(tmp_path: Path) -> None:
    (tmp_path / "numba.py").write_text("raise ImportError")
    drawn = draw(Path(mvn_dask.__file__).parents[1], path="numpy", PYTHONPATH=str(tmp_path))
    assert drawn == expected()


def test_a_drawer_is_used_again() -> None:
    drawer, states = StripeDrawer("float64"), child_states(np.random.SeedSequence(1), 0, 2)
    first, second = np.empty((2, 99)), np.empty((2, 99))
    drawer.draw(states, first)
    drawer.draw(states, second)
    np.testing.assert_array_equal(first, second)


def test_no_stripes() -> None:
    StripeDrawer("float64").draw(np.empty((4, 0), np.uint64), np.empty((0, 3)))


RECTANGULAR = [(20, 3), (3, 20), (5, 2), (330, 300), (300, 330), (400, 10), (10, 400), (1, 7), (7, 1)]


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_only_square_factors_are_fused(dtype: str) -> None:
    for d, k in RECTANGULAR:
        with pytest.raises(ArgumentError, match=rf"must have shape \({d}, {d}\) .*: its shape is \({d}, {k}\)"):
            StripeDrawer(dtype, np.zeros((d, k), dtype), np.zeros(d, dtype))


@pytest.mark.parametrize(
    ("matrix", "mean", "message"),
    [
        (np.zeros((3, 2)), np.zeros(2), r"must have shape \(2, 2\)"),
        (np.zeros(2), np.zeros(2), r"must have shape \(d, k\): its shape is \(2,\)"),
        (np.zeros((2, 2)), np.zeros((2, 1)), r"a mean of shape \(2, 1\)"),
        (np.zeros((2, 2)), np.zeros(2, np.float32), "they are float64 and float32"),
    ],
)
def test_factors_that_do_not_fit(matrix: FloatArray, mean: FloatArray, message: str) -> None:
    with pytest.raises(ArgumentError, match=message):
        FactorProduct(matrix, mean)


def test_precisions_that_do_not_fit() -> None:
    with pytest.raises(ArgumentError, match="factor and mean must be float32"):
        StripeDrawer("float32", np.eye(2), np.zeros(2))


@pytest.mark.parametrize(
    ("out", "message"),
    [
        (np.empty((2 * TILE_ROWS, 3), np.float32), "must be C-contiguous and float64: it is C-contiguous and float32"),
        (np.empty((2 * TILE_ROWS, 6))[:, ::2], "it is not C-contiguous"),
        (np.empty((TILE_ROWS, 3)), r"2 stripes of a multiple of 24 numbers: its shape is \(8, 3\)"),
        (np.empty((2 * TILE_ROWS + 1, 3)), "2 stripes"),
    ],
)
def test_memory_that_does_not_fit(out: FloatArray, message: str) -> None:
    drawer = StripeDrawer("float64", np.eye(3), np.zeros(3))
    with pytest.raises(ArgumentError, match=message):
        drawer.draw(child_states(np.random.SeedSequence(1), 0, 2), out)


@pytest.mark.parametrize(
    ("z", "out", "message"),
    [
        (np.empty((TILE_ROWS, 3), np.float32), np.empty((TILE_ROWS, 2)), "`z` must be C-contiguous and float64"),
        (np.empty((3, TILE_ROWS)).T, np.empty((TILE_ROWS, 2)), "`z` must be C-contiguous"),
        (np.empty((TILE_ROWS + 1, 3)), np.empty((TILE_ROWS + 1, 2)), "multiple of 8 rows of 3 numbers"),
        (np.empty((TILE_ROWS, 2)), np.empty((TILE_ROWS, 2)), "multiple of 8 rows of 3 numbers"),
        (np.empty((TILE_ROWS, 3)), np.empty((TILE_ROWS, 3)), r"`out` must have shape \(8, 2\)"),
    ],
)
def test_rows_that_do_not_fit(z: FloatArray, out: FloatArray, message: str) -> None:
    with pytest.raises(ArgumentError, match=message):
        FactorProduct(np.ones((2, 3)), np.zeros(2)).apply(z, out)
