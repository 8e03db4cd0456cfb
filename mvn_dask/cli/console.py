"""Standard output and standard error of a command.

Input: log records, progress, a result. Output: the result alone on standard output, all else on standard error, as text
or JSON, a line a message. Where that is no terminal there are no colours, no bars and no escape
sequences, but a line every `PROGRESS_INTERVAL` seconds; so it is in a dumb terminal.
"""

import errno
import json
import logging
import os
import select
import sys
import threading
import time
from contextlib import AbstractContextManager, suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TextIO

from mvn_dask.escaping import printable, printable_lines
from mvn_dask.redaction import extra_fields

if TYPE_CHECKING:
    from mvn_dask.execution.progress import ProgressState

PROGRESS_INTERVAL = 30.0
"""Seconds between two lines about progress where there is no terminal."""
BAR_WIDTH = 20
"""Characters of a bar."""
STYLES = {logging.WARNING: "yellow", logging.ERROR: "bold red", logging.CRITICAL: "bold red"}
"""rich's styles of messages in a terminal, by level."""

log = logging.getLogger(__name__)


class TextFormatter(logging.Formatter):
    """``mvn-dask: error: message``, without a level for information."""

    def format(self, record: logging.LogRecord) -> str:
        if record.exc_text and record.levelno == logging.DEBUG:
            return printable_lines(record.exc_text.split("\n"))
        level = _level(record)
        prefix = "mvn-dask: " if level == "info" else f"mvn-dask: {level}: "
        return prefix + printable(_message(record))


class JsonFormatter(logging.Formatter):
    """An object a line: ``time``, ``level``, ``message``, and the record's extra fields."""

    def format(self, record: logging.LogRecord) -> str:
        fields = extra_fields(record)
        if not is_own(record):
            fields["logger"] = record.name
        elif record.exc_text:
            fields["traceback"] = record.exc_text
        head = {"time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")}
        head["level"] = _level(record)
        # Of ASCII alone, so that nothing in a name reaches a terminal as it is.
        return json.dumps({**head, "message": _message(record), **fields}, default=str)


FORMATTERS = {"text": TextFormatter, "json": JsonFormatter}
"""Formatters by the values of ``--log-format``."""


def is_own(record: logging.LogRecord) -> bool:
    """Whether a record comes from this package."""
    return record.name.partition(".")[0] == "mvn_dask"


def _level(record: logging.LogRecord) -> str:
    return logging.getLevelName(min(record.levelno, logging.ERROR)).lower()


def _message(record: logging.LogRecord) -> str:
    message = record.getMessage()
    return message if is_own(record) else " ".join(message.split())  # libraries wrap long ones


class ConsoleHandler(logging.Handler, AbstractContextManager["ConsoleHandler"]):
    """Writes log records and progress to standard error, from all threads; if quiet, warnings and errors alone."""

    def __init__(self, formatter: logging.Formatter, *, quiet: bool = False) -> None:
        super().__init__()
        self.setFormatter(formatter)
        self.addFilter(self._is_shown)
        self._quiet = quiet
        self._plain = isinstance(formatter, JsonFormatter)
        self._logged = time.monotonic()
        self._bar: Any = None
        self._bar_lock = threading.RLock()

    def __exit__(self, *_: object) -> None:
        self._end_bar()

    def _is_shown(self, record: logging.LogRecord) -> bool:
        if record.levelno == logging.INFO and self._quiet:
            return False
        # Events are for programs: a person sees the result.
        if hasattr(record, "event") and not self._plain:
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
        if self._can_draw():
            self._draw_bar(state)
        elif time.monotonic() - self._logged >= PROGRESS_INTERVAL:
            self._logged = time.monotonic()
            fields = {"done": state.done, "total": state.total, "unit": state.unit, "seconds": round(state.seconds, 1)}
            if state.rate is not None:
                fields["bytes_per_second"] = round(state.rate * state.unit_bytes)
            log.info(str(state), extra=fields)

    def _in_terminal(self) -> bool:
        # While a bar is drawn, rich has a file in place of standard error, no terminal before version 15.
        return (self._bar is not None or sys.stderr.isatty()) and not self._plain

    def _can_draw(self) -> bool:
        # In a dumb terminal rich draws a bar when it has ended.
        return self._bar is not None or (self._in_terminal() and not _rich().is_dumb_terminal)

    def _draw_bar(self, state: "ProgressState") -> None:
        with self._bar_lock:
            if self._bar is None:
                from rich.progress import BarColumn, Progress, TextColumn

                # Not rich's own columns: rate and time left agree with those of `status`.
                columns = BarColumn(bar_width=BAR_WIDTH), TextColumn("{task.description}", markup=False)
                self._bar = Progress(*columns, console=_rich(), transient=False)
                self._bar.add_task("", total=state.total)
                self._bar.start()
            self._bar.update(0, completed=state.done, total=state.total, description=str(state))
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
        print(printable_lines(text.split("\n")), flush=True)  # noqa: T201
    except OSError as error:
        _discard(sys.stdout)
        raise _unprinted(error.errno, error.strerror) from error


def require_reader() -> None:
    """Raise OSError where nobody reads standard output any more, as `print_result` does, which has no text now."""
    try:
        poll = select.poll()
        poll.register(sys.stdout.fileno(), 0)
        gone = any(event & select.POLLERR for _, event in poll.poll(0))
    except (OSError, ValueError, AttributeError):  # no file, or a system that does not say it
        return
    if gone:
        _discard(sys.stdout)
        raise _unprinted(errno.EPIPE, os.strerror(errno.EPIPE))


def _unprinted(number: int | None, reason: str | None) -> OSError:
    return OSError(number, f"the result could not be printed: {reason}")


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


def _rich() -> Any:
    from rich.console import Console

    return Console(stderr=True)
