"""What a command says: results on standard output, everything else on standard error.

Where nobody looks at a terminal there are no colours, no bars and no escape sequences, but a line from time to time.
"""

import json
import sys
import time
from datetime import UTC, datetime
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from rich.console import Console as RichConsole

    from mvn_dask.store.progress import State

PAUSE = 30.0
"""Seconds between two lines that tell how far a job is, where there is no terminal."""


class Console:
    """A command's voice.

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

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end_bar()

    def info(self, message: str, **fields: object) -> None:
        """Something worth knowing."""
        if not self._quiet:
            self._say("info", message, fields)

    def warning(self, message: str, **fields: object) -> None:
        """Something that may be wrong."""
        self._say("warning", message, fields)

    def error(self, message: str, **fields: object) -> None:
        """Why the command fails, a line a fault."""
        for line in message.splitlines() or [""]:
            self._say("error", line, fields)

    def result(self, text: str, content: dict[str, object]) -> None:
        """What the command was for; only this goes to standard output."""
        self._end_bar()
        print(json.dumps(content, allow_nan=False) if self.json_result else text)  # noqa: T201

    def progress(self, state: "State") -> None:
        """How far a job is: a bar in a terminal, else a line from time to time."""
        if self._quiet:
            return
        if sys.stderr.isatty() and not self._json_log:
            self._draw_bar(state)
        elif time.monotonic() - self._told >= PAUSE:
            self._told = time.monotonic()
            told = {"done": state.done, "total": state.total, "unit": state.unit, "seconds": round(state.seconds, 1)}
            self._say("info", f"{state.done} of {state.total} {state.unit}{_remaining(state)}", told)

    def _say(self, level: str, message: str, fields: dict[str, object]) -> None:
        if self._json_log:
            now = datetime.now(UTC).isoformat(timespec="milliseconds")
            line = json.dumps({"time": now, "level": level, "message": message, **fields}, default=str)
            sys.stderr.write(f"{line}\n")
            sys.stderr.flush()
            return
        self._end_bar()
        style = {"error": "bold red", "warning": "yellow"}.get(level)
        prefix = "" if level == "info" else f"{level}: "
        if style is None or not sys.stderr.isatty():
            sys.stderr.write(f"mvn-dask: {prefix}{message}\n")
            sys.stderr.flush()
        else:
            _terminal().print(
                f"mvn-dask: {prefix}{message}", style=style, markup=False, highlight=False, soft_wrap=True
            )

    def _draw_bar(self, state: "State") -> None:
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
        if self._bar is not None:
            self._bar.stop()
            self._bar = None


def _terminal() -> "RichConsole":
    from rich.console import Console as RichConsole

    return RichConsole(stderr=True)


def _remaining(state: "State") -> str:
    if not state.done or state.done >= state.total:
        return ""
    return f", {state.seconds / state.done * (state.total - state.done):.0f} s to go at this rate"
