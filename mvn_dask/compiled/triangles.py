"""Solutions and products with a sparse triangular factor, for rows of a sample side by side.

Input: a factor L in panels, as `supernodal` makes it, and lines: the numbers of a variable in as many rows as a vector
holds. Output: the same lines, overwritten. Cost: two operations a row for each entry; each entry is read once
for a vector of rows. No sum of one row depends on another, and its order on nothing but the factor.

====================  ===============================================
solve_transposed      ``inv(L.T) @ x``, columns from the last to the first
multiply_transposed   ``L.T @ x``
solve                 ``inv(L) @ x``, columns from the first to the last
multiply              ``L @ x``
====================  ===============================================
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from numba import types
from numba.core import cgutils

from mvn_dask.compiled import llvm
from mvn_dask.compiled.compilation import CompiledFunction
from mvn_dask.compiled.intrinsics import offset_pointer, pointer_to, prefetch, vector_length
from mvn_dask.compiled.llvm import I64, instruction, subroutine

LINES_AHEAD = 32
"""Lines that are fetched into the cache ahead of the one that is read."""
ROWS_AT_ONCE = {"float64": llvm.VECTOR_BYTES // 8, "float32": llvm.VECTOR_BYTES // 4}
"""Rows whose numbers make a line, by dtype."""


def _column_tile(high: int) -> Any:
    """An instruction for `high` columns of a panel, whose own lines stand at `out`."""

    @instruction(types.void)
    def tile(
        _: Any, builder: Any, sig: Any, panel: Any, stride: Any, rows: Any, count: Any, lines: Any, out: Any
    ) -> None:
        """Subtract from each column's line its entries times the lines of `count` rows, one after the other.

        `panel` points to the first column's first entry of those, `stride` is the way to the second's.
        """
        kind = llvm.vector_type(sig.args[4])
        columns = [panel]
        for k in range(high - 1):
            columns.append(builder.gep(columns[-1], [builder.sub(stride, I64(k))]))
        sums = [
            cgutils.alloca_once_value(builder, llvm.load_vector(builder, out, k * kind.count, kind))
            for k in range(high)
        ]
        with cgutils.for_range(builder, count) as loop:
            row = builder.sext(builder.load(builder.gep(rows, [loop.index])), I64)
            line = llvm.load_vector(builder, lines, builder.mul(row, I64(kind.count)), kind)
            for column, total in zip(columns, sums, strict=True):
                entry = llvm.broadcast(builder, builder.load(builder.gep(column, [loop.index])), kind)
                # Not fused: numpy's path rounds the product as well.
                builder.store(builder.fsub(builder.load(total), builder.fmul(entry, line)), total)
        for k, total in enumerate(sums):
            llvm.store_vector(builder, builder.load(total), out, k * kind.count)

    return tile


def _row_tile(high: int) -> Any:
    """An instruction for `high` rows of a panel."""

    @instruction(types.void)
    def tile(_: Any, builder: Any, sig: Any, panel: Any, stride: Any, count: Any, lines: Any, out: Any) -> None:
        """Write for each row the sum of its entries in `count` columns times the lines of these columns.

        `panel` points to the first row's entry in the first column, `stride` is the way to that in the second.
        """
        kind = llvm.vector_type(sig.args[3])
        place = cgutils.alloca_once_value(builder, I64(0))
        sums = [cgutils.alloca_once_value(builder, llvm.splat(kind, 0.0)) for _ in range(high)]
        with cgutils.for_range(builder, count) as loop:
            line = llvm.load_vector(builder, lines, builder.mul(loop.index, I64(kind.count)), kind)
            column = builder.gep(panel, [builder.load(place)])
            for row, total in enumerate(sums):
                entry = llvm.broadcast(builder, builder.load(builder.gep(column, [I64(row)])), kind)
                builder.store(builder.fadd(builder.load(total), builder.fmul(entry, line)), total)
            builder.store(builder.add(builder.load(place), builder.sub(stride, loop.index)), place)
        for row, total in enumerate(sums):
            llvm.store_vector(builder, builder.load(total), out, row * kind.count)

    return tile


_subtract_four, _subtract_two, _subtract_one = (_column_tile(high) for high in (4, 2, 1))
_four_rows, _one_row = _row_tile(4), _row_tile(1)


@instruction(types.void)
def _copy_line(_: Any, builder: Any, sig: Any, source: Any, out: Any) -> None:
    llvm.store_vector(builder, llvm.load_vector(builder, source, 0, llvm.vector_type(sig.args[0])), out, 0)


@instruction(types.void)
def _negate_line(_: Any, builder: Any, sig: Any, source: Any, out: Any) -> None:
    vector = llvm.load_vector(builder, source, 0, llvm.vector_type(sig.args[0]))
    llvm.store_vector(builder, builder.fneg(vector), out, 0)


@instruction(types.void)
def _divide_line(_: Any, builder: Any, sig: Any, line: Any, divisor: Any) -> None:
    """Divide a line by the number that a pointer points to."""
    kind = llvm.vector_type(sig.args[0])
    number = llvm.broadcast(builder, builder.load(divisor), kind)
    llvm.store_vector(builder, builder.fdiv(llvm.load_vector(builder, line, 0, kind), number), line, 0)


def _combining(combine: Callable[[Any], Any]) -> Any:
    @instruction(types.void)
    def combine_line(_: Any, builder: Any, sig: Any, line: Any, other: Any) -> None:
        """Change a line by another one."""
        kind = llvm.vector_type(sig.args[0])
        one, two = (llvm.load_vector(builder, each, 0, kind) for each in (line, other))
        llvm.store_vector(builder, combine(builder)(one, two), line, 0)

    return combine_line


_add_line = _combining(lambda builder: builder.fadd)
_subtract_line = _combining(lambda builder: builder.fsub)


@subroutine(types.void)
def _subtract_rows(panel: Any, height: int, width: int, rows: Any, lines: Any, out: Any) -> None:
    """Subtract from the lines of a panel's columns, at `out`, what the rows below them give."""
    length, k, count = vector_length(lines), 0, height - width
    column = offset_pointer(panel, width)
    while k < width:
        stride = height - 1 - k
        if k + 4 <= width:
            _subtract_four(column, stride, rows, count, lines, out)
            step = 4
        elif k + 2 <= width:
            _subtract_two(column, stride, rows, count, lines, out)
            step = 2
        else:
            _subtract_one(column, stride, rows, count, lines, out)
            step = 1
        column = offset_pointer(column, step * stride - step * (step - 1) // 2)
        out = offset_pointer(out, step * length)
        k += step


@subroutine(types.void)
def _sum_columns(panel: Any, height: int, width: int, lines: Any, out: Any) -> None:
    """Write to `out`, for each of a panel's rows below its columns, what the columns' lines give."""
    length, t = vector_length(lines), width
    while t + 4 <= height:
        _four_rows(offset_pointer(panel, t), height - 1, width, lines, out)
        out = offset_pointer(out, 4 * length)
        t += 4
    while t < height:
        _one_row(offset_pointer(panel, t), height - 1, width, lines, out)
        out = offset_pointer(out, length)
        t += 1


def _solve_transposed(supernodes: Any, entries: Any, array: Any, _: Any) -> None:
    first, starts, rows, places, _ = supernodes
    lines = pointer_to(array, 0)
    length = vector_length(lines)
    for s in range(len(first) - 2, -1, -1):
        width, height = first[s + 1] - first[s], starts[s + 1] - starts[s]
        panel, own = pointer_to(entries, places[s]), offset_pointer(lines, first[s] * length)
        _subtract_rows(panel, height, width, pointer_to(rows, starts[s] + width), lines, own)
        for k in range(width - 1, -1, -1):
            column = offset_pointer(panel, k * height - k * (k - 1) // 2)
            line = offset_pointer(own, k * length)
            below = pointer_to(rows, starts[s] + k + 1)
            _subtract_one(offset_pointer(column, 1), 0, below, width - 1 - k, lines, line)
            _divide_line(line, column)


def _multiply_transposed(supernodes: Any, entries: Any, array: Any, scratch: Any) -> None:
    first, starts, rows, places, _ = supernodes
    lines, sums = pointer_to(array, 0), pointer_to(scratch, 0)
    length = vector_length(lines)
    for s in range(len(first) - 1):
        width, height = first[s + 1] - first[s], starts[s + 1] - starts[s]
        panel, own = pointer_to(entries, places[s]), offset_pointer(lines, first[s] * length)
        for t in range(width * length):
            sums[t] = 0.0
        _subtract_rows(panel, height, width, pointer_to(rows, starts[s] + width), lines, sums)
        for k in range(width):
            column = offset_pointer(panel, k * height - k * (k - 1) // 2)
            line = offset_pointer(sums, k * length)
            _subtract_one(column, 0, pointer_to(rows, starts[s] + k), width - k, lines, line)
            _negate_line(line, offset_pointer(own, k * length))


def _solve(supernodes: Any, entries: Any, array: Any, scratch: Any) -> None:
    first, starts, rows, places, _ = supernodes
    lines, sums = pointer_to(array, 0), pointer_to(scratch, 0)
    length = vector_length(lines)
    for s in range(len(first) - 1):
        width, height = first[s + 1] - first[s], starts[s + 1] - starts[s]
        panel, own = pointer_to(entries, places[s]), offset_pointer(lines, first[s] * length)
        for k in range(width):
            line = offset_pointer(own, k * length)
            _one_row(offset_pointer(panel, k), height - 1, k, own, sums)
            _subtract_line(line, sums)
            _divide_line(line, offset_pointer(panel, k * height - k * (k - 1) // 2))
        _sum_columns(panel, height, width, own, sums)
        for t in range(height - width):
            row = rows[starts[s] + width + t]
            _subtract_line(offset_pointer(lines, row * length), offset_pointer(sums, t * length))


def _multiply(supernodes: Any, entries: Any, array: Any, scratch: Any) -> None:
    first, starts, rows, places, _ = supernodes
    lines, sums = pointer_to(array, 0), pointer_to(scratch, 0)
    length = vector_length(lines)
    for s in range(len(first) - 2, -1, -1):
        width, height = first[s + 1] - first[s], starts[s + 1] - starts[s]
        panel, own = pointer_to(entries, places[s]), offset_pointer(lines, first[s] * length)
        _sum_columns(panel, height, width, own, sums)
        for t in range(height - width):
            row = rows[starts[s] + width + t]
            _add_line(offset_pointer(lines, row * length), offset_pointer(sums, t * length))
        for k in range(width - 1, -1, -1):
            _one_row(offset_pointer(panel, k), height - 1, k + 1, own, sums)
            _copy_line(sums, offset_pointer(own, k * length))


def _gather_lines(rows: Any, positions: Any, lines: Any) -> None:
    """Write rows of a sample, at most as many as a line holds, as lines in the order of elimination."""
    count, length = rows.shape[0], vector_length(pointer_to(lines, 0))
    for j in range(rows.shape[1]):
        place = length * (j if positions is None else positions[j])
        for row in range(count):
            lines[place + row] = rows[row, j]
        for row in range(count, length):
            lines[place + row] = 0.0


def _scatter_lines(lines: Any, positions: Any, rows: Any) -> None:
    """Write lines as rows of a sample, which is C-contiguous."""
    source, out = pointer_to(lines, 0), pointer_to(rows.ravel(), 0)
    (count, ndim), length = rows.shape, vector_length(source)
    for j in range(ndim):
        if positions is None:
            place = length * j
        else:
            place = length * np.int64(positions[j])
            # Lines lie anywhere: half of the time would be spent waiting for them.
            if j + LINES_AHEAD < ndim:
                prefetch(source, length * np.int64(positions[j + LINES_AHEAD]), length)
        for row in range(count):
            out[row * ndim + j] = source[place + row]


gather_lines, scatter_lines = CompiledFunction(_gather_lines), CompiledFunction(_scatter_lines)
solve_transposed, multiply_transposed = CompiledFunction(_solve_transposed), CompiledFunction(_multiply_transposed)
solve, multiply = CompiledFunction(_solve), CompiledFunction(_multiply)
