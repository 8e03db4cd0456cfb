import asyncio
import threading
from collections.abc import Callable
from pathlib import Path

import dask
import pytest
from dask.system import CPU_COUNT
from distributed import Client, get_client, get_worker, rejoin, secede, worker_client

import mvn_dask
from mvn_dask.errors import WorkersLostError
from mvn_dask.execution.client import connected_client, current_client, seceded, thread_count
from tests.support.arrays import sample
from tests.support.clusters import local_cluster
from tests.support.squares import Squares, squares
from tests.support.stores import tree


def test_without_a_client() -> None:
    assert current_client() is None
    assert connected_client() is None
    assert thread_count() == CPU_COUNT
    with dask.config.set(num_workers=7):
        assert thread_count() == 7


def test_the_client_that_dask_computes_with_and_the_one_that_is_connected(threads: Client) -> None:
    assert current_client() is threads
    assert connected_client() is threads
    assert thread_count() == 2
    with dask.config.set(scheduler="threads"):
        assert current_client() is None
        assert connected_client() is threads, "client.submit sends arrays to its workers all the same"


def test_an_asynchronous_client_cannot_be_waited_for() -> None:
    async def look() -> None:
        async with (
            local_cluster(processes=False, n_workers=1, asynchronous=True) as cluster,
            Client(cluster, asynchronous=True) as client,
        ):
            assert connected_client() is client
            with dask.config.set(scheduler="distributed"), pytest.raises(RuntimeError, match="async"):
                current_client()

    asyncio.run(look())


def test_a_closed_client_is_not_connected(threads: Client) -> None:
    threads.close()
    assert connected_client() is None


CALLS: dict[str, Callable[[Path], object]] = {
    "a sample": lambda folder: mvn_dask.to_zarr(sample(seed=2), folder.with_name("other")),
    "derived": lambda folder: mvn_dask.to_zarr(sample() - sample().mean(axis=0), folder.with_name("other")),
    "overwrite": lambda folder: mvn_dask.to_zarr(sample(seed=2), folder, overwrite=True),
    "memory": lambda _: mvn_dask.to_zarr(sample(), "memory://lost"),
    "extend": lambda folder: mvn_dask.extend(folder, 5),
    "repair": mvn_dask.repair,
    "verify": lambda folder: mvn_dask.verify(folder, level="values"),
    "report": mvn_dask.report,
    "threads": lambda _: thread_count(),
}


@pytest.mark.parametrize("by", ["client", "configuration"])
def test_a_client_without_a_scheduler_is_lost(by: str, threads: Client, tmp_path: Path) -> None:
    folder = tmp_path / "store"
    with dask.config.set(scheduler="threads"):
        mvn_dask.to_zarr(sample(), folder)
    before = tree(folder)
    with dask.config.set(scheduler=threads if by == "client" else "distributed"):
        threads.close()
        for name, call in CALLS.items():
            with pytest.raises(WorkersLostError, match="its client was closed: connect a new client"):
                call(folder)
            assert tree(folder) == before, name
    assert list(tmp_path.iterdir()) == [folder]


def test_outside_of_tasks_there_is_no_thread_to_leave() -> None:
    with seceded():
        pass


def counts() -> list[int]:
    """Threads of this task's worker that are occupied: before, inside and after."""
    state = get_worker().state
    before = len(state.executing)
    with seceded():
        # The worker's event loop takes note of it.
        inside = len(state.executing)
        deadline = threading.Event()
        while inside == before and not deadline.wait(0.01):
            inside = len(state.executing)
    return [before, inside]


def test_a_task_gives_its_thread_to_others(threads: Client) -> None:
    assert threads.submit(counts, pure=False).result(120) == [1, 0]


def squares_in_a_task(how: str) -> list[int]:
    """Work on the cluster of which this is a task."""
    if how == "a task that rejoins":
        secede()
        rejoin()
    if how == "secede":
        secede()
    if how == "get_client":
        get_client()
    if how == "worker_client":
        with worker_client():
            return squares(Squares())
    return squares(Squares())


@pytest.mark.parametrize("how", ["secede", "worker_client", "get_client", "a task that rejoins", "nothing"])
def test_tasks_run_tasks_whether_they_have_seceded_or_not(how: str, threads: Client) -> None:
    """Twice as many of them at a time as there are threads."""
    with dask.config.set(scheduler=None):
        futures = [threads.submit(squares_in_a_task, how, pure=False) for _ in range(4)]
        assert [future.result(120) for future in futures] == [[number**2 for number in range(100)]] * 4
    # The pool has as many threads as before.
    assert len(threads.submit(threads_of_the_pool, pure=False).result(120)) == 2


def threads_of_the_pool() -> list[str]:
    return sorted(thread.name for thread in get_worker().executor._threads)
