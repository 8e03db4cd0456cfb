"""Jobs on clusters whose processes die; the rest is in `test_faults`."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Literal

import dask
import dask.array as da
import numpy as np
import numpy.typing as npt
import psutil
import pytest
from distributed import Client, WorkerPlugin
from distributed.chaos import KillWorker

import mvn_dask
from mvn_dask.atomic import PARTIAL
from mvn_dask.errors import WorkersLostError
from mvn_dask.execution import cluster_run
from tests.support.clusters import local_cluster, replaced_workers
from tests.support.pausing import (
    DEADLINE,
    ROOT,
    assert_midway,
    barrier,
    end,
    gate,
    pause_after,
    reference,
    rows,
    start,
    wait_for,
)
from tests.support.stores import chunks_in, tree


@contextmanager
def writing(client: Client, folder: Path) -> Iterator[tuple["Future[None]", list[int]]]:
    """A job in a thread of this process, and its workers' pids; they stand still. In the end its store is whole."""
    pids = [int(pid) for pid in client.run(os.getpid).values()]
    client.run(pause_after, folder, 6)
    pool = ThreadPoolExecutor(1)
    try:
        with dask.config.set(scheduler="distributed"):
            job = pool.submit(mvn_dask.to_zarr, rows(), folder)
            for pid in pids:
                wait_for(barrier(folder, pid).exists, "all workers")
            assert_midway(folder)
            yield job, pids
            job.result(DEADLINE)
    finally:
        pool.shutdown(wait=False)  # a job that hangs fails, rather than to hang the test
    # Those of a worker that is still on its way out, amid a chunk, are left to the next job that is alone.
    files = {key: content for key, content in tree(folder).items() if not PARTIAL.search(key)}
    assert files == reference()


@pytest.mark.parametrize("killed", [1, pytest.param(2, marks=pytest.mark.slow)])
def test_killed_workers_of_a_local_cluster(killed: int, tmp_path: Path) -> None:
    """Their nannies start others, and the job ends by itself."""
    with local_cluster() as cluster, Client(cluster) as client:
        with writing(client, tmp_path / "store") as (job, pids):
            for pid in pids[:killed]:
                os.kill(pid, signal.SIGKILL)
            wait_for(lambda: not any(map(psutil.pid_exists, pids[:killed])), "their end")
            assert not job.done()
            gate(tmp_path / "store").touch()
        assert not set(pids[:killed]) & set(client.run(os.getpid).values())


@pytest.mark.slow
@pytest.mark.parametrize("mode", ["segfault", "graceful", "sys.exit"])
def test_workers_that_die_now_and_then(mode: Literal["segfault", "graceful", "sys.exit"], tmp_path: Path) -> None:
    with (
        # Else a cluster forgets a worker that is just being started again so long after its first death.
        dask.config.set({"distributed.deploy.lost-worker-timeout": "1 hour"}),
        local_cluster() as cluster,
        Client(cluster) as client,
        writing(client, tmp_path / "store") as (job, pids),
    ):
        client.register_plugin(KillWorker(delay="2 s", mode=mode), name="chaos")
        wait_for(lambda: not set(pids) & {worker.pid for worker in [*cluster.scheduler.workers.values()]}, "their end")
        assert mode != "sys.exit" or not job.done()
        # Some of them die while they are told.
        with suppress(Exception):
            client.unregister_worker_plugin("chaos")
        gate(tmp_path / "store").touch()
        # An exit is an end that was meant, for nannies, and a death while a worker begins is one too: others come.
        cluster.scale(4)


class DiesWithTheWork(WorkerPlugin):
    """Some lives long, workers die as soon as they are sent the work, before any range."""

    def __init__(self, folder: Path, lives: int) -> None:
        self.lives = [folder / f"life-{number}" for number in range(lives)]

    def transition(self, key: object, start: str, finish: str, **_: object) -> None:  # noqa: ARG002
        if finish == "executing" and str(key).startswith("mvn-work"):
            for life in self.lives:
                if not life.exists():
                    life.touch()
                    os._exit(9)


@pytest.mark.slow
def test_workers_that_die_before_they_begin(tmp_path: Path) -> None:
    """Distributed gives up the work that all ranges need; it is sent again, but not for ever."""
    folder = tmp_path / "store"
    with (
        dask.config.set({"distributed.scheduler.allowed-failures": 0, "scheduler": "distributed"}),
        local_cluster(n_workers=1) as cluster,
        Client(cluster) as client,
        replaced_workers(cluster),
    ):
        client.register_plugin(DiesWithTheWork(tmp_path, 5))
        with pytest.raises(WorkersLostError, match="workers died again and again at the same blocks"):
            mvn_dask.to_zarr(rows(), folder)
        assert len(list(tmp_path.glob("life-*"))) == 3
        assert not list(folder.rglob("zarr.json"))
        mvn_dask.to_zarr(rows(), folder)
    assert tree(folder) == reference()


@contextmanager
def apart(folder: Path) -> Iterator[tuple[Path, "subprocess.Popen[bytes]", list["subprocess.Popen[bytes]"]]]:
    """A scheduler and two workers without nannies, all of them processes of their own, and the scheduler's file."""
    file = folder / "scheduler.json"
    common = ["--host", "127.0.0.1", "--no-dashboard", "--scheduler-file", str(file)]
    commands = [["scheduler", "--port", "0"], *[["worker", "--no-nanny", "--nthreads", "1"]] * 2]
    processes = [
        subprocess.Popen(
            [sys.executable, "-m", "dask", *command, *common],
            cwd=folder,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stderr=subprocess.DEVNULL,
        )
        for command in commands
    ]
    try:
        yield file, processes[0], processes[1:]
    finally:
        for process in processes:
            process.kill()
            process.wait()


@pytest.mark.slow
def test_a_killed_worker_that_nobody_starts_again(tmp_path: Path) -> None:
    with apart(tmp_path) as (file, _, workers), Client(scheduler_file=str(file)) as client:
        client.wait_for_workers(2)
        with writing(client, tmp_path / "store") as (job, _):
            workers[0].kill()
            workers[0].wait()
            assert not job.done()
            gate(tmp_path / "store").touch()
        assert list(client.run(os.getpid).values()) == [workers[1].pid]


def lose_the_scheduler(file: Path, folder: Path) -> None:
    cluster_run.COUNT_SECONDS = 0.0  # threads are counted whenever a range ends
    timeouts = {"distributed.comm.timeouts.connect": "3 s", "scheduler": "distributed"}
    with dask.config.set(timeouts), Client(scheduler_file=str(file)) as client:
        client.wait_for_workers(2)
        client.run(pause_after, folder, 6)
        with pytest.raises(WorkersLostError, match=r"the scheduler at .* is gone"):
            mvn_dask.to_zarr(rows(), folder)
        # While it tries to reconnect, while it closes, and afterwards.
        seen = {client.status}
        while "closed" not in seen:
            refused_without_a_scheduler(folder)
            seen.add(client.status)
        refused_without_a_scheduler(folder)
        with dask.config.set(scheduler=client):
            refused_without_a_scheduler(folder)


def refused_without_a_scheduler(folder: Path) -> None:
    for call in (
        lambda: mvn_dask.to_zarr(rows(), folder),
        lambda: mvn_dask.to_zarr(rows() - rows().mean(axis=0), folder.with_name("other")),
        lambda: mvn_dask.to_zarr(rows(), "memory://other"),
        lambda: mvn_dask.repair(folder),
    ):
        with pytest.raises(WorkersLostError, match="is gone, or was restarted"):
            call()
    assert not folder.with_name("other").exists()


@pytest.mark.faults
@pytest.mark.parametrize("when", [pytest.param("while it waits", marks=pytest.mark.slow), "while ranges end"])
def test_a_killed_scheduler(when: str, tmp_path: Path) -> None:
    folder = tmp_path / "store"
    with apart(tmp_path) as (file, scheduler, workers):
        job = start(lose_the_scheduler, file, folder)
        for worker in workers:
            wait_for(barrier(folder, worker.pid).exists, "all workers")
        assert_midway(folder)
        if when == "while ranges end":
            # It learns at one go that some have ended, and that there is no scheduler any more.
            os.kill(job.pid or 0, signal.SIGSTOP)
            before = chunks_in(folder)
            gate(folder).touch()
            wait_for(lambda: chunks_in(folder) > before + 4, "some more")
        scheduler.kill()
        scheduler.wait()
        os.kill(job.pid or 0, signal.SIGCONT)
        end(job)
    assert not list(folder.rglob("zarr.json"))
    mvn_dask.to_zarr(rows(), folder)
    assert tree(folder) == reference()


def write_on_a_cluster(folder: Path) -> None:
    os.setsid()
    with local_cluster() as cluster, Client(cluster) as client, dask.config.set(scheduler="distributed"):
        client.run(pause_after, folder, 6)
        mvn_dask.to_zarr(rows(), folder)


@pytest.mark.faults
@pytest.mark.parametrize(
    ("number", "code", "to"),
    [
        (signal.SIGKILL, -9, os.kill),
        (signal.SIGTERM, -15, os.killpg),
        (signal.SIGINT, 1, os.killpg),
        pytest.param(signal.SIGKILL, -9, os.killpg, marks=pytest.mark.slow),
        pytest.param(signal.SIGTERM, -15, os.kill, marks=pytest.mark.slow),
        pytest.param(signal.SIGINT, 1, os.kill, marks=pytest.mark.slow),
    ],
)
def test_signals_to_the_client(
    number: signal.Signals, code: int, to: Callable[[int, int], None], tmp_path: Path
) -> None:
    """Alone, and with its workers, whose group is its own. All workers end with it."""
    folder = tmp_path / "store"
    job = start(write_on_a_cluster, folder)
    wait_for(lambda: len(list(tmp_path.glob("*.waits"))) == 2, "all workers")
    assert_midway(folder)
    family = psutil.Process(job.pid).children(recursive=True)
    assert len(family) >= 2
    to(job.pid or 0, number)
    end(job, code)
    _, alive = psutil.wait_procs(family, DEADLINE)
    assert not alive
    assert_midway(folder)
    mvn_dask.to_zarr(rows(), folder)
    assert tree(folder) == reference()


def greedy(block: npt.NDArray[Any], block_id: tuple[int, ...] = ()) -> npt.NDArray[Any]:
    if block_id and block_id[0] == 20 and not Path(os.environ["MVN_DASK_TEST_DIET"]).exists():
        hoard = np.ones(2**27)
        threading.Event().wait(float(DEADLINE * hoard[0]))
    return block


@pytest.mark.slow
def test_workers_over_their_memory_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder, diet = tmp_path / "store", tmp_path / "diet"
    monkeypatch.setenv("MVN_DASK_TEST_DIET", str(diet))
    array = da.map_blocks(greedy, rows(), dtype="f8", meta=np.empty((0, 0)))
    once = {"distributed.scheduler.allowed-failures": 0, "scheduler": "distributed"}
    with (
        dask.config.set(once),
        local_cluster(memory_limit="700 MiB") as cluster,
        Client(cluster),
        pytest.raises(
            WorkersLostError, match=rf"could take {700 * 2**20} bytes, and a block takes {8192 * 64 + 4} bytes"
        ),
    ):
        mvn_dask.to_zarr(array, folder)
    assert_midway(folder)
    diet.touch()
    mvn_dask.to_zarr(array, folder)
    mvn_dask.to_zarr(array, tmp_path / "reference")
    assert tree(folder) == tree(tmp_path / "reference")
