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

import dask
import dask.array as da
from dask.base import compute, compute_as_if_collection
from dask.callbacks import Callback
from dask.delayed import delayed

from mvn_dask._typing import ArrayLoader
from mvn_dask.execution import cancellation
from mvn_dask.execution.block_counts import blocks_counted
from mvn_dask.execution.blocks import Blocks
from mvn_dask.execution.client import (
    answering,
    computes_in_processes,
    current_client,
    scheduler_address,
    seceded,
    thread_count,
)
from mvn_dask.execution.cluster_run import ClusterRun
from mvn_dask.execution.futures import futures_in, refuse_lost_results
from mvn_dask.execution.losses import pool_ended, process_died, processes_not_started, scheduler_gone, workers_died
from mvn_dask.execution.pickling import PickledOnce
from mvn_dask.execution.process_start import StartSignal, observed_by, start_signal
from mvn_dask.execution.progress import Progress
from mvn_dask.execution.ranges import BlockNumbers, BlockRange, Work, run_range, split

LOCAL_WINDOW = 1024
"""Ranges that a local scheduler gets at a time."""
BLOCKS_PER_THREAD = 4
"""Blocks for each thread, from which on all threads have work although each block is made in one."""


def goes_in_ranges(blocks: Blocks, count: int) -> bool:
    """Whether so many blocks are best made a range a task, by `run`, and not by `run_whole`.

    Blocks that share work go whole, since each range would do it again; and so do few blocks that are made of many
    tasks, such as a mean over all rows, which all threads make faster together.
    """
    return blocks.independent() and (count >= BLOCKS_PER_THREAD * thread_count() or blocks.has_few_tasks())


Take = Callable[[Any], None]
"""Takes a result, in the thread of the run."""


def run(
    work: Work,
    numbers: BlockNumbers,
    size: int,
    progress: Progress,
    files: Mapping[str, ArrayLoader] | None = None,
    take: Take | None = None,
) -> Generator[Any]:
    """Do work on blocks, at most `size` of them a task, and yield what it returns, in any order.

    `files` are loaders of arrays that other processes can read; see `PickledOnce`. With `take` nothing is yielded: it
    is called with each result as soon as its task has ended, and not when those of a whole window have. Raises the
    errors of `losses` for processes that are gone; JobCancelledError if the current `cancellation.CancelToken` is
    cancelled before the end; and what `current_client` raises.
    """
    # First of all, since it raises for a client that cannot be waited for: nothing has been done then.
    client = current_client()
    cancellation.raise_if_cancelled()
    ranges = split(numbers, size, thread_count())
    pickled = PickledOnce(work, files or {})
    with blocks_counted(pickled.identity, progress.note, client):
        if client is None:
            yield from _run_locally(work, pickled, ranges, progress, take)
        else:
            with seceded():
                for result in _run_on_cluster(client, work, pickled, ranges, progress):
                    if take is None:
                        yield result
                    else:
                        take(result)


def _run_locally(
    work: Work, pickled: PickledOnce, ranges: Iterator[BlockRange], progress: Progress, take: Take | None
) -> Iterator[Any]:
    # traverse and pure are off: dask would search the work for collections, and hash it for a key.
    shared = delayed(pickled, traverse=False, pure=False)
    task = delayed(run_range, pure=False, traverse=False)
    job_id = cancellation.current_token().job_id
    # Local schedulers take time for each task of a graph before they begin; a window after the other bounds it.
    while window := list(islice(ranges, LOCAL_WINDOW)):
        tasks = [task(shared, block_range.numbers, job_id) for block_range in window]
        counts = {each.key: len(block_range.numbers) for each, block_range in zip(tasks, window, strict=True)}

        def count(key: Any, results: Any, counts: dict[Any, int] = counts) -> None:
            done = 0 if results is None else counts.get(key, 0)
            progress.add(done)
            if done and take is not None:
                for result in results:
                    take(result)

        with _after_each_task(count, work):
            results_of_tasks = compute(*tasks, traverse=False)
        if any(results is None for results in results_of_tasks):
            cancellation.raise_if_cancelled()
        if take is None:
            for results in results_of_tasks:
                yield from results


def _run_on_cluster(
    client: Any, work: Work, pickled: PickledOnce, ranges: Iterator[BlockRange], progress: Progress
) -> Iterator[Any]:
    from distributed import as_completed

    token, unfinished = cancellation.current_token(), False
    cluster = ClusterRun(client, work, pickled, token)
    # Without results: a range whose results are lost with a worker, and that fails when it is done again, would never
    # come out. And errors are judged by `finish`: a dead worker ends no run.
    ended = as_completed(loop=client.loop, raise_errors=False)
    try:
        with token.on_cancel(cluster.cancel):
            ended.update(cluster.submit_next(ranges))
            for futures in ended.batches():
                for future, results in zip(futures, cluster.fetch(futures), strict=True):
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


def run_whole(
    array: da.Array, keys: Sequence[Any], progress: Progress, work: Work, take: Take | None = None
) -> list[Any]:
    """Compute keys of an array's graph in one go, where blocks share work, and return what each gives.

    With `take` nothing is returned: it is called with the result of each as soon as that is there.

    Every range would do the shared work again, so dask gets the whole graph, and its scheduler is the limit. Raises
    the errors of `run`, and ResultsLostError if results on the cluster that the graph refers to are gone; `work`
    describes the cost of a block in their messages.
    """
    client = current_client()
    cancellation.raise_if_cancelled()
    if client is not None:
        with seceded():
            return _run_whole_on_cluster(client, array, keys, progress, work, take)
    wanted = set(keys)

    def count(key: Any, result: Any) -> None:
        progress.add(key in wanted)
        if key in wanted and take is not None:
            take(result)
        # These tasks are dask's, and do not check the token themselves.
        cancellation.raise_if_cancelled()

    with _after_each_task(count, work):
        results = list(compute_as_if_collection(da.Array, array.dask, list(keys)))
    return results if take is None else []


def _run_whole_on_cluster(
    client: Any, array: da.Array, keys: Sequence[Any], progress: Progress, work: Work, take: Take | None
) -> list[Any]:
    from distributed import KilledWorker, as_completed

    address = scheduler_address(client)
    futures = client.get(da.Array.__dask_optimize__(array.dask, list(keys)), list(keys), sync=False)
    try:
        for future in as_completed(futures, raise_errors=False):
            if future.status == "error":
                raise future.exception()
            if future.status != "finished":
                # A scheduler that is gone takes with it what the graph refers to.
                refuse_lost_results(futures_in(array))
                raise scheduler_gone(address)
            progress.add(1)
            if take is not None:
                with answering(client):
                    result = client.gather(future)
                take(result)
            cancellation.raise_if_cancelled()
        if take is not None:
            return []
        with answering(client):
            return list(client.gather(futures))
    except KilledWorker as error:
        raise workers_died(work, error) from error
    finally:
        with suppress(Exception):
            client.cancel(futures)


@contextmanager
def _after_each_task(function: Callable[[Any, Any], None], work: Work) -> Iterator[None]:
    """Inside the body, local schedulers call `function(key, result)` in the thread of the run, after each task."""
    ended: set[Any] = set()

    def after(key: Any, result: Any, *_: Any) -> None:
        ended.add(None)
        function(key, result)

    with _observed_pool() as signal:
        try:
            with Callback(posttask=after):
                yield
        except BrokenExecutor as error:
            if ended or (signal is not None and signal.seen):
                raise process_died(work) from error
            raise (pool_ended(work) if signal is None else processes_not_started("the processes")) from error


@contextmanager
def _observed_pool() -> Iterator[StartSignal | None]:
    """Inside the body, the start of processes of a pool is observed; the signal, or None for a pool of the user's."""
    signal = start_signal()
    if signal is not None or not computes_in_processes() or dask.config.get("pool", None) is not None:
        yield signal
        return
    from dask.multiprocessing import get_context

    signal = StartSignal(get_context())
    following = dask.config.get("multiprocessing.initializer", None)
    with observed_by(signal), dask.config.set({"multiprocessing.initializer": signal.initializer(following)}):
        yield signal
