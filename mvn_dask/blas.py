"""One BLAS thread inside a task, the user's own setting outside.

The thread count of a BLAS library belongs to the whole process. Tasks of one process overlap, so the
first that enters saves the setting and the last that leaves restores it.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

from threadpoolctl import ThreadpoolController

_lock = threading.Lock()
_inside = 0
_limiter: Any = None


@cache
def _controller() -> ThreadpoolController:
    # Looking for the loaded libraries takes milliseconds: once a process is enough.
    return ThreadpoolController()


@contextmanager
def one_thread() -> Iterator[None]:
    """Run the body with single-threaded BLAS, so that its bits do not depend on the machine's cores."""
    global _inside, _limiter
    with _lock:
        if _inside == 0:
            _limiter = _controller().limit(limits=1, user_api="blas")
        _inside += 1
    try:
        yield
    finally:
        with _lock:
            _inside -= 1
            if _inside == 0:
                _limiter.restore_original_limits()
                _limiter = None
