"""Threads of BLAS: how many, and one while LAPACK factorises, the user's own setting before and after.

Some BLAS libraries keep the number of threads for the whole process (OpenBLAS on pthreads, as in numpy's
wheels), others for each thread (MKL, OpenBLAS on OpenMP). Threads of one process may factorise at the same
time: where the setting is the process's, the first that enters saves it and the last that leaves restores it.
"""

import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

from threadpoolctl import OpenBLASController, ThreadpoolController

from mvn_dask.readable import plural

_lock = threading.Lock()
_inside = 0
_saved: list[int] = []


@cache
def _libraries() -> tuple[list[Any], list[Any]]:
    """The loaded BLAS libraries: those with one setting for the process, those with one for each thread.

    Looking for them takes milliseconds: once a process is enough.
    """
    libraries = ThreadpoolController().select(user_api="blas").lib_controllers
    own = [each for each in libraries if each.internal_api == "mkl" or getattr(each, "threading_layer", "") == "openmp"]
    return [library for library in libraries if library not in own], own


def _set(libraries: list[Any], counts: Iterable[int]) -> list[int]:
    """Set numbers of threads; those that were set before."""
    before = [library.num_threads for library in libraries]
    # threadpoolctl lets only the thread that first set a limit set another, and ignores the rest; but
    # here the thread that saves need not be the one that restores, nor the user's.
    OpenBLASController.clear_controlling_thread(force=True)
    for library, count in zip(libraries, counts, strict=True):
        library.set_num_threads(count)
    OpenBLASController.clear_controlling_thread(force=True)
    return before


def thread_count() -> int:
    """Threads that BLAS would use now: as many as there are cores, or the user's setting."""
    shared, own = _libraries()
    # Where it cannot be asked, as on macOS, one.
    return max((int(library.num_threads) for library in (*shared, *own)), default=1)


def library_texts() -> list[str]:
    """The BLAS libraries that are loaded, each with its version and its threads."""
    shared, own = _libraries()
    return [
        f"{each.internal_api} {each.version or 'of an unknown version'}, {plural(int(each.num_threads), 'thread')}"
        for each in (*shared, *own)
    ]


@contextmanager
def one_thread() -> Iterator[None]:
    """Run the body with single-threaded BLAS, so that its bits do not depend on the machine's cores."""
    global _inside, _saved
    shared, own = _libraries()
    with _lock:
        if _inside == 0:
            _saved = _set(shared, [1] * len(shared))
        _inside += 1
    mine = _set(own, [1] * len(own))
    try:
        yield
    finally:
        _set(own, mine)
        with _lock:
            _inside -= 1
            if _inside == 0:
                _set(shared, _saved)
