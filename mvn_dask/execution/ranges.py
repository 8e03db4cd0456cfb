"""Ranges of blocks on their way through a distributed client, whose workers may come and go."""

import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from mvn_dask.errors import TransportError, WorkersLostError
from mvn_dask.execution import cancellation
from mvn_dask.execution.pickling import PickledOnce

BlockNumbers = npt.NDArray[np.int64]

RANGE_BYTES = 2**30
"""Bytes of the blocks in one task, at most: what half a second draws, so that a scheduler's share is small."""
RANGE_BLOCKS = 1000
"""Blocks in one task, at most."""
WINDOW_A_THREAD = 4
"""Ranges that wait for each thread of a cluster."""
WINDOW = 32
"""Ranges that wait, at least."""
RETRIES = 3
"""Times that a range may fail without any progress, while workers die or an object store does not answer."""
SHARE = 3
"""A range is at most this share of what is left for a thread: 3 is a third."""
LOOK = 2.0
"""Seconds after which the threads of a cluster are counted again."""
SCHEDULER_GONE = "the scheduler is gone, or was restarted"
"""What to say where no worker can be blamed."""


class Work(Protocol):
    """What is done with blocks; it must pickle, and doing it again must be harmless."""

    def __call__(self, numbers: BlockNumbers) -> Sequence[Any]:
        """Do it, and give back what there is to tell; `cancellation.exit_if_cancelled` is called before each block."""

    def remaining(self, numbers: BlockNumbers) -> BlockNumbers:
        """Which of these blocks are still to be done, after a worker died."""

    def describe_cost(self) -> str:
        """What a block takes, in words."""


@dataclass
class BlockRange:
    """A range on its way."""

    numbers: BlockNumbers
    failures: int = 0


def range_size(block_bytes: int) -> int:
    """Blocks in one task, at most, where a block takes so many bytes."""
    return max(1, min(RANGE_BYTES // max(1, block_bytes), RANGE_BLOCKS))


def split(numbers: BlockNumbers, size: int, threads: int) -> Iterator[BlockRange]:
    """Ranges of at most so many blocks, shorter towards the end, so that all threads end at about the same time."""
    start = 0
    while start < len(numbers):
        stop = start + max(1, min(size, (len(numbers) - start) // (SHARE * threads)))
        yield BlockRange(numbers[start:stop])
        start = stop


@dataclass
class ClusterRun:
    """Ranges on a distributed client."""

    client: Any
    work: Work
    shipped: PickledOnce
    job: str
    token: str = field(default_factory=lambda: uuid.uuid4().hex)
    node: Any = None
    ranges: dict[Any, BlockRange] = field(default_factory=dict)
    submitted: int = 0
    losses: int = 0
    looked: float = -LOOK
    window: int = WINDOW
    stopped: bool = False

    def send(self) -> None:
        """Send the work, for ranges that are submitted from now on."""
        key = f"mvn-work-{self.token}-{self.losses}-{self.submitted}"
        self.node = self.client.submit(keep, self.shipped, key=key, pure=False)

    def submit(self, piece: BlockRange) -> Any:
        """One more range."""
        key = (f"mvn-range-{self.token}", self.submitted)
        future = self.client.submit(run_range, self.node, piece.numbers, self.job, key=key, pure=False)
        self.submitted += 1
        self.ranges[future] = piece
        return future

    def room(self) -> int:
        """Ranges that may be submitted now; workers come and go, so their threads are counted again."""
        # What is submitted while the client looks for its scheduler would wait for all of its timeout.
        if self.client.status != "running":
            raise lost_workers(self.work, SCHEDULER_GONE)
        now = time.monotonic()
        if now - self.looked >= LOOK:
            self.looked = now
            try:
                count = sum(self.client.nthreads().values())
            except OSError as error:
                raise lost_workers(self.work, SCHEDULER_GONE) from error
            self.window = max(WINDOW, WINDOW_A_THREAD * count)
        return max(0, self.window - len(self.ranges))

    def stop(self, token: str) -> None:
        """Tell all workers that the job was stopped, and take back what none of them has begun."""
        self.stopped = True
        # A worker that does not answer ends with its job, and a scheduler that is gone has none.
        with suppress(Exception):
            self.client.run(cancellation.mark_cancelled, token, on_error="ignore")
        with suppress(Exception):
            held = {key for keys in self.client.processing().values() for key in keys}
            self.client.cancel([future for future in list(self.ranges) if future.key not in held])

    def remaining(self, piece: BlockRange, future: Any, told: Sequence[Any] | None) -> BlockRange:
        """What is left of a range whose task ended, with what it told."""
        if future.status == "error":
            return self._again(piece, future)
        if self.stopped and future.cancelled():
            return piece
        if future.status != "finished":
            raise lost_workers(self.work, SCHEDULER_GONE)
        if told is None:
            return piece
        self.losses = 0  # workers live long enough
        return BlockRange(piece.numbers[:0])

    def _again(self, piece: BlockRange, future: Any) -> BlockRange:
        """What is left of a range whose worker died, or whose object store did not answer; else the error."""
        from distributed import KilledWorker

        error = future.exception()
        if not isinstance(error, (KilledWorker, TransportError, ConnectionError, TimeoutError)):
            raise error
        itself = not isinstance(error, KilledWorker) or error.task == future.key
        if not itself and self.node.status == "error":
            # Workers died with the work before they began a range. Distributed gives it up then, and with it all
            # ranges that wait for it: none of them is to blame.
            self.losses += 1
            self.send()
        left = self.work.remaining(piece.numbers)
        failures = piece.failures + itself
        if len(left) < len(piece.numbers):
            self.losses, failures = 0, 1
        if failures < RETRIES and self.losses < RETRIES:
            return BlockRange(left, failures)
        if not isinstance(error, KilledWorker):
            raise error
        limit = getattr(error.last_worker, "memory_limit", None)
        raise lost_workers(self.work, f"the last one could take {limit} bytes") from error


def run_range(shipped: PickledOnce, numbers: BlockNumbers, job: str) -> Sequence[Any] | None:
    """The task: a range; None if the job was stopped before it was done."""
    with cancellation.task_of_job(job):
        try:
            told: Sequence[Any] = shipped.value(numbers)
        except cancellation.TaskCancelled:
            return None
        return told


def keep(shipped: PickledOnce) -> PickledOnce:
    """The task that all ranges wait for: the work arrives."""
    return shipped


def lost_workers(work: Work, how: str) -> WorkersLostError:
    """The error, in words."""
    return WorkersLostError(
        f"workers were lost again and again: {how}; {work.describe_cost()}. Use smaller `chunks`, or give workers more "
        "memory or fewer threads. What was written stays: the same call goes on"
    )
