"""What is said of numbers that are not real.

Input: where they are. Output: errors, with what makes real numbers of them. Cost: none.
"""

from typing import Any

import numpy as np

from mvn_dask.errors import ArgumentTypeError


def complex_error(name: str, where: str, seen: object) -> ArgumentTypeError:
    """The error for complex numbers, in numpy's words for the two arguments of its functions.

    >>> print(complex_error("x", "x[0]", 1j))
    `x` must not be complex: x[0] is 1j; numpy.real(x) and numpy.imag(x) are its parts
    """
    what = "mean and cov" if name in {"mean", "cov"} else f"`{name}`"
    return ArgumentTypeError(f"{what} must not be complex: {where} is {seen}{_cure(name)}")


def refuse_other_numbers(name: str, dtype: np.dtype[Any]) -> None:
    """Refuse arrays of numbers that are not real, or longer than those of float64. Raises ArgumentTypeError."""
    if dtype.kind not in "biuf" or dtype.itemsize > 8:
        cure = _cure(name) if dtype.kind == "c" else ""
        raise ArgumentTypeError(f"`{name}` must hold real numbers of at most 64 bits: its dtype is {dtype}{cure}")


def _cure(name: str) -> str:
    return f"; numpy.real({name}) and numpy.imag({name}) are its parts"
