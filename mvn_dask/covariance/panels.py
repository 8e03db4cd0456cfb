"""Cholesky's factor of a sparse matrix in panels: made, applied and inverted, by compiled code or in numpy.

Input: a sparse symmetric matrix, shape (d, d), and its supernodes. Output: the factor's entries, solutions and products
of triangles, and the entries of the inverse in the factor's pattern. Cost: in compiled code that of `compiled.supernodal`
and `compiled.triangles`; numpy takes a microsecond for each entry. Both add in one order, so the bits are the same.
"""

from typing import Any

import numpy as np

from mvn_dask._typing import Float64Array, FloatArray
from mvn_dask.compiled import compiled_module
from mvn_dask.covariance.symbolic import Indices, Supernodes, inverse_of

COMPILED_ENTRIES = 2**13
"""Entries of a factor from which on compiled code makes it; for fewer, compiling it would take longer."""


def factorize_panels(
    matrix: tuple[Indices, Indices, Float64Array], permutation: Indices, supernodes: Supernodes, limits: Float64Array
) -> tuple[Float64Array, int]:
    """Entries of the factor, and the first column whose pivot is not above its limit, or -1.

    `matrix` is starts, rows and numbers of the columns, both triangles; `limits` are those of the permuted columns.
    """
    entries = np.empty(supernodes.places[-1])
    code = compiled_module("supernodal") if len(entries) >= COMPILED_ENTRIES else None
    inverse = inverse_of(permutation)
    factorized = _factorize if code is None else code.factorize
    return entries, int(factorized(matrix, permutation, inverse, supernodes, limits, entries))


def _factorize(
    matrix: tuple[Indices, Indices, Float64Array], permutation: Indices, inverse: Indices, supernodes: Supernodes,
    limits: Float64Array, entries: Float64Array,
) -> int:  # fmt: skip
    first, starts, rows, places, owner = supernodes
    # The supernodes that are subtracted from each, those that came last first.
    waiting: list[list[tuple[int, int]]] = [[] for _ in first[1:]]
    position = np.zeros(len(owner), np.int64)
    entries[:] = 0.0
    for s in range(len(waiting)):
        begin, end = int(first[s]), int(first[s + 1])
        own = rows[starts[s] : starts[s + 1]]
        position[own] = np.arange(len(own))
        columns = _columns(supernodes, entries, s)
        for j, column in enumerate(columns, begin):
            part = slice(matrix[0][permutation[j]], matrix[0][permutation[j] + 1])
            i = inverse[matrix[1][part]]
            column[position[i[i >= j]] - (j - begin)] = matrix[2][part][i >= j]
        for other, row in reversed(waiting[s]):
            below = rows[starts[other] : starts[other + 1]]
            last = int(np.searchsorted(below, end))
            for q in range(row, last):
                sums = np.zeros(len(below) - q)
                for k, column in enumerate(_columns(supernodes, entries, other)):
                    sums += column[q - k :] * column[q - k]
                target = position[below[q]]
                columns[target][position[below[q:]] - target] -= sums
            if last < len(below):
                waiting[owner[below[last]]].append((other, last))
        for k, column in enumerate(columns):
            for i, before in enumerate(columns[:k]):
                column -= before[k - i :] * before[k - i]
            if not column[0] > limits[begin + k]:
                return begin + k
            column[0] = np.sqrt(column[0])
            column[1:] /= column[0]
        if len(own) > end - begin:
            waiting[owner[own[end - begin]]].append((s, end - begin))
    return -1


def _columns(supernodes: Supernodes, entries: FloatArray, s: int) -> list[FloatArray]:
    """Columns of a panel, each from its diagonal down: views."""
    height = int(supernodes.starts[s + 1] - supernodes.starts[s])
    width = int(supernodes.first[s + 1] - supernodes.first[s])
    ends = np.cumsum(height - np.arange(width))
    return np.split(entries[supernodes.places[s] : supernodes.places[s + 1]], ends[:-1])
