"""Progress of each of the parts that a store is written in, from its chunks alone.

Input: numbers and times of the chunks that are there. Output: a `PartProgress` for each part. Cost: O(chunks + parts).

A store does not record how many parts it is written in: chunks of any parts are the same. So whoever asks gives it.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from mvn_dask import checks
from mvn_dask.display.one_line import OneLine
from mvn_dask.errors import ArgumentError
from mvn_dask.readable import short_repr
from mvn_dask.store.format.layout import part_range

MAX_PARTS = 100_000
"""Parts that are looked at, at most."""
ACTIVE_SECONDS = 60.0
"""Seconds since its newest chunk for which a part counts as being written."""

PartState = Literal["silent", "active", "not begun", "complete"]
"""What is seen of a part; "silent" is one of which chunks are there, but no new one."""


@dataclass(frozen=True, repr=False)
class PartProgress(OneLine):
    """Progress of one part of a store.

    See Also
    --------
    mvn_dask.status : Gives it, for as many parts as it is asked for.

    Examples
    --------
    >>> import mvn_dask
    >>> x = mvn_dask.MultivariateNormal([0.0, 1.0], 2.0).sample(1000, seed=1, chunks=250)
    >>> mvn_dask.to_zarr(x, "memory://progress-of-parts", part=(0, 2))
    >>> first, second = mvn_dask.status("memory://progress-of-parts", parts=2).parts
    >>> first.part, first.missing, first.state(now=2e9), second.part, second.missing, second.state(now=2e9)
    ((0, 2), 0, 'complete', (1, 2), 2, 'not begun')
    """

    part: tuple[int, int]
    """The part (i, n)."""
    done: int
    """Its chunks that are there."""
    missing: int
    """Its chunks that are not."""
    last_written: float | None
    """When its newest chunk was written, in seconds since 1970, by the clock of the storage; None before the first."""

    def state(self, now: float) -> PartState:
        """What is seen of it at a time, in seconds since 1970.

        See Also
        --------
        mvn_dask.Status.state : That of the whole store.
        """
        if not self.missing:
            return "complete"
        if self.last_written is None:
            return "not begun"
        return "active" if now - self.last_written < ACTIVE_SECONDS else "silent"


def count_of_parts(parts: object) -> int:
    """A number of parts. Raises ArgumentTypeError and ArgumentError."""
    count = checks.count("parts", parts, least=1)
    if count > MAX_PARTS:
        raise ArgumentError(f"`parts` must be at most {MAX_PARTS}, as many as are looked at: it is {short_repr(parts)}")
    return count


def progress_of_parts(
    parts: int, chunks: int, numbers: npt.NDArray[np.int64], times: npt.NDArray[np.float64]
) -> tuple[PartProgress, ...]:
    """Each of the parts of so many chunks, of which these are there, with the times at which they were written.

    Examples
    --------
    >>> [(each.done, each.missing) for each in progress_of_parts(3, 10, np.array([0, 1, 9]), np.array([5.0, 7.0, 6.0]))]
    [(2, 1), (0, 3), (1, 3)]
    """
    ranges = [part_range((i, parts), chunks) for i in range(parts)]
    starts = np.array([start for start, _ in ranges], np.int64)
    # Of parts without a chunk, which begin where the next one does, the last one is found: it has some.
    owners = np.searchsorted(starts, numbers, side="right") - 1
    done = np.bincount(owners, minlength=parts)
    newest = np.full(parts, -np.inf)
    np.maximum.at(newest, owners, times)
    return tuple(
        PartProgress((i, parts), int(done[i]), stop - start - int(done[i]), float(newest[i]) if done[i] else None)
        for i, (start, stop) in enumerate(ranges)
    )
