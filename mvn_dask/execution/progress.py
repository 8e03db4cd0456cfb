"""Reports on how far a job is.

Input: counts of what was done. Output: calls of the current `ProgressCallback`, or a bar on standard error where that
is a terminal, at most ten times a second. Cost: a clock reading per count.
"""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Self

BAR_CHARACTERS = 30
"""Characters of a full bar."""
REPORT_SECONDS = 0.1
"""Seconds between two reports, at least; the last one is made at once."""


@dataclass(frozen=True)
class ProgressState:
    """How far a job is."""

    done: int
    """Units that are done."""
    total: int
    """Units that there are to do, 1 at least."""
    unit: str
    """What is counted, in the plural."""
    seconds: float
    """Seconds since the job began."""
    ended: bool
    """Whether this is the last report."""


ProgressCallback = Callable[[ProgressState], None]
"""Called with each report, in the thread that runs the job."""

_callback: ContextVar[ProgressCallback | None] = ContextVar("_callback", default=None)


@contextmanager
def report_progress_to(callback: ProgressCallback) -> Iterator[None]:
    """Jobs that begin inside the body report to this callback, and draw no bar."""
    token = _callback.set(callback)
    try:
        yield
    finally:
        _callback.reset(token)


class Progress:
    """Counts, and reports to the current callback; without one, to a bar if standard error is a terminal.

    >>> with report_progress_to(lambda state: print(state.done, "of", state.total, state.unit, state.ended)):
    ...     with Progress(2, "chunks") as progress:
    ...         progress.add(2)
    2 of 2 chunks False
    2 of 2 chunks True
    """

    def __init__(self, total: int, unit: str) -> None:
        self._total, self._unit, self._done = max(1, total), unit, 0
        self._begin, self._reported = time.monotonic(), 0.0
        self._callback = _callback.get() or (_draw_bar if sys.stderr.isatty() else None)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        # A job that found nothing to do never drew a bar, and needs no line end after it.
        if self._reported:
            self._report(ended=True)

    def add(self, count: int) -> None:
        """So many more are done."""
        self._done += count
        if self._done >= self._total or time.monotonic() - self._reported > REPORT_SECONDS:
            self._report(ended=False)

    def _report(self, *, ended: bool) -> None:
        self._reported = time.monotonic()
        if self._callback is not None:
            self._callback(ProgressState(self._done, self._total, self._unit, self._reported - self._begin, ended))


def _draw_bar(state: ProgressState) -> None:
    fraction = state.done / state.total
    sys.stderr.write(
        f"\r[{'#' * int(BAR_CHARACTERS * fraction):<{BAR_CHARACTERS}}] {100 * fraction:3.0f}% | "
        f"{state.done} of {state.total} {state.unit} | {state.seconds:.1f} s" + "\n" * state.ended
    )
    sys.stderr.flush()
