"""A wish to stop, and how those who draw, read and write hear of it between two blocks.

Whoever starts a job may hold a `Stop`. Once it is requested nothing more is submitted, work that is under way ends
with the block it is at, and the job raises StoppedError; what was written stays.
"""

import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Protocol

from mvn_dask.errors import StoppedError

_stopped: set[str] = set()
"""Tokens of the jobs that this process knows to be stopped; "" stands for all."""
_token: ContextVar[str | None] = ContextVar("_token", default=None)
"""Token of the job whose task runs in this thread."""


class Interrupted(BaseException):
    """Leaves a task between two blocks. Not an Exception: nothing on the way takes it for a failure."""


class Event(Protocol):
    """What `follow` waits for: an event of threads or of processes."""

    def wait(self) -> object:
        """Return when it is set."""


class Stop:
    """A wish to stop.

    Examples
    --------
    >>> stop = Stop()
    >>> with stoppable(stop):
    ...     stop.request()  # from another thread, say
    ...     current().requested
    True
    """

    def __init__(self) -> None:
        self.token = uuid.uuid4().hex
        self._lock = threading.Lock()
        self._listeners: list[Callable[[str], Any]] = []

    @property
    def requested(self) -> bool:
        """Whether it was."""
        return self.token in _stopped

    def request(self) -> None:
        """Ask all who work for this job to stop; again is harmless. Not to be called from a signal handler."""
        with self._lock:
            first = not self.requested
            _stopped.add(self.token)
            listeners = list(self._listeners) if first else []
        for tell in listeners:
            tell(self.token)

    @contextmanager
    def telling(self, tell: Callable[[str], Any]) -> Iterator[None]:
        """Inside the body, whoever else works for the job hears of it by this call."""
        with self._lock:
            self._listeners.append(tell)
            late = self.requested
        try:
            if late:
                tell(self.token)
            yield
        finally:
            with self._lock:
                self._listeners.remove(tell)


_current: ContextVar[Stop | None] = ContextVar("_current", default=None)
_NEVER = Stop()


@contextmanager
def stoppable(stop: Stop) -> Iterator[None]:
    """Jobs that begin inside the body can be stopped by it."""
    token = _current.set(stop)
    try:
        yield
    finally:
        _current.reset(token)


def current() -> Stop:
    """The stop of the job that begins here; where nobody holds one, one that is never requested."""
    return _current.get() or _NEVER


def refuse_stopped(error: BaseException | None = None) -> None:
    """Raise StoppedError if the current stop is requested, in place of an error that may come of it.

    Raises
    ------
    StoppedError
        If so.
    """
    if current().requested:
        raise StoppedError(
            "the job was stopped with work left; what was written stays: the same call goes on"
        ) from error


def mark(token: str) -> None:
    """In a process that works for others: the job of this token is stopped."""
    _stopped.add(token)


def follow(event: Event) -> None:
    """In a process of a pool: stop all work once the event is set."""

    def wait() -> None:
        event.wait()
        _stopped.add("")

    threading.Thread(target=wait, daemon=True, name="mvn-dask-stop").start()


@contextmanager
def working_for(token: str) -> Iterator[None]:
    """Inside the body, `checkpoint` looks at this job."""
    before = _token.set(token)
    try:
        yield
    finally:
        _token.reset(before)


def checkpoint() -> None:
    """Called before each block: leaves the task if its job was stopped."""
    token = _token.get()
    if token is not None and (token in _stopped or "" in _stopped):
        raise Interrupted
