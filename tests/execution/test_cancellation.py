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
from tests.support.clusters import local_cluster


def slow(block: np.ndarray[Any, Any], hurry: str = "", block_id: tuple[int, ...] = ()) -> np.ndarray[Any, Any]:
    """Later blocks take longer until there is a file `hurry`: the token comes in time on a busy machine, too."""
    time.sleep(0.02 if not block_id or block_id[0] < 60 or (hurry and Path(hurry).exists()) else 0.5)
    return block


def sample(hurry: Path) -> da.Array:
    x = mvn_dask.MultivariateNormal([1.0, 2.0], 3.0).sample(1500, seed=1, chunks=10)
    drawn: da.Array = da.map_blocks(slow, x, str(hurry))
    return drawn


def stop_after(chunks: int, token: CancelToken) -> Any:
    """Cancels, from another thread, once so many chunks are done."""

    def cancel(state: ProgressState) -> None:
        if state.done >= chunks:
            threading.Thread(target=token.cancel).start()

    return report_progress_to(cancel)


def test_a_job_without_a_token_is_never_cancelled() -> None:
    assert not current_token().cancelled
    with task_of_job(current_token().job_id):
        exit_if_cancelled()
    exit_if_cancelled()


def test_only_tasks_of_the_cancelled_job_end() -> None:
    one, other = CancelToken(), CancelToken()
    one.cancel()
    with task_of_job(one.job_id), pytest.raises(TaskCancelled):
        exit_if_cancelled()
    with task_of_job(other.job_id):
        exit_if_cancelled()


def test_callbacks_are_called_once_however_late_they_are_registered() -> None:
    called: list[str] = []
    token = CancelToken()
    with token.on_cancel(called.append):
        token.cancel()
        token.cancel()
    assert called == [token.job_id]
    with token.on_cancel(called.append):
        assert called == [token.job_id] * 2


def check_for(seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        exit_if_cancelled()


def test_an_event_cancels_all_work(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cancellation, "_cancelled", set())
    event = threading.Event()
    cancel_on_event(event)
    with task_of_job("some job"):
        exit_if_cancelled()
        event.set()
        with pytest.raises(TaskCancelled):
            check_for(60.0)


def stopped_and_resumed(folder: Path) -> None:
    token, hurry = CancelToken(), folder.with_name("hurry")
    with cancellable(token), stop_after(5, token), pytest.raises(JobCancelledError, match="the same call goes on"):
        mvn_dask.to_zarr(sample(hurry), folder)
    status = mvn_dask.status(folder)
    assert 5 <= status.done < 145, "many are left, since work stopped between two blocks"
    with cancellable(token), pytest.raises(JobCancelledError):
        mvn_dask.to_zarr(sample(hurry), folder)
    assert mvn_dask.status(folder).done == status.done, "nothing begins once the token is cancelled"
    hurry.touch()
    mvn_dask.to_zarr(sample(hurry), folder)
    assert mvn_dask.status(folder).complete


def test_threads_stop(tmp_path: Path) -> None:
    stopped_and_resumed(tmp_path / "store")


@pytest.mark.slow
def test_a_pool_of_processes_stops(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    event = context.Event()
    token = CancelToken()
    with (
        ProcessPoolExecutor(2, context, initializer=cancel_on_event, initargs=(event,)) as pool,
        dask.config.set(scheduler="processes", pool=pool),
        cancellable(token),
        token.on_cancel(lambda _: event.set()),
        stop_after(5, token),
        pytest.raises(JobCancelledError),
    ):
        mvn_dask.to_zarr(sample(tmp_path / "hurry"), tmp_path)
    assert 5 <= mvn_dask.status(tmp_path).done < 145


def test_a_cluster_stops(processes: Client, tmp_path: Path) -> None:
    stopped_and_resumed(tmp_path / "store")


def test_a_cluster_without_workers_stops(tmp_path: Path) -> None:
    token = CancelToken()
    with (
        local_cluster(n_workers=0) as cluster,
        Client(cluster),
        dask.config.set(scheduler="distributed"),
        cancellable(token),
    ):
        threading.Timer(1.0, token.cancel).start()
        with pytest.raises(JobCancelledError):
            mvn_dask.to_zarr(sample(tmp_path / "hurry"), tmp_path)
    assert mvn_dask.status(tmp_path).done == 0


@pytest.mark.parametrize("scheduler", ["threads", "distributed"])
def test_work_that_goes_to_dask_whole_stops(scheduler: str, threads: Client, tmp_path: Path) -> None:
    x = mvn_dask.MultivariateNormal([1.0, 2.0], 3.0).sample(1500, seed=1, chunks=10)
    shared: da.Array = da.map_blocks(slow, x - x.mean(axis=0))
    token = CancelToken()
    with (
        dask.config.set(scheduler=scheduler),
        cancellable(token),
        stop_after(1, token),
        pytest.raises(JobCancelledError),
    ):
        mvn_dask.to_zarr(shared, tmp_path)
    assert 1 <= mvn_dask.status(tmp_path).done < 150


def test_reading_stops_too(tmp_path: Path) -> None:
    mvn_dask.to_zarr(mvn_dask.MultivariateNormal([1.0, 2.0], 3.0).sample(400, seed=1, chunks=1), tmp_path)
    token = CancelToken()
    with cancellable(token), stop_after(1, token), pytest.raises(JobCancelledError):
        mvn_dask.verify(tmp_path, level="values")
