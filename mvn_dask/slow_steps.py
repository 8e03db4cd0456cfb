"""Messages about steps that take long: what a process does while it seems to do nothing.

Input: a step's name and a logger. Output: a record once the step has taken a second, and one at its end. Cost: a thread
a step.
"""

import logging
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from mvn_dask.readable import duration

SLOW_SECONDS = 1.0
"""Seconds from which on a step is named."""


@contextmanager
def name_if_slow(log: logging.Logger, step: str) -> Iterator[None]:
    """If the body takes longer than a second, log what is done, as "reading the mean", and in the end how long it took.

    Examples
    --------
    >>> with name_if_slow(logging.getLogger("mvn_dask"), "adding"):
    ...     1 + 1
    2
    """
    begin = time.monotonic()
    # A thread, since nothing of this one's runs while a library works.
    timer = threading.Timer(SLOW_SECONDS, log.info, [f"{step} …"])
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        timer.join()
    if (seconds := time.monotonic() - begin) >= SLOW_SECONDS:
        log.info(f"{step} took {duration(seconds)}")
