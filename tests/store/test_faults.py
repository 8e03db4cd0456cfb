"""Jobs that die, disks that are full, and several jobs at once; clusters are in `test_faults_cluster`."""

import errno
import os
import resource
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from functools import cache
from multiprocessing import get_context
from multiprocessing.process import BaseProcess
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import dask
import dask.array as da
import pytest

import mvn_dask
from mvn_dask.errors import SpecMismatchError, StorageBusyError, UnfinishedStoreError
from tests.store.test_writing import assert_no_reader_opens, chunks_in, killable, sample, tree

ROOT = Path(__file__).parents[2]
CHUNKS = 32
DEADLINE = 120.0


def rows() -> da.Array:
    return killable(2)


@cache
def reference() -> dict[str, bytes]:
    """The store of an uninterrupted run."""
    with TemporaryDirectory() as folder, dask.config.set(scheduler="threads"):
        mvn_dask.to_zarr(rows(), folder)
        return tree(Path(folder))


def wait_for(condition: Callable[[], object], what: str) -> None:
    deadline = time.monotonic() + DEADLINE
    while not condition():
        assert time.monotonic() < deadline, f"waited in vain for {what}"
        time.sleep(0.002)


def gate(folder: Path) -> Path:
    """A file for which paused jobs wait."""
    return folder.with_name(f"{folder.name}.gate")


def barrier(folder: Path, pid: int | None) -> Path:
    """A file that a paused process makes."""
    return folder.with_name(f"{folder.name}.{pid}.waits")


def pause_after(folder: Path, chunks: int) -> None:
    """In this process no chunk takes its name from now on where so many are there, until the gate is open."""

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        if event == "os.rename" and f"{folder}/samples/c/" in str(arguments[1]) and chunks_in(folder) >= chunks:
            barrier(folder, os.getpid()).touch()
            wait_for(gate(folder).exists, "the gate")

    sys.addaudithook(hook)


def write_paused(folder: Path, chunks: int, part: tuple[int, int] | None = None) -> None:
    pause_after(folder, chunks)
    mvn_dask.to_zarr(rows(), folder, part=part)


def start(what: Callable[..., None], *arguments: object) -> BaseProcess:
    context = get_context("forkserver")
    process = context.Process(target=what, args=arguments)
    process.start()
    return process


def start_paused(folder: Path, chunks: int, part: tuple[int, int] | None = None) -> BaseProcess:
    """A job that stands still, with a chunk on its way in every thread."""
    job = start(write_paused, folder, chunks, part)
    wait_for(barrier(folder, job.pid).exists, "a job")
    return job


def end(job: BaseProcess, code: int = 0) -> None:
    job.join(DEADLINE)
    assert job.exitcode == code


def kill(job: BaseProcess) -> None:
    assert job.is_alive(), "it is on its way"
    job.kill()
    end(job, -9)


def assert_midway(folder: Path, chunks: int = CHUNKS) -> None:
    """Something is there, something is missing, and nobody takes it for a store."""
    assert 0 < chunks_in(folder) < chunks
    assert not list(folder.rglob("zarr.json"))
    assert_no_reader_opens(folder)
    with pytest.raises(UnfinishedStoreError, match=r"chunks of .* are missing"):
        mvn_dask.from_zarr(folder)
    report = mvn_dask.status(folder)
    assert (report.done, report.committed) == (chunks_in(folder), False)


def partials(folder: Path) -> list[Path]:
    return list(folder.rglob("*.partial"))


def assert_whole_chunks_only(folder: Path) -> None:
    # A thread of dask's may still be at work when another one has failed.
    wait_for(lambda: not partials(folder), "the end of all writing")
    sizes = {path.stat().st_size for path in (folder / "samples" / "c").glob("*/0")}
    assert sizes == {8192 * 8 * 8 + 4}


def commit_of(folder: Path) -> tuple[int, int]:
    status = (folder / "zarr.json").stat()
    return status.st_ino, status.st_mtime_ns


def test_a_killed_part_is_run_again_and_whoever_is_last_commits(tmp_path: Path) -> None:
    folder = tmp_path / "store"
    jobs = [start(write_paused, folder, 6, (i, 3)) for i in range(3)]
    for job in jobs:
        wait_for(barrier(folder, job.pid).exists, "all parts")
    assert_midway(folder)
    kill(jobs[1])
    gate(folder).touch()
    end(jobs[0])
    end(jobs[2])
    assert_midway(folder)
    mvn_dask.to_zarr(rows(), folder, part=(1, 3))
    assert tree(folder) == reference()
    commit = commit_of(folder)
    for part in (None, (0, 3), (1, 3), (2, 3)):
        mvn_dask.to_zarr(rows(), folder, part=part)
    assert commit_of(folder) == commit


@pytest.mark.parametrize("rounds", [2, pytest.param(30, marks=pytest.mark.slow)])
def test_parts_that_end_at_the_same_moment_commit_once(rounds: int, tmp_path: Path) -> None:
    parts = 6
    for number in range(rounds):
        folder = tmp_path / f"{number}"
        mvn_dask.to_zarr(rows(), folder)
        for path in folder.rglob("zarr.json"):
            path.unlink()
        for i in range(parts):
            (folder / "samples" / "c" / str(i * CHUNKS // parts) / "0").unlink()
        jobs = [start(write_paused, folder, 0, (i, parts)) for i in range(parts)]
        for job in jobs:
            wait_for(barrier(folder, job.pid).exists, "all parts")
        assert_midway(folder)
        gate(folder).touch()
        wait_for((folder / "zarr.json").exists, "the commit")
        commit = commit_of(folder)
        for job in jobs:
            end(job)
        assert tree(folder) == reference()
        assert commit_of(folder) == commit


def fill_a_disk(disk: Path) -> None:
    ballast, folder = disk / "ballast", disk / "store"
    ballast.write_bytes(bytes(10 * 2**20))
    with pytest.raises(OSError, match="No space left on device") as caught:
        mvn_dask.to_zarr(rows(), folder)
    assert caught.value.errno == errno.ENOSPC
    assert_midway(folder)
    assert_whole_chunks_only(folder)
    ballast.unlink()
    mvn_dask.to_zarr(rows(), folder)
    assert tree(folder) == reference()


def test_a_full_disk(tmp_path: Path) -> None:
    """In a namespace of its own, so that no mount outlives the test."""
    mount = 'mount -t tmpfs -o size=20m tmpfs "$1" && exec "$2" -c "$3" "$1"'
    code = f"import sys, pathlib, {__name__} as tests; tests.fill_a_disk(pathlib.Path(sys.argv[1]))"
    unshare = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", mount, "sh"]
    done = subprocess.run([*unshare, tmp_path, sys.executable, code], cwd=ROOT, stderr=subprocess.PIPE, check=False)
    assert done.returncode == 0, done.stderr.decode()
    assert not list(tmp_path.iterdir())


def write_with_a_limit(folder: Path, scheduler: str) -> None:
    mvn_dask.to_zarr(rows(), folder, part=(0, 2))
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    with dask.config.set(scheduler=scheduler):
        resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, hard))
        with pytest.raises(OSError, match="File too large") as caught:
            mvn_dask.to_zarr(rows(), folder)
        assert caught.value.errno == errno.EFBIG
        assert_whole_chunks_only(folder)
        assert_midway(folder)
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        mvn_dask.to_zarr(rows(), folder)


@pytest.mark.parametrize("scheduler", ["threads", "processes"])
def test_files_that_may_not_grow(scheduler: str, tmp_path: Path) -> None:
    end(start(write_with_a_limit, tmp_path / "store", scheduler))
    assert tree(tmp_path / "store") == reference()


def test_others_who_come_while_a_job_is_writing(tmp_path: Path) -> None:
    """One of the same specification joins; another one is refused, and so is overwriting."""
    folder = tmp_path / "store"
    jobs = [start_paused(folder, 5)]
    assert_midway(folder)
    before = tree(folder)
    with pytest.raises(SpecMismatchError, match="entropy"):
        mvn_dask.to_zarr(sample(), folder)
    for array in (sample(), rows()):
        with pytest.raises(StorageBusyError, match="another job is writing"):
            mvn_dask.to_zarr(array, folder, overwrite=True)
    assert tree(folder) == before
    jobs.append(start_paused(folder, 5))
    assert_midway(folder)
    gate(folder).touch()
    for job in jobs:
        end(job)
    assert tree(folder) == reference()


def test_files_of_killed_writers_are_no_part_of_a_store_and_are_swept(tmp_path: Path) -> None:
    folder = tmp_path / "store"
    kill(start_paused(folder, 7))
    assert partials(folder), "it died amid a chunk"
    (folder / ".mvn_dask" / f"plan.{'0' * 32}.partial").touch()
    (folder / f"zarr.{'1' * 32}.partial").write_bytes(b"{}")
    assert_midway(folder)
    report = mvn_dask.verify(folder)
    assert set(report.bad.values()) == {"missing"}
    assert len(report.bad) == CHUNKS - chunks_in(folder)
    assert not report.unknown_files
    gone = partials(folder)
    mvn_dask.to_zarr(rows(), folder)
    assert not partials(folder)
    assert tree(folder) == reference()
    for path in gone:  # and in a finished store
        path.parent.mkdir(exist_ok=True)
        path.touch()
    assert mvn_dask.verify(folder).ok
    assert mvn_dask.status(folder).complete
    assert mvn_dask.from_zarr(folder).shape == rows().shape
    mvn_dask.repair(folder)
    assert tree(folder) == reference()


def test_a_store_of_a_killed_job_goes_on_as_a_copy_and_elsewhere(tmp_path: Path) -> None:
    folder, copy, moved = (tmp_path / name for name in ("store", "copy", "moved"))
    kill(start_paused(folder, 9))
    assert_midway(folder)
    shutil.copytree(folder, copy)
    folder.rename(moved)
    for place in (copy, moved):
        assert_midway(place)
        assert not mvn_dask.verify(place).ok
        mvn_dask.to_zarr(rows(), place)
        assert mvn_dask.verify(place, level="values", full=True).ok
        assert tree(place) == reference()
