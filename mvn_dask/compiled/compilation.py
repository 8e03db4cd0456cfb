"""Functions that numba compiles when they are first called.

Input: a Python function. Output: one that runs compiled, without Python's lock. Cost: compilation once, whose code
numba keeps beside this package, in the user's cache, or in ``NUMBA_CACHE_DIR``. Where none of them can be written,
every process compiles for itself.
"""

import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from numba import config, njit

from mvn_dask.compiled.slow_compilation import name_slow_compilation
from mvn_dask.hashing import fingerprint

# float32 words are halves of a step, read in place: the low half is first on little-endian processors only.
USABLE = not config.DISABLE_JIT and sys.byteorder == "little"
"""Whether there is compiled code to run: ``NUMBA_DISABLE_JIT=1`` leaves everything to numpy."""
_SOURCES = [file.read_text("utf-8") for file in sorted(Path(__file__).parent.glob("*.py"))]
_SOURCE_DIGEST = fingerprint(_SOURCES)[:16]


class CompiledFunction:
    """A function that is compiled when it is first called."""

    def __init__(self, function: Callable[..., Any]) -> None:
        # numba sees only whether the file of the function itself has changed, not those of what it calls. Its name
        # in the cache therefore stands for all of the compiled code.
        function.__qualname__ = f"{function.__name__}-{_SOURCE_DIGEST}"
        # Never fastmath, which would fuse and reorder. numpy's error model: dividing needs no branch for zero.
        self._compile = partial(njit, function, nogil=True, error_model="numpy")
        try:
            self._run = self._compile(cache=True)
        except RuntimeError:
            # numba found no folder that it may write to.
            self._run = self._compile()

    def __call__(self, *args: Any) -> Any:
        try:
            return self._run(*args)
        except OSError:
            # The cache's folder was there but could not be written; nothing has run yet.
            self._run = self._compile()
            return self._run(*args)


name_slow_compilation("mvn_dask.compiled")
