"""Jobs that are killed while they write to a repository, and many at once."""

import os
import signal
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import dask
import numpy as np
import psutil
import pytest
from distributed import Client

import mvn_dask
from mvn_dask.errors import UnfinishedStoreError
from tests.support.clusters import local_cluster
from tests.support.pausing import CHUNKS, DEADLINE, barrier, end, gate, kill, rows, start, wait_for
from tests.support.repositories import messages, pause_tasks, repository_in, url_of, write_part

WORK = "main.mvn_dask-unfinished"


def assert_finished(folder: Path) -> None:
    """Everything is there, as in a store that was never interrupted, and nothing was left behind."""
    url = url_of(folder)
    np.testing.assert_array_equal(mvn_dask.from_zarr(url), rows())
    assert mvn_dask.verify(url, level="checksum").ok
    assert repository_in(folder).list_branches() == {"main"}


@pytest.mark.faults
def test_a_killed_job_goes_on_from_its_last_commit(tmp_path: Path) -> None:
    folder = tmp_path / "repository"
    job = start(write_part, folder, 20)
    wait_for(barrier(folder, job.pid).exists, "the job")
    wait_for(lambda: mvn_dask.status(url_of(folder)).done, "a commit")
    kill(job)
    done = mvn_dask.status(url_of(folder)).done
    assert 0 < done <= 20
    with pytest.raises(UnfinishedStoreError, match=f"{CHUNKS - done} of {CHUNKS} chunks"):
        mvn_dask.from_zarr(url_of(folder))
    assert messages(repository_in(folder)) == ["Repository initialized"], "readers see nothing"
    kept = messages(repository_in(folder), WORK)
    mvn_dask.to_zarr(rows(), url_of(folder))
    assert_finished(folder)
    said = messages(repository_in(folder))
    assert said[: len(kept)] == kept
    assert f"mvn_dask: {CHUNKS - done} chunks" in said[-2], "only what was missing was drawn"


@pytest.mark.faults
def test_parts_that_commit_at_the_same_time_lose_nothing(tmp_path: Path) -> None:
    folder, parts = tmp_path / "repository", 4
    jobs = [start(write_part, folder, 2, (i, parts)) for i in range(parts)]
    for job in jobs:
        wait_for(barrier(folder, job.pid).exists, "all parts")
    kill(jobs[1])
    gate(folder).touch()
    for job in (jobs[0], *jobs[2:]):
        end(job)
    found = mvn_dask.status(url_of(folder))
    assert CHUNKS - CHUNKS // parts <= found.done < CHUNKS
    assert messages(repository_in(folder)) == ["Repository initialized"]
    mvn_dask.to_zarr(rows(), url_of(folder), part=(1, parts))
    assert_finished(folder)
    said = messages(repository_in(folder))
    assert len({message for message in said if "begin" in message}) == len([m for m in said if "begin" in m]) == 2
    assert sum("finish" in message for message in said) == 1


@pytest.mark.faults
def test_killed_workers_of_a_cluster(tmp_path: Path) -> None:
    """Their nannies start others, and what was not committed is drawn again."""
    folder = tmp_path / "repository"
    with local_cluster() as cluster, Client(cluster) as client, ThreadPoolExecutor(1) as pool:
        pids = [int(pid) for pid in client.run(os.getpid).values()]
        client.run(pause_tasks, folder, 6)
        with dask.config.set({"scheduler": "distributed", "mvn_dask.commit": 0}):
            job = pool.submit(mvn_dask.to_zarr, rows(), url_of(folder))
            for pid in pids:
                wait_for(barrier(folder, pid).exists, "all workers")
            os.kill(pids[0], signal.SIGKILL)
            wait_for(lambda: not psutil.pid_exists(pids[0]), "its end")
            gate(folder).touch()
            job.result(DEADLINE)
    assert_finished(folder)
