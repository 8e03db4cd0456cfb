"""Ranges of block numbers: the tasks of a run.

Input: block numbers, the bytes of a block, the number of threads. Output: ranges, the longest first, and the function
that does the work of one. Cost: O(1) a range.

A task is a range and not a block, since a scheduler takes about 0.2 ms a task: a task a block takes 110 s and 2 GB for
a million blocks before the first of them begins.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from mvn_dask.execution import cancellation
from mvn_dask.execution.block_counts import task_of_run
from mvn_dask.execution.block_memory import memory_kept
from mvn_dask.execution.pickling import PickledOnce

BlockNumbers = npt.NDArray[np.int64]
"""Numbers of blocks, in C order of the array's grid; shape (n,)."""

MAX_RANGE_BYTES = 2**30
"""Bytes of the blocks of a range, at most, unless one block has more: about half a second of drawing."""
MAX_RANGE_BLOCKS = 1000
"""Blocks of a range, at most."""
RANGES_PER_THREAD = 3
"""Ranges that each thread gets of the blocks that remain, at least."""


class Work(Protocol):
    """What is done with blocks; it must pickle, and doing it again must be harmless."""

    def __call__(self, numbers: BlockNumbers) -> Sequence[Any]:
        """Do it, and return its results.

        Implementations call `cancellation.exit_if_cancelled` before each block and `block_counts.count_block` after it,
        and let go of a block before the next one.
        """

    def remaining(self, numbers: BlockNumbers) -> BlockNumbers:
        """Those of the blocks that are still to be done, after the task that had them failed."""

    def describe_cost(self) -> str:
        """The memory that a block takes, as a clause of an error message."""


@dataclass(frozen=True)
class BlockRange:
    """Blocks that one task works on."""

    numbers: BlockNumbers
    """The blocks."""
    failures: int = 0
    """Failures in a row, outside of the work, of tasks with these blocks; a block that gets done begins a new row."""


def range_size(block_bytes: int) -> int:
    """Blocks of a range, at most, where a block has so many bytes.

    >>> range_size(8), range_size(2**27), range_size(2**40)
    (1000, 8, 1)
    """
    return max(1, min(MAX_RANGE_BYTES // max(1, block_bytes), MAX_RANGE_BLOCKS))


def split(numbers: BlockNumbers, size: int, threads: int) -> Iterator[BlockRange]:
    """Ranges of at most `size` blocks, shorter towards the end.

    >>> [len(each.numbers) for each in split(np.arange(30), 4, threads=2)]
    [4, 4, 3, 3, 2, 2, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1]
    """
    start = 0
    while start < len(numbers):
        # Guided scheduling: with equal ranges all threads but one may be idle for the time of a whole range.
        stop = start + max(1, min(size, (len(numbers) - start) // (RANGES_PER_THREAD * threads)))
        yield BlockRange(numbers[start:stop])
        start = stop


def run_range(pickled: PickledOnce, numbers: BlockNumbers, job_id: str) -> Sequence[Any] | None:
    """The task of a range: the results of the work; None if its job was cancelled before it was done."""
    with cancellation.task_of_job(job_id), task_of_run(pickled.identity), memory_kept():
        try:
            results: Sequence[Any] = pickled.value(numbers)
        except cancellation.TaskCancelled:
            # A value and not an error: schedulers report failed tasks, and distributed would run them again.
            return None
        return results
