"""Standard output and standard error of a command.

Input: log records, progress, a result. Output: the result alone on standard output, all else on standard error. Where
that is no terminal there are no colours, no bars and no escape sequences, but a line every `PROGRESS_INTERVAL` seconds.
"""

import logging
import os
import sys
import threading
import time
from contextlib import suppress
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, TextIO

from mvn_dask.cli.log_formats import JsonFormatter, is_own

if TYPE_CHECKING:
    from rich.console import Console as RichConsole

    from mvn_dask.execution.progress import ProgressState

PROGRESS_INTERVAL = 30.0
"""Seconds between two lines about progress where there is no terminal."""
STYLES = {logging.WARNING: "yellow", logging.ERROR: "bold red", logging.CRITICAL: "bold red"}
"""rich's styles of messages in a terminal, by level."""

log = logging.getLogger(__name__)


class ConsoleHandler(logging.Handler):
    """Writes log records and progress to standard error, from all threads.

    Parameters
    ----------
    formatter : logging.Formatter
        Makes the lines.
    quiet : bool
        Leave out information and progress.
    """

    def __init__(self, formatter: logging.Formatter, *, quiet: bool = False) -> None:
        super().__init__()
        self.setFormatter(formatter)
        self.addFilter(self._is_shown)
        self._quiet = quiet
        self._plain = isinstance(formatter, JsonFormatter)
        self._logged = time.monotonic()
        self._bar: Any = None
        self._bar_lock = threading.RLock()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end_bar()

    def _is_shown(self, record: logging.LogRecord) -> bool:
        if record.levelno == logging.INFO and self._quiet:
            return False
        return is_own(record) or record.levelno >= logging.WARNING

    def emit(self, record: logging.LogRecord) -> None:
        line = self.format(record)
        with self._bar_lock:
            # A bar that goes on would be drawn over the line; and where the process ends, its cursor stays hidden.
            self._end_bar()
            if record.levelno in STYLES and self._in_terminal():
                _rich().print(line, style=STYLES[record.levelno], markup=False, highlight=False, soft_wrap=True)
                return
            try:
                sys.stderr.write(line + "\n")
                sys.stderr.flush()
            except OSError:
                # The reader of standard error has gone, which is no reason to stop the work.
                _discard(sys.stderr)

    def show_progress(self, state: "ProgressState") -> None:
        """Draw a bar in a terminal; elsewhere log a line from time to time."""
        if self._quiet:
            return
        if self._in_terminal():
            self._draw_bar(state)
        elif time.monotonic() - self._logged >= PROGRESS_INTERVAL:
            self._logged = time.monotonic()
            fields = {"done": state.done, "total": state.total, "unit": state.unit, "seconds": round(state.seconds, 1)}
            log.info(f"{state.done} of {state.total} {state.unit}{_time_left(state)}", extra=fields)

    def _in_terminal(self) -> bool:
        return sys.stderr.isatty() and not self._plain

    def _draw_bar(self, state: "ProgressState") -> None:
        with self._bar_lock:
            if self._bar is None:
                from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

                columns = (BarColumn(), MofNCompleteColumn(), TextColumn("{task.description}"), TimeRemainingColumn())
                self._bar = Progress(*columns, console=_rich(), transient=False)
                self._bar.add_task(state.unit, total=state.total)
                self._bar.start()
            self._bar.update(0, completed=state.done, total=state.total)
            if state.ended:
                self._end_bar()

    def _end_bar(self) -> None:
        with self._bar_lock:
            if self._bar is not None:
                self._bar.stop()
                self._bar = None


def print_result(text: str) -> None:
    """Print what a command was for; only this goes to standard output. Raises OSError if it cannot be written."""
    try:
        print(text, flush=True)  # noqa: T201
    except OSError as error:
        _discard(sys.stdout)
        raise OSError(error.errno, f"the result could not be printed: {error.strerror}") from error


def open_closed_streams() -> None:
    """Make standard output and error usable: closed ones lead to the null device, unencodable text is escaped.

    Were they left closed, the next files to be opened would get their numbers, and messages would go into those.
    """
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest number that is free
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: PTH123, SIM115 for the whole process
        elif hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")


def _discard(stream: TextIO) -> None:
    """Redirect a stream without a reader to the null device: Python flushes it at its end, and would fail."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _rich() -> "RichConsole":
    from rich.console import Console as RichConsole

    return RichConsole(stderr=True)


def _time_left(state: "ProgressState") -> str:
    if not state.done or state.done >= state.total:
        return ""
    return f", {state.seconds / state.done * (state.total - state.done):.0f} s to go at this rate"
