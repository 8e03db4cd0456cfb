"""What all commands have in common: their voice, their warnings, and how they end."""

import logging
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from mvn_dask.cli.console import Console
from mvn_dask.cli.outcome import Exit, exit_code, reason

FORMATS = ("text", "json")
LOUD = ("distributed", "distributed.client", "distributed.gc", "bokeh", "tornado", "tornado.application")
"""Loggers that distributed gives handlers of their own."""


@dataclass(frozen=True)
class Manner:
    """How a command was asked to speak."""

    json: bool = False
    """Print the result as JSON."""
    quiet: bool = False
    """Nothing but result, warnings and errors."""
    log_format: str = "text"
    """"text" or "json"."""
    debug: bool = False
    """Show tracebacks."""


def conduct(manner: Manner, act: Callable[[Console], Exit]) -> int:
    """Do what a command is for, and tell how it ended; gives the exit code."""
    if manner.log_format not in FORMATS:
        Console().error(f"--log-format must be text or json, not {manner.log_format!r}")
        return Exit.USAGE
    with Console(quiet=manner.quiet, json_log=manner.log_format == "json", json_result=manner.json) as console:
        try:
            with _spoken(console):
                return act(console)
        except KeyboardInterrupt:
            console.error("interrupted", exit_code=int(Exit.STOPPED))
            return Exit.STOPPED
        except Exception as error:  # noqa: BLE001 every error is a line and an exit code
            code = exit_code(error)
            if manner.debug:
                console.trace(error)
            console.error(reason(error), exit_code=int(code), type=type(error).__name__)
            return code


@contextmanager
def _spoken(console: Console) -> Iterator[None]:
    """Inside the body, warnings, progress, and what dask logs are said by the console."""
    from mvn_dask.execution.progress import report_progress_to

    def show(message: Warning | str, *_: object) -> None:
        console.warning(" ".join(str(message).split()))

    with warnings.catch_warnings(), report_progress_to(console.progress), _logged(_Handler(console)):
        warnings.showwarning = show  # type: ignore[assignment]
        yield


@contextmanager
def _logged(handler: logging.Handler) -> Iterator[None]:
    """Inside the body, this handler takes what libraries log, in place of those that they bring."""
    root = logging.getLogger()
    # distributed brings handlers when it is imported, unless the root has one by then.
    before = [(logger, logger.handlers[:], logger.propagate) for logger in map(logging.getLogger, LOUD)]
    for logger, _, _ in before:
        logger.handlers, logger.propagate = [], True
    root.addHandler(handler)
    try:
        yield
    finally:
        root.removeHandler(handler)
        for logger, handlers, propagate in before:
            logger.handlers, logger.propagate = handlers, propagate


class _Handler(logging.Handler):
    """Says what is logged."""

    def __init__(self, console: Console) -> None:
        super().__init__(logging.WARNING)
        self._console = console

    def emit(self, record: logging.LogRecord) -> None:
        say = self._console.error if record.levelno >= logging.ERROR else self._console.warning
        say(" ".join(record.getMessage().split()), logger=record.name)
