"""Ranges on a distributed client, whose workers may come and go.

Input: ranges of blocks, tasks that ended. Output: tasks, and what remains of a range whose task failed. Cost: what
waits on the scheduler is a window of ranges and does not grow with the number of blocks; the threads of the cluster
are counted every two seconds.
"""

import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from itertools import count, islice
from typing import Any, NamedTuple

from mvn_dask.errors import TransportError
from mvn_dask.execution import cancellation
from mvn_dask.execution.client import answering, scheduler_address
from mvn_dask.execution.losses import scheduler_gone, workers_died
from mvn_dask.execution.pickling import PickledOnce
from mvn_dask.execution.ranges import BlockRange, Work, run_range

WINDOW_PER_THREAD = 4
"""Ranges on the scheduler for each thread of the cluster."""
MIN_WINDOW = 32
"""Ranges on the scheduler, at least: enough for workers that come between two counts of threads."""
COUNT_SECONDS = 2.0
"""Seconds between two counts of a cluster's threads."""
MAX_FAILURES = 3
"""Failures in a row, without a block done between them, after which a run ends with an error."""


class RangeEnd(NamedTuple):
    """What the end of a range's task means."""

    done: int
    """Blocks that were done."""
    results: Sequence[Any]
    """What the work returned."""
    rest: BlockRange | None
    """Blocks that remain, if any."""


class ClusterRun:
    """Ranges of work on a distributed client: submits them, and decides what follows when the task of one ends.

    ===============================================  ==============================================================
    the task of a range                              what follows
    ===============================================  ==============================================================
    returned results                                 the range is done
    returned None: its job was cancelled             all of the range remains
    was cancelled by `cancel`, before it began       all of the range remains
    is cancelled or lost otherwise                   WorkersLostError: the scheduler is gone
    is a KilledWorker: its workers died with it      the range has failed: its remaining blocks are submitted again
    raised a TransportError, ConnectionError or      likewise
    TimeoutError: a storage did not answer
    is the KilledWorker of the work that it needs    the work has failed: it is sent again, then the range submitted
    raised another error                             that error is raised
    ===============================================  ==============================================================

    `MAX_FAILURES` failures in a row end the run with an error, of the work as well as of any one range.
    """

    def __init__(self, client: Any, work: Work, pickled: PickledOnce, token: cancellation.CancelToken) -> None:
        self._client, self._work, self._pickled, self._token = client, work, pickled, token
        # For an error, when the client has lost it.
        self._address = scheduler_address(client)
        # How many ranges may be on the scheduler at a time, and when that was found out.
        self._window, self._counted = MIN_WINDOW, -COUNT_SECONDS
        # Tasks are numbered through, since distributed would not run a second task of the same key.
        self._serial = count()
        # Ranges that were submitted and have not ended, by their futures.
        self._tasks: dict[Any, BlockRange] = {}
        # Times in a row that workers died while they received the work, before any range began.
        self._work_failures = 0
        self._work_future = self._send_work()

    def _send_work(self) -> Any:
        """The future of a task that all ranges depend on, whose result is the work."""
        key = f"mvn-work-{self._pickled.identity}-{next(self._serial)}"
        # A task and not client.scatter: scattered data are lost with the worker that holds them, tasks run again.
        return self._client.submit(_identity, self._pickled, key=key, pure=False)

    def submit(self, block_range: BlockRange) -> Any:
        """The future of a range."""
        key = (f"mvn-range-{self._pickled.identity}", next(self._serial))
        numbers = block_range.numbers
        future = self._client.submit(run_range, self._work_future, numbers, self._token.job_id, key=key, pure=False)
        self._tasks[future] = block_range
        return future

    def submit_next(self, ranges: Iterator[BlockRange]) -> list[Any]:
        """The futures of as many ranges as the window has room for; none once the run is cancelled."""
        if self._token.cancelled:
            return []
        # What is submitted while the client tries to reconnect would wait for all of its timeout.
        if self._client.status != "running":
            raise scheduler_gone(self._address)
        # A count is a round trip to the scheduler, and ranges end by the hundred.
        if time.monotonic() - self._counted >= COUNT_SECONDS:
            self._counted = time.monotonic()
            with answering(self._client):
                self._window = max(MIN_WINDOW, WINDOW_PER_THREAD * sum(self._client.nthreads().values()))
        return [self.submit(block_range) for block_range in islice(ranges, max(0, self._window - len(self._tasks)))]

    def fetch(self, futures: Sequence[Any]) -> list[Sequence[Any] | None]:
        """What tasks that ended have returned; None for those that failed or were cancelled.

        Results that were lost with their worker are waited for.
        """
        kept = {place: each for place, each in enumerate(futures) if each.status not in {"error", "cancelled"}}
        if not kept:
            return [None] * len(futures)
        with answering(self._client):
            # Of tasks that fail when they are done again, it gives None.
            returned = self._client.gather(kept, errors="skip")
        return [returned.get(place) for place in range(len(futures))]

    def finish(self, future: Any, results: Sequence[Any] | None) -> RangeEnd:
        """What the end of a task means; `results` are what `fetch` gives."""
        block_range = self._tasks.pop(future)
        if future.status == "error":
            return self._retry(block_range, future)
        if future.status != "finished" and not (self._token.cancelled and future.cancelled()):
            raise scheduler_gone(self._address)
        if future.status != "finished" or results is None:
            return RangeEnd(0, (), block_range)
        self._work_failures = 0
        return RangeEnd(len(block_range.numbers), results, None)

    def _retry(self, block_range: BlockRange, future: Any) -> RangeEnd:
        from distributed import KilledWorker

        error, failures = future.exception(), block_range.failures
        if not isinstance(error, (KilledWorker, TransportError, ConnectionError, TimeoutError)):
            raise error
        if not isinstance(error, KilledWorker) or error.task == future.key:
            failures += 1
        elif self._work_future.status == "error":
            # Distributed gives up a task whose workers died several times, and with it all tasks that depend on it.
            # The first range of them sends the work again; the others find it sent, and have not failed themselves.
            self._work_failures += 1
            self._work_future = self._send_work()
        numbers = self._work.remaining(block_range.numbers)
        done = len(block_range.numbers) - len(numbers)
        if done:
            # Workers live long enough for a block: a long run on failing machines must not add up to the limit.
            self._work_failures, failures = 0, 1
        if max(failures, self._work_failures) >= MAX_FAILURES:
            if not isinstance(error, KilledWorker):
                raise error
            raise workers_died(self._work, error) from error
        return RangeEnd(done, (), BlockRange(numbers, failures) if len(numbers) else None)

    def cancel(self, job_id: str) -> None:
        """Let tasks that run end before their next block, and cancel those that wait for a worker."""
        # Tasks in the scheduler's queues would run and end at once; without any worker they never would.
        # A worker that does not answer ends with its job, and a scheduler that is gone has none.
        with suppress(Exception):
            self._client.run(cancellation.mark_cancelled, job_id, on_error="ignore")
        # A task that a worker has begun must not be cancelled: its block would be written after the job has ended.
        with suppress(Exception):
            assigned = {key for keys in self._client.processing().values() for key in keys}
            self._client.cancel([future for future in list(self._tasks) if future.key not in assigned])

    def release(self) -> None:
        """Cancel whatever is still on the cluster."""
        with suppress(Exception):
            self._client.cancel([*self._tasks, self._work_future])


def _identity(pickled: PickledOnce) -> PickledOnce:
    return pickled
