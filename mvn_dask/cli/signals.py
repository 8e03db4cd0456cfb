"""Signals that ask a command to stop: after the chunks that are being drawn, or at once."""

import os
import select
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from mvn_dask.cli.outcome import Exit
from mvn_dask.execution.cancellation import CancelToken
from mvn_dask.job.shielding import SIGNALS

Say = Callable[[str], object]

LONGEST = 1e6
"""Seconds of grace, at most: the system waits no longer at a time."""
SAME = 0.25
"""Seconds in which a second signal is the first one's echo: queues signal each process, and scripts hand on."""


@contextmanager
def watched(stop: CancelToken, grace: float, say: Say) -> Iterator[None]:
    """Inside the body, a signal requests the stop; a second one, or the end of the grace, ends the process at once.

    Parameters
    ----------
    stop : Stop
        What is requested.
    grace : float
        Seconds that chunks which are being drawn have to end.
    say : callable
        Told in words what happens.

    Notes
    -----
    Python runs signal handlers in the main thread, between two of its own instructions: not while a large matrix is
    factorised. So the handlers do nothing, and a thread reads the numbers that Python writes down at once.
    """
    known = _known()
    reader, writer = socket.socketpair()
    writer.setblocking(False)
    # First the socket: a signal between the two would be lost.
    wakeup = signal.set_wakeup_fd(writer.fileno(), warn_on_full_buffer=False)
    before = {number: signal.signal(number, _noted) for number in known}
    watcher = threading.Thread(
        target=_watch, args=(reader, known, stop, grace, say), daemon=True, name="mvn-dask-signals"
    )
    watcher.start()
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        signal.set_wakeup_fd(wakeup)
        writer.close()
        watcher.join()
        reader.close()


def _known() -> dict[int, str]:
    """Signals that ask to stop, and their names."""
    return {int(getattr(signal, name)): name for name in SIGNALS if hasattr(signal, name)}


def _noted(number: int, frame: object) -> None:
    """A handler: what is to be done is done by the watcher."""


def _watch(reader: socket.socket, known: dict[int, str], stop: CancelToken, grace: float, say: Say) -> None:
    name = _next(reader, known)
    if name is None:
        return
    threading.Thread(target=stop.cancel, daemon=True, name="mvn-dask-stop").start()
    began = time.monotonic()
    while heard := _heard(reader, began + SAME):
        pass
    if heard is None:
        return
    say(f"{name}: stopping; chunks that are being drawn have {grace:g} s to end, and a second signal stops at once")
    while heard := _heard(reader, began + min(LONGEST, max(0.0, grace))):
        if heard in known:
            _end(say, f"{known[heard]}: stopped at once")
    if heard is not None:
        _end(say, "the grace is over: stopped at once")


def _heard(reader: socket.socket, deadline: float) -> int | None:
    """Number of the next signal until then; 0 where there is none, None once nobody watches any more."""
    if not select.select([reader], [], [], max(0.0, deadline - time.monotonic()))[0]:
        return 0
    content = reader.recv(1)
    return content[0] if content else None


def _next(reader: socket.socket, known: dict[int, str]) -> str | None:
    """Name of the next signal that counts; None once nobody watches any more."""
    while content := reader.recv(1):
        if content[0] in known:
            return known[content[0]]
    return None


def _end(say: Say, why: str) -> None:
    """End the process and those that it started, at once: what is half written has no name yet."""
    import multiprocessing

    for child in multiprocessing.active_children():
        child.kill()
    with suppress(OSError):
        sys.stdout.flush()
    say(why)
    os._exit(Exit.STOPPED)
