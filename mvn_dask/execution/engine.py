"""Runs work on ranges of blocks, in windows: what waits does not grow with the number of blocks.

A task is a range of block numbers. The next ranges are submitted as earlier ones end, so that a million blocks
cost the scheduler what some hundred do; the work itself travels once. It runs on dask's current scheduler:
threads, processes, or a distributed client, whose workers may come and go.
"""

import sys
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from concurrent.futures import BrokenExecutor
from contextlib import suppress
from itertools import islice
from typing import Any

import dask
import dask.array as da
from dask.base import compute, compute_as_if_collection, get_scheduler
from dask.callbacks import Callback
from dask.delayed import delayed
from dask.highlevelgraph import HighLevelGraph

from mvn_dask._typing import ArrayLoader
from mvn_dask.execution import cancellation
from mvn_dask.execution.pickling import PickledOnce
from mvn_dask.execution.progress import Progress
from mvn_dask.execution.ranges import (
    SCHEDULER_GONE,
    BlockNumbers,
    BlockRange,
    ClusterRun,
    Work,
    lost_workers,
    run_range,
    split,
)

LOCAL_WINDOW = 1024
"""Ranges that a local scheduler gets at a time."""


def run(
    work: Work, numbers: BlockNumbers, size: int, progress: Progress, shelf: Mapping[str, ArrayLoader] | None = None
) -> Generator[Any]:
    """Do work on blocks, at most `size` of them a task, and tell what it tells, in any order.

    `shelf` are arrays that other processes can load themselves, by their digests.

    Raises
    ------
    WorkersLostError
        If workers die again and again, or the scheduler does.
    JobCancelledError
        If the current `cancellation.CancelToken` is requested before the end.
    RuntimeError
        If the current client is asynchronous.
    """
    client = current_client()
    cancellation.raise_if_cancelled()
    ranges = split(numbers, size, threads())
    shipped = PickledOnce(work, shelf or {})
    if client is None:
        yield from _run_locally(work, shipped, ranges, progress)
    else:
        yield from _run_on_cluster(
            ClusterRun(client, work, shipped, cancellation.current_token().token), ranges, progress
        )


def _run_locally(work: Work, shipped: PickledOnce, ranges: Iterator[BlockRange], progress: Progress) -> Iterator[Any]:
    shared = delayed(shipped, traverse=False, pure=False)
    task = delayed(run_range, pure=False, traverse=False)
    job = cancellation.current_token().token
    while window := list(islice(ranges, LOCAL_WINDOW)):
        tasks = [task(shared, piece.numbers, job) for piece in window]
        counts = {each.key: len(piece.numbers) for each, piece in zip(tasks, window, strict=True)}
        try:
            with _Counting(counts, progress):
                told = compute(*tasks, traverse=False)
        except BrokenExecutor as error:
            raise lost_workers(work, "a process of the pool is gone") from error
        if any(each is None for each in told):
            cancellation.raise_if_cancelled()
        for each in told:
            yield from each


def _run_on_cluster(cluster: ClusterRun, ranges: Iterator[BlockRange], progress: Progress) -> Iterator[Any]:
    from distributed import as_completed

    client = cluster.client
    rejoin = _secede()
    cluster.send()
    done = as_completed(loop=client.loop, with_results=True, raise_errors=False)
    stop, undone = cancellation.current_token(), 0
    try:
        with stop.on_cancel(cluster.stop):
            for piece in islice(ranges, cluster.room()):
                done.add(cluster.submit(piece))
            for future, told in done:
                piece = cluster.ranges.pop(future)
                left = cluster.remaining(piece, future, told)
                progress.add(len(piece.numbers) - len(left.numbers))
                if not len(left.numbers):
                    yield from told or ()
                elif stop.cancelled:
                    undone += 1
                else:
                    done.add(cluster.submit(left))
                for piece in islice(ranges, 0 if stop.cancelled else cluster.room()):
                    done.add(cluster.submit(piece))
        if undone or next(ranges, None) is not None:
            cancellation.raise_if_cancelled()
    finally:
        with suppress(Exception):
            client.cancel([*cluster.ranges, cluster.node])
        rejoin()


def run_whole(graph: HighLevelGraph, keys: Sequence[Any], progress: Progress, work: Work) -> None:
    """Compute keys of a graph at once, as dask does, where blocks share work; results are dropped."""
    client = current_client()
    cancellation.raise_if_cancelled()
    if client is None:
        try:
            with _Counting(dict.fromkeys(keys, 1), progress, cancellable=True):
                compute_as_if_collection(da.Array, graph, list(keys))
        except BrokenExecutor as error:
            raise lost_workers(work, "a process of the pool is gone") from error
        return
    from distributed import KilledWorker, as_completed

    rejoin = _secede()
    futures = client.get(da.Array.__dask_optimize__(graph, list(keys)), list(keys), sync=False)
    try:
        for future in as_completed(futures, raise_errors=False):
            if future.status == "error":
                raise future.exception()
            if future.status != "finished":
                raise lost_workers(work, SCHEDULER_GONE)
            progress.add(1)
            cancellation.raise_if_cancelled()
    except KilledWorker as error:
        limit = getattr(error.last_worker, "memory_limit", None)
        raise lost_workers(work, f"the last one could take {limit} bytes") from error
    finally:
        with suppress(Exception):
            client.cancel(futures)
        rejoin()


def _secede() -> Callable[[], None]:
    """Leave the place of a worker's thread to the tasks that it will wait for; what takes it again."""
    from distributed import rejoin, secede
    from distributed.worker import thread_state  # type: ignore[attr-defined]

    if not getattr(thread_state, "key", None):
        return lambda: None
    secede()
    return rejoin


class _Counting(Callback):
    """Counts what a local scheduler has done; where tasks do not look whether the job was stopped, it does."""

    def __init__(self, counts: Mapping[Any, int], progress: Progress, *, cancellable: bool = False) -> None:
        def count(key: Any, told: Any, *_: Any) -> None:
            progress.add(0 if told is None else counts.get(key, 0))
            if cancellable:
                cancellation.raise_if_cancelled()

        super().__init__(posttask=count)  # type: ignore[no-untyped-call]


def threads() -> int:
    """Threads that will do the work, about."""
    client = current_client()
    if client is not None:
        # Where the scheduler is gone, whoever submits to it will say so.
        with suppress(OSError):
            return max(1, int(sum(client.nthreads().values())))
        return 1
    from dask.system import CPU_COUNT

    return int(dask.config.get("num_workers", None) or CPU_COUNT)


def current_client() -> Any:
    """The distributed client that dask would compute with, or None.

    Raises
    ------
    RuntimeError
        Dask's own, if that client is asynchronous and cannot be waited for.
    """
    distributed = sys.modules.get("distributed")
    owner = getattr(get_scheduler(cls=da.Array), "__self__", None)
    return owner if distributed is not None and isinstance(owner, distributed.Client) else None
