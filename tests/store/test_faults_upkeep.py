"""Extending and repairing, by processes that die; the rest is in `test_faults`."""

import shutil
from itertools import count
from pathlib import Path

import dask
import dask.array as da
import numpy as np
import pytest

import mvn_dask
from mvn_dask.errors import UnfinishedStoreError
from tests.support.damage import flip
from tests.support.pausing import CHUNKS, barrier, kill, partials, pause_after, rows, start, wait_for
from tests.support.stores import chunks_in, die_at, killable, sample, tree


def extend_dying(step: int, folder: Path) -> None:
    with dask.config.set(scheduler="synchronous"):
        die_at(step, folder)
        mvn_dask.extend(folder, 90)


def repair_dying(step: int, folder: Path) -> None:
    with dask.config.set(scheduler="synchronous"):
        die_at(step, folder)
        mvn_dask.repair(folder)


def extend_paused(folder: Path, chunks: int) -> None:
    pause_after(folder, chunks)
    mvn_dask.extend(folder, 16 * 8192)


@pytest.mark.parametrize("more", [0, 3])
def test_an_extension_that_is_killed(more: int, tmp_path: Path) -> None:
    """Before its manifest is written, or amid the new chunks: plain readers still see the old store."""
    folder = tmp_path / "store"
    mvn_dask.to_zarr(rows(), folder)
    job = start(extend_paused, folder, CHUNKS + more)
    wait_for(barrier(folder, job.pid).exists, "the extension")
    kill(job)
    assert partials(folder), "it died amid a chunk"
    assert CHUNKS + more <= chunks_in(folder) < CHUNKS + 16
    np.testing.assert_array_equal(da.from_zarr(folder, component="samples"), rows())
    if more:
        with pytest.raises(UnfinishedStoreError, match=r"(is|are) missing"):
            mvn_dask.from_zarr(folder)
        with pytest.raises(UnfinishedStoreError, match=r"call mvn_dask\.repair first"):
            mvn_dask.extend(folder, 16 * 8192)
        mvn_dask.repair(folder)
    else:
        assert mvn_dask.verify(folder, level="values", full=True).ok
        mvn_dask.extend(folder, 16 * 8192)
    mvn_dask.to_zarr(killable(3), tmp_path / "longer")
    assert tree(folder) == tree(tmp_path / "longer")


@pytest.mark.faults
def test_an_extension_that_dies_at_every_single_step(tmp_path: Path) -> None:
    """The store is still the old one, or `repair` makes it the longer one; nobody ever reads half of it."""
    old, long = tmp_path / "old", tmp_path / "long"
    mvn_dask.to_zarr(sample(100, chunks=60), old)
    mvn_dask.to_zarr(sample(190, chunks=60), long)
    ends = {"old": 0, "unfinished": 0, "long": 0}
    for step in count(1):
        folder = tmp_path / "store"
        shutil.copytree(old, folder)
        job = start(extend_dying, step, folder)
        job.join()
        assert job.exitcode in {0, 9}
        kind = "unfinished"
        try:
            shape = mvn_dask.from_zarr(folder).shape
        except UnfinishedStoreError:
            mvn_dask.repair(folder)
        else:
            kind = "old" if shape == (100, 2) else "long"
            assert mvn_dask.verify(folder, level="values", full=True).ok
            np.testing.assert_array_equal(mvn_dask.from_zarr(folder), sample(190, chunks=60)[: shape[0]])
            if kind == "old":
                mvn_dask.extend(folder, 90)
            else:
                mvn_dask.repair(folder)
        ends[kind] += 1
        assert tree(folder) == tree(long), f"died at step {step}, {kind}"
        shutil.rmtree(folder)
        if job.exitcode == 0:
            break
    assert min(ends.values()) > 1
    assert step > 30


@pytest.mark.faults
def test_a_repair_that_dies_at_every_single_step(tmp_path: Path) -> None:
    whole, damaged = tmp_path / "whole", tmp_path / "damaged"
    mvn_dask.to_zarr(sample(200, chunks=60), whole)
    shutil.copytree(whole, damaged)
    (damaged / "samples" / "c" / "1" / "0").unlink()
    flip(damaged / "samples" / "c" / "2" / "0", 100)
    for step in count(1):
        folder = tmp_path / "store"
        shutil.copytree(damaged, folder)
        job = start(repair_dying, step, folder)
        job.join()
        assert job.exitcode in {0, 9}
        mvn_dask.repair(folder)
        assert tree(folder) == tree(whole), f"died at step {step}"
        shutil.rmtree(folder)
        if job.exitcode == 0:
            break
    assert step > 30
