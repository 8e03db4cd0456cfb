"""Masked entries, of numpy, astropy and others: which values have any, and where.

Input: an array-like, or an entry of one. Output: an `ArgumentError` that names the first masked entry. Cost: a pass
over the mask. No library is imported.
"""

from typing import Any

import numpy as np

from mvn_dask.errors import ArgumentError


def has_mask(kind: type) -> bool:
    """Whether values of a type may have a mask."""
    # numpy's, astropy's and others. That of pandas is a method, which masks.
    return hasattr(kind, "mask") and not callable(kind.mask)


def is_masked(value: Any) -> bool:
    """Whether some entry of a value is masked; one inside a quantity counts.

    >>> is_masked(np.ma.array([1.0, 2.0], mask=[False, True])), is_masked([1.0, 2.0])
    (True, False)
    """
    return np.ma.is_masked(value) or (has_mask(type(value)) and bool(np.any(value.mask)))


def refuse_masked(name: str, value: Any, place: tuple[int, ...] = ()) -> None:
    """Raise ArgumentError if some entry of a value is masked, which stands at a `place` of the argument `name`."""
    if not is_masked(value):
        return
    # Of a quantity it may be that of the numbers in it.
    mask = np.asarray(getattr(value, "mask", True))
    index = [*place, *(np.argwhere(mask)[0].tolist() if mask.ndim else ())]
    raise ArgumentError(
        f"`{name}` must have no masked entries: {f'{name}{index}' if index else 'it'} is masked; fill it, or leave its "
        "variable out"
    )
