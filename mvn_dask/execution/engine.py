"""Runs work on ranges of blocks, on dask's current scheduler: threads, processes, or a distributed client.

Input: work, block numbers, blocks per task. Output: what the work returns, in any order. Cost: a window of ranges is
submitted at a time, and the work itself is sent once, so that a million blocks cost client and scheduler what some
hundred do.
"""

from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from concurrent.futures import BrokenExecutor
from contextlib import contextmanager, suppress
from itertools import islice
from typing import Any

import dask.array as da
from dask.base import compute, compute_as_if_collection
from dask.callbacks import Callback
from dask.delayed import delayed
from dask.highlevelgraph import HighLevelGraph

from mvn_dask._typing import ArrayLoader
from mvn_dask.execution import cancellation
from mvn_dask.execution.client import current_client, seceded, thread_count
from mvn_dask.execution.cluster_run import SCHEDULER_GONE, ClusterRun, memory_limit
from mvn_dask.execution.pickling import PickledOnce
from mvn_dask.execution.progress import Progress
from mvn_dask.execution.ranges import BlockNumbers, BlockRange, Work, run_range, split, workers_lost

LOCAL_WINDOW = 1024
"""Ranges that a local scheduler gets at a time."""
POOL_BROKEN = "a process of the pool is gone"
"""Reason in an error where a pool does not name the process that died."""


def run(
    work: Work, numbers: BlockNumbers, size: int, progress: Progress, files: Mapping[str, ArrayLoader] | None = None
) -> Generator[Any]:
    """Do work on blocks, at most `size` of them a task, and yield what it returns, in any order.

    `files` are loaders of arrays that other processes can read; see `PickledOnce`. Raises WorkersLostError if workers
    die again and again, or the scheduler does; JobCancelledError if the current `cancellation.CancelToken` is cancelled
    before the end; RuntimeError if the current client is asynchronous.
    """
    # First of all, since it raises for a client that cannot be waited for: nothing has been done then.
    client = current_client()
    cancellation.raise_if_cancelled()
    ranges = split(numbers, size, thread_count())
    pickled = PickledOnce(work, files or {})
    if client is None:
        yield from _run_locally(work, pickled, ranges, progress)
    else:
        with seceded():
            yield from _run_on_cluster(client, work, pickled, ranges, progress)


def _run_locally(work: Work, pickled: PickledOnce, ranges: Iterator[BlockRange], progress: Progress) -> Iterator[Any]:
    # traverse and pure are off: dask would search the work for collections, and hash it for a key.
    shared = delayed(pickled, traverse=False, pure=False)
    task = delayed(run_range, pure=False, traverse=False)
    job_id = cancellation.current_token().job_id
    # Local schedulers take time for each task of a graph before they begin; a window after the other bounds it.
    while window := list(islice(ranges, LOCAL_WINDOW)):
        tasks = [task(shared, block_range.numbers, job_id) for block_range in window]
        counts = {each.key: len(block_range.numbers) for each, block_range in zip(tasks, window, strict=True)}

        def count(key: Any, results: Any, counts: dict[Any, int] = counts) -> None:
            progress.add(0 if results is None else counts.get(key, 0))

        with _after_each_task(count, work):
            results_of_tasks = compute(*tasks, traverse=False)
        if any(results is None for results in results_of_tasks):
            cancellation.raise_if_cancelled()
        for results in results_of_tasks:
            yield from results


def _run_on_cluster(
    client: Any, work: Work, pickled: PickledOnce, ranges: Iterator[BlockRange], progress: Progress
) -> Iterator[Any]:
    from distributed import as_completed

    token, unfinished = cancellation.current_token(), False
    cluster = ClusterRun(client, work, pickled, token)
    # Errors are not raised here but judged by `finish`: a dead worker ends no run.
    ended = as_completed(loop=client.loop, with_results=True, raise_errors=False)
    try:
        with token.on_cancel(cluster.cancel):
            ended.update(cluster.submit_next(ranges))
            for future, results in ended:
                end = cluster.finish(future, results)
                progress.add(end.done)
                yield from end.results
                if end.rest is not None and token.cancelled:
                    unfinished = True
                elif end.rest is not None:
                    ended.add(cluster.submit(end.rest))
                ended.update(cluster.submit_next(ranges))
        # Cancelled after the last block was done, the job is simply complete.
        if unfinished or next(ranges, None) is not None:
            cancellation.raise_if_cancelled()
    finally:
        cluster.release()


def run_whole(graph: HighLevelGraph, keys: Sequence[Any], progress: Progress, work: Work) -> None:
    """Compute keys of a graph in one go, where blocks share work; results are dropped.

    Every range would do the shared work again, so dask gets the whole graph, and its scheduler is the limit. Raises
    the errors of `run`; `work` describes the cost of a block in their messages.
    """
    client = current_client()
    cancellation.raise_if_cancelled()
    if client is not None:
        with seceded():
            _run_whole_on_cluster(client, graph, keys, progress, work)
        return
    wanted = set(keys)

    def count(key: Any, _: Any) -> None:
        progress.add(key in wanted)
        # These tasks are dask's, and do not check the token themselves.
        cancellation.raise_if_cancelled()

    with _after_each_task(count, work):
        compute_as_if_collection(da.Array, graph, list(keys))


def _run_whole_on_cluster(
    client: Any, graph: HighLevelGraph, keys: Sequence[Any], progress: Progress, work: Work
) -> None:
    from distributed import KilledWorker, as_completed

    futures = client.get(da.Array.__dask_optimize__(graph, list(keys)), list(keys), sync=False)
    try:
        for future in as_completed(futures, raise_errors=False):
            if future.status == "error":
                raise future.exception()
            if future.status != "finished":
                raise workers_lost(work, SCHEDULER_GONE)
            progress.add(1)
            cancellation.raise_if_cancelled()
    except KilledWorker as error:
        raise workers_lost(work, memory_limit(error)) from error
    finally:
        with suppress(Exception):
            client.cancel(futures)


@contextmanager
def _after_each_task(function: Callable[[Any, Any], None], work: Work) -> Iterator[None]:
    """Inside the body, local schedulers call `function(key, result)` in the thread of the run, after each task."""
    try:
        with Callback(posttask=lambda key, result, *_: function(key, result)):
            yield
    except BrokenExecutor as error:
        raise workers_lost(work, POOL_BROKEN) from error
