"""Reports on how far a job is.

Input: counts of what was done, from any thread. Output: calls of the current `ProgressCallback`, or a bar on standard
error where that is a terminal, at most ten times a second. Cost: a lock and a clock reading per count.
"""

import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Self

from mvn_dask.readable import duration, plural, readable_bytes

BAR_CHARACTERS = 20
"""Characters of a full bar."""
REPORT_SECONDS = 0.1
"""Seconds between two reports, at least; the first and the last are made at once."""
RATE_SECONDS = 60.0
"""Seconds over which a rate is taken."""
SPACING_SECONDS = 0.05
"""Seconds between two counts that are kept for a rate, at least."""
MIN_RATE_SECONDS = 1.0
"""Seconds that are too few for a rate: threads that began together end together."""


@dataclass(frozen=True)
class ProgressState:
    """How far a job is."""

    done: int
    """Units that are done."""
    total: int
    """Units that there are to do, 1 at least."""
    unit: str
    """What is counted, in the singular."""
    unit_bytes: int
    """Bytes of a unit."""
    seconds: float
    """Seconds since the job began."""
    rate: float | None
    """Units a second, by `recent_rate`."""
    ended: bool
    """Whether this is the last report."""

    def __str__(self) -> str:
        text = f"{self.done} of {plural(self.total, self.unit)}, {readable_bytes(self.done * self.unit_bytes)}"
        if self.rate:
            text += f", {readable_bytes(self.rate * self.unit_bytes)}/s"
            if self.done < self.total:
                text += f", {duration((self.total - self.done) / self.rate)} left"
        return text


ProgressCallback = Callable[[ProgressState], None]
"""Called with each report, in whatever thread counts, one call at a time."""

_callback: ContextVar[ProgressCallback | None] = ContextVar("_callback", default=None)


@contextmanager
def report_progress_to(callback: ProgressCallback) -> Iterator[None]:
    """Jobs that begin inside the body report to this callback, and draw no bar."""
    token = _callback.set(callback)
    try:
        yield
    finally:
        _callback.reset(token)


def current_callback() -> ProgressCallback | None:
    """The callback of the innermost `report_progress_to`."""
    return _callback.get()


def recent_rate(times: Sequence[float], counts: Sequence[int]) -> float | None:
    """Units a second over the last `RATE_SECONDS` in which any were done; None where that is less than a second.

    `times` ascend, and `counts` are the units that were done by then. The first of them does not count, since it is not
    known when it began.

    >>> recent_rate([100.0, 110.0, 120.0], [1, 2, 3])
    0.1
    """
    first = next((i for i, each in enumerate(times) if each >= times[-1] - RATE_SECONDS), None)
    if first is None or times[-1] - times[first] < MIN_RATE_SECONDS:
        return None
    return (counts[-1] - counts[first]) / (times[-1] - times[first])


class Progress:
    """Counts, and reports to the current callback; without one, to a bar if standard error is a terminal.

    Units are counted twice: by `note`, one by one while their tasks still run, as far as that gets here, and by `add`
    at the end of their tasks. The larger count is reported, and at the end that of `add`.

    >>> with report_progress_to(lambda state: print(state)):
    ...     with Progress(2, "chunk", 2**20) as progress:
    ...         progress.add(2)
    0 of 2 chunks, 0 B
    2 of 2 chunks, 2 MiB
    2 of 2 chunks, 2 MiB
    """

    def __init__(self, total: int, unit: str, unit_bytes: int) -> None:
        self._total, self._unit, self._unit_bytes = total, unit, unit_bytes
        self._noted, self._added = 0, 0
        self._begin, self._reported = time.monotonic(), 0.0
        self._times: deque[float] = deque()
        self._counts: deque[int] = deque()
        self._lock = threading.Lock()
        self._callback = _callback.get() or (_draw_bar if sys.stderr.isatty() else None)

    def __enter__(self) -> Self:
        # Where there is nothing to do there is no bar, and no line end after it.
        if self._total:
            with self._lock:
                self._report(self._added, ended=False)
        return self

    def __exit__(self, *error: object) -> None:
        if self._total:
            with self._lock:
                # What was noted of a task that was cut short is done all the same.
                self._report(self._done if error[0] else self._added, ended=True)

    def note(self, count: int) -> None:
        """So many more are done, in tasks that still run."""
        with self._lock:
            self._noted += count
            self._count()

    def add(self, count: int) -> None:
        """So many more are done, in tasks that have ended."""
        with self._lock:
            self._added += count
            self._count()

    @property
    def _done(self) -> int:
        # Units that a lost worker had noted may be done again, and noted again.
        return max(self._added, min(self._noted, self._total))

    def _count(self) -> None:
        done, now = self._done, time.monotonic()
        if done == (self._counts[-1] if self._counts else 0):
            return
        # Few enough for a minute of blocks that take microseconds: the latest replaces one that came just before it.
        if len(self._times) > 1 and now - self._times[-2] < SPACING_SECONDS:
            self._times.pop(), self._counts.pop()
        self._times.append(now)
        self._counts.append(done)
        while self._times[0] < now - RATE_SECONDS:
            self._times.popleft()
            self._counts.popleft()
        if done >= self._total or done == self._counts[0] or now - self._reported > REPORT_SECONDS:
            self._report(done, ended=False)

    def _report(self, done: int, *, ended: bool) -> None:
        self._reported = time.monotonic()
        if self._callback is not None:
            rate, seconds = recent_rate(self._times, self._counts), self._reported - self._begin
            self._callback(ProgressState(done, max(1, self._total), self._unit, self._unit_bytes, seconds, rate, ended))


def _draw_bar(state: ProgressState) -> None:
    fraction = state.done / state.total
    line = f"[{'#' * int(BAR_CHARACTERS * fraction):<{BAR_CHARACTERS}}] {100 * fraction:3.0f}% | {state}"
    # Erased to its end: the line before may have been longer.
    sys.stderr.write(f"\r{line}\x1b[K" + "\n" * state.ended)
    sys.stderr.flush()
