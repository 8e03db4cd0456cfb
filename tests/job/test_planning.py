import asyncio
from pathlib import Path
from typing import Any

import dask
import numpy as np
import pytest
from dask.callbacks import Callback
from distributed import Client, LocalCluster

from mvn_dask.errors import ArgumentError, BlockTooLargeError, JobFileError, StorageNotEmptyError
from mvn_dask.execution.ranges import run_range
from mvn_dask.job import planning
from mvn_dask.job.job import Job
from mvn_dask.job.planning import plan
from mvn_dask.job.running import run
from tests.support.jobs import mapping
from tests.support.stores import tree


def job_in(folder: Path, **tables: dict[str, Any]) -> Job:
    whole = {"sample": {"chunks": 100}, **tables}
    return Job.from_mapping(mapping(**whole), folder=folder, label="job.toml")


def test_states(tmp_path: Path) -> None:
    job = job_in(tmp_path)
    assert plan(job).state == "new"
    assert not list(tmp_path.iterdir())
    run(job, (0, 2))
    before = tree(tmp_path)
    assert (plan(job).state, plan(job).missing) == ("unfinished", 5)
    assert (plan(job, (0, 2)).missing, plan(job, (1, 2)).missing) == (0, 5)
    assert (plan(job, (1, 4)).missing, plan(job, (3, 4)).missing) == (0, 3)
    other = job_in(tmp_path, sample={"seed": 43, "chunks": 100})
    assert (plan(other).state, plan(other).missing) == ("another", 10)
    assert tree(tmp_path) == before
    run(job)
    assert (plan(job).state, plan(job).missing, plan(job).tasks) == ("complete", 0, 0)


def test_a_factor_that_is_lost_is_work_left(tmp_path: Path) -> None:
    job = job_in(tmp_path, distribution={"cov": [[2.0, 1.0], [1.0, 2.0]]})
    run(job)
    (tmp_path / "samples.zarr" / ".mvn_dask" / "parameters" / "factor.matrix.npy").unlink()
    assert plan(job).state == "unfinished"


@pytest.mark.parametrize(
    ("sample", "output"),
    [
        ({"size": 1000, "chunks": 100}, {}),
        ({"size": 950, "chunks": 100}, {}),
        ({"size": 950, "chunks": 100, "dtype": "float32"}, {}),
        ({"size": 950, "chunks": 100}, {"shards": 25}),
        ({"size": [7, 50], "chunks": 20}, {}),
        ({"size": 0}, {}),
        ({"size": 1}, {}),
        ({"size": 1000, "chunks": -1}, {}),
        ({"size": 1000, "chunks": "1 KiB"}, {}),
    ],
)
def test_chunks_and_bytes_are_those_that_run_writes(
    sample: dict[str, Any], output: dict[str, Any], tmp_path: Path
) -> None:
    job = job_in(tmp_path, sample=sample, output=output)
    planned = plan(job)
    assert not list(tmp_path.iterdir())
    ran = run(job)
    chunks = [path for path in (tmp_path / "samples.zarr" / "samples" / "c").rglob("*") if path.is_file()]
    assert (len(chunks), sum(path.stat().st_size for path in chunks)) == (planned.chunks, planned.bytes)
    assert (ran.drawn, ran.shape, ran.fingerprint) == (planned.missing, planned.shape, planned.fingerprint)
    assert planned.rows == np.prod(planned.shape[:-1])


class Counter(Callback):
    """Counts the ranges that dask was given."""

    def __init__(self) -> None:
        super().__init__(pretask=self.count)  # type: ignore[no-untyped-call]
        self.tasks = 0

    def count(self, key: Any, *_: Any) -> None:
        self.tasks += str(key).startswith(run_range.__name__)


@pytest.mark.parametrize("size", [300, 1000, 7700])
@pytest.mark.parametrize("threads", [1, 3])
def test_tasks_are_those_that_run_submits(size: int, threads: int, tmp_path: Path) -> None:
    job = job_in(tmp_path, sample={"size": size, "chunks": 100}, cluster={"threads": threads})
    planned = plan(job)
    assert planned.threads == threads
    with Counter() as counter, dask.config.set(pool=None):
        run(job)
    assert counter.tasks == planned.tasks


def ranges(dask_scheduler: Any) -> set[str]:
    """Tasks that a scheduler has seen."""
    return {str(each[0]) for each in dask_scheduler.transition_log if "mvn-range" in str(each[0])}


def test_tasks_on_a_cluster(tmp_path: Path) -> None:
    options = {"kind": "local", "workers": 1, "threads": 2, "options": {"processes": False}}
    job = job_in(tmp_path, sample={"size": 2000, "chunks": 100}, cluster=options)
    planned = plan(job)
    with (
        LocalCluster(n_workers=1, threads_per_worker=2, processes=False, dashboard_address="127.0.0.1:0") as cluster,
        Client(cluster) as client,
    ):
        run(job, client=client)
        story = client.run_on_scheduler(ranges)
    assert planned.threads == 2
    assert len(story) == planned.tasks


@pytest.mark.parametrize(
    ("cluster", "options"),
    [
        ({}, {}),
        ({"workers": 1}, {"n_workers": 1}),
        ({"workers": 3}, {"n_workers": 3}),
        ({"threads": 1}, {"threads_per_worker": 1}),
        ({"threads": 5}, {"threads_per_worker": 5}),
        ({"workers": 3, "threads": 2}, {"n_workers": 3, "threads_per_worker": 2}),
    ],
)
def test_threads_of_a_local_cluster(cluster: dict[str, Any], options: dict[str, Any], tmp_path: Path) -> None:
    """What distributed makes of the same numbers, where no worker is ever started."""

    async def threads() -> int:
        local = LocalCluster(**options, asynchronous=True, dashboard_address="127.0.0.1:0")
        return sum(spec["options"]["nthreads"] for spec in local.worker_spec.values())

    wanted = asyncio.run(threads())
    assert planning._threads(job_in(tmp_path, cluster={"kind": "local", **cluster})) == wanted


@pytest.mark.parametrize(
    ("cluster", "threads"),
    [
        ({"kind": "processes", "workers": 5}, 5),
        ({"kind": "slurm", "workers": 5, "threads": 2}, 10),
        ({"kind": "slurm", "workers": 5}, None),
        ({"kind": "local", "adaptive": {"maximum": 4}}, None),
        ({"kind": "scheduler", "address": "tcp://127.0.0.1:1"}, None),
    ],
)
def test_threads(cluster: dict[str, Any], threads: int | None, tmp_path: Path) -> None:
    planned = plan(job_in(tmp_path, cluster=cluster))
    assert planned.threads == threads
    assert (planned.seconds is None) is (threads is None)
    assert planned.tasks > 0


def test_time_and_memory(tmp_path: Path) -> None:
    planned = plan(job_in(tmp_path, cluster={"threads": 2}))
    assert planned.cpu_seconds > 0
    assert planned.seconds is not None
    assert planned.seconds > 0
    assert planned.thread_bytes >= 100 * 2 * 8


def test_huge_jobs_are_planned_as_fast_as_small_ones(tmp_path: Path) -> None:
    planned = plan(job_in(tmp_path, sample={"size": 10**12, "chunks": "1 GiB"}))
    assert planned.bytes > 10**13
    assert planned.cpu_seconds > 60


def test_what_cannot_be(tmp_path: Path) -> None:
    with pytest.raises(JobFileError, match=r"missing\.npy"):
        plan(job_in(tmp_path, distribution={"mean": "missing.npy"}))
    with pytest.raises(ArgumentError, match="0 <= i < n"):
        plan(job_in(tmp_path), (3, 3))
    with pytest.raises(BlockTooLargeError, match="bytes"):
        plan(job_in(tmp_path, sample={"size": 10**6, "chunks": -1}, cluster={"kind": "local", "memory": "1 MiB"}))


def test_what_a_run_refuses_a_plan_refuses(tmp_path: Path) -> None:
    job = job_in(tmp_path)
    (tmp_path / "samples.zarr").mkdir()
    (tmp_path / "samples.zarr" / "notes.txt").touch()
    for call in (plan, run):
        with pytest.raises(StorageNotEmptyError, match=r"notes\.txt lies there"):
            call(job)
        with pytest.raises(StorageNotEmptyError, match="is a file"):
            call(job_in(tmp_path, output={"url": "samples.zarr/notes.txt"}))
        with pytest.raises(ArgumentError, match="exclude each other"):
            call(job_in(tmp_path, output={"url": "x.zarr", "overwrite": True}), (0, 2))
