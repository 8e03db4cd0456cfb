"""Cancellation of a job, between two of its blocks.

Input: `CancelToken.cancel()`, from any thread. Output: in the process of the job, `JobCancelledError`; in its tasks,
wherever they run, `TaskCancelled` before the next block. What was written stays. Cost: a set look-up per block.
"""

import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Protocol

from mvn_dask.advice import Advice
from mvn_dask.errors import JobCancelledError
from mvn_dask.execution.resumption import way_on

_ALL_JOBS = ""
"""Member of `_cancelled` in processes of a pool, which belong to one job and are not given its id."""
_cancelled: set[str] = set()
"""Ids of the jobs that are cancelled, as far as this process was informed."""
# A set of ids and not a flag: the workers of a cluster serve many jobs. It grows by 32 bytes a cancelled job.
_task_job: ContextVar[str | None] = ContextVar("_task_job", default=None)
"""Id of the job whose task runs in this thread."""


class TaskCancelled(BaseException):
    """Leaves a task between two blocks."""

    # Not an Exception: user functions, dask and distributed catch those, and would report a failed task.


class Event(Protocol):
    """What `cancel_on_event` waits for: an event of threads or of processes."""

    def wait(self) -> object:
        """Return when it is set."""


class CancelToken:
    """Cancels the jobs that begin inside `cancellable(token)`; its random `job_id` identifies them in other processes.

    >>> token = CancelToken()
    >>> with cancellable(token):
    ...     token.cancel()  # from another thread, say
    ...     current_token().cancelled
    True
    """

    def __init__(self) -> None:
        self.job_id = uuid.uuid4().hex
        self._lock = threading.Lock()
        self._callbacks: list[Callable[[str], Any]] = []

    @property
    def cancelled(self) -> bool:
        """Whether `cancel` was called."""
        return self.job_id in _cancelled

    def cancel(self) -> None:
        """Cancel the job; a second call has no effect. Not to be called from a signal handler, which may deadlock."""
        with self._lock:
            first = not self.cancelled
            _cancelled.add(self.job_id)
            callbacks = list(self._callbacks) if first else []
        # Outside the lock: a callback takes a round trip to a cluster, or registers another one.
        for callback in callbacks:
            callback(self.job_id)

    @contextmanager
    def on_cancel(self, callback: Callable[[str], Any]) -> Iterator[None]:
        """Inside the body, cancellation calls `callback(job_id)`, at once if it has happened already."""
        with self._lock:
            self._callbacks.append(callback)
            # Read under the lock: cancel() either sees the callback in the list, or is seen here.
            late = self.cancelled
        try:
            if late:
                callback(self.job_id)
            yield
        finally:
            with self._lock:
                self._callbacks.remove(callback)


_current: ContextVar[CancelToken | None] = ContextVar("_current", default=None)
_NEVER_CANCELLED = CancelToken()


@contextmanager
def cancellable(token: CancelToken) -> Iterator[None]:
    """Jobs that begin inside the body can be cancelled by the token."""
    before = _current.set(token)
    try:
        yield
    finally:
        _current.reset(before)


def current_token() -> CancelToken:
    """The token of the innermost `cancellable`, or one that is never cancelled."""
    return _current.get() or _NEVER_CANCELLED


def raise_if_cancelled(error: BaseException | None = None) -> None:
    """In the process of a job that is cancelled: raise JobCancelledError, in place of an error that follows from it."""
    if current_token().cancelled:
        message = "the job was stopped with work left; what was written stays"
        raise JobCancelledError(message, advice=Advice(way_on())) from error


def mark_cancelled(job_id: str) -> None:
    """In a process that runs tasks: the job of this id is cancelled."""
    _cancelled.add(job_id)


def cancel_on_event(event: Event) -> None:
    """In a process of a pool: cancel all of its work once the event is set."""

    def wait() -> None:
        event.wait()
        _cancelled.add(_ALL_JOBS)

    # A thread, since reading an event of multiprocessing takes a system call, too long to do before each block.
    threading.Thread(target=wait, daemon=True, name="mvn-dask-cancel").start()


@contextmanager
def task_of_job(job_id: str) -> Iterator[None]:
    """Inside the body, `exit_if_cancelled` refers to this job."""
    before = _task_job.set(job_id)
    try:
        yield
    finally:
        _task_job.reset(before)


def exit_if_cancelled() -> None:
    """In a task, before each block: raise `TaskCancelled` if its job is cancelled."""
    job_id = _task_job.get()
    if job_id is not None and (job_id in _cancelled or _ALL_JOBS in _cancelled):
        raise TaskCancelled
