"""The start of the processes of a pool or cluster: whether they began, and why they did not.

Input: a context of multiprocessing. Output: a signal that the first process sets; in a process that is still importing
the script of its parent, an exit with one line. Cost: an event.

A process that is spawned imports its parent's main module first. A script that starts processes outside of
``if __name__ == "__main__":`` does so again in each of them, which Python refuses: none of them ever begins.
"""

import multiprocessing
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import partial
from multiprocessing.context import BaseContext
from multiprocessing.synchronize import Event
from pathlib import Path
from typing import Any

GUARD = 'if __name__ == "__main__":'
"""What a script has above whatever starts processes."""


class StartSignal:
    """Set by the first process of a pool that begins."""

    def __init__(self, context: BaseContext) -> None:
        self._event = context.Event()

    @property
    def seen(self) -> bool:
        """Whether a process has begun."""
        return self._event.is_set()

    def initializer(self, following: Callable[[], object] | None) -> Callable[[], None]:
        """Initializer of a pool that sets the signal, and goes on with another initializer."""
        return partial(_begin, self._event, following)


def _begin(event: Event, following: Callable[[], object] | None) -> None:
    event.set()
    if following is not None:
        following()


_signal: ContextVar[StartSignal | None] = ContextVar("_signal", default=None)


@contextmanager
def observed_by(signal: StartSignal) -> Iterator[None]:
    """Inside the body, `start_signal` is that of the pool in which dask computes."""
    before = _signal.set(signal)
    try:
        yield
    finally:
        _signal.reset(before)


def start_signal() -> StartSignal | None:
    """The signal of the pool in which dask computes, or None where nobody observes it."""
    return _signal.get()


def main_module_advice() -> str:
    """Why no process of a pool began, as clauses of an error message, with the way out."""
    path = getattr(sys.modules.get("__main__"), "__file__", None)
    if path is not None and not Path(path).exists():
        return f"each of them imports the main module first, and {path} is no file: save the program as a file"
    script = "the program" if path is None else path
    return (
        f"each of them imports {script} first, and runs all of it but what stands under `{GUARD}`: put whatever starts "
        "processes there. If it is there, standard error says why they ended"
    )


def exit_if_main_is_imported() -> None:
    """Exit with one line if this process is still importing the main module of its parent."""
    # The attribute by which multiprocessing itself refuses to start a process now: with a traceback of fifty lines, in
    # each process. An exit is no loss, since nothing of the parent's is done in this process yet.
    if getattr(multiprocessing.current_process(), "_inheriting", False):
        frame: Any = sys._getframe()
        while frame.f_back is not None and frame.f_globals.get("__name__") != "__mp_main__":
            frame = frame.f_back
        place = f"{frame.f_code.co_filename}:{frame.f_lineno}"
        raise SystemExit(f"mvn_dask: {place} starts processes while it is imported by one: put it under `{GUARD}`")
