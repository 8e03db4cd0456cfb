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
    from mvn_dask.execution.cancellation import Event

SIGNALS = [each for each in signal.Signals if each.name in {"SIGINT", "SIGTERM", "SIGUSR1"}]
"""Signals that cancel a job, of those that the system has."""


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
    before = signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
    try:
        _start_resource_tracker()
        signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)  # starting the tracker unblocks SIGINT and SIGTERM
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _start_resource_tracker() -> None:
    """Start the process that removes semaphores after an exit by `os._exit`; here, so that it inherits the mask."""
    from multiprocessing import resource_tracker

    # A filter for the tracker's warning that a process exited without cleaning up, handed to it on its command line.
    sys.warnoptions.append("ignore:resource_tracker:UserWarning")
    try:
        resource_tracker.ensure_running()
    finally:
        sys.warnoptions.remove("ignore:resource_tracker:UserWarning")


def ignore_signals() -> None:
    """Ignore `SIGNALS` in this process."""
    for each in SIGNALS:
        signal.signal(each, signal.SIG_IGN)


def initialize_pool_process(event: "Event") -> None:
    """Initializer of a process pool: its tasks are cancelled by an event, and the process ends with its parent."""
    import multiprocessing

    from mvn_dask.execution.cancellation import cancel_on_event

    ignore_signals()
    cancel_on_event(event)
    parent = multiprocessing.parent_process()

    def exit_with_parent() -> None:
        # A parent that is killed cannot shut its pool down, and idle pool processes would wait for work forever.
        if parent is not None:
            parent.join()
            os._exit(1)

    threading.Thread(target=exit_with_parent, daemon=True, name="mvn-dask-parent").start()


def dask_setup(worker: Any) -> None:
    """Hook that distributed calls in a worker that preloads this module."""
    # With processes = false the worker is a thread of the process that runs the job, whose signals must stay.
    if threading.current_thread() is threading.main_thread():
        from mvn_dask.job.worker_logging import forward_logs

        ignore_signals()
        forward_logs(worker)
