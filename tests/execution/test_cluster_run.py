import os
import signal
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import dask
import numpy as np
import pytest
from distributed import Client, KilledWorker

from mvn_dask.errors import TransportError, WorkersLostError
from mvn_dask.execution import cluster_run
from mvn_dask.execution.cancellation import CancelToken, mark_cancelled
from mvn_dask.execution.cluster_run import MAX_FAILURES, MIN_WINDOW, WINDOW_PER_THREAD, ClusterRun, RangeEnd
from mvn_dask.execution.engine import run
from mvn_dask.execution.pickling import PickledOnce
from mvn_dask.execution.ranges import BlockNumbers, BlockRange, split
from tests.support.clusters import local_cluster
from tests.support.squares import Counted, Failing, Squares, squares


class Future:
    """A distributed future, without a cluster."""

    def __init__(self, key: Any) -> None:
        self.key, self.status = key, "pending"
        self.error: BaseException | None = None

    def ends(self, status: str = "finished", error: BaseException | None = None) -> "Future":
        self.status, self.error = status, error
        return self

    def cancelled(self) -> bool:
        return self.status == "cancelled"

    def exception(self) -> BaseException | None:
        return self.error


class Cluster:
    """A client whose tasks end as a test says."""

    def __init__(self, threads: int = 2) -> None:
        self.status = "running"
        self.scheduler = SimpleNamespace(address="tcp://10.0.0.1:8786")
        self.threads = threads
        self.submitted: list[Future] = []
        self.cancelled: list[Future] = []
        self.informed: list[tuple[Any, ...]] = []
        self.executing: list[Any] = []

    def submit(self, _function: Callable[..., Any], *_: Any, key: Any, pure: bool) -> Future:
        assert not pure
        assert key not in {future.key for future in self.submitted}
        self.submitted.append(Future(key))
        return self.submitted[-1]

    def nthreads(self) -> dict[str, int]:
        if self.threads < 0:
            msg = "no scheduler"
            raise OSError(msg)
        return {"worker": self.threads}

    def run(self, function: Any, job_id: str, on_error: str) -> None:
        self.informed.append((function, job_id, on_error))

    def processing(self) -> dict[str, list[Any]]:
        return {"worker": self.executing}

    def cancel(self, futures: list[Future]) -> None:
        self.cancelled += futures

    @property
    def work(self) -> list[Future]:
        return [future for future in self.submitted if str(future.key).startswith("mvn-work")]


class Even(Squares):
    """A failed task has done the odd numbers."""

    def remaining(self, numbers: BlockNumbers) -> BlockNumbers:
        return numbers[[number % 2 == 0 for number in numbers.tolist()]]


def started(work: Squares | None = None) -> tuple[ClusterRun, Cluster, CancelToken]:
    cluster, token, work = Cluster(), CancelToken(), work or Squares()
    return ClusterRun(cluster, work, PickledOnce(work, {}), token), cluster, token


def killed(task: Any) -> KilledWorker:
    worker: Any = SimpleNamespace(memory_limit=123)
    return KilledWorker(task, worker, 3)


def blocks(*numbers: int) -> BlockRange:
    return BlockRange(np.array(numbers))


def same(end: RangeEnd, done: int, rest: BlockRange | None) -> bool:
    if end.rest is None or rest is None:
        return end.done == done and end.rest is rest
    return (end.done, *end.rest.numbers, end.rest.failures) == (done, *rest.numbers, rest.failures)


def test_results_end_a_range() -> None:
    cluster, _, _ = started()
    end = cluster.finish(cluster.submit(blocks(1, 2)).ends(), ["a", "b"])
    assert end == RangeEnd(2, ["a", "b"], None)


def test_a_range_that_was_cancelled_remains() -> None:
    cluster, _, token = started()
    one, other = cluster.submit(blocks(1, 2)), cluster.submit(blocks(3))
    token.cancel()
    assert same(cluster.finish(one.ends(), None), 0, blocks(1, 2))
    assert same(cluster.finish(other.ends("cancelled"), None), 0, blocks(3))


@pytest.mark.parametrize("status", ["cancelled", "lost"])
def test_a_task_that_is_lost_otherwise_means_that_the_scheduler_is_gone(status: str) -> None:
    cluster, _, _ = started()
    with pytest.raises(WorkersLostError, match=r"the scheduler at tcp://10\.0\.0\.1:8786 is gone, or was restarted"):
        cluster.finish(cluster.submit(blocks(1)).ends(status), None)


FAILURES: dict[str, tuple[Callable[[Future], Exception], type[Exception]]] = {
    "killed": (lambda future: killed(future.key), WorkersLostError),
    "transport": (lambda _: TransportError("no answer"), TransportError),
    "connection": (lambda _: ConnectionError("no answer"), ConnectionError),
    "timeout": (lambda _: TimeoutError("no answer"), TimeoutError),
}


@pytest.mark.parametrize("failure", FAILURES)
def test_failures_in_a_row_end_the_run(failure: str) -> None:
    make, expected = FAILURES[failure]
    cluster, _, _ = started()
    block_range = blocks(2, 4)
    for failures in range(1, MAX_FAILURES):
        future = cluster.submit(block_range)
        end = cluster.finish(future.ends("error", make(future)), None)
        assert same(end, 0, BlockRange(block_range.numbers, failures))
        assert end.rest is not None
        block_range = end.rest
    future = cluster.submit(block_range)
    with pytest.raises(expected, match=r"could take 123 bytes|no answer"):
        cluster.finish(future.ends("error", make(future)), None)


def test_a_block_that_was_done_between_them_starts_the_count_again() -> None:
    cluster, _, _ = started(Even())
    future = cluster.submit(BlockRange(np.array([1, 2, 3, 4]), MAX_FAILURES - 1))
    end = cluster.finish(future.ends("error", killed(future.key)), None)
    assert same(end, 2, BlockRange(np.array([2, 4]), 1))


def test_a_failed_task_that_had_done_everything_leaves_nothing() -> None:
    cluster, _, _ = started(Even())
    future = cluster.submit(blocks(1, 3))
    assert cluster.finish(future.ends("error", killed(future.key)), ("type", "error", "trace")) == RangeEnd(2, (), None)


def test_work_whose_workers_died_is_sent_again_once_and_no_range_has_failed() -> None:
    cluster, client, _ = started()
    for failures in range(1, MAX_FAILURES):
        (*_, work) = client.work
        futures = [cluster.submit(blocks(number)) for number in range(3)]
        work.ends("error", killed(work.key))
        for number, future in enumerate(futures):
            assert same(cluster.finish(future.ends("error", killed(work.key)), None), 0, blocks(number))
        assert len(client.work) == 1 + failures
    (*_, work) = client.work
    future = cluster.submit(blocks(7))
    work.ends("error", killed(work.key))
    with pytest.raises(WorkersLostError, match="could take 123 bytes"):
        cluster.finish(future.ends("error", killed(work.key)), None)


def test_a_range_that_is_done_shows_that_workers_live_long_enough() -> None:
    cluster, client, _ = started()
    for _ in range(2 * MAX_FAILURES):
        (*_, work) = client.work
        future = cluster.submit(blocks(1))
        work.ends("error", killed(work.key))
        cluster.finish(future.ends("error", killed(work.key)), None)
        cluster.finish(cluster.submit(blocks(1)).ends(), ())


def test_any_other_error_comes_out() -> None:
    cluster, _, _ = started()
    with pytest.raises(ZeroDivisionError):
        cluster.finish(cluster.submit(blocks(1)).ends("error", ZeroDivisionError()), None)


def test_the_window_follows_the_threads_of_the_cluster(monkeypatch: pytest.MonkeyPatch) -> None:
    cluster, client, _ = started()
    ranges = split(np.arange(10_000), 1, 1)
    first = cluster.submit_next(ranges)
    assert len(first) == MIN_WINDOW
    assert not cluster.submit_next(ranges)
    client.threads = 100
    assert not cluster.submit_next(ranges), "threads are not counted at each call"
    monkeypatch.setattr(cluster_run, "COUNT_SECONDS", 0.0)
    assert len(cluster.submit_next(ranges)) == 100 * WINDOW_PER_THREAD - MIN_WINDOW
    client.threads = 1
    assert not cluster.submit_next(ranges)
    client.threads = -1
    with pytest.raises(WorkersLostError, match=r"the scheduler at .* is gone"):
        cluster.submit_next(ranges)


def test_nothing_is_submitted_without_a_scheduler_or_after_the_cancellation() -> None:
    cluster, client, token = started()
    client.status = "connecting"
    with pytest.raises(WorkersLostError, match=r"the scheduler at .* is gone"):
        cluster.submit_next(iter([blocks(1)]))
    token.cancel()
    assert not cluster.submit_next(iter([blocks(1)]))
    assert len(client.submitted) == 1, "the work"


def test_cancel_informs_workers_and_takes_back_what_none_has_begun() -> None:
    cluster, client, token = started()
    begun, waiting = cluster.submit(blocks(1)), cluster.submit(blocks(2))
    client.executing = [begun.key]
    with token.on_cancel(cluster.cancel):
        token.cancel()
    assert client.informed == [(mark_cancelled, token.job_id, "ignore")]
    assert client.cancelled == [waiting]
    client.cancelled.clear()
    cluster.release()
    assert client.cancelled == [begun, waiting, *client.work]


def test_an_object_store_that_does_not_answer_is_tried_again(processes: Client, tmp_path: Path) -> None:
    assert squares(Failing(tmp_path, TransportError, times=2)) == [number**2 for number in range(100)]


def test_an_object_store_that_never_answers(processes: Client, tmp_path: Path) -> None:
    with pytest.raises(TransportError, match="number 50"):
        squares(Failing(tmp_path, TransportError, times=99))


@pytest.mark.slow
def test_workers_that_die_again_and_again(tmp_path: Path) -> None:
    with (
        dask.config.set({"distributed.scheduler.allowed-failures": 0, "scheduler": "distributed"}),
        local_cluster() as cluster,
        Client(cluster),
        pytest.raises(
            WorkersLostError,
            match=r"again and again .* could take \d+ bytes, and a number takes 8 bytes. Use smaller `chunks`",
        ),
    ):
        squares(Failing(tmp_path, SystemExit, times=99))


@pytest.mark.faults
def test_a_range_is_done_again_whose_worker_died(tmp_path: Path) -> None:
    with (
        dask.config.set({"distributed.scheduler.allowed-failures": 0, "scheduler": "distributed"}),
        local_cluster() as cluster,
        Client(cluster),
    ):
        assert squares(Failing(tmp_path, SystemExit, times=2)) == [number**2 for number in range(100)]


@pytest.mark.faults
def test_a_range_whose_results_are_lost_and_that_fails_when_done_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A worker dies between the end of a task and the fetching of its results, and so does the one that repeats it."""
    fetch: Any = Client._gather
    died: list[int] = []

    async def kill_before_fetching(client: Client, *args: Any, **kwargs: Any) -> Any:
        # The range of number 50 is the last one: what it returned is there, and all workers die.
        if not died and list(tmp_path.glob("tried-*")):
            died.extend(nanny.pid for nanny in cluster.workers.values())
            for pid in died:
                os.kill(pid, signal.SIGKILL)
        return await fetch(client, *args, **kwargs)

    monkeypatch.setattr(Client, "_gather", kill_before_fetching)
    with (
        dask.config.set({"distributed.scheduler.allowed-failures": 0, "scheduler": "distributed"}),
        local_cluster() as cluster,
        Client(cluster),
    ):
        work = Failing(tmp_path, SystemExit, times=1, after=1)
        assert squares(work, count=51) == [number**2 for number in range(51)]
    assert died
    assert len(list(tmp_path.glob("tried-*"))) == 3


def test_the_scheduler_holds_only_a_window_of_ranges(processes: Client, tmp_path: Path) -> None:
    """What waits there does not grow with the number of blocks."""
    results = run(Squares(tmp_path), np.arange(5000, dtype=np.int64), 1, Counted(5000, "number", 8))
    next(results)

    def waiting(dask_scheduler: Any) -> int:
        return len(dask_scheduler.tasks)

    assert processes.run_on_scheduler(waiting) < 150
    results.close()
    assert len(list(tmp_path.iterdir())) < 1000, "what was not submitted is not begun after the end"
