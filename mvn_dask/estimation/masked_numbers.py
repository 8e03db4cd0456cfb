"""Masked arrays, whose masks numpy's conversion would drop in silence.

Input: an array, or a block of one. Output: an error. Cost: none.
"""

from typing import Any

import numpy as np

from mvn_dask.errors import ArgumentError


def refuse_masked(array: Any, name: str = "array") -> None:
    """Raise ArgumentError for a masked array of no numbers, which may stand for any, and for one with masked numbers.

    >>> refuse_masked(np.ma.array([1.0, 2.0], mask=[False, True]))
    Traceback (most recent call last):
    mvn_dask.errors.ArgumentError: `array` must have no masked numbers: da.ma.filled(array, np.nan) makes NaN of them
    """
    if isinstance(array, np.ma.MaskedArray) and (not array.size or np.ma.is_masked(array)):
        raise ArgumentError(f"`{name}` must have no masked numbers: da.ma.filled({name}, np.nan) makes NaN of them")
