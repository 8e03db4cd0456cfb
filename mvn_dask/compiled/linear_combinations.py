"""Linear combinations of columns, summed in the order of the columns.

Input: rows, shape (n, d), and weights, shape (d, m), float64. Output: combinations, shape (n, m), with the bits of
`estimation.combination` in numpy. Cost: on Zen 1, 0.5 ns a number for one combination, 0.4 ns
for each of some more, and 0.25 ns for each of many.
"""

from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils

from mvn_dask._typing import Float64Array
from mvn_dask.compiled import llvm
from mvn_dask.compiled.compilation import CompiledFunction
from mvn_dask.compiled.intrinsics import offset_pointer, pointer_to
from mvn_dask.compiled.llvm import I64, instruction

SEPARATE_COMBINATIONS = 6
"""Combinations up to which each is made by itself."""
COMBINED_ROWS, QUARTET = 8, 4
"""Rows that are combined at once, and rows in the lanes of a vector: no addition waits for another of the same two."""


@instruction(types.void)
def _combine_pairs(_: Any, builder: Any, sig: Any, rows: Any, stride: Any, pairs: Any, weights: Any, sums: Any) -> None:
    """Combine pairs of columns of `COMBINED_ROWS` rows, `stride` numbers apart, to as many sums."""
    kind = ir.VectorType(ir.DoubleType(), QUARTET)
    pair = ir.VectorType(ir.DoubleType(), 2)
    # Minus zero is the neutral element of addition: plus zero would change the sign of minus zero.
    totals = [cgutils.alloca_once_value(builder, llvm.splat(kind, -0.0)) for _ in range(COMBINED_ROWS // QUARTET)]
    starts = [builder.mul(stride, I64(row)) for row in range(COMBINED_ROWS)]
    with cgutils.for_range(builder, pairs) as loop:
        column = builder.shl(loop.index, I64(1))
        places = [builder.add(column, I64(step)) for step in range(2)]
        entries = [llvm.broadcast(builder, builder.load(builder.gep(weights, [place])), kind) for place in places]
        for group, total in enumerate(totals):
            numbers = [
                llvm.load_vector(builder, rows, builder.add(start, column), pair)
                for start in starts[group * QUARTET : (group + 1) * QUARTET]
            ]
            # Two numbers of each row become two columns of all rows, in as few shuffles as processors know.
            even = llvm.shuffle(builder, numbers[0], numbers[2], range(4))
            odd = llvm.shuffle(builder, numbers[1], numbers[3], range(4))
            for entry, lanes in zip(entries, ([0, 4, 2, 6], [1, 5, 3, 7]), strict=True):
                product = builder.fmul(llvm.shuffle(builder, even, odd, lanes), entry)
                # Two instructions without fast-math flags: LLVM must neither fuse nor reorder them.
                builder.store(builder.fadd(builder.load(total), product), total)
    for group, total in enumerate(totals):
        llvm.store_vector(builder, builder.load(total), sums, group * QUARTET)


def combine_each(rows: Any, weights: Any, sums: Any, out: Any) -> None:
    """One combination after the other, of `COMBINED_ROWS` rows at a time; `weights` has the shape (m, d)."""
    (n, d), m = rows.shape, len(weights)
    x, lines, eight = pointer_to(rows.reshape(-1), 0), pointer_to(weights.reshape(-1), 0), pointer_to(sums, 0)
    result = pointer_to(out.reshape(-1), 0)
    whole = n - n % COMBINED_ROWS
    for top in range(0, whole, COMBINED_ROWS):
        for place in range(m):
            line, numbers = offset_pointer(lines, place * d), offset_pointer(x, top * d)
            _combine_pairs(numbers, d, d // 2, line, eight)
            for row in range(COMBINED_ROWS):
                total = eight[row]
                if d % 2 == 1:
                    total += numbers[row * d + d - 1] * line[d - 1]
                result[(top + row) * m + place] = total
    for row in range(whole, n):
        for place in range(m):
            total = -0.0
            for j in range(d):
                total += x[row * d + j] * lines[place * d + j]
            result[row * m + place] = total


def combine_together(rows: Any, weights: Any, out: Any) -> None:
    """All combinations of a row, four columns at a time; `weights` has the shape (d, m)."""
    n, d = rows.shape
    m = weights.shape[1]
    for row in range(n):
        numbers, sums = rows[row], out[row]
        one, first = numbers[0], weights[0]
        for k in range(m):
            sums[k] = one * first[k]
        j = 1
        while j + 4 <= d:
            one, two, three, four = numbers[j], numbers[j + 1], numbers[j + 2], numbers[j + 3]
            # Views, since numba looks for negative indices elsewhere, and then LLVM uses no vectors.
            first, second, third, fourth = weights[j], weights[j + 1], weights[j + 2], weights[j + 3]
            for k in range(m):
                total = sums[k] + one * first[k]
                total += two * second[k]
                total += three * third[k]
                sums[k] = total + four * fourth[k]
            j += 4
        while j < d:
            one, first = numbers[j], weights[j]
            for k in range(m):
                sums[k] += one * first[k]
            j += 1


_combine_each, _combine_together = CompiledFunction(combine_each), CompiledFunction(combine_together)


def combine(rows: Float64Array, weights: Float64Array, out: Float64Array) -> None:
    """Combine rows, shape (n, d), with weights, (d, m), to `out`, (n, m); all are C-contiguous float64, and d > 0."""
    (n, d), m = rows.shape, weights.shape[1]
    # Compiled code checks no bounds.
    if not d or weights.shape != (d, m) or out.shape != (n, m):
        raise ValueError(f"shapes {rows.shape}, {weights.shape} and {out.shape} do not fit")
    if not all(each.dtype == np.float64 and each.flags.c_contiguous for each in (rows, weights, out)):
        raise ValueError("arrays must be C-contiguous and float64")
    if m <= SEPARATE_COMBINATIONS:
        _combine_each(_read_only(rows), _read_only(np.ascontiguousarray(weights.T)), np.empty(COMBINED_ROWS), out)
    else:
        _combine_together(_read_only(rows), _read_only(weights), out)


def _read_only(array: Float64Array) -> Float64Array:
    """The same numbers: numba compiles anew for each kind of array, and workers have read-only ones."""
    view = array.view(np.ndarray)
    view.setflags(write=False)
    return view
