"""Repeated looks at a store. Input: a function that looks. Output: calls of a view, and the last status.

Cost: a look every few seconds, and a tenth of the time at most, since a look at many chunks takes long.
"""

import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

from mvn_dask.cli.exit_codes import error_message
from mvn_dask.job.signal_masking import SIGNALS

if TYPE_CHECKING:
    from mvn_dask.store.status import Status

PATIENCE_SECONDS = 60.0
"""Seconds for which a store that was seen may be unreadable: while another takes its place, or a network is away."""


class View(Protocol):
    """What shows a watch."""

    def show(self, status: "Status") -> None:
        """Show what a look has found."""

    def wait(self, reason: str) -> None:
        """Show why a look has found nothing."""


class WatchEnded(BaseException):
    """A signal came. Not an Exception, which what is interrupted might catch."""


def watch(look: "Callable[[], Status]", view: View, interval: float) -> "Status | None":
    """Look every `interval` seconds until the store is complete; gives the last status.

    It waits for a store that no job has begun yet, and for another in the place of one that is gone. A signal ends it,
    with the status that was seen last; None where there was none.
    """
    found: Status | None = None
    good, before = time.monotonic(), 0.0
    try:
        with _signals_raise():
            while True:
                begin = time.monotonic()
                try:
                    found = look()
                    good = time.monotonic()
                except Exception as error:
                    if not _may_pass(error, seen=found is not None, seconds=time.monotonic() - good):
                        raise
                    view.wait(f"{_reason(error)}: {'looking again' if _is_fault(error) else 'waiting for one'}")
                else:
                    if found.complete:
                        return found
                    view.show(found)
                spent = time.monotonic() - begin
                time.sleep(interval)
                # Of two looks, since the first one imports what it needs.
                time.sleep(max(0.0, 9 * min(spent, before) - interval))
                before = spent
    except WatchEnded:
        return found


def _may_pass(error: Exception, *, seen: bool, seconds: float) -> bool:
    """Whether the next look may find a store, after so many seconds without one."""
    from mvn_dask.errors import StoreError

    if not _is_fault(error):
        return True
    # Before anything was seen, it is likely to be a wrong address.
    return seen and isinstance(error, (StoreError, OSError)) and seconds < PATIENCE_SECONDS


def _is_fault(error: Exception) -> bool:
    """Whether an error says more than that there is no store yet, or no longer."""
    from mvn_dask.errors import MissingManifestError, NotAStoreError

    # Where its files were left behind without a manifest, no job is going to write one.
    return not isinstance(error, NotAStoreError) or isinstance(error, MissingManifestError)


def _reason(error: Exception) -> str:
    from mvn_dask.errors import MvnDaskError

    return error.text if isinstance(error, MvnDaskError) else error_message(error)


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
