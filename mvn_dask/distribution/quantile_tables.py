"""Tables of quantile functions: polynomials on equal cells of a standard normal number.

Input: an increasing function of a standard normal number z. Output: coefficients, or nothing where the function is not
smooth enough; then numbers of these tables. Cost: some 10,000 evaluations of the function a table, and 13 or 52 kB;
then 2 ns a number in compiled code, 40 in numpy. Every operation is rounded, and none is taken from a C library: the
bits are the same on every processor, compiled or not.
"""

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from functools import cache

import numpy as np
import numpy.typing as npt

from mvn_dask._typing import Float64Array, FloatArray
from mvn_dask.compiled import compiled_module

HALF_WIDTH = 8.5
"""Tables reach from minus this to this. One normal number in 5e16 lies beyond, and counts as that at the end."""
POLYNOMIAL_TERMS = 6
"""Coefficients of a cell, of rising powers."""
CELL_DENSITIES = (16, 64)
"""Cells for each unit of z that are tried, one after the other."""
TABLE_TOLERANCE = 1e-8
"""Error of a number x of a table, as a part of max(1, |x|), at most."""
_MARGIN = 0.25
"""Part of it that may be seen at the points that are looked at."""
_CHECKED = np.arange(9) / 8.0
"""Where in a cell the error is looked at."""
_NODES = tuple(Fraction(n, 64) for n in (1, 9, 24, 40, 55, 63))
"""Where in a cell the polynomial is the function: Chebyshev's nodes, rounded to numbers that float64 holds."""
_NUMBERS_TOGETHER = 2**14
"""Numbers that numpy evaluates at a time, which stay in the second cache."""

Places = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class QuantileTables:
    """Tables of several functions, and which one each variable has, with its location and scale."""

    densities: Places
    """Cells for each unit of z, shape (tables,); 0 where there is no table, and numbers stay as they are."""
    coefficients: Float64Array
    """Of all cells, those of a table one after the other, shape (cells, POLYNOMIAL_TERMS)."""
    table: Places
    """Table of each variable, shape (d,)."""
    locations: Float64Array
    """What is added in the end, shape (d,)."""
    scales: Float64Array
    """What is multiplied with before, shape (d,)."""

    @property
    def firsts(self) -> Places:
        """First cell of each table, shape (tables,)."""
        ends = np.cumsum(cell_counts(self.densities))
        return ends - cell_counts(self.densities)

    def apply(self, rows: FloatArray) -> None:
        """Put numbers of the tables in the place of normal ones, shape (n, d), in float64 or float32."""
        code = compiled_module("table_lookup")
        if code is None:
            self._apply_numpy(rows)
            return
        own = (self.densities[self.table], self.firsts[self.table])
        arrays = (*own, self.coefficients, self.locations, self.scales)
        code.look_up(rows, *map(np.ascontiguousarray, arrays), HALF_WIDTH)

    def _apply_numpy(self, rows: FloatArray) -> None:
        firsts, height = self.firsts, max(1, _NUMBERS_TOGETHER // rows.shape[1])
        (columns,) = np.nonzero(self.densities[self.table])
        density, cells = self.densities[self.table[columns]], cell_counts(self.densities)[self.table[columns]]
        first, loc, scale = firsts[self.table[columns]], self.locations[columns], self.scales[columns]
        for top in range(0, len(rows), height):
            z = np.clip(rows[top : top + height, columns].astype(np.float64), -HALF_WIDTH, HALF_WIDTH)
            place = (z + HALF_WIDTH) * density
            cell = np.minimum(place.astype(np.int64), cells - 1)
            t = place - cell
            found = self.coefficients[:, POLYNOMIAL_TERMS - 1][first + cell]
            for term in range(POLYNOMIAL_TERMS - 2, -1, -1):
                found = found * t + self.coefficients[:, term][first + cell]
            with np.errstate(over="ignore"):
                rows[top : top + height, columns] = found * scale + loc


def cell_counts(densities: Places) -> Places:
    """Cells of tables."""
    return np.asarray(densities * int(2 * HALF_WIDTH), np.int64)


def tabulate(function: Callable[[Float64Array], Float64Array]) -> tuple[int, Float64Array] | None:
    """Cells for each unit, and coefficients, of the table of an increasing function; None if none is good enough.

    Where the density allows it, errors are relative to the number and to the slope as well, so that positive numbers
    stay so.
    """
    for density in CELL_DENSITIES:
        left = np.arange(int(2 * HALF_WIDTH) * density) / density - HALF_WIDTH
        at_nodes = function(left[:, None] + np.array(_NODES, np.float64) / density)
        # The ends of a cell belong to its neighbours too, where the function may have a kink.
        inside = function(left[:, None] + _CHECKED / density)
        if not (np.isfinite(at_nodes).all() and np.isfinite(inside).all()):
            return None
        found = coefficients(at_nodes)
        error = np.abs(_polynomial(found, _CHECKED) - inside)
        slope = np.abs(np.diff(inside[:, [0, -1]])) * density
        close = error <= _MARGIN * TABLE_TOLERANCE * (np.abs(inside) + slope) + np.finfo(np.float64).tiny
        right = error <= _MARGIN * TABLE_TOLERANCE * np.maximum(1.0, np.abs(inside))
        if right.all() and (close.all() or density == CELL_DENSITIES[-1]):
            return density, found
    return None


def coefficients(at_nodes: Float64Array) -> Float64Array:
    """Coefficients of the polynomials through numbers at the nodes, both of shape (cells, terms); without BLAS."""
    found = np.zeros_like(at_nodes)
    for node in range(POLYNOMIAL_TERMS):
        found += at_nodes[:, node, None] * _inverse()[node]
    return found


@cache
def _inverse() -> Float64Array:
    """Coefficients of Lagrange's polynomials, shape (nodes, POLYNOMIAL_TERMS), rounded once."""
    rows = []
    for node in _NODES:
        polynomial = [Fraction(1)]
        for other in _NODES:
            if other != node:
                # Times (t - other) / (node - other).
                shifted = [Fraction(0), *polynomial]
                polynomial = [a - other * b for a, b in zip(shifted, [*polynomial, Fraction(0)], strict=True)]
                polynomial = [each / (node - other) for each in polynomial]
        rows.append([float(each) for each in polynomial])
    return np.array(rows)


def _polynomial(found: Float64Array, places: Float64Array) -> Float64Array:
    total = np.repeat(found[:, -1:], len(places), axis=1)
    for term in range(POLYNOMIAL_TERMS - 2, -1, -1):
        total = total * places + found[:, term, None]
    return total
