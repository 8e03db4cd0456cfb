"""A pool of processes on this machine, in which a job's tasks run.

Input: the number of processes. Output: dask configured for the pool. Cost: a second or two of imports in each process.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from mvn_dask.execution.block_counts import count_in, pool_counter
from mvn_dask.execution.cancellation import current_token
from mvn_dask.execution.losses import processes_not_started
from mvn_dask.execution.process_start import StartSignal, observed_by
from mvn_dask.job.signal_masking import initialize_pool_process, signals_blocked


@contextmanager
def process_pool(workers: int | None) -> Iterator[None]:
    """Inside the body dask computes in a pool, whose tasks are cancelled with the job and count what they have done."""
    import multiprocessing
    from concurrent.futures import BrokenExecutor, ProcessPoolExecutor
    from functools import partial

    import dask
    from dask.system import CPU_COUNT

    # Not fork: threads of this process may hold locks, BLAS's for example, that no thread would release in a copy.
    context = multiprocessing.get_context("spawn")
    count = workers or CPU_COUNT
    with signals_blocked():
        event, counter, signal = context.Event(), context.Value("q", 0), StartSignal(context)
    initializer = signal.initializer(partial(_initialize, event, counter))
    with (
        ProcessPoolExecutor(count, context, initializer=initializer) as pool,
        current_token().on_cancel(lambda _: event.set()),
        pool_counter(counter),
        dask.config.set(scheduler="processes", pool=pool, num_workers=count),
        observed_by(signal),
    ):
        try:
            with signals_blocked():
                for _ in range(count):  # a pool starts a process with each of its first tasks
                    pool.submit(int)
        except BrokenExecutor as error:
            raise processes_not_started("the processes") from error
        yield


def _initialize(event: Any, counter: Any) -> None:
    initialize_pool_process(event)
    count_in(counter)
