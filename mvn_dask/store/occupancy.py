"""Who is writing to a store: a lock on its plan record, which the system drops with the process."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mvn_dask.errors import TargetBusyError
from mvn_dask.store.record import HIDDEN

if sys.platform != "win32":
    import fcntl


class Occupancy:
    """One job's place in a store, beside other jobs of the same specification."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def alone(self) -> bool:
        """Whether no other job is in the store; if so, none can enter until this one leaves."""
        if sys.platform == "win32":
            return False
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True


@contextmanager
def occupy(folder: Path) -> Iterator[Occupancy]:
    """Enter a store whose plan record exists; jobs of one specification may be in it together."""
    descriptor = os.open(folder / HIDDEN / "plan.json", os.O_RDWR)
    try:
        if sys.platform != "win32":
            fcntl.flock(descriptor, fcntl.LOCK_SH)
        yield Occupancy(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def occupy_alone(folder: Path) -> Iterator[None]:
    """Enter a store alone.

    Raises
    ------
    TargetBusyError
        If another job is in it.
    """
    with occupy(folder) as occupancy:
        if sys.platform != "win32" and not occupancy.alone():
            raise TargetBusyError(f"another job is writing to {folder}: wait for it or stop it")
        yield
