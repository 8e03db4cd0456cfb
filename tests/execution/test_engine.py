import os
import signal
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import dask
import numpy as np
import psutil
import pytest
from distributed import Client

import mvn_dask
from mvn_dask.errors import WorkersLostError
from mvn_dask.execution.engine import run
from mvn_dask.execution.ranges import BlockNumbers
from tests.support.clusters import local_cluster
from tests.support.squares import Counted, Failing, Squares, squares


@pytest.mark.parametrize("scheduler", ["synchronous", "threads", pytest.param("processes", marks=pytest.mark.faults)])
def test_every_number_once_on_local_schedulers(scheduler: str, tmp_path: Path) -> None:
    with dask.config.set(scheduler=scheduler):
        assert squares(Squares(tmp_path)) == [number**2 for number in range(100)]
    assert 15 <= len(list(tmp_path.iterdir())) < 40, "so many ranges: most of 7, at the end shorter ones"


def test_every_number_once_on_all_workers_of_a_cluster(processes: Client, tmp_path: Path) -> None:
    assert squares(Squares(tmp_path), count=400, size=1) == [number**2 for number in range(400)]
    ranges = [path.name.split("-") for path in tmp_path.iterdir()]
    assert len(ranges) == 400
    assert len({process for _, process in ranges}) == 2, "both workers"
    deadline = time.monotonic() + 120
    while any(processes.run(lambda dask_worker: len(dask_worker.data)).values()):
        assert time.monotonic() < deadline, "nothing stays behind"


@pytest.mark.parametrize("where", ["threads", "cluster"])
def test_an_error_of_the_work_comes_out_at_once(where: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    if where == "cluster":
        request.getfixturevalue("processes")
    with pytest.raises(ValueError, match="number 50"):
        squares(Failing(tmp_path, times=9))
    assert len(list(tmp_path.glob("tried-*"))) == 1


DIED = (
    "a process of the pool died amid its work.*a number takes 8 bytes.*dies again.*num_workers.*What was written stays"
)


def test_a_process_of_a_pool_that_dies(tmp_path: Path) -> None:
    """The same call goes on; so it does if one dies at the first task."""
    with dask.config.set(scheduler="processes", num_workers=1):
        with pytest.raises(WorkersLostError, match=DIED):
            squares(Failing(tmp_path, SystemExit))
        assert squares(Failing(tmp_path, SystemExit)) == [number**2 for number in range(100)]


class Deadly(Squares):
    """Each range ends its process."""

    def __call__(self, numbers: BlockNumbers) -> Sequence[Any]:
        os.kill(os.getpid(), signal.SIGKILL)
        return super().__call__(numbers)


@pytest.mark.faults
def test_a_process_of_a_pool_of_the_users_that_dies(tmp_path: Path) -> None:
    at_first = (
        "ended before any task did. Either none of them began.*one died at its first block; a number takes 8 bytes"
    )
    # Whether another task ends before the first death is left to chance.
    either = f"({DIED})|({at_first})"
    for work, expected in ((Failing(tmp_path, SystemExit, times=99), either), (Deadly(), at_first)):
        with (
            ProcessPoolExecutor(1, get_context("spawn")) as pool,
            dask.config.set(scheduler="processes", pool=pool),
            pytest.raises(WorkersLostError, match=expected),
        ):
            squares(work)
    with dask.config.set(scheduler="processes", num_workers=1), pytest.raises(WorkersLostError, match=DIED):
        squares(Deadly())


def greeting(folder: Path) -> None:
    (folder / f"began-{os.getpid()}").touch()


@pytest.mark.faults
def test_an_initializer_of_the_users_is_run_as_well(tmp_path: Path) -> None:
    setting = {"scheduler": "processes", "num_workers": 1, "multiprocessing.initializer": partial(greeting, tmp_path)}
    with dask.config.set(setting):
        assert squares(Squares()) == [number**2 for number in range(100)]
    assert list(tmp_path.glob("began-*"))


def store_one(seed: int, folder: Path) -> int:
    """A task that keeps a store itself."""
    rows = mvn_dask.MultivariateNormal([0.0], 1.0).sample(50, seed=seed, chunks=5)
    mvn_dask.to_zarr(rows, folder / str(seed))
    mvn_dask.to_zarr(rows - rows.mean(axis=0), folder / f"{seed}-whole")
    return int(mvn_dask.verify(folder / str(seed), level="values").ok)


def test_tasks_may_keep_stores_themselves(processes: Client, tmp_path: Path) -> None:
    """They give their thread to the ranges that they wait for."""
    futures = processes.map(store_one, range(4), folder=tmp_path)
    assert sum(processes.gather(futures)) == 4
    assert all((tmp_path / f"{seed}-whole" / "zarr.json").exists() for seed in range(4))


class Nothing(Squares):
    def __call__(self, numbers: BlockNumbers) -> Sequence[Any]:
        for _ in numbers.tolist():
            pass
        return ()


def most_memory(process: int) -> float:
    """Most memory that a process ever had, in MB."""
    status = Path(f"/proc/{process}/status").read_text()
    return int(next(line.split()[1] for line in status.splitlines() if line.startswith("VmHWM"))) / 1000


@pytest.mark.slow
def test_a_million_blocks_are_no_burden() -> None:
    """Memory and processor time of client and scheduler together; measured: 26 MB and 2.3 s."""
    with local_cluster() as cluster, Client(cluster), dask.config.set(scheduler="distributed"):
        # Client and scheduler share this process; the workers have their own.
        list(run(Nothing(), np.arange(10_000), 1000, Counted(10_000, "block", 8)))
        memory, time = most_memory(os.getpid()), psutil.Process().cpu_times()
        list(run(Nothing(), np.arange(1_000_000), 1000, Counted(1_000_000, "block", 8)))
        now = psutil.Process().cpu_times()
        assert most_memory(os.getpid()) - memory <= 100
        assert now.user + now.system - time.user - time.system <= 15
