"""Count, sum, and sum of squares about the mean, of the numbers of a tail, which merge.

Input: numbers, tails. Output: tails, float64 of shape (..., 3, columns). Cost: 3 operations a number. Sums are plain
ones: those of integers are exact, and an infinite number makes the sum infinite and its squares NaN.
"""

import numpy as np
import numpy.typing as npt

from mvn_dask._typing import Float64Array
from mvn_dask.statistics.ordered_sums import ordered_sums

COUNT, SUM, SQUARES = range(3)
"""Places in a tail."""


@np.errstate(all="ignore")
def tail_of(numbers: npt.NDArray[np.float64]) -> Float64Array:
    """The tail of some numbers, shape (3,), added in a fixed order.

    Examples
    --------
    >>> tail_of(np.array([2.0, 3.0, 7.0]))
    array([ 3., 12., 14.])
    """
    count = len(numbers)
    total = ordered_sums(numbers[:, None])[0]
    centred = numbers - (total / count if count else 0.0)
    # A sum of zeros of both signs is 0, whichever is added first.
    return np.array([count, total + 0.0, ordered_sums((centred * centred)[:, None])[0] + 0.0])


@np.errstate(all="ignore")
def merged_tails(left: Float64Array, right: Float64Array) -> Float64Array:
    """Both tails, elementwise along all axes but that of a tail's numbers."""
    merged = left + right
    one, other = left[..., COUNT, :], right[..., COUNT, :]
    difference = right[..., SUM, :] / other - left[..., SUM, :] / one
    between = difference * difference * (one * other / merged[..., COUNT, :])
    merged[..., SQUARES, :] += np.where((one == 0.0) | (other == 0.0), 0.0, between)
    return merged
