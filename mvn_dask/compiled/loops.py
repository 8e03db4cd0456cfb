"""Loops over arrays, written once: numba compiles them where it is installed, and Python runs them elsewhere.

Input: a function of numpy arrays and numbers, which may call others of the kind. Output: one that is compiled where
that pays. Cost: compilation once a machine, about a second a function; in Python, 0.2 µs a step. Both run the same
text, operation by operation, so the results are the same.
"""

from collections.abc import Callable
from functools import cached_property, update_wrapper
from typing import Any

import numpy as np

from mvn_dask.compiled import compiled_module

COMPILED_SIZE = 2**14
"""Numbers in an array from which on a loop is compiled; for fewer, compiling it would take longer."""


class Loop:
    """A function that is compiled when it is first called with a large array."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self._function = function
        self._registered = False
        update_wrapper(self, function)

    def __call__(self, *args: Any) -> Any:
        size = max((argument.size for argument in args if isinstance(argument, np.ndarray)), default=0)
        code = compiled_module("compilation") if size >= COMPILED_SIZE else None
        return self._function(*args) if code is None else self._compiled(*args)

    @cached_property
    def _compiled(self) -> Callable[..., Any]:
        from mvn_dask.compiled.compilation import CompiledFunction

        # Those that it may call stand in the same file, whose changes numba sees.
        for value in self._function.__globals__.values():
            if isinstance(value, Loop):
                value.register()
        return CompiledFunction(self._function)

    def register(self) -> None:
        """Let compiled code call this function."""
        if not self._registered:
            from numba.extending import overload

            # The text of the function, whatever the types.
            overload(self, strict=False)(lambda *_: self._function)
            self._registered = True


def loop(function: Callable[..., Any]) -> Callable[..., Any]:
    """Decorator of a function of arrays and numbers that runs compiled or in Python, with the same results."""
    return Loop(function)
