"""Entries of the inverse of a sparse matrix where its Cholesky factor has some, from the last supernode to the first.

Input: a factor in panels, as `supernodal` makes it. Output: entries of the inverse in the same places. Cost: about
three times as many operations as the factor, an array of its size, and the square of the tallest supernode.

With columns J of a supernode and rows R below it, Y = L[R, J] inv(L[J, J]): the inverse is -inv[R, R] Y in (R, J), and
inv(L[J, J] L[J, J].T) + Y.T inv[R, R] Y in (J, J). `covariance.selected_inverse` does the same in numpy, sum by sum.

References
----------
K. Takahashi, J. Fagan and M. Chen, Formation of a sparse bus impedance matrix and its application to short circuit
study, 8th PICA Conf. Proc., 1973, 63-69. A. M. Erisman and W. F. Tinney, On computing certain elements of the inverse
of a sparse matrix, Commun. ACM 18 (1975) 177-179, https://doi.org/10.1145/360680.360704.
"""

from typing import Any

import numpy as np
from numba import types

from mvn_dask.compiled.compilation import CompiledFunction
from mvn_dask.compiled.intrinsics import offset_pointer, pointer_to
from mvn_dask.compiled.llvm import subroutine

BLOCK_ROWS = 512
"""Rows that are worked on at once: those of all columns of a supernode stay in the second cache."""


@subroutine(types.void)
def _triangular_quotient(panel: Any, height: int, width: int, quotient: Any) -> None:
    """Y, a column after the other: what is below the panel's triangle, times its inverse from the right."""
    count = height - width
    for c in range(width - 1, -1, -1):
        column, out = offset_pointer(panel, c * (height - 1) - c * (c - 1) // 2), offset_pointer(quotient, c * count)
        for t in range(count):
            out[t] = column[width + t]
        for k in range(c + 1, width):
            other, entry = offset_pointer(quotient, k * count), column[k]
            for t in range(count):
                out[t] -= other[t] * entry
        for t in range(count):
            out[t] /= column[c]


@subroutine(types.void)
def _invert_triangle(panel: Any, height: int, width: int, triangle: Any, square: Any) -> None:
    """Write the inverse of a panel's triangle, row by row, and that of the triangle times its transpose."""
    for k in range(width * width):
        triangle[k] = square[k] = 0.0
    for k in range(width):
        row = offset_pointer(triangle, k * width)
        row[k] = 1.0
        for i in range(k):
            other, entry = offset_pointer(triangle, i * width), panel[i * (height - 1) - i * (i - 1) // 2 + k]
            for c in range(width):
                row[c] -= other[c] * entry
        pivot = panel[k * (height - 1) - k * (k - 1) // 2 + k]
        for c in range(width):
            row[c] /= pivot
        for i in range(width):
            out, entry = offset_pointer(square, i * width), row[i]
            for c in range(width):
                out[c] += row[c] * entry


@subroutine(types.void)
def _multiply_symmetric(matrix: Any, count: int, columns: Any, width: int, out: Any) -> None:
    """Write a symmetric matrix times some columns, each summed by the rows of the matrix."""
    for t in range(width * count):
        out[t] = 0.0
    for begin in range(0, count, BLOCK_ROWS):
        length = min(BLOCK_ROWS, count - begin)
        for p in range(0, count - 3, 4):
            one = offset_pointer(matrix, p * count + begin)
            two, three = offset_pointer(one, count), offset_pointer(one, 2 * count)
            four = offset_pointer(one, 3 * count)
            for c in range(width):
                sums, entries = offset_pointer(out, c * count + begin), offset_pointer(columns, c * count + p)
                e, f, g, h = entries[0], entries[1], entries[2], entries[3]
                for t in range(length):
                    sums[t] = (((sums[t] + one[t] * e) + two[t] * f) + three[t] * g) + four[t] * h
        for p in range(count // 4 * 4, count):
            one = offset_pointer(matrix, p * count + begin)
            for c in range(width):
                sums, e = offset_pointer(out, c * count + begin), columns[c * count + p]
                for t in range(length):
                    sums[t] += one[t] * e


@subroutine(types.void)
def _add_products_of_columns(columns: Any, others: Any, count: int, width: int, lines: Any, square: Any) -> None:
    """Add to a square the products of some columns with others, entry by entry of them."""
    for q in range(count):
        for c in range(width):
            lines[c] = others[c * count + q]
        for i in range(width):
            out, entry = offset_pointer(square, i * width), columns[i * count + q]
            for c in range(width):
                out[c] += lines[c] * entry


@subroutine(types.int64)
def _find(rows: Any, begin: int, end: int, wanted: int) -> int:
    """Where a number stands in a rising range, or -1; quick where that is near the beginning."""
    step = 1
    while begin + step < end and rows[begin + step] <= wanted:
        begin += step
        step *= 2
    end = min(end, begin + step)
    while end - begin > 1:
        middle = (begin + end) // 2
        if rows[middle] <= wanted:
            begin = middle
        else:
            end = middle
    return begin if begin < end and rows[begin] == wanted else -1


@subroutine(types.boolean)
def _gather(supernodes: Any, inverse: Any, below: Any, count: int, positions: Any, out: Any) -> bool:
    """Write the inverse in some rows and columns; False where it has no such entries."""
    first, starts, rows, places, owner = supernodes
    last, place = -1, 0
    for p in range(count):
        t = owner[below[p]]
        k, height = below[p] - first[t], starts[t + 1] - starts[t]
        if t != last:
            others, place = pointer_to(rows, starts[t]), k
            for q in range(p, count):
                place = _find(others, place, height, below[q])
                if place < 0:
                    return False
                positions[q] = place
            last = t
        column = pointer_to(inverse, places[t] + k * (height - 1) - k * (k - 1) // 2)
        for q in range(p, count):
            out[p * count + q] = column[positions[q]]
    for p in range(count):
        for q in range(p):
            out[p * count + q] = out[q * count + p]
    return True


def invert_panels(supernodes: Any, entries: Any, inverse: Any) -> bool:
    """Write the entries of the inverse; False where the rows of a supernode are not among those of the next above."""
    first, starts, rows, places, _ = supernodes
    widest = np.max(first[1:] - first[:-1])
    most = np.max(starts[1:] - starts[:-1] - first[1:] + first[:-1])
    gathered, positions = np.empty(most * most + 1), np.empty(most + 1, np.int64)
    quotient, products = np.empty(widest * most + 1), np.empty(widest * most + 1)
    triangle, square, line = np.empty(widest * widest), np.empty(widest * widest), np.empty(widest)
    for s in range(len(first) - 2, -1, -1):
        width, height = first[s + 1] - first[s], starts[s + 1] - starts[s]
        count, panel, below = height - width, pointer_to(entries, places[s]), pointer_to(rows, starts[s] + width)
        if not _gather(supernodes, inverse, below, count, pointer_to(positions, 0), pointer_to(gathered, 0)):
            return False
        y, v, d = pointer_to(quotient, 0), pointer_to(products, 0), pointer_to(square, 0)
        _triangular_quotient(panel, height, width, y)
        _invert_triangle(panel, height, width, pointer_to(triangle, 0), d)
        _multiply_symmetric(pointer_to(gathered, 0), count, y, width, v)
        _add_products_of_columns(y, v, count, width, pointer_to(line, 0), d)
        place = places[s]
        for c in range(width):
            for t in range(c, width):
                inverse[place + t - c] = square[t * width + c]
            place += width - c
            for t in range(count):
                inverse[place + t] = -products[c * count + t]
            place += count
    return True


invert = CompiledFunction(invert_panels)
