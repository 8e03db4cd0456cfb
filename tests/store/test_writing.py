import random
import subprocess
import sys
import time
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import dask
import dask.array as da
import numpy as np
import pytest
import xarray as xr
import zarr
from distributed import Client

import mvn_dask
from mvn_dask.errors import (
    SpecMismatchError,
    StoreError,
    TargetBusyError,
    TargetNotEmptyError,
    UnfinishedStoreError,
)
from mvn_dask.store.occupancy import occupy

NORMAL = mvn_dask.MultivariateNormal([0.0, 1.0], [[2.0, 1.0], [1.0, 2.0]])


def sample(n: int = 1000, seed: int = 1, chunks: Any = 300) -> da.Array:
    return NORMAL.sample(n, seed=seed, chunks=chunks)


def tree(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


@pytest.mark.parametrize("scheduler", ["synchronous", "threads", "processes"])
def test_local_schedulers_write_the_same_bytes(scheduler: str, tmp_path: Path) -> None:
    mvn_dask.to_zarr(sample(), tmp_path / "reference")
    with dask.config.set(scheduler=scheduler):
        mvn_dask.to_zarr(sample(), tmp_path / "other")
    assert tree(tmp_path / "other") == tree(tmp_path / "reference")
    np.testing.assert_array_equal(mvn_dask.from_zarr(tmp_path / "other"), sample())


def test_a_cluster_writes_the_same_bytes(processes: Client, tmp_path: Path) -> None:
    mvn_dask.to_zarr(sample(), tmp_path / "cluster")
    with dask.config.set(scheduler="threads"):
        mvn_dask.to_zarr(sample(), tmp_path / "reference")
    assert tree(tmp_path / "cluster") == tree(tmp_path / "reference")
    assert len(processes.run(lambda dask_worker: len(dask_worker.data))) == 2
    assert not any(processes.run(lambda dask_worker: len(dask_worker.data)).values())


def test_a_finished_store_is_left_alone(tmp_path: Path) -> None:
    mvn_dask.to_zarr(sample(), tmp_path)
    times = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")}
    with dask.config.set(scheduler=lambda *_args, **_kwargs: pytest.fail("computed")):
        mvn_dask.to_zarr(sample(), tmp_path)
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")} == times


def test_only_what_is_missing_is_drawn_again(tmp_path: Path) -> None:
    mvn_dask.to_zarr(sample(), tmp_path)
    before = tree(tmp_path)
    times = {path: path.stat().st_mtime_ns for path in (tmp_path / "samples" / "c").rglob("0")}
    lost = tmp_path / "samples" / "c" / "2" / "0"
    lost.unlink()
    (tmp_path / ".mvn_dask" / "factor.npy").unlink()
    mvn_dask.to_zarr(sample(), tmp_path)
    assert tree(tmp_path) == before
    changed = [path for path, time_ns in times.items() if path.is_file() and path.stat().st_mtime_ns != time_ns]
    assert changed == [lost]


def test_derived_arrays_are_kept_and_resumed(tmp_path: Path) -> None:
    payoff = np.maximum(sample().sum(axis=1) - 1.0, 0.0)
    mvn_dask.to_zarr(payoff, tmp_path)
    before = tree(tmp_path)
    (tmp_path / "samples" / "c" / "1").unlink()
    mvn_dask.to_zarr(np.maximum(sample().sum(axis=1) - 1.0, 0.0), tmp_path)
    assert tree(tmp_path) == before
    np.testing.assert_array_equal(mvn_dask.from_zarr(tmp_path), payoff)
    with pytest.raises(SpecMismatchError, match="`expression` is 'maximum-"):
        mvn_dask.to_zarr(np.maximum(sample().sum(axis=1) - 2.0, 0.0), tmp_path)


def test_another_specification_is_refused_and_nothing_changes(tmp_path: Path) -> None:
    mvn_dask.to_zarr(sample(), tmp_path)
    before = tree(tmp_path)
    with pytest.raises(SpecMismatchError, match=r"`samples\[0\].entropy` is '1' in the store, '2' in the array"):
        mvn_dask.to_zarr(sample(seed=2), tmp_path)
    assert tree(tmp_path) == before


def test_overwrite_begins_anew(tmp_path: Path) -> None:
    mvn_dask.to_zarr(sample(n=5000), tmp_path / "one")
    mvn_dask.to_zarr(sample(seed=2), tmp_path / "one", overwrite=True)
    mvn_dask.to_zarr(sample(seed=2), tmp_path / "other", overwrite=True)
    assert tree(tmp_path / "one") == tree(tmp_path / "other")
    zarr.create_array(tmp_path / "foreign", shape=(3,), dtype="f8")
    mvn_dask.to_zarr(sample(seed=2), tmp_path / "foreign", overwrite=True)
    assert tree(tmp_path / "foreign") == tree(tmp_path / "other")


def test_overwrite_of_a_store_being_written_is_refused(tmp_path: Path) -> None:
    mvn_dask.to_zarr(sample(), tmp_path)
    before = tree(tmp_path)
    with occupy(tmp_path), pytest.raises(TargetBusyError):
        mvn_dask.to_zarr(sample(seed=2), tmp_path, overwrite=True)
    assert tree(tmp_path) == before


@pytest.mark.parametrize("overwrite", [False, True])
def test_folders_that_are_no_store_are_never_touched(overwrite: bool, tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("years of work")
    with pytest.raises(TargetNotEmptyError, match=r"is not empty, and no store of mvn_dask \('thesis.tex'"):
        mvn_dask.to_zarr(sample(), tmp_path, overwrite=overwrite)
    with pytest.raises(TargetNotEmptyError, match="is a file"):
        mvn_dask.to_zarr(sample(), tmp_path / "thesis.tex", overwrite=overwrite)
    with pytest.raises(NotADirectoryError):
        mvn_dask.to_zarr(sample(), tmp_path / "thesis.tex" / "below", overwrite=overwrite)
    assert tree(tmp_path) == {"thesis.tex": b"years of work"}


def test_a_hierarchy_of_somebody_else_needs_overwrite(tmp_path: Path) -> None:
    zarr.create_group(tmp_path)
    with pytest.raises(TargetNotEmptyError, match="or use overwrite=True"):
        mvn_dask.to_zarr(sample(), tmp_path)


UNWRITABLE = """
import os, sys
import mvn_dask, dask
x = mvn_dask.MultivariateNormal([0.0], 1.0).sample(10, seed=1)
if os.getuid() == 0:
    os.setgid(65534)
    os.setuid(65534)
dask.config.set(scheduler=lambda *args, **kwargs: sys.exit("computed"))
try:
    mvn_dask.to_zarr(x, sys.argv[1])
except PermissionError as error:
    print(error)
"""


def test_an_unwritable_target_is_refused_before_any_work(tmp_path: Path) -> None:
    # As another user, since root may write anywhere; the interpreter must stay readable to that user.
    target = tmp_path / "locked"
    target.mkdir()
    tmp_path.chmod(0o755)
    target.chmod(0o555)
    done = subprocess.run([sys.executable, "-c", UNWRITABLE, str(target)], capture_output=True, text=True, check=False)
    assert "Permission denied" in done.stdout, done.stderr
    assert not list(target.iterdir())


def fail_on_the_third(block: Any, block_id: tuple[int, ...]) -> Any:
    if block_id[0] == 2:
        raise ArithmeticError("in a task")
    return block


def test_an_error_in_a_task_leaves_an_unfinished_store(tmp_path: Path) -> None:
    broken = da.map_blocks(fail_on_the_third, sample(), dtype="f8", meta=np.empty((0, 0)))
    with pytest.raises(ArithmeticError, match="in a task"):
        mvn_dask.to_zarr(broken, tmp_path)
    assert not list(tmp_path.rglob("zarr.json"))
    with pytest.raises(UnfinishedStoreError):
        mvn_dask.from_zarr(tmp_path)


seen: list[int] = []


def delete_a_chunk(block: Any, folder: Path, block_id: tuple[int, ...]) -> Any:
    seen.append(block_id[0])
    if len(seen) == 4:
        next(folder.glob("samples/c/*/0")).unlink()
    return block


def test_chunks_that_vanish_are_noticed_before_the_commit(tmp_path: Path) -> None:
    vandal = da.map_blocks(delete_a_chunk, sample(), folder=tmp_path, dtype="f8", meta=np.empty((0, 0)))
    with (
        dask.config.set(scheduler="synchronous"),
        pytest.raises(StoreError, match="1 of 4 chunks, the first of them"),
    ):
        mvn_dask.to_zarr(vandal, tmp_path)
    assert not list(tmp_path.rglob("zarr.json"))


def test_a_moved_store_goes_on(tmp_path: Path) -> None:
    mvn_dask.to_zarr(sample(), tmp_path / "here")
    (tmp_path / "here" / "samples" / "c" / "0" / "0").unlink()
    (tmp_path / "here").rename(tmp_path / "there")
    mvn_dask.to_zarr(sample(), tmp_path / "there")
    np.testing.assert_array_equal(mvn_dask.from_zarr(tmp_path / "there"), sample())


def test_two_jobs_of_one_specification(tmp_path: Path) -> None:
    context = get_context("spawn")
    jobs = [context.Process(target=write_killable, args=(tmp_path / "store",)) for _ in range(2)]
    for job in jobs:
        job.start()
    for job in jobs:
        job.join()
        assert job.exitcode == 0
    write_killable(tmp_path / "reference")
    assert tree(tmp_path / "store") == tree(tmp_path / "reference")


CHUNKS = 160


def killable() -> da.Array:
    normal = mvn_dask.MultivariateNormal(np.arange(8.0), np.eye(8) + 0.5, method="cholesky")
    return normal.sample(CHUNKS * 8192 - 5, seed=7, chunks=8192)


def write_killable(folder: Path) -> None:
    mvn_dask.to_zarr(killable(), folder)


def chunks_in(folder: Path) -> int:
    return sum(1 for path in (folder / "samples" / "c").glob("*/0"))


def assert_no_reader_opens(folder: Path) -> None:
    for reader in (
        lambda: zarr.open(folder, mode="r"),
        lambda: zarr.open_array(folder / "samples", mode="r"),
        lambda: da.from_zarr(folder, component="samples"),
        lambda: xr.open_zarr(folder),
        lambda: mvn_dask.from_zarr(folder),
    ):
        with pytest.raises(FileNotFoundError):
            reader()


@pytest.mark.parametrize("kills", [20, pytest.param(120, marks=pytest.mark.slow)])
def test_a_writer_killed_many_times(kills: int, tmp_path: Path) -> None:
    """At random moments, each really on the way; no reader opens the store; the bytes are the same."""
    write_killable(tmp_path / "reference")
    folder = tmp_path / "store"
    chance = random.Random(20261121)  # noqa: S311
    context = get_context("forkserver")
    context.set_forkserver_preload(["tests.store.test_writing"])
    orphans = 0
    for kill in range(kills):
        before = chunks_in(folder)
        target = before + chance.randint(1, max(1, 2 * (CHUNKS - before) // (kills - kill + 1)))
        writer = context.Process(target=write_killable, args=(folder,))
        writer.start()
        deadline = time.monotonic() + 60
        while chunks_in(folder) < target and time.monotonic() < deadline:
            time.sleep(0.0002)
        time.sleep(chance.uniform(0, 0.002))
        writer.kill()
        writer.join()
        assert writer.exitcode == -9, "it was on the way"
        assert before < chunks_in(folder) <= CHUNKS
        orphans += len(list(folder.rglob("*.partial")))
        assert_no_reader_opens(folder)
    assert orphans, "some of the kills hit in the middle of a file"
    zarr.open(folder)  # a careless reader makes an empty group here
    write_killable(folder)
    assert tree(folder) == tree(tmp_path / "reference")
    np.testing.assert_array_equal(mvn_dask.from_zarr(folder)[-9000:], killable()[-9000:])
