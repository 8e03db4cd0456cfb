"""Signals that stop a command. Input: SIGTERM, SIGINT, SIGUSR1; output: a cancelled token, or the end of the process.

Cost: a thread that waits for a socket.
"""

import logging
import os
import select
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from mvn_dask.cli.exit_codes import ExitCode
from mvn_dask.execution.cancellation import CancelToken
from mvn_dask.job.signal_masking import SIGNALS

MAX_GRACE = 1e6
"""Seconds of grace, at most: `select` accepts no longer timeout."""
ECHO_SECONDS = 0.25
"""Seconds in which a second signal counts as the first one: queues signal each process, and scripts forward signals."""
TIMEOUT = ""
"""In place of a signal's name: none came in time."""

log = logging.getLogger(__name__)


@contextmanager
def cancel_on_signals(
    token: CancelToken, grace: float, on_exit: Callable[[ExitCode], None] | None = None
) -> Iterator[None]:
    """Inside the body, a signal cancels; a second one, or the end of the grace in seconds, ends the process at once.

    `on_exit` is called with the exit code before the process ends at once.
    """
    # Python runs signal handlers in the main thread, between two of its own instructions: not while a large matrix is
    # factorised. So the handlers do nothing, and a thread reads the signal numbers, which Python writes to the wake-up
    # socket at once.
    names = {int(each): each.name for each in SIGNALS}
    reader, writer = socket.socketpair()
    writer.setblocking(False)
    # First the socket: a signal between the two would be lost.
    wakeup = signal.set_wakeup_fd(writer.fileno(), warn_on_full_buffer=False)
    # Without a handler Python writes no number to the socket.
    before = {number: signal.signal(number, lambda *_: None) for number in names}
    args = reader, names, token, grace, on_exit
    watcher = threading.Thread(target=_watch, args=args, daemon=True, name="mvn-dask-signals")
    watcher.start()
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        signal.set_wakeup_fd(wakeup)
        writer.close()  # which ends the thread
        watcher.join()
        reader.close()


def _watch(
    reader: socket.socket,
    names: dict[int, str],
    token: CancelToken,
    grace: float,
    on_exit: Callable[[ExitCode], None] | None,
) -> None:
    first = _next_signal(reader, names, None)
    if first is None:
        return
    # In another thread: callbacks may wait for a cluster, and the second signal must not.
    threading.Thread(target=token.cancel, daemon=True, name="mvn-dask-cancel").start()
    began = time.monotonic()
    while (echo := _next_signal(reader, names, began + ECHO_SECONDS)) != TIMEOUT:
        if echo is None:
            return
    log.warning(
        f"{first}: stopping; chunks that are being drawn have {grace:g} s to end, and a second signal stops at once"
    )
    second = _next_signal(reader, names, began + min(MAX_GRACE, max(0.0, grace)))
    if second is not None:
        reason = "the grace is over: stopped at once" if second == TIMEOUT else f"{second}: stopped at once"
        _exit(reason, on_exit)


def _next_signal(reader: socket.socket, names: dict[int, str], deadline: float | None) -> str | None:
    """Name of the next signal, `TIMEOUT` if none comes until then, or None once the writer is closed."""
    while True:
        seconds = None if deadline is None else max(0.0, deadline - time.monotonic())
        if not select.select([reader], [], [], seconds)[0]:
            return TIMEOUT
        content = reader.recv(1)
        if not content:
            return None
        # Other handled signals, of whatever library, are written to the socket as well.
        if content[0] in names:
            return names[content[0]]


def _exit(reason: str, on_exit: Callable[[ExitCode], None] | None) -> None:
    """End the process and those that it started, at once: what is half written has no final name yet."""
    import multiprocessing

    for child in multiprocessing.active_children():
        child.kill()
    with suppress(OSError):
        sys.stdout.flush()
    log.warning(reason)
    if on_exit is not None:
        on_exit(ExitCode.STOPPED)
    os._exit(ExitCode.STOPPED)
