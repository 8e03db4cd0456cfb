import multiprocessing
import threading
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import dask
import dask.array as da
import numpy as np
import pytest
from distributed import Client

import mvn_dask
from mvn_dask.errors import JobCancelledError
from mvn_dask.execution import cancellation
from mvn_dask.execution.cancellation import (
    CancelToken,
    TaskCancelled,
    cancel_on_event,
    cancellable,
    current_token,
    exit_if_cancelled,
    task_of_job,
)
from mvn_dask.execution.progress import ProgressState, report_progress_to
from tests.conftest import local_cluster


def slow(block: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    time.sleep(0.02)
    return block


def sample(rows: int = 1500) -> da.Array:
    x = mvn_dask.MultivariateNormal([1.0, 2.0], 3.0).sample(rows, seed=1, chunks=10)
    drawn: da.Array = da.map_blocks(slow, x)
    return drawn


def stop_after(chunks: int, stop: CancelToken) -> Any:
    """A listener that asks to stop, from another thread, once so many chunks are done."""

    def listen(state: ProgressState) -> None:
        if state.done >= chunks:
            threading.Thread(target=stop.cancel).start()

    return report_progress_to(listen)


def test_a_job_without_a_stop_is_never_stopped() -> None:
    assert not current_token().cancelled
    with task_of_job(current_token().token):
        exit_if_cancelled()
    exit_if_cancelled()


def test_a_checkpoint_leaves_the_task_of_the_stopped_job_only() -> None:
    one, other = CancelToken(), CancelToken()
    one.cancel()
    with task_of_job(one.token), pytest.raises(TaskCancelled):
        exit_if_cancelled()
    with task_of_job(other.token):
        exit_if_cancelled()


def test_others_hear_of_it_once_however_late_they_come() -> None:
    heard: list[str] = []
    stop = CancelToken()
    with stop.on_cancel(heard.append):
        stop.cancel()
        stop.cancel()
    assert heard == [stop.token]
    with stop.on_cancel(heard.append):
        assert heard == [stop.token] * 2


def look_for(seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        exit_if_cancelled()


def test_a_followed_event_stops_all_work(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cancellation, "_stopped", set())
    event = threading.Event()
    cancel_on_event(event)
    with task_of_job("some job"):
        exit_if_cancelled()
        event.set()
        with pytest.raises(TaskCancelled):
            look_for(10.0)


def stopped_and_resumed(folder: Path) -> None:
    stop = CancelToken()
    with cancellable(stop), stop_after(5, stop), pytest.raises(JobCancelledError, match="the same call goes on"):
        mvn_dask.to_zarr(sample(), folder)
    status = mvn_dask.status(folder)
    assert 5 <= status.done < 145, "many are left, since work stopped between two blocks"
    with cancellable(stop), pytest.raises(JobCancelledError):
        mvn_dask.to_zarr(sample(), folder)
    assert mvn_dask.status(folder).done == status.done, "nothing begins once a stop is requested"
    mvn_dask.to_zarr(sample(), folder)
    assert mvn_dask.status(folder).complete


def test_threads_stop(tmp_path: Path) -> None:
    stopped_and_resumed(tmp_path)


def test_a_pool_of_processes_stops(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    event = context.Event()
    stop = CancelToken()
    with (
        ProcessPoolExecutor(2, context, initializer=cancel_on_event, initargs=(event,)) as pool,
        dask.config.set(scheduler="processes", pool=pool),
        cancellable(stop),
        stop.on_cancel(lambda _: event.set()),
        stop_after(5, stop),
        pytest.raises(JobCancelledError),
    ):
        mvn_dask.to_zarr(sample(), tmp_path)
    assert 5 <= mvn_dask.status(tmp_path).done < 145


def test_a_cluster_stops(processes: Client, tmp_path: Path) -> None:
    stopped_and_resumed(tmp_path)


def test_a_cluster_without_workers_stops(tmp_path: Path) -> None:
    stop = CancelToken()
    with (
        local_cluster(n_workers=0) as cluster,
        Client(cluster),
        dask.config.set(scheduler="distributed"),
        cancellable(stop),
    ):
        threading.Timer(1.0, stop.cancel).start()
        with pytest.raises(JobCancelledError):
            mvn_dask.to_zarr(sample(), tmp_path)
    assert mvn_dask.status(tmp_path).done == 0


def test_work_that_goes_to_dask_whole_stops(tmp_path: Path) -> None:
    x = mvn_dask.MultivariateNormal([1.0, 2.0], 3.0).sample(1500, seed=1, chunks=10)
    shared: da.Array = da.map_blocks(slow, x - x.mean(axis=0))
    for scheduler in ("threads", "distributed"):
        stop = CancelToken()
        with (
            local_cluster(processes=False, n_workers=1) as cluster,
            Client(cluster),
            dask.config.set(scheduler=scheduler),
            cancellable(stop),
            stop_after(1, stop),
            pytest.raises(JobCancelledError),
        ):
            mvn_dask.to_zarr(shared, tmp_path / scheduler)
        assert 1 <= mvn_dask.status(tmp_path / scheduler).done < 150


def test_reading_stops_too(tmp_path: Path) -> None:
    mvn_dask.to_zarr(mvn_dask.MultivariateNormal([1.0, 2.0], 3.0).sample(400, seed=1, chunks=1), tmp_path)
    stop = CancelToken()
    with cancellable(stop), stop_after(1, stop), pytest.raises(JobCancelledError):
        mvn_dask.verify(tmp_path, level="values")
