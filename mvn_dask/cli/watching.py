"""Repeated looks at a store. Input: a function that looks. Output: a line each time that the store has changed.

Cost: a look every `WATCH_SECONDS`, and a tenth of the time at most, since a look at many chunks takes long.
"""

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


class WatchEnded(BaseException):
    """A signal came. Not an Exception, which what is interrupted might catch."""


def watch(look: Callable[[], "Status"], show: Callable[["Status"], None]) -> "Status":
    """Look until the store is complete, and show each status that differs from the one before; gives the last one.

    A signal ends it, with the status that was seen last.
    """
    found, shown = look(), None
    try:
        with _signals_raise():
            while not found.complete:
                # The rate changes without a chunk, as the time does over which it is taken.
                if shown is None or (found.done, found.committed) != (shown.done, shown.committed):
                    show(found)
                    shown = found
                begin = time.monotonic()
                time.sleep(WATCH_SECONDS)
                look_begin = time.monotonic()
                found = look()
                time.sleep(max(0.0, 9 * (time.monotonic() - look_begin) - (look_begin - begin)))
    except WatchEnded:
        pass
    return found


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
