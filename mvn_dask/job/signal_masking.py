"""Signals in the processes that work for a job: they are ignored there, and each process ends with its parent.

A terminal, a queue or a service manager signals whole process groups. Only the process that runs the job may react: it
cancels the tasks of the others after the chunk that each is drawing. Imports nothing that takes time, since the command
line imports it first.
"""

import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from multiprocessing.process import BaseProcess

    from mvn_dask.execution.cancellation import Event

SIGNALS = ("SIGINT", "SIGTERM", "SIGUSR1")
"""Signals that cancel a job."""
_TRACKER_WARNING = "ignore:resource_tracker:UserWarning"
"""Filter for the warning that `multiprocessing.resource_tracker` prints when a process exited without cleaning up."""


@contextmanager
def signals_blocked() -> Iterator[None]:
    """Processes and threads that start inside the body inherit a mask that blocks `SIGNALS`.

    A signal for this process stays pending until the end of the body, unless another thread receives it.
    """
    # The mask is inherited at the start. A handler set by the child would be too late: it imports for a second first,
    # and a signal in that time would end it, and the job with it.
    if not hasattr(signal, "pthread_sigmask"):  # Windows
        yield
        return
    numbers = {getattr(signal, name) for name in SIGNALS}
    before = signal.pthread_sigmask(signal.SIG_BLOCK, numbers)
    try:
        _start_resource_tracker()
        signal.pthread_sigmask(signal.SIG_BLOCK, numbers)  # starting the tracker unblocks SIGINT and SIGTERM
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _start_resource_tracker() -> None:
    """Start the process that removes semaphores after an exit by `os._exit`; here, so that it inherits the mask."""
    from multiprocessing import resource_tracker

    sys.warnoptions.append(_TRACKER_WARNING)  # handed to the tracker on its command line
    try:
        resource_tracker.ensure_running()
    finally:
        sys.warnoptions.remove(_TRACKER_WARNING)


def ignore_signals() -> None:
    """Ignore `SIGNALS` in this process."""
    for name in SIGNALS:
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_IGN)


def initialize_pool_process(event: "Event") -> None:
    """Initializer of a process pool: its tasks are cancelled by an event, and the process ends with its parent."""
    import multiprocessing

    from mvn_dask.execution.cancellation import cancel_on_event

    ignore_signals()
    cancel_on_event(event)
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_exit_with, args=(parent,), daemon=True, name="mvn-dask-parent").start()


def _exit_with(parent: "BaseProcess") -> None:
    # A parent that is killed cannot shut its pool down, and idle pool processes would wait for work forever.
    parent.join()
    os._exit(1)


def dask_setup(worker: Any) -> None:
    """Hook that distributed calls in a worker that preloads this module."""
    # With processes = false the worker is a thread of the process that runs the job, whose signals must stay.
    if threading.current_thread() is threading.main_thread():
        from mvn_dask.job.worker_logging import forward_logs

        ignore_signals()
        forward_logs(worker)
