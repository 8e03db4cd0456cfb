"""A line that tells how far a job is, where someone is looking."""

import sys
import time
from types import TracebackType
from typing import Self

WIDTH = 30
"""Characters of the bar."""
PAUSE = 0.1
"""Seconds between two looks of the line."""


class Progress:
    """A bar on a terminal's standard error; elsewhere nothing.

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
        self._visible = sys.stderr.isatty()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._visible and self._shown:
            self._show()
            sys.stderr.write("\n")
            sys.stderr.flush()

    def add(self, count: int) -> None:
        """So many more are done."""
        self._done += count
        if self._visible and (self._done >= self._total or time.monotonic() - self._shown > PAUSE):
            self._show()

    def _show(self) -> None:
        self._shown = time.monotonic()
        share = self._done / self._total
        bar = "#" * int(WIDTH * share)
        seconds = self._shown - self._begin
        sys.stderr.write(
            f"\r[{bar:<{WIDTH}}] {100 * share:3.0f}% | {self._done} of {self._total} {self._unit} | {seconds:.1f} s"
        )
        sys.stderr.flush()
