"""A function of rows, applied to an array block by block, with what it gives checked.

Input: rows, and a function of them. Output: numbers of each row, float64 of shape (n, columns). Cost: the function's
own, and a look at what it gives.
"""

from collections.abc import Callable
from typing import Any

import dask.array as da
import numpy as np
import numpy.typing as npt

from mvn_dask._typing import Float64Array
from mvn_dask.errors import ArgumentError, ArgumentTypeError
from mvn_dask.statistics.base import Rows

Function = Callable[[npt.NDArray[Any]], npt.NDArray[Any]]
"""From rows, shape (n, d), or (n, *event_shape), to one number, or a row of numbers, of each."""


def evaluated(rows: Rows, *, function: Function | None, place: str = "`function`") -> Float64Array:
    """What a function gives of rows; without one the rows themselves. `place` is its name in errors.

    Raises ArgumentError for other numbers of rows, masked numbers, and NaN; ArgumentTypeError for anything but real
    numbers.

    >>> evaluated(np.array([[1.0, 5.0], [3.0, 2.0]]), function=lambda rows: rows.max(axis=1))
    array([[5.],
           [3.]])
    """
    given = rows.reshape(len(rows), -1) if function is None else function(rows)
    if np.ma.is_masked(given):
        raise ArgumentError(f"{place} must not give masked numbers: what it gives has a mask")
    found = np.asarray(given)
    if found.ndim not in (1, 2) or len(found) != len(rows) or not found.size:
        raise ArgumentError(
            f"{place} must give a number, or a row of numbers, of each row: of rows of shape {rows.shape} it gives "
            f"the shape {found.shape}"
        )
    if found.dtype.kind not in "biuf":
        raise ArgumentTypeError(f"{place} must give real numbers: it gives {found.dtype}")
    found = found.reshape(len(rows), -1).astype(np.float64, copy=False)
    if np.isnan(np.min(found)):
        row = int(np.flatnonzero(np.isnan(found).any(axis=1))[0])
        raise ArgumentError(f"{place} must not give NaN: it does of the row {rows[row].tolist()}")
    return found


def applied(function: Function | None, array: da.Array, columns: int, place: str = "`function`") -> da.Array:
    """The lazy array of what a function gives, shape (rows, columns), in the blocks of the rows."""
    axes = list(range(1, array.ndim))
    return da.map_blocks(  # type: ignore[no-any-return]
        evaluated, array, function=function, place=place, dtype=np.float64, drop_axis=axes,
        new_axis=1, chunks=(array.chunks[0], (columns,)), meta=np.empty((0, 0)),
    )  # fmt: skip
