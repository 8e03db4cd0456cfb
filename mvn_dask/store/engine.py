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

from mvn_dask.store import stopping
from mvn_dask.store.progress import Progress
from mvn_dask.store.ranges import SCHEDULER_GONE, Cluster, Numbers, Range, Work, cut, lost_workers, perform
from mvn_dask.store.shipping import Shipped
from mvn_dask.store.targets.base import Load

LOCAL_WINDOW = 1024
"""Ranges that a local scheduler gets at a time."""


def run(
    work: Work, numbers: Numbers, size: int, progress: Progress, shelf: Mapping[str, Load] | None = None
) -> Generator[Any]:
    """Do work on blocks, at most `size` of them a task, and tell what it tells, in any order.

    `shelf` are arrays that other processes can load themselves, by their digests.

    Raises
    ------
    WorkersLostError
        If workers die again and again, or the scheduler does.
    StoppedError
        If the current `stopping.Stop` is requested before the end.
    RuntimeError
        If the current client is asynchronous.
    """
    client = current_client()
    stopping.refuse_stopped()
    ranges = cut(numbers, size, threads())
    shipped = Shipped(work, shelf or {})
    if client is None:
        yield from _run_locally(work, shipped, ranges, progress)
    else:
        yield from _run_on_cluster(Cluster(client, work, shipped, stopping.current().token), ranges, progress)


def _run_locally(work: Work, shipped: Shipped, ranges: Iterator[Range], progress: Progress) -> Iterator[Any]:
    shared = delayed(shipped, traverse=False, pure=False)
    task = delayed(perform, pure=False, traverse=False)
    job = stopping.current().token
    while window := list(islice(ranges, LOCAL_WINDOW)):
        tasks = [task(shared, piece.numbers, job) for piece in window]
        counts = {each.key: len(piece.numbers) for each, piece in zip(tasks, window, strict=True)}
        try:
            with _Counting(counts, progress):
                told = compute(*tasks, traverse=False)
        except BrokenExecutor as error:
            raise lost_workers(work, "a process of the pool is gone") from error
        if any(each is None for each in told):
            stopping.refuse_stopped()
        for each in told:
            yield from each


def _run_on_cluster(cluster: Cluster, ranges: Iterator[Range], progress: Progress) -> Iterator[Any]:
    from distributed import as_completed

    client = cluster.client
    rejoin = _secede()
    cluster.send()
    done = as_completed(loop=client.loop, with_results=True, raise_errors=False)
    stop, undone = stopping.current(), 0
    try:
        with stop.telling(cluster.stop):
            for piece in islice(ranges, cluster.room()):
                done.add(cluster.submit(piece))
            for future, told in done:
                piece = cluster.ranges.pop(future)
                left = cluster.left(piece, future, told)
                progress.add(len(piece.numbers) - len(left.numbers))
                if not len(left.numbers):
                    yield from told or ()
                elif stop.requested:
                    undone += 1
                else:
                    done.add(cluster.submit(left))
                for piece in islice(ranges, 0 if stop.requested else cluster.room()):
                    done.add(cluster.submit(piece))
        if undone or next(ranges, None) is not None:
            stopping.refuse_stopped()
    finally:
        with suppress(Exception):
            client.cancel([*cluster.ranges, cluster.node])
        rejoin()


def run_whole(graph: HighLevelGraph, keys: Sequence[Any], progress: Progress, work: Work) -> None:
    """Compute keys of a graph at once, as dask does, where blocks share work; results are dropped."""
    client = current_client()
    stopping.refuse_stopped()
    if client is None:
        try:
            with _Counting(dict.fromkeys(keys, 1), progress, stoppable=True):
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
            stopping.refuse_stopped()
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

    def __init__(self, counts: Mapping[Any, int], progress: Progress, *, stoppable: bool = False) -> None:
        def count(key: Any, told: Any, *_: Any) -> None:
            progress.add(0 if told is None else counts.get(key, 0))
            if stoppable:
                stopping.refuse_stopped()

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
