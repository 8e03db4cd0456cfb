"""Processes that work for a job: they leave signals to it, and end when it does.

A terminal, a queue or a service manager signals whole groups of processes. Only the one that runs the job may act on
it: it tells the others to stop after the chunk that they are at.
"""

import multiprocessing
import os
import signal
import threading

from mvn_dask.store.stopping import Event, follow

SIGNALS = ("SIGINT", "SIGTERM", "SIGUSR1")
"""Signals that ask a job to stop."""


def ignore_signals() -> None:
    """Leave the signals that ask a job to stop to its coordinator."""
    for name in SIGNALS:
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_IGN)


def join_pool(event: Event) -> None:
    """Begin a process of a pool: it stops with the event, and ends with its parent, however that ends."""
    ignore_signals()
    follow(event)
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_end_with, args=(parent,), daemon=True, name="mvn-dask-parent").start()


def _end_with(parent: "multiprocessing.process.BaseProcess") -> None:
    parent.join()
    os._exit(1)


def dask_setup(worker: object) -> None:  # noqa: ARG001 distributed passes it
    """What distributed calls in a worker that preloads this module."""
    if threading.current_thread() is threading.main_thread():
        ignore_signals()
