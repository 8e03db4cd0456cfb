"""The compiled path: stripes, products and factors by code that numba compiles, with the bits of the numpy path.

Input: states of SFC64 and a factor, or a matrix. Output: rows, written into memory that the caller gives, or a factor.
Cost: about 1.3 ns a normal and 0.016 ns a multiply-add on Zen 5; compilation takes up to 2 s for each precision, once.
It is used where numba is installed, and to draw where the bit generator is SFC64. Only this folder imports
numba.
"""

from functools import cache
from importlib import import_module
from types import ModuleType


@cache
def compiled_module(name: str) -> ModuleType | None:
    """A module of this folder, or None where numba is missing or configured not to compile."""
    try:
        usable = import_module("mvn_dask.compiled.compilation").USABLE
        return import_module(f"mvn_dask.compiled.{name}") if usable else None
    except ImportError:
        return None
