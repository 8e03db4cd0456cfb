"""Cholesky's factor of a sparse matrix, supernode by supernode, in a fixed order.

Input: a sparse symmetric matrix in float64, and supernodes. Output: entries of the factor. Cost: two operations for
each pair of entries in a column, at some 4 billion a second.

A supernode is a panel: its columns one after the other, each from its diagonal down, so that entry t of column k, both
counted from the panel's first, stands at ``k * (height - 1) - k * (k - 1) // 2 + t`` of it. `covariance.panels` does
the same in numpy, sum by sum.

References
----------
E. G. Ng and B. W. Peyton, Block sparse Cholesky algorithms on advanced uniprocessor computers, SIAM J. Sci. Comput.
14 (1993) 1034-1056, https://doi.org/10.1137/0914063.
"""

from typing import Any

import numpy as np
from numba import types

from mvn_dask.compiled.compilation import CompiledFunction
from mvn_dask.compiled.intrinsics import offset_pointer, pointer_to
from mvn_dask.compiled.llvm import subroutine


@subroutine(types.void)
def _add_columns(panel: Any, stride: int, count: int, length: int, sign: float, sums: Any) -> None:
    """Add to `sums` the columns of a panel from a row on, each times its entry in that row and times a sign.

    `panel` points to the first column's, and `stride` is the way from there to that of the second; it shrinks by one.
    """
    for _ in range(count // 4):
        one = panel
        two = offset_pointer(one, stride)
        three = offset_pointer(two, stride - 1)
        four = offset_pointer(three, stride - 2)
        a, b, c, d = sign * one[0], sign * two[0], sign * three[0], sign * four[0]
        # One after the other: four at once are for the sake of memory alone.
        for t in range(length):
            sums[t] = (((sums[t] + one[t] * a) + two[t] * b) + three[t] * c) + four[t] * d
        panel = offset_pointer(four, stride - 3)
        stride -= 4
    for _ in range(count % 4):
        a = sign * panel[0]
        for t in range(length):
            sums[t] += panel[t] * a
        panel = offset_pointer(panel, stride)
        stride -= 1


@subroutine(types.int64)
def _factorize_panel(panel: Any, height: int, width: int, limits: Any) -> int:
    """Factorise a panel from which all columns before it are subtracted; the column without a pivot, or -1."""
    column = panel
    for k in range(width):
        length = height - k
        _add_columns(offset_pointer(panel, k), height - 1, k, length, -1.0, column)
        # Not a number is not above the limit either.
        if not column[0] > limits[k]:
            return k
        root = np.sqrt(column[0])
        column[0] = root
        for t in range(1, length):
            column[t] /= root
        column = offset_pointer(column, length)
    return -1


@subroutine(types.void)
def _subtract_supernode(
    panel: Any, height: int, width: int, begin: int, end: int, targets: Any, out: Any, out_height: int, sums: Any
) -> None:
    """Subtract from another panel what a supernode's rows from `begin` on do to its columns, those of rows to `end`.

    `targets` says where in the other panel each row stands, from row `begin` on.
    """
    for q in range(begin, end):
        length = height - q
        for t in range(length):
            sums[t] = 0.0
        _add_columns(offset_pointer(panel, q), height - 1, width, length, 1.0, sums)
        k, rows = targets[q - begin], offset_pointer(targets, q - begin)
        column = offset_pointer(out, k * (out_height - 1) - k * (k - 1) // 2)
        if rows[length - 1] - k == length - 1:
            column = offset_pointer(column, k)
            for t in range(length):
                column[t] -= sums[t]
        else:
            for t in range(length):
                column[rows[t]] -= sums[t]


@subroutine(types.void)
def _fill_panel(
    matrix: Any, permutation: Any, inverse: Any, begin: int, end: int, rows: Any, height: int, position: Any, out: Any
) -> None:
    """Write a panel of the permuted matrix, and to `position` where each of its rows stands in it."""
    columns, column_rows, numbers = matrix
    for t in range(height):
        position[rows[t]] = t
    for j in range(begin, end):
        length = height - (j - begin)
        for t in range(length):
            out[t] = 0.0
        for p in range(columns[permutation[j]], columns[permutation[j] + 1]):
            i = inverse[column_rows[p]]
            if i >= j:
                out[position[i] - (j - begin)] = numbers[p]
        out = offset_pointer(out, length)


def factorize_panels(matrix: Any, permutation: Any, inverse: Any, supernodes: Any, limits: Any, entries: Any) -> int:
    """Write the factor's entries; gives the first column whose pivot is not above its limit, or -1.

    `matrix` is starts, rows and numbers of the columns, both triangles.
    """
    first, starts, rows, places, owner = supernodes
    d, count = len(owner), len(first) - 1
    tallest = np.max(starts[1:] - starts[:-1])
    # Supernodes whose next row below belongs to a supernode, in a list of its own each: `following` goes on from one.
    waiting, following, reached = np.full(count, -1), np.full(count, -1), np.zeros(count, np.int64)
    position, targets, sums = np.zeros(d, np.int64), np.empty(tallest, np.int64), np.empty(tallest)
    for s in range(count):
        begin, end = first[s], first[s + 1]
        width, height, place = end - begin, starts[s + 1] - starts[s], places[s]
        own = pointer_to(rows, starts[s])
        _fill_panel(matrix, permutation, inverse, begin, end, own, height, position, pointer_to(entries, place))
        other = waiting[s]
        while other != -1:
            later, other_height = following[other], starts[other + 1] - starts[other]
            row = last = reached[other]
            for t in range(row, other_height):
                i = rows[starts[other] + t]
                targets[t - row] = position[i]
                last += i < end
            _subtract_supernode(
                pointer_to(entries, places[other]), other_height, first[other + 1] - first[other], row, last,
                pointer_to(targets, 0), pointer_to(entries, place), height, pointer_to(sums, 0),
            )  # fmt: skip
            if last < other_height:
                reached[other], heir = last, owner[rows[starts[other] + last]]
                following[other], waiting[heir] = waiting[heir], other
            other = later
        bad = _factorize_panel(pointer_to(entries, place), height, width, pointer_to(limits, begin))
        if bad >= 0:
            return int(begin + bad)
        if height > width:
            reached[s], heir = width, owner[rows[starts[s] + width]]
            following[s], waiting[heir] = waiting[heir], s
    return -1


factorize = CompiledFunction(factorize_panels)
