"""What all commands have in common: their voice, their warnings, and how they end."""

import logging
import sys
import traceback
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from mvn_dask.cli.console import Console
from mvn_dask.cli.outcome import Exit, exit_code, reason

FORMATS = ("text", "json")


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
        except BrokenPipeError:
            # Whoever read our output has enough. Nothing may be flushed into the closed pipe any more.
            sys.stderr.close()
            return Exit.FAILED
        except Exception as error:  # noqa: BLE001 every error is a line and an exit code
            code = exit_code(error)
            if manner.debug:
                traceback.print_exception(error)
            console.error(reason(error), exit_code=int(code), type=type(error).__name__)
            return code


@contextmanager
def _spoken(console: Console) -> Iterator[None]:
    """Inside the body, warnings, progress, and what dask logs are said by the console."""
    from mvn_dask.store.progress import reported_to

    def show(message: Warning | str, *_: object) -> None:
        console.warning(" ".join(str(message).split()))

    handler = _Handler(console)
    logger = logging.getLogger("distributed")
    with warnings.catch_warnings(), reported_to(console.progress):
        warnings.showwarning = show  # type: ignore[assignment]
        logger.addHandler(handler)
        try:
            yield
        finally:
            logger.removeHandler(handler)


class _Handler(logging.Handler):
    """Takes the place of the handlers that distributed makes for itself."""

    def __init__(self, console: Console) -> None:
        super().__init__(logging.WARNING)
        self._console = console

    def emit(self, record: logging.LogRecord) -> None:
        logger = logging.getLogger("distributed")
        for other in [other for other in logger.handlers if other is not self]:
            logger.removeHandler(other)
        say = self._console.error if record.levelno >= logging.ERROR else self._console.warning
        say(" ".join(record.getMessage().split()), logger=record.name)
