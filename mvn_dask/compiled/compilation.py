"""Functions that numba compiles when they are first called.

Input: a Python function. Output: one that runs compiled, without Python's lock. Cost: compilation once a machine, some
seconds; `code_cache` says where the code is kept.
"""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from numba import config, njit

from mvn_dask.compiled.code_cache import CodeCache
from mvn_dask.compiled.slow_compilation import name_slow_compilation
from mvn_dask.hashing import fingerprint

# float32 words are halves of a step, read in place: the low half is first on little-endian processors only.
USABLE = not config.DISABLE_JIT and sys.byteorder == "little"
"""Whether there is compiled code to run: ``NUMBA_DISABLE_JIT=1`` leaves everything to numpy."""
_SOURCES = [file.read_text("utf-8") for file in sorted(Path(__file__).parent.glob("*.py"))]
SOURCE_DIGEST = fingerprint(_SOURCES)[:16]
"""Digest of the sources in this folder, which stands in the names of the files of their code."""


class CompiledFunction:
    """A function that is compiled when it is first called."""

    def __init__(self, function: Callable[..., Any]) -> None:
        # numba sees only whether the file of the function itself has changed, not those of what it calls. Its name
        # in the cache therefore stands for all of the compiled code.
        function.__qualname__ = f"{function.__name__}-{SOURCE_DIGEST}"
        # Never fastmath, which would fuse and reorder. numpy's error model: dividing needs no branch for zero.
        self._run = njit(function, nogil=True, error_model="numpy")
        self._run._cache = CodeCache(function)

    def __call__(self, *args: Any) -> Any:
        return self._run(*args)


name_slow_compilation("mvn_dask")
