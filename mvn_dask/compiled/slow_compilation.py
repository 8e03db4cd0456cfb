"""Messages about compilation that takes long, of this package's functions.

Input: numba's events. Output: records of a logger. Cost: none where the code comes from numba's cache.
"""

import logging
import threading
from typing import Any

from numba.core import event

from mvn_dask.slow_steps import name_if_slow

COMPILATION = "compiling the code that draws and factorises, once for each precision and machine"

log = logging.getLogger(__name__)


class _Listener(event.Listener):  # type: ignore[misc]
    def __init__(self, package: str) -> None:
        self._package = package
        self._local = threading.local()

    def on_start(self, event: Any) -> None:
        if event.data["dispatcher"].py_func.__module__.startswith(f"{self._package}."):
            self._local.step = name_if_slow(log, COMPILATION)
            self._local.step.__enter__()

    def on_end(self, event: Any) -> None:  # noqa: ARG002 numba passes it
        step, self._local.step = getattr(self._local, "step", None), None
        if step is not None:
            step.__exit__(None, None, None)


def name_slow_compilation(package: str) -> None:
    """From now on, log compilations of a package's functions that take longer than a second."""
    event.register("numba:compile", _Listener(package))
