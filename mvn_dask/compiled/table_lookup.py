"""Numbers of tables of quantile functions in the place of normal ones.

Input: rows of standard normal numbers, and coefficients of polynomials on equal cells. Output: the rows, overwritten.
Cost: some 2 ns a number. The operations are those of `distribution.quantile_tables`, each rounded, so that the bits are
the same.
"""

from typing import Any

import numpy as np

from mvn_dask._typing import Float64Array, FloatArray
from mvn_dask.compiled.compilation import CompiledFunction


def _look_up(
    rows: Any, densities: Any, firsts: Any, coefficients: Any, locations: Any, scales: Any, half_width: Any
) -> None:
    count, ndim = rows.shape
    for row in range(count):
        for column in range(ndim):
            density = densities[column]
            if density == 0:
                continue
            z = min(max(np.float64(rows[row, column]), -half_width), half_width)
            place = (z + half_width) * density
            cell = min(np.int64(place), np.int64(2.0 * half_width) * density - 1)
            t = place - cell
            c = coefficients[firsts[column] + cell]
            # One after the other and without fast-math: LLVM must not fuse them.
            found = ((((c[5] * t + c[4]) * t + c[3]) * t + c[2]) * t + c[1]) * t + c[0]
            rows[row, column] = found * scales[column] + locations[column]


_apply = CompiledFunction(_look_up)


def look_up(
    rows: FloatArray,
    densities: Any,
    firsts: Any,
    coefficients: Float64Array,
    locations: Float64Array,
    scales: Float64Array,
    half_width: float,
) -> None:
    """Overwrite rows, shape (n, d), as `distribution.quantile_tables.QuantileTables.apply` describes it.

    The other arrays have a place for each variable, but for `coefficients`, shape (cells, 6). All are C-contiguous.
    """
    # Compiled code checks no bounds.
    shapes = {each.shape for each in (densities, firsts, locations, scales)}
    if shapes != {rows.shape[1:]} or coefficients.shape[1:] != (6,):
        raise ValueError(f"shapes {rows.shape}, {coefficients.shape} and {sorted(shapes)} do not fit")
    if firsts.min() < 0 or (firsts + densities * int(2.0 * half_width)).max() > len(coefficients):
        raise ValueError(f"variables refer to other cells than those of {coefficients.shape}")
    _apply(rows, densities, firsts, coefficients, locations, scales, half_width)
