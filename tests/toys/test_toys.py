"""What is written through the contracts alone is drawn, stored, killed, resumed, verified, repaired and extended."""

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import dask.array as da
import numpy as np
import pytest
import zarr
from distributed import Client

import mvn_dask
from mvn_dask._typing import FloatDType
from mvn_dask.distribution import Distribution
from mvn_dask.errors import DamagedManifestError
from mvn_dask.sampling.sampler import Sampler
from tests.support.strategies import random_moments
from tests.toys.mixture import Mixture
from tests.toys.selection import selection

D = 520
"""Variables: stripes are of 128 rows, so that a few hundred rows are several stripes."""
ROWS = 700


def toy(name: str) -> Distribution:
    if name == "factor":
        return mvn_dask.MultivariateNormal(np.arange(float(D)), selection(D, 40))
    return Mixture(np.arange(4.0), random_moments(4)[1])


TOYS = ["factor", "distribution"]


def sample(name: str, rows: int | None = None, chunks: Any = 100) -> da.Array:
    rows = rows or (ROWS if name == "factor" else 70_000)
    return toy(name).sample(rows, seed=5, chunks=chunks if name == "factor" else 10_000)


def tree(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("name", TOYS)
def test_drawn_and_cut_at_will(name: str, dtype: FloatDType) -> None:
    distribution = toy(name)
    chunks: list[Any]
    rows, chunks = (ROWS, [1, 127, 128, 400, (300, 400)]) if name == "factor" else (40_000, [9999, 32768, (1, 39_999)])
    whole = distribution.sample(rows, seed=5, dtype=dtype, chunks=-1).compute()
    assert whole.dtype == dtype
    for each in chunks:
        cut = distribution.sample(rows, seed=5, dtype=dtype, chunks=(each,) if isinstance(each, tuple) else each)
        np.testing.assert_array_equal(cut.compute(), whole)
    np.testing.assert_array_equal(distribution.sample(rows + 999, seed=5, dtype=dtype)[:rows].compute(), whole)


@pytest.mark.parametrize("name", TOYS)
def test_on_worker_processes(name: str, processes: Client) -> None:
    rows = sample(name)
    np.testing.assert_array_equal(rows.compute(), rows.compute(scheduler="threads"))


KILLED = """
import os, sys, signal
import mvn_dask.store.storage.local as local
from tests.toys.test_toys import sample
import mvn_dask

write, count = local.LocalStorage.write, 0

def count_and_die(self, key, buffers):
    global count
    write(self, key, buffers)
    count += key.startswith("samples/c/")
    if count == 3:
        os.kill(os.getpid(), signal.SIGKILL)

local.LocalStorage.write = count_and_die
mvn_dask.to_zarr(sample(sys.argv[1]), sys.argv[2])
"""


@pytest.mark.parametrize("name", [pytest.param("factor", marks=pytest.mark.faults), "distribution"])
def test_killed_and_resumed(name: str, tmp_path: Path) -> None:
    mvn_dask.to_zarr(sample(name), tmp_path / "whole")
    command = [sys.executable, "-c", KILLED, name, str(tmp_path / "killed")]
    assert subprocess.run(command, check=False).returncode == -signal.SIGKILL
    assert 0 < mvn_dask.status(tmp_path / "killed").done < 7
    mvn_dask.to_zarr(sample(name), tmp_path / "killed")
    assert tree(tmp_path / "killed") == tree(tmp_path / "whole")
    np.testing.assert_array_equal(zarr.open_array(tmp_path / "killed" / "samples", mode="r")[:], sample(name).compute())


@pytest.mark.parametrize("name", TOYS)
def test_verified_repaired_and_extended(name: str, tmp_path: Path) -> None:
    folder = tmp_path / "store"
    mvn_dask.to_zarr(sample(name), folder)
    assert mvn_dask.verify(folder, level="values", full=True).ok
    os.truncate(folder / "samples" / "c" / "2" / "0", 100)
    (folder / "samples" / "c" / "4" / "0").unlink()
    assert mvn_dask.repair(folder).chunks == ((2, 0), (4, 0))
    assert mvn_dask.verify(folder, level="values", full=True).ok
    longer = sample(name).shape[0] + 50
    mvn_dask.extend(folder, 50)
    mvn_dask.to_zarr(sample(name, longer), tmp_path / "longer")
    assert tree(folder) == tree(tmp_path / "longer")


@pytest.mark.parametrize("name", TOYS)
def test_reported_against_its_own_laws(name: str, tmp_path: Path) -> None:
    folder = tmp_path / "store"
    mvn_dask.to_zarr(sample(name), folder)
    report = mvn_dask.report(folder)
    assert report.ok, str(report)


def test_a_mixture_is_not_taken_for_a_normal_distribution(tmp_path: Path) -> None:
    """Rows of the one under the record of the other are found by the report."""
    mean, cov = np.arange(4.0), random_moments(4)[1]
    mvn_dask.to_zarr(mvn_dask.MultivariateNormal(mean, cov).sample(70_000, seed=5, chunks=10_000), tmp_path / "store")
    array = zarr.open_array(tmp_path / "store" / "samples", mode="r+")
    array[:] = sample("distribution").compute()
    assert not mvn_dask.report(tmp_path / "store").ok


def test_a_store_of_a_class_that_is_not_there_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mvn_dask.to_zarr(sample("distribution"), tmp_path / "store")
    monkeypatch.delitem(Sampler.kinds, "two-scales")
    with pytest.raises(DamagedManifestError, match=r"no distribution of kind 'two-scales' is defined"):
        mvn_dask.verify(tmp_path / "store", level="values")
    assert mvn_dask.verify(tmp_path / "store", level="checksum").ok
