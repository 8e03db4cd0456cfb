"""Sums of columns in a fixed order of additions, in numpy.

Input: rows. Output: sums, with the same bits on every processor. Cost: 0.3 ns a number of thirty columns, 1.5 ns of one
column.
"""

import numpy as np
import numpy.typing as npt

from mvn_dask._typing import Float64Array

SUMS = 8
"""Rows that are added side by side: row i to sum i modulo `SUMS`, one after the other."""


def ordered_sums(rows: npt.NDArray[np.float64]) -> Float64Array:
    """Sums over the last axis but one, shape (..., n, columns) to (..., columns).

    numpy sums a contiguous axis in pairs, and others in their order; which of these it is depends on shape and memory.
    Here the axis that is summed is never the innermost one.

    Examples
    --------
    >>> ordered_sums(np.arange(20.0).reshape(10, 2))
    array([ 90., 100.])
    """
    *stack, n, columns = rows.shape
    whole = n - n % SUMS
    lanes = rows[..., :whole, :].reshape(*stack, n // SUMS, SUMS, columns)
    sums = np.zeros((*stack, SUMS, columns)) if not whole else np.add.reduce(lanes, axis=-3)
    for lane in range(n - whole):
        sums[..., lane, :] += rows[..., whole + lane, :]
    total: Float64Array = sums[..., 0, :].copy()
    for lane in range(1, SUMS):
        total += sums[..., lane, :]
    return total
