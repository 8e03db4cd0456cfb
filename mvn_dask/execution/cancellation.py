"""A wish to stop, and how those who draw, read and write hear of it between two blocks.

Whoever starts a job may hold a `CancelToken`. Once it is requested nothing more is submitted, work that is under way
ends with the block it is at, and the job raises JobCancelledError; what was written stays.
"""

import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Protocol

from mvn_dask.errors import JobCancelledError

_stopped: set[str] = set()
"""Tokens of the jobs that this process knows to be stopped; "" stands for all."""
_token: ContextVar[str | None] = ContextVar("_token", default=None)
"""Token of the job whose task runs in this thread."""


class TaskCancelled(BaseException):
    """Leaves a task between two blocks. Not an Exception: nothing on the way takes it for a failure."""


class Event(Protocol):
    """What `cancel_on_event` waits for: an event of threads or of processes."""

    def wait(self) -> object:
        """Return when it is set."""


class CancelToken:
    """A wish to stop.

    Examples
    --------
    >>> stop = CancelToken()
    >>> with cancellable(stop):
    ...     stop.cancel()  # from another thread, say
    ...     current_token().cancelled
    True
    """

    def __init__(self) -> None:
        self.token = uuid.uuid4().hex
        self._lock = threading.Lock()
        self._listeners: list[Callable[[str], Any]] = []

    @property
    def cancelled(self) -> bool:
        """Whether it was."""
        return self.token in _stopped

    def cancel(self) -> None:
        """Ask all who work for this job to stop; again is harmless. Not to be called from a signal handler."""
        with self._lock:
            first = not self.cancelled
            _stopped.add(self.token)
            listeners = list(self._listeners) if first else []
        for tell in listeners:
            tell(self.token)

    @contextmanager
    def on_cancel(self, tell: Callable[[str], Any]) -> Iterator[None]:
        """Inside the body, whoever else works for the job hears of it by this call."""
        with self._lock:
            self._listeners.append(tell)
            late = self.cancelled
        try:
            if late:
                tell(self.token)
            yield
        finally:
            with self._lock:
                self._listeners.remove(tell)


_current: ContextVar[CancelToken | None] = ContextVar("_current", default=None)
_NEVER = CancelToken()


@contextmanager
def cancellable(stop: CancelToken) -> Iterator[None]:
    """Jobs that begin inside the body can be stopped by it."""
    token = _current.set(stop)
    try:
        yield
    finally:
        _current.reset(token)


def current_token() -> CancelToken:
    """The stop of the job that begins here; where nobody holds one, one that is never requested."""
    return _current.get() or _NEVER


def raise_if_cancelled(error: BaseException | None = None) -> None:
    """Raise JobCancelledError if the current stop is requested, in place of an error that may come of it.

    Raises
    ------
    JobCancelledError
        If so.
    """
    if current_token().cancelled:
        raise JobCancelledError(
            "the job was stopped with work left; what was written stays: the same call goes on"
        ) from error


def mark_cancelled(token: str) -> None:
    """In a process that works for others: the job of this token is stopped."""
    _stopped.add(token)


def cancel_on_event(event: Event) -> None:
    """In a process of a pool: stop all work once the event is set."""

    def wait() -> None:
        event.wait()
        _stopped.add("")

    threading.Thread(target=wait, daemon=True, name="mvn-dask-stop").start()


@contextmanager
def task_of_job(token: str) -> Iterator[None]:
    """Inside the body, `exit_if_cancelled` looks at this job."""
    before = _token.set(token)
    try:
        yield
    finally:
        _token.reset(before)


def exit_if_cancelled() -> None:
    """Called before each block: leaves the task if its job was stopped."""
    token = _token.get()
    if token is not None and (token in _stopped or "" in _stopped):
        raise TaskCancelled
