"""Processes that work for a job: they leave signals to it, and end when it does.

A terminal, a queue or a service manager signals whole groups of processes. Only the one that runs the job may act on
it: it tells the others to stop after the chunk that they are at.
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
"""Signals that ask a job to stop."""
LEAKS = "ignore:resource_tracker:UserWarning"
"""What Python's keeper of semaphores is not to warn of: that we ended at once, and that it cleans up."""


@contextmanager
def shielded() -> Iterator[None]:
    """Processes and threads that begin inside the body never hear of the signals that ask a job to stop.

    Later would be too late: a process that is still importing would die, and the job with it. A signal for this
    process waits until the end of the body, unless another thread takes it.
    """
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    numbers = {getattr(signal, name) for name in SIGNALS}
    before = signal.pthread_sigmask(signal.SIG_BLOCK, numbers)
    try:
        _keep_semaphores()  # it unblocks some
        signal.pthread_sigmask(signal.SIG_BLOCK, numbers)
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _keep_semaphores() -> None:
    """Start Python's keeper of semaphores, so that it cleans up silently if we end at once."""
    from multiprocessing import resource_tracker

    sys.warnoptions.append(LEAKS)
    try:
        resource_tracker.ensure_running()
    finally:
        sys.warnoptions.remove(LEAKS)


def ignore_signals() -> None:
    """Leave the signals that ask a job to stop to its coordinator."""
    for name in SIGNALS:
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_IGN)


def join_pool(event: "Event") -> None:
    """Begin a process of a pool: it stops with the event, and ends with its parent, however that ends."""
    import multiprocessing

    from mvn_dask.execution.cancellation import cancel_on_event

    ignore_signals()
    cancel_on_event(event)
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_end_with, args=(parent,), daemon=True, name="mvn-dask-parent").start()


def _end_with(parent: "BaseProcess") -> None:
    parent.join()
    os._exit(1)


def dask_setup(worker: Any) -> None:
    """What distributed calls in a worker that preloads this module."""
    # Elsewhere the worker is a part of the process that runs the job.
    if threading.current_thread() is threading.main_thread():
        from mvn_dask.job.hearing import tell_client

        ignore_signals()
        tell_client(worker)
