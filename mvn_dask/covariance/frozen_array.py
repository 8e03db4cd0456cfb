"""Arrays as values: of float64, finite, in C order, and not to be written to.

Input: an array-like. Output: a copy of it, or, if nobody can write to it, the array itself, since a copy of a large
one may not fit into memory. Cost: a pass over the numbers, some rows at a time.
"""

from typing import Any

import numpy as np

from mvn_dask import checks
from mvn_dask._typing import Float64Array
from mvn_dask.array_likes import real_array
from mvn_dask.errors import ArgumentError

NUMBERS_CHECKED = 2**20
"""Numbers that are looked at together."""


def frozen_array(name: str, value: Any, axes: int) -> Float64Array:
    """An array-like with so many axes, none of them empty; `name` is the argument's in errors.

    An array is taken as it is if neither it nor the array whose memory it shares can be written to.

    Raises
    ------
    ArgumentError
        If it has another number of axes, is empty, or not finite.
    ArgumentTypeError
        If it does not hold real numbers.

    Examples
    --------
    >>> numbers = np.array([[1.0, -0.0]])
    >>> frozen_array("loadings", numbers, axes=2)
    array([[1., 0.]])
    >>> numbers.setflags(write=False)
    >>> frozen_array("loadings", numbers, axes=2) is numbers
    False
    >>> numbers = np.abs(numbers)
    >>> numbers.setflags(write=False)
    >>> frozen_array("loadings", numbers, axes=2) is numbers
    True
    """
    array = real_array(name, value)
    if array.ndim != axes or not array.size:
        raise ArgumentError(f"`{name}` must be {axes} dimensional and not empty: its shape is {array.shape}")
    if not (_is_constant(array) and array.flags.c_contiguous and not _has_negative_zero(array)):
        # A zero has two signs, which are one number, and must not give two digests.
        array = np.add(array, 0.0, order="C")
        array.setflags(write=False)
    height = _height(array)
    for top in range(0, len(array), height):
        if not np.isfinite(array[top : top + height]).all():
            checks.finite(name, array)
    return array


def _is_constant(array: Float64Array) -> bool:
    """Whether nobody can write to the memory of an array through another that numpy knows of."""
    link: Any = array
    while isinstance(link, np.ndarray):
        if link.flags.writeable:
            return False
        link = link.base
    return True


def _has_negative_zero(array: Float64Array) -> bool:
    height = _height(array)
    parts = (array[top : top + height] for top in range(0, len(array), height))
    return any(np.any(np.signbit(part) & (part == 0)) for part in parts)


def _height(array: Float64Array) -> int:
    """Rows that are looked at together."""
    return max(1, NUMBERS_CHECKED * len(array) // array.size)
