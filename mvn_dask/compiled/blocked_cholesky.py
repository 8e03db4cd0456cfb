"""Cholesky's factor, summed in a fixed order, by as many threads as there are.

Input: a symmetric matrix, shape (d, d), float64. Output: its factor. Cost: d³/6 multiply-adds at the rate of
`matrix_product`, and one copy of the matrix; no lock of Python's is held.

An entry is what the matrix has there, less the products of the columns before it, one after the other, each rounded by
itself, then divided by the pivot; on the diagonal, its root. Blocks and threads change who subtracts, never the order,
so the bits are those of `covariance.cholesky` in numpy, on every processor and for any number of threads.

References
----------
G. H. Golub and C. F. Van Loan, Matrix Computations, 4th ed., 2013, section 4.2.
"""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from numba import types
from numba.core import cgutils

from mvn_dask._typing import Float64Array
from mvn_dask.compiled import llvm
from mvn_dask.compiled.compilation import CompiledFunction
from mvn_dask.compiled.intrinsics import offset_pointer, pointer_to
from mvn_dask.compiled.llvm import I64, REGISTER_BYTES, instruction, subroutine
from mvn_dask.compiled.matrix_product import (
    K_BLOCK,
    PANEL_VECTORS,
    REGISTER_ROWS,
    ROW_BLOCK,
    add_products,
    spaced_columns,
)

PANEL_COLUMNS = PANEL_VECTORS * REGISTER_BYTES // 8
"""Columns of a panel of float64."""
MULTIPLE = 24
"""Rows and columns are filled up to a multiple of this: whole tiles and whole panels on every processor."""
BLOCK_COLUMNS = 8 * MULTIPLE
"""Columns that are factorised together."""


@instruction(types.void)
def _subtract_from_tile(
    _: Any, builder: Any, sig: Any, rows: Any, stride: Any, panel: Any, count: Any, out: Any
) -> None:
    """Add to a tile of a panel's columns the products of its rows, `count` columns, with a panel of negatives."""
    kind = llvm.vector_type(sig.args[0], REGISTER_BYTES)
    starts = [builder.mul(stride, I64(row)) for row in range(REGISTER_ROWS)]
    places = [[builder.add(start, I64(kind.count * each)) for start in starts] for each in range(PANEL_VECTORS)]
    sums = [
        [cgutils.alloca_once_value(builder, llvm.load_vector(builder, out, place, kind)) for place in column]
        for column in places
    ]
    with cgutils.for_range(builder, count) as loop:
        entries = [builder.load(builder.gep(rows, [builder.add(start, loop.index)])) for start in starts]
        columns = builder.gep(panel, [builder.mul(loop.index, I64(kind.count * PANEL_VECTORS))])
        add_products(builder, entries, columns, sums, kind)
    for column, totals in zip(places, sums, strict=True):
        for place, total in zip(column, totals, strict=True):
            llvm.store_vector(builder, builder.load(total), out, place)


@subroutine(types.void)
def _subtract_from_panel(rows: Any, height: int, stride: int, panel: Any, count: int, out: Any) -> None:
    for row in range(0, height, REGISTER_ROWS):
        place = row * stride
        _subtract_from_tile(offset_pointer(rows, place), stride, panel, count, offset_pointer(out, place))


def eliminate(
    work: Any, top: int, height: int, column: int, columns: int, panels: Any, triangles: Any, solving: bool
) -> None:
    """Subtract from some rows of a block the products of the columns before it; then solve, if they lie below it."""
    stride, room = work.shape[1], panels.shape[1] * PANEL_COLUMNS
    rows, packed = pointer_to(work.reshape(-1), top * stride), pointer_to(panels.reshape(-1), 0)
    places = columns // PANEL_COLUMNS
    for start in range(0, column, K_BLOCK):
        count = min(K_BLOCK, column - start)
        for place in range(places):
            panel = offset_pointer(packed, place * room + start * PANEL_COLUMNS)
            out = offset_pointer(rows, column + place * PANEL_COLUMNS)
            _subtract_from_panel(offset_pointer(rows, start), height, stride, panel, count, out)
    for place in range(places if solving else 0):
        first = column + place * PANEL_COLUMNS
        panel, out = offset_pointer(packed, place * room + column * PANEL_COLUMNS), offset_pointer(rows, first)
        _subtract_from_panel(offset_pointer(rows, column), height, stride, panel, first - column, out)
        for row in range(top, top + height):
            line = work[row, first : first + PANEL_COLUMNS]
            for k in range(PANEL_COLUMNS):
                entry = line[k] / triangles[place, k, k]
                line[k] = entry
                for i in range(k + 1, PANEL_COLUMNS):
                    line[i] -= entry * triangles[place, k, i]


def factorize_diagonal(work: Any, column: int, end: int) -> bool:
    """Factorise a block on the diagonal, its lower triangle; False where a pivot is not positive."""
    line = np.empty(end - column)
    for k in range(column, end):
        # Not a number is not positive either.
        if not work[k, k] > 0.0:
            return False
        root = np.sqrt(work[k, k])
        work[k, k] = root
        for i in range(k + 1, end):
            entry = work[i, k] / root
            work[i, k] = entry
            line[i - column] = entry
            rest, entries = work[i, k + 1 : i + 1], line[k + 1 - column : i + 1 - column]
            for j in range(i - k):
                rest[j] -= entry * entries[j]
    return True


_eliminate, _factorize_diagonal = CompiledFunction(eliminate), CompiledFunction(factorize_diagonal)


class _Factorization:
    """A padded matrix whose columns become those of its factor, a block of columns after the other."""

    def __init__(self, work: Float64Array, pool: ThreadPoolExecutor, threads: int) -> None:
        self._work, self._pool, self._threads = work, pool, threads
        places = BLOCK_COLUMNS // PANEL_COLUMNS
        # For each panel of a block, and each column before the panel's first, the negative of what its rows have there.
        self._panels = np.empty((places, len(work), PANEL_COLUMNS))
        # For each panel, transposed, its part of the factor's diagonal.
        self._triangles = np.empty((places, PANEL_COLUMNS, PANEL_COLUMNS))

    def factorize(self, column: int, end: int) -> bool:
        """Factorise the columns from `column` to `end`; False where a pivot is not positive."""
        work, firsts = self._work, range(column, end, PANEL_COLUMNS)
        for panel, first in zip(self._panels, firsts, strict=False):
            np.negative(work[first : first + PANEL_COLUMNS, :column].T, out=panel[:column])
        self._eliminate(column, end, column, end, solving=False)
        if not _factorize_diagonal(work, column, end):
            return False
        for panel, triangle, first in zip(self._panels, self._triangles, firsts, strict=False):
            rows = work[first : first + PANEL_COLUMNS]
            np.negative(rows[:, column:first].T, out=panel[column:first])
            triangle[:] = rows[:, first : first + PANEL_COLUMNS].T
        self._eliminate(end, len(work), column, end, solving=True)
        return True

    def _eliminate(self, top: int, bottom: int, column: int, end: int, *, solving: bool) -> None:
        """Share the rows from `top` to `bottom` among the threads."""
        block = column, end - column, self._panels, self._triangles, solving
        parts = _parts(top, bottom, self._threads)
        for task in [self._pool.submit(_eliminate, self._work, *part, *block) for part in parts]:
            task.result()


def factorize(matrix: Float64Array, threads: int) -> Float64Array | None:
    """Cholesky's factor of a symmetric matrix, shape (d, d), of which the lower triangle is read; None if it has none.

    Examples
    --------
    >>> factorize(np.array([[4.0, 2.0], [2.0, 3.0]]), threads=2)
    array([[2.        , 0.        ],
           [1.        , 1.41421356]])
    """
    work = _padded(matrix)
    height = len(work)
    with ThreadPoolExecutor(threads, "mvn-dask-factorize") as pool:
        factorization = _Factorization(work, pool, threads)
        for column in range(0, height, BLOCK_COLUMNS):
            if not factorization.factorize(column, min(column + BLOCK_COLUMNS, height)):
                return None
    return _unpadded(work, len(matrix))


def _parts(top: int, bottom: int, threads: int) -> Iterator[tuple[int, int]]:
    """Rows that a thread works on at once, first and number: whole tiles, fewer and fewer, so that all end at once."""
    while top < bottom:
        share = (bottom - top) // (2 * threads) // REGISTER_ROWS * REGISTER_ROWS
        height = min(bottom - top, max(REGISTER_ROWS, min(ROW_BLOCK, share)))
        yield top, height
        top += height


def _padded(matrix: Float64Array) -> Float64Array:
    """A copy between the rows and columns of an identity matrix."""
    d = len(matrix)
    height = -(-d // MULTIPLE) * MULTIPLE
    work = np.empty((height, spaced_columns(height, matrix.itemsize)))
    work[:d, :d] = matrix
    work[d:] = 0.0
    work[range(d, height), range(d, height)] = 1.0
    return work


def _unpadded(work: Float64Array, d: int) -> Float64Array:
    """The first d rows and columns, the upper triangle zero, in the same memory without gaps."""
    memory, stride = work.reshape(-1), work.shape[1]
    for row in range(d):
        memory[row * d : row * d + row + 1] = memory[row * stride : row * stride + row + 1]
        memory[row * d + row + 1 : (row + 1) * d] = 0.0
    return memory[: d * d].reshape(d, d)
