"""Memory that a thread uses again for every leaf.

Workers of distributed return freed memory to the system at once (MALLOC_TRIM_THRESHOLD_), and then pay for a page
fault every 4 KiB of each temporary array: about 1 ns a number, a fifth of what reading and summing it takes.
"""

from math import prod
from threading import local
from typing import Any

import numpy as np
import numpy.typing as npt


class _Arrays(local):
    def __init__(self) -> None:
        self.by_use: dict[str, npt.NDArray[np.uint8]] = {}


_ARRAYS = _Arrays()


def scratch(use: str, shape: tuple[int, ...], dtype: npt.DTypeLike = np.float64) -> npt.NDArray[Any]:
    """An uninitialised array; within a thread, the next call for the same use returns the same memory."""
    size = prod(shape) * np.dtype(dtype).itemsize
    if use not in _ARRAYS.by_use or _ARRAYS.by_use[use].nbytes < size:
        _ARRAYS.by_use[use] = np.empty(size, np.uint8)
    return _ARRAYS.by_use[use][:size].view(dtype).reshape(shape)
