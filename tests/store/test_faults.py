"""Jobs that die, disks that are full, and several jobs at once; clusters are in `test_faults_cluster`."""

import errno
import resource
import shutil
import subprocess
import sys
from pathlib import Path

import dask
import pytest

import mvn_dask
from mvn_dask.errors import SpecMismatchError, StorageBusyError
from tests.support.pausing import (
    CHUNKS,
    ROOT,
    assert_midway,
    barrier,
    end,
    gate,
    kill,
    partials,
    reference,
    rows,
    start,
    start_paused,
    wait_for,
    write_paused,
)
from tests.support.stores import chunks_in, sample, tree


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


@pytest.mark.parametrize(
    "rounds", [1, pytest.param(3, marks=pytest.mark.faults), pytest.param(30, marks=pytest.mark.slow)]
)
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


@pytest.mark.faults
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


@pytest.mark.faults
@pytest.mark.parametrize("scheduler", ["threads", pytest.param("processes", marks=pytest.mark.slow)])
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
    (folder / ".mvn_dask" / f"manifest.json.{'0' * 32}.partial").touch()
    (folder / f"zarr.json.{'1' * 32}.partial").write_bytes(b"{}")
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
