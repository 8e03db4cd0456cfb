"""Repeated looks at a store. Input: a function that looks. Output: a line each time that the store has changed.

Cost: a look every `WATCH_SECONDS`, and a tenth of the time at most, since a look at many chunks takes long.
"""

import logging
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING

from mvn_dask.job.signal_masking import SIGNALS
from mvn_dask.readable import duration, plural, readable_bytes

if TYPE_CHECKING:
    from mvn_dask.store.status import Status

WATCH_SECONDS = 2.0
"""Seconds between two looks, at least."""

log = logging.getLogger(__name__)


class WatchEnded(BaseException):
    """A signal came. Not an Exception, which what is interrupted might catch."""


def watch(look: Callable[[], "Status"], show: Callable[["Status"], None]) -> "Status | None":
    """Look until the store is complete, and show each status that differs from the one before; gives the last one.

    It waits for a store that no job has begun yet. A signal ends it, with the status that was seen last; None where
    there was none.
    """
    from mvn_dask.errors import MissingManifestError, NotAStoreError

    found = shown = None
    waiting = False
    try:
        with _signals_raise():
            while found is None or not found.complete:
                if found is not None and (shown is None or has_changed(found, shown)):
                    show(found)
                    shown = found
                if found is not None or waiting:
                    time.sleep(WATCH_SECONDS)
                begin = time.monotonic()
                try:
                    found = look()
                except NotAStoreError as error:
                    # One that was there is gone, or no job is going to write a manifest there.
                    if found is not None or isinstance(error, MissingManifestError):
                        raise
                    if not waiting:
                        log.info(f"{error.text}: waiting for one")
                    waiting = True
                time.sleep(max(0.0, 9 * (time.monotonic() - begin) - WATCH_SECONDS))
    except WatchEnded:
        pass
    return found


def has_changed(status: "Status", shown: "Status") -> bool:
    """Whether a status says more than the one before; its rate changes without a chunk, as time passes."""
    return (status.done, status.committed) != (shown.done, shown.committed)


@contextmanager
def _signals_raise() -> Iterator[None]:
    def end(*_: object) -> None:
        raise WatchEnded

    before = {number: signal.signal(number, end) for number in SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def status_line(status: "Status") -> str:
    """A status in a line, with the time of day."""
    parts = [f"{status.done} of {plural(status.done + status.missing, 'chunk')}", readable_bytes(status.bytes)]
    if status.rate is not None:
        parts.append(f"{readable_bytes(status.rate)}/s")
    if status.seconds_left is not None:
        parts.append(f"{duration(status.seconds_left)} left")
    return f"{datetime.now().astimezone():%H:%M:%S} {', '.join(parts)}"
