"""A watch as lines, where there is no terminal that could be drawn over, and for programs.

Input: each status of a store that is watched. Output: a line on standard output where it has changed; on standard error
what is waited for.
"""

import json
import logging
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from datetime import datetime
from typing import TYPE_CHECKING

from mvn_dask.cli.console import print_result, require_reader
from mvn_dask.cli.part_lines import parts_text
from mvn_dask.readable import duration, plural, readable_bytes

if TYPE_CHECKING:
    from mvn_dask.store.status import Status

log = logging.getLogger(__name__)


class StatusLines(AbstractContextManager["StatusLines"]):
    """Prints a status that says more than the one before: as text, or as JSON by `as_json`."""

    def __init__(self, as_json: "Callable[[Status], Mapping[str, object]] | None" = None) -> None:
        self._as_json = as_json
        self._waiting_for: str | None = None
        self.shown: Status | None = None
        """The status that was printed last."""

    def __exit__(self, *_: object) -> None:
        """Lines stay."""

    def show(self, status: "Status") -> None:
        """Print a status, if it has changed. Raises OSError where nobody reads any more."""
        if self.has_shown(status):
            require_reader()
            return
        if self.shown is not None and self.shown.fingerprint != status.fingerprint:
            log.warning(f"{status.url} was replaced: it is the store of another sample now")
        line = status_line(status) if self._as_json is None else json.dumps(self._as_json(status), allow_nan=False)
        print_result(line)
        self.shown, self._waiting_for = status, None

    def wait(self, reason: str) -> None:
        """Log what is waited for, once. Raises OSError where nobody reads any more."""
        require_reader()
        if self._waiting_for is None:
            log.info(reason)
        self._waiting_for = reason

    def has_shown(self, status: "Status") -> bool:
        """Whether a status says no more than the last one; its rate changes without a chunk, as time passes."""
        return self.shown is not None and _progress(self.shown) == _progress(status)


def _progress(status: "Status") -> tuple[object, ...]:
    return status.fingerprint, status.done, status.committed


def status_line(status: "Status") -> str:
    """A status in a line, with the time of day."""
    parts = [parts_text(status, time.time())] if status.parts else []
    return f"{datetime.now().astimezone():%H:%M:%S} {', '.join([_chunks(status), *details(status), *parts])}"


def _chunks(status: "Status") -> str:
    return f"{status.done} of {plural(status.done + status.missing, 'chunk')}"


def details(status: "Status") -> list[str]:
    """Bytes, rate, and time left, as far as they are known."""
    parts = [readable_bytes(status.bytes)]
    if status.rate is not None:
        parts.append(f"{readable_bytes(status.rate)}/s")
    if status.seconds_left is not None:
        parts.append(f"{duration(status.seconds_left)} left")
    return parts
