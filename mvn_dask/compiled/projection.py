"""Rows of some variables, and zeros for the others, less their projection on a space of few dimensions.

Input: rows of the variables that are not pinned, and vectors that are orthonormal within groups of variables. Output:
rows of all variables. Cost: 4 operations a number for each vector; two passes over rows, groups and vectors. Sums are
taken in float64, in the order of the variables. `covariance.null_space` does the same in numpy.
"""

from typing import Any

import numpy as np
from numba import types

from mvn_dask.compiled.compilation import CompiledFunction
from mvn_dask.compiled.intrinsics import offset_pointer, pointer_to
from mvn_dask.compiled.llvm import subroutine

ROWS_OF_SUMS = 8
"""Rows whose sums are added side by side, since each waits for the addition before."""


@subroutine(types.void)
def _add(numbers: Any, ndim: int, count: int, basis: Any, columns: int, sums: Any) -> None:
    """Add to the sums of a variable's group the products of its basis with the numbers of some rows."""
    for k in range(columns):
        entry, row_sums = np.float64(basis[k]), offset_pointer(sums, k * ROWS_OF_SUMS)
        for row in range(count):
            # Not fused, as fast-math is off: numpy rounds the product as well.
            row_sums[row] += entry * np.float64(numbers[row * ndim])


def _project(rows: Any, pins: Any, groups: Any, basis: Any, sums: Any, out: Any) -> None:
    """Write the projections to `out`, shape (n, d); `sums`, groups times q times `ROWS_OF_SUMS` numbers, is memory.

    `rows` has the shape (n, d - r), `pins`, rising, (r,), `groups` (d,) and `basis` (d, q). All are C-contiguous.
    """
    (ndim, columns), fixed = basis.shape, len(pins)
    free, width = ndim - fixed, columns * ROWS_OF_SUMS
    source, vectors = pointer_to(rows.ravel(), 0), pointer_to(basis.ravel(), 0)
    target, total = pointer_to(out.ravel(), 0), pointer_to(sums, 0)
    for top in range(0, len(rows), ROWS_OF_SUMS):
        count = min(ROWS_OF_SUMS, len(rows) - top)
        sums[:] = 0.0
        # Between two pins, variables follow one another in `rows` as they do in `out`.
        place = 0
        for i in range(ndim):
            if place < fixed and pins[place] == i:
                place += 1
                continue
            own = offset_pointer(total, np.int64(groups[i]) * width)
            numbers, entries = offset_pointer(source, top * free + i - place), offset_pointer(vectors, i * columns)
            _add(numbers, free, count, entries, columns, own)
        place = 0
        for i in range(ndim):
            is_pinned = place < fixed and pins[place] == i
            own = offset_pointer(total, np.int64(groups[i]) * width)
            for row in range(count):
                number = np.float64(0.0)
                if not is_pinned:
                    number = np.float64(source[(top + row) * free + i - place])
                for k in range(columns):
                    number -= np.float64(vectors[i * columns + k]) * own[k * ROWS_OF_SUMS + row]
                target[(top + row) * ndim + i] = number
            place += is_pinned


project = CompiledFunction(_project)
