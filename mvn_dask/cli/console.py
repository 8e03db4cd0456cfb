"""What a command says: results on standard output, everything else on standard error.

Where nobody looks at a terminal there are no colours, no bars and no escape sequences, but a line from time to time.
"""

import json
import os
import sys
import threading
import time
import traceback
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, TextIO

from mvn_dask.redaction import redact, secret_texts

if TYPE_CHECKING:
    from rich.console import Console as RichConsole

    from mvn_dask.execution.progress import ProgressState


PAUSE = 30.0
"""Seconds between two lines that tell how far a job is, where there is no terminal."""
SHORT = 4
"""Characters below which a text is no secret, but may be part of any word."""


class Console:
    """A command's voice, for all threads.

    Parameters
    ----------
    quiet : bool
        Say nothing but warnings and errors.
    json_log : bool
        Say it as JSON, an object a line, with ``time``, ``level``, ``message`` and what belongs to it.
    json_result : bool
        Print the result as JSON.
    """

    def __init__(self, *, quiet: bool = False, json_log: bool = False, json_result: bool = False) -> None:
        self._quiet, self._json_log, self.json_result = quiet, json_log, json_result
        self._told = time.monotonic()
        self._bar: Any = None
        self._hidden: set[str] = set()
        self._lock = threading.RLock()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end_bar()

    def hide(self, *options: object) -> None:
        """Never say a text that stands in these options: it may be secret."""
        self._hidden |= {text for text in secret_texts(options) if len(text) >= SHORT}

    def redact(self, text: str) -> str:
        """A text without anything that is to be hidden."""
        return redact(text, list(self._hidden))

    def info(self, message: str, **fields: object) -> None:
        """Something worth knowing."""
        if not self._quiet:
            self._say("info", message, fields)

    def warning(self, message: str, **fields: object) -> None:
        """Something that may be wrong."""
        self._say("warning", message, fields)

    def error(self, message: str, **fields: object) -> None:
        """Why the command fails, a line a fault."""
        for line in self.redact(message).splitlines() or [""]:
            self._say("error", line, fields)

    def trace(self, error: BaseException) -> None:
        """Where an error comes from, and what led to it."""
        text = "".join(traceback.format_exception(error))
        if self._json_log:
            self._say("debug", f"{type(error).__name__} was raised", {"traceback": text})
        else:
            self._write(self.redact(text))

    def result(self, text: str, content: dict[str, object]) -> None:
        """What the command was for; only this goes to standard output.

        Raises
        ------
        OSError
            If nobody takes it.
        """
        self._end_bar()
        try:
            print(json.dumps(content, allow_nan=False) if self.json_result else text, flush=True)  # noqa: T201
        except OSError as error:
            _forget(sys.stdout)
            raise OSError(error.errno, f"the result could not be printed: {error.strerror}") from error

    def progress(self, state: "ProgressState") -> None:
        """How far a job is: a bar in a terminal, else a line from time to time."""
        if self._quiet:
            return
        if _terminal_there() and not self._json_log:
            self._draw_bar(state)
        elif time.monotonic() - self._told >= PAUSE:
            self._told = time.monotonic()
            told = {"done": state.done, "total": state.total, "unit": state.unit, "seconds": round(state.seconds, 1)}
            self._say("info", f"{state.done} of {state.total} {state.unit}{_remaining(state)}", told)

    def _say(self, level: str, message: str, fields: dict[str, object]) -> None:
        fields = {key: self.redact(value) if isinstance(value, str) else value for key, value in fields.items()}
        line = spelled(level, self.redact(message), fields, json_log=self._json_log)
        with self._lock:
            self._end_bar()
            style = {"error": "bold red", "warning": "yellow"}.get(level)
            if style is None or self._json_log or not _terminal_there():
                self._write(line)
            else:
                _terminal().print(line.rstrip("\n"), style=style, markup=False, highlight=False, soft_wrap=True)

    def _write(self, text: str) -> None:
        with self._lock:
            try:
                sys.stderr.write(text)
                sys.stderr.flush()
            except OSError:
                # Nobody listens any more, which is no reason to stop the work.
                _forget(sys.stderr)

    def _draw_bar(self, state: "ProgressState") -> None:
        with self._lock:
            if self._bar is None:
                from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

                columns = (BarColumn(), MofNCompleteColumn(), TextColumn("{task.description}"), TimeRemainingColumn())
                self._bar = Progress(*columns, console=_terminal(), transient=False)
                self._bar.add_task(state.unit, total=state.total)
                self._bar.start()
            self._bar.update(0, completed=state.done, total=state.total)
            if state.ended:
                self._end_bar()

    def _end_bar(self) -> None:
        with self._lock:
            if self._bar is not None:
                self._bar.stop()
                self._bar = None


def spelled(level: str, message: str, fields: Mapping[str, object], *, json_log: bool) -> str:
    """A line for standard error."""
    if json_log:
        now = datetime.now(UTC).isoformat(timespec="milliseconds")
        return json.dumps({"time": now, "level": level, "message": message, **fields}, default=str) + "\n"
    return f"mvn-dask: {'' if level == 'info' else f'{level}: '}{message}\n"


def open_closed_streams() -> None:
    """Make standard output and error usable: what was closed goes nowhere, what cannot be encoded is escaped.

    Were they left closed, the next files to be opened would take their places, and messages would go into those.
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


def _forget(stream: TextIO) -> None:
    """Let a stream that nobody reads go nowhere, so that Python may flush it in the end."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _terminal_there() -> bool:
    return sys.stderr.isatty()


def _terminal() -> "RichConsole":
    from rich.console import Console as RichConsole

    return RichConsole(stderr=True)


def _remaining(state: "ProgressState") -> str:
    if not state.done or state.done >= state.total:
        return ""
    return f", {state.seconds / state.done * (state.total - state.done):.0f} s to go at this rate"
