"""Rows of some variables, and zeros for the others, less their projection on a space of few dimensions.

Input: rows of the variables that are not pinned, and vectors that are orthonormal within groups of variables. Output:
rows of all variables. Cost: 4 operations a number for each vector; two passes over rows, groups and vectors. Sums are
taken in float64, in the order of the variables. `covariance.null_space` does the same in numpy.
"""

from typing import Any

import numpy as np

from mvn_dask.compiled.compilation import CompiledFunction


def _project(rows: Any, pins: Any, groups: Any, basis: Any, sums: Any, out: Any) -> None:
    """Write the projections to `out`, shape (n, d); `sums`, shape (groups, q), is memory.

    `rows` has the shape (n, d - r), `pins`, rising, (r,), `groups` (d,) and `basis` (d, q).
    """
    (ndim, columns), count = basis.shape, len(pins)
    for row in range(len(rows)):
        sums[:] = 0.0
        first = 0
        # Between two pins, variables follow one another in `rows` as they do in `out`.
        for place in range(count + 1):
            last = pins[place] if place < count else ndim
            for i in range(first, last):
                number = np.float64(rows[row, i - place])
                for k in range(columns):
                    # Not fused, as fast-math is off: numpy rounds the product as well.
                    sums[groups[i], k] += np.float64(basis[i, k]) * number
            first = last + 1
        first = 0
        for place in range(count + 1):
            last = pins[place] if place < count else ndim
            for i in range(first, last):
                number = np.float64(rows[row, i - place])
                for k in range(columns):
                    number -= np.float64(basis[i, k]) * sums[groups[i], k]
                out[row, i] = number
            if last < ndim:
                number = np.float64(0.0)
                for k in range(columns):
                    number -= np.float64(basis[last, k]) * sums[groups[last], k]
                out[row, last] = number
            first = last + 1


project = CompiledFunction(_project)
