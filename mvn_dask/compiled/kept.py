"""What is kept of an array from one block to the next: something made once a process, and something of each thread.

Input: an array, and a function that makes something of it. Output: what was made, as long as the array lives. Cost:
a lookup; making a factor ready takes as long as drawing some thousand numbers, or, for thousands of dimensions, some
hundred rows.
"""

import threading
from collections.abc import Callable
from typing import Any, TypeVar
from weakref import ref

import numpy.typing as npt

T = TypeVar("T")


class _Kept:
    def __init__(self, array: npt.NDArray[Any], forget: Callable[[object], object]) -> None:
        self.array = ref(array, forget)
        self.lock, self.made, self.local = threading.Lock(), dict[str, Any](), threading.local()


_kept: dict[int, _Kept] = {}
"""By the `id` of the array."""
_lock = threading.Lock()


def _kept_of(array: npt.NDArray[Any]) -> _Kept:
    key = id(array)
    with _lock:
        kept = _kept.get(key)
        if kept is None or kept.array() is not array:
            # Whoever wrote into it from now on would change nothing.
            array.setflags(write=False)
            # Forgotten before the memory is free, and so before another array can have the `id`.
            kept = _kept[key] = _Kept(array, lambda _: _kept.pop(key, None))
        return kept


def made_once(name: str, array: npt.NDArray[Any], make: Callable[[], T]) -> T:
    """What `make` gives, once for all threads of a process; `array`, which it is made of, becomes read-only."""
    kept = _kept_of(array)
    with kept.lock:
        if name not in kept.made:
            kept.made[name] = make()
        made: T = kept.made[name]
        return made


def made_by_thread(name: str, array: npt.NDArray[Any], other: npt.NDArray[Any], make: Callable[[], T]) -> T:
    """What `make` gives of two arrays, which become read-only: in this thread once, until it asks for another's."""
    found: dict[str, tuple[npt.NDArray[Any], T]] = _kept_of(array).local.__dict__
    if name not in found or found[name][0] is not other:
        other.setflags(write=False)
        found[name] = other, make()
    return found[name][1]
