"""Memory of a block that a task draws, and draws the next one into.

Input: a shape and a dtype. Output: an array without contents. Cost: none. Fresh memory costs up to 1 ns a number, since
the kernel clears its pages when they are first written, and does so for one thread after the other.
"""

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from math import prod
from typing import Any

import numpy as np
import numpy.typing as npt


class _Kept:
    """Memory that arrays were made of, which may still be in use."""

    def __init__(self, nbytes: int) -> None:
        self.memory = np.empty(nbytes, np.uint8)

    def references(self) -> int:
        return sys.getrefcount(self.memory)


_UNUSED = _Kept(0).references()
"""References to memory of which no array is left."""
_thread = threading.local()


@contextmanager
def memory_kept() -> Iterator[None]:
    """Inside the body, this thread keeps the memory that `empty_block` gave last, and gives it again once unused."""
    before = _thread.__dict__.get("kept")
    _thread.kept = _Kept(0)
    try:
        yield
    finally:
        _thread.kept = before


def empty_block(shape: tuple[int, ...], dtype: npt.DTypeLike) -> npt.NDArray[Any]:
    """An array whose numbers are still to be written.

    Examples
    --------
    >>> with memory_kept():
    ...     address = empty_block((1000, 3), np.float64).ctypes.data
    ...     again = empty_block((500, 3), np.float64)
    ...     again.ctypes.data == address, empty_block((500, 3), np.float64).ctypes.data == address
    (True, False)
    """
    kept: _Kept | None = _thread.__dict__.get("kept")
    if kept is None:
        return np.empty(shape, dtype)
    nbytes = prod(shape) * np.dtype(dtype).itemsize
    if kept.memory.nbytes < nbytes or kept.references() > _UNUSED:
        # Any view of the old memory, such as a part that a task returned, keeps that alive.
        kept = _thread.kept = _Kept(nbytes)
    return kept.memory[:nbytes].view(dtype).reshape(shape)
