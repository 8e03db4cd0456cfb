"""Work that takes more memory than this process may have is refused with numbers, before it has begun."""

import subprocess
import sys
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.sparse as sp

import mvn_dask
from mvn_dask import covariance, memory_limit
from mvn_dask.errors import FactorTooLargeError, MvnDaskError
from tests.support.sparse_matrices import grid

MATRIX = np.eye(300) + 0.1
BANDS = np.array([np.full(50_000, 4.0), np.full(50_000, 1.0)])

WORK: dict[str, tuple[int, str, Callable[[], Callable[[], Any]]]] = {
    "dense": (2**20, "factorising `cov` of 300 variables by method='auto'", lambda: covariance.Dense(MATRIX).factorize),
    "svd": (3 * 2**20, "by method='svd'", lambda: covariance.Dense(MATRIX, method="svd").factorize),
    "matrix of precisions": (
        2**20, "factorising `precision` of 300 variables", lambda: covariance.Precision(MATRIX).factorize,
    ),
    "intrinsic": (
        2**20, "factorising `precision` of 300 variables",
        lambda: covariance.Precision(MATRIX, singular="project").factorize,
    ),
    "banded": (
        2**20, "factorising `cov` of 2 bands of 50,000 numbers", lambda: covariance.Banded(BANDS, lower=True).factorize,
    ),
    "bands of precisions": (
        2**20, "factorising `precision` of 2 bands of 50,000 numbers",
        lambda: covariance.Precision(covariance.Banded(BANDS, lower=True)).factorize,
    ),
    "sparse": (
        2**19, r"the factor of `matrix`, with [0-9,]+ entries, would take",
        lambda: covariance.Sparse(grid(60)).factorize,
    ),
    "sparse precision": (
        2**19, r"the factor of `precision`, with [0-9,]+ entries, and its variances would take",
        lambda: covariance.Precision(grid(60)).factorize,
    ),
    "shape of a sparse matrix": (
        2**20, "`precision`, a sparse matrix of 1,000,000 variables, would take 45.8 MiB",
        lambda: lambda: covariance.Precision(sp.coo_array((10**6, 10**6)), singular="project"),
    ),
    "stationary grid": (
        2**20, r"embedding `shape` \(600, 600\) in \(1200, 1200\) points",
        lambda: lambda: covariance.StationaryGrid(covariance.exponential(3.0), (600, 600)),
    ),
    "inverse of low rank": (
        2**20, "inverting a covariance of 200 common factors",
        lambda: lambda: covariance.LowRank(np.ones((250, 200)), 1.0).factorize().whiten(np.ones((1, 250))),
    ),
}  # fmt: skip
"""Memory that there may be, what the error says, and the work, for each structure that takes much of it."""


@pytest.mark.parametrize("name", WORK)
def test_work_is_refused_before_it_takes_memory(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    limit, text, made = WORK[name]
    work = made()
    if "sparse" in name:
        covariance.Sparse(grid(60)).factorize()  # so that no compilation is traced
    monkeypatch.setattr(memory_limit, "memory_limit", lambda: limit)
    tracemalloc.start()
    with pytest.raises(FactorTooLargeError, match=rf"{text}.* and this process may have .*iB: [a-z]"):
        work()
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    # The symbolic phase of a sparse factor comes before, and the entries that are found in a matrix.
    assert peak < 10 * 2**20
    monkeypatch.setattr(memory_limit, "memory_limit", lambda: 2**40)
    if name != "shape of a sparse matrix":
        work()


def test_the_error_is_a_memory_error() -> None:
    with pytest.raises(MemoryError) as caught:
        memory_limit.refuse_beyond_memory("this", 2**80, "take less")
    assert isinstance(caught.value, MvnDaskError)
    memory_limit.refuse_beyond_memory("this", memory_limit.memory_limit(), "take less")


def test_a_distribution_is_refused_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory_limit, "memory_limit", lambda: 2**20)
    with pytest.raises(FactorTooLargeError, match="take fewer variables, or a structure that is no whole matrix"):
        mvn_dask.MultivariateNormal(np.zeros(300), MATRIX)


@pytest.mark.parametrize("text", ["1048576\n", "max\n", "9223372036854771712\n", "", "-1"])
def test_limits_of_control_groups(text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "memory.max").write_text(text)
    free = memory_limit.memory_limit()
    monkeypatch.setattr(memory_limit, "CONTROL_GROUPS", (str(tmp_path / "memory.max"), str(tmp_path / "none")))
    found = memory_limit.memory_limit()
    assert found == 2**20 if text == "1048576\n" else found >= free


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such limits")
def test_limits_of_the_shell() -> None:
    script = """
import resource
resource.setrlimit(resource.RLIMIT_AS, (2**31, 2**31))
from mvn_dask.memory_limit import memory_limit
print(memory_limit())
"""
    done = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True)
    assert int(done.stdout) <= 2**31
