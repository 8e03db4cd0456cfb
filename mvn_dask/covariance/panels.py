"""Cholesky's factor of a sparse matrix in panels: made, applied and inverted, by compiled code or in numpy.

Input: a sparse symmetric matrix, shape (d, d), and its supernodes. Output: the factor's entries, solutions and products
of triangles. Cost: in compiled code that of `compiled.supernodal` and `compiled.triangles`; in numpy, microseconds for
each entry. Both add in one order, so the bits are the same.
"""

from collections.abc import Iterator
from typing import Literal

import numpy as np

from mvn_dask._typing import Float64Array, FloatArray
from mvn_dask.compiled import compiled_module
from mvn_dask.compiled.kept import made_by_thread
from mvn_dask.covariance.symbolic import Indices, Supernodes, inverse_of

COMPILED_ENTRIES = 2**16
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
    first, starts, rows, _, owner = supernodes
    # Supernodes that are subtracted from each, and from which row on; those that came last go first.
    waiting: list[list[tuple[int, int]]] = [[] for _ in first[1:]]
    position = np.zeros(len(owner), np.int64)
    entries[:] = 0.0
    for s in range(len(waiting)):
        begin, end = int(first[s]), int(first[s + 1])
        own = rows[starts[s] : starts[s + 1]]
        position[own] = np.arange(len(own))
        columns = columns_of(supernodes, entries, s)
        for j, column in enumerate(columns, begin):
            part = slice(matrix[0][permutation[j]], matrix[0][permutation[j] + 1])
            i = inverse[matrix[1][part]]
            column[position[i[i >= j]] - (j - begin)] = matrix[2][part][i >= j]
        for other, row in reversed(waiting[s]):
            below = rows[starts[other] : starts[other + 1]]
            last = int(np.searchsorted(below, end))
            _subtract(columns_of(supernodes, entries, other), position[below[row:]], row, last, columns)
            if last < len(below):
                waiting[owner[below[last]]].append((other, last))
        if (bad := _factorize_panel(columns, limits[begin:end])) >= 0:
            return begin + bad
        if len(own) > end - begin:
            waiting[owner[own[end - begin]]].append((s, end - begin))
    return -1


def _subtract(others: list[FloatArray], targets: Indices, row: int, last: int, columns: list[FloatArray]) -> None:
    """Subtract from the columns of a panel what other columns do in their rows from `row` to `last`."""
    for q in range(row, last):
        places = targets[q - row :]
        sums = np.zeros(len(places))
        for k, other in enumerate(others):
            sums += other[q - k :] * other[q - k]
        columns[places[0]][places - places[0]] -= sums


def _factorize_panel(columns: list[FloatArray], limits: FloatArray) -> int:
    """Factorise a panel from which all columns before it are subtracted; the column without a pivot, or -1."""
    for k, column in enumerate(columns):
        for i, before in enumerate(columns[:k]):
            column[:] -= before[k - i :] * before[k - i]
        # Not a number is not above the limit either.
        if not column[0] > limits[k]:
            return k
        column[0] = np.sqrt(column[0])
        column[1:] /= column[0]
    return -1


def columns_of(supernodes: Supernodes, entries: FloatArray, s: int) -> list[FloatArray]:
    """Columns of a panel, each from its diagonal down: views."""
    height = int(supernodes.starts[s + 1] - supernodes.starts[s])
    width = int(supernodes.first[s + 1] - supernodes.first[s])
    ends = np.cumsum(height - np.arange(width))
    return np.split(entries[supernodes.places[s] : supernodes.places[s + 1]], ends[:-1])


Applied = Literal["solve_transposed", "multiply_transposed", "solve", "multiply"]
"""What is done with a factor L: see `compiled.triangles`."""


def apply_panels(
    operation: Applied, supernodes: Supernodes, entries: FloatArray, rows: FloatArray, out: FloatArray,
    *, source: Indices | None = None, target: Indices | None = None,
) -> None:  # fmt: skip
    """Apply the factor to rows, shape (n, d), and write what comes out, of the same shape.

    `source` and `target` are the positions of the variables of `rows` and `out` in the order of elimination; None where
    they stand in that order.
    """
    code = compiled_module("triangles")
    if code is None:
        lines = np.array((rows if source is None else rows[:, inverse_of(source)]).T, entries.dtype, order="C")
        _APPLIED[operation](supernodes, entries, lines)
        out[:] = (lines if target is None else lines[target]).T
        return
    height = code.ROWS_AT_ONCE[entries.dtype.name]
    lines, scratch = made_by_thread("lines", entries, entries, lambda: _memory(supernodes, entries, height))
    apply = getattr(code, operation)
    for top in range(0, len(rows), height):
        code.gather_lines(np.ascontiguousarray(rows[top : top + height], entries.dtype), source, lines)
        apply(supernodes, entries, lines, scratch)
        part = out[top : top + height]
        fits = part.flags.c_contiguous and part.dtype == entries.dtype
        drawn = part if fits else np.empty(part.shape, entries.dtype)
        code.scatter_lines(lines, target, drawn)
        if not fits:
            part[:] = drawn


def _memory(supernodes: Supernodes, entries: FloatArray, height: int) -> tuple[FloatArray, FloatArray]:
    """Lines of all variables, and of a supernode's rows: kept, since fresh memory takes as long as solving."""
    tallest = int(np.diff(supernodes.starts).max())
    return np.empty(height * len(supernodes.owner), entries.dtype), np.empty(height * tallest, entries.dtype)


def _solve_transposed(supernodes: Supernodes, entries: FloatArray, lines: FloatArray) -> None:
    for _, own, below, panel in panels_of(supernodes, entries, backward=True):
        for row, line in zip(panel[len(own) :], lines[below], strict=True):
            lines[own] -= row[:, None] * line
        for k in range(len(own) - 1, -1, -1):
            for t in range(k + 1, len(own)):
                lines[own[k]] -= panel[t, k] * lines[own[t]]
            lines[own[k]] /= panel[k, k]


def _multiply_transposed(supernodes: Supernodes, entries: FloatArray, lines: FloatArray) -> None:
    for _, own, below, panel in panels_of(supernodes, entries, backward=False):
        sums = np.zeros_like(lines[own])
        for row, line in zip(panel[len(own) :], lines[below], strict=True):
            sums -= row[:, None] * line
        for k in range(len(own)):
            for t in range(k, len(own)):
                sums[k] -= panel[t, k] * lines[own[t]]
        lines[own] = -sums


def _solve(supernodes: Supernodes, entries: FloatArray, lines: FloatArray) -> None:
    for _, own, below, panel in panels_of(supernodes, entries, backward=False):
        for k in range(len(own)):
            lines[own[k]] -= _sum_of_columns(panel[k : k + 1], lines[own[:k]])[0]
            lines[own[k]] /= panel[k, k]
        lines[below] -= _sum_of_columns(panel[len(own) :], lines[own])


def _multiply(supernodes: Supernodes, entries: FloatArray, lines: FloatArray) -> None:
    for _, own, below, panel in panels_of(supernodes, entries, backward=True):
        lines[below] += _sum_of_columns(panel[len(own) :], lines[own])
        for k in range(len(own) - 1, -1, -1):
            lines[own[k]] = _sum_of_columns(panel[k : k + 1], lines[own[: k + 1]])[0]


def _sum_of_columns(panel: FloatArray, lines: FloatArray) -> FloatArray:
    """For each row of a panel, its entries times the lines of its columns, one column after the other."""
    sums = np.zeros((len(panel), lines.shape[1]), lines.dtype)
    for column, line in zip(panel.T, lines, strict=False):
        sums += column[:, None] * line
    return sums


def panels_of(
    supernodes: Supernodes, entries: FloatArray, *, backward: bool
) -> Iterator[tuple[int, Indices, Indices, FloatArray]]:
    """Of each supernode its number, its columns, the rows below, and its panel, shape (rows, columns), zero above."""
    count = len(supernodes.first) - 1
    for s in range(count - 1, -1, -1) if backward else range(count):
        columns = columns_of(supernodes, entries, s)
        rows = supernodes.rows[supernodes.starts[s] : supernodes.starts[s + 1]]
        panel = np.zeros((len(rows), len(columns)), entries.dtype)
        for k, column in enumerate(columns):
            panel[k:, k] = column
        yield s, rows[: len(columns)], rows[len(columns) :], panel


_APPLIED = {
    "solve_transposed": _solve_transposed,
    "multiply_transposed": _multiply_transposed,
    "solve": _solve,
    "multiply": _multiply,
}
