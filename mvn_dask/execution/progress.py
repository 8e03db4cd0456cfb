"""How far a job is: a line where someone is looking, or whatever a listener makes of it."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from types import TracebackType
from typing import Self

WIDTH = 30
"""Characters of the bar."""
PAUSE = 0.1
"""Seconds between two tellings."""


@dataclass(frozen=True)
class ProgressState:
    """How far a job is."""

    done: int
    """What is done."""
    total: int
    """What there is to do."""
    unit: str
    """Of what."""
    seconds: float
    """Since it began."""
    ended: bool
    """Whether this is the last telling."""


ProgressCallback = Callable[[ProgressState], None]
"""Is told how far a job is, in the thread that runs it."""

_listener: ContextVar[ProgressCallback | None] = ContextVar("_listener", default=None)


@contextmanager
def report_progress_to(listener: ProgressCallback) -> Iterator[None]:
    """Jobs that begin inside the body tell this listener how far they are, and draw no bar."""
    token = _listener.set(listener)
    try:
        yield
    finally:
        _listener.reset(token)


class Progress:
    """Tells the current listener; where there is none, a bar on a terminal's standard error, and else nobody.

    Parameters
    ----------
    total : int
        What there is to do.
    unit : str
        Of what.
    """

    def __init__(self, total: int, unit: str) -> None:
        self._total, self._unit = max(1, total), unit
        self._done = 0
        self._begin = time.monotonic()
        self._shown = 0.0
        self._listener = _listener.get() or (_bar if sys.stderr.isatty() else None)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._shown:
            self._tell(ended=True)

    def add(self, count: int) -> None:
        """So many more are done."""
        self._done += count
        if self._done >= self._total or time.monotonic() - self._shown > PAUSE:
            self._tell(ended=False)

    def _tell(self, *, ended: bool) -> None:
        self._shown = time.monotonic()
        if self._listener is not None:
            self._listener(ProgressState(self._done, self._total, self._unit, self._shown - self._begin, ended))


def _bar(state: ProgressState) -> None:
    share = state.done / state.total
    sys.stderr.write(
        f"\r[{'#' * int(WIDTH * share):<{WIDTH}}] {100 * share:3.0f}% | "
        f"{state.done} of {state.total} {state.unit} | {state.seconds:.1f} s" + "\n" * state.ended
    )
    sys.stderr.flush()
