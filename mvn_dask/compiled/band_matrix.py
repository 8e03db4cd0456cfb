"""Lower triangular band matrices in compiled code: factorised, multiplied with, solved for, inverted on the diagonal.

Input: bands, shape (u + 1, d), as `covariance.band_triangle` has them, and rows, shape (n, d). Output: written into
memory that the caller gives, with the bits of the numpy path there. Cost: on Zen 1, 5 bands take 3 ms for a row of a
million numbers to multiply and 4 ms to solve for, 8 rows at a time; a column of the factor takes u² / 2 multiply-adds.

A product runs along the variables, a block of them for one row after the other, so that bands come from the cache. A
solution depends on the variables before it: `LANES` rows are solved for side by side, in the lanes of vectors, and
transposed for that a block at a time.
"""

from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils

from mvn_dask._typing import Float64Array, FloatArray
from mvn_dask.compiled import llvm
from mvn_dask.compiled.compilation import CompiledFunction
from mvn_dask.compiled.intrinsics import offset_pointer, pointer_to
from mvn_dask.compiled.llvm import I64, LANES, instruction, subroutine

BAND_NUMBERS = 2**13
"""Numbers of the bands that are worked on at once: they stay in the second cache."""
BLOCK_VARIABLES = 64, 1024
"""Variables that are worked on at once, at least and at most."""


def eliminate_band(work: Any, d: int, limits: Any) -> int:
    """Turn the columns of a matrix, shape (d + u, u + 1), into those of its factor; the column that fails, or -1."""
    count = work.shape[1]
    for j in range(d):
        column = work[j]
        # Not a number is not larger either.
        if not column[0] > limits[j]:
            return j
        root = np.sqrt(column[0])
        column[0] = root
        for i in range(1, count):
            column[i] /= root
        for c in range(1, count):
            # Slices, since numba looks for negative indices elsewhere, and then LLVM uses no vectors.
            entry, below, rest = column[c], column[c:], work[j + c]
            for i in range(count - c):
                rest[i] -= entry * below[i]
    return -1


def multiply_band(bands: Any, z: Any, out: Any, width: int) -> None:
    """Multiply rows, shape (n, d), `width` variables of each at a time."""
    count, d = bands.shape
    for first in range(0, d, width):
        end = min(first + width, d)
        for row in range(len(z)):
            near, sums, band = z[row, first:end], out[row, first:end], bands[0, first:end]
            for i in range(end - first):
                sums[i] = band[i] * near[i]
            k = 1
            # Two bands at a time, where both have entries: half of the loads and stores of the sums.
            while k + 1 < count and k < first:
                near, far = z[row, first - k : end - k], z[row, first - k - 1 : end - k - 1]
                band, other = bands[k, first - k : end - k], bands[k + 1, first - k - 1 : end - k - 1]
                for i in range(end - first):
                    sums[i] = (sums[i] + band[i] * near[i]) + other[i] * far[i]
                k += 2
            while k < count:
                start = max(first, k)
                near, sums, band = z[row, start - k : end - k], out[row, start:end], bands[k, start - k : end - k]
                for i in range(end - start):
                    sums[i] += band[i] * near[i]
                k += 1


def _lanes_type(pointer: Any) -> ir.VectorType:
    return ir.VectorType(llvm.vector_type(pointer).element, LANES)


@instruction(types.void)
def _solve_variable(_: Any, builder: Any, sig: Any, entries: Any, count: Any, lanes: Any) -> None:
    """Solve for one variable of the rows in the lanes of a vector.

    Before it lie `count` variables that are solved for, and go with as many entries; one more is the inverse pivot.
    """
    kind = _lanes_type(sig.args[2])
    place = builder.mul(count, I64(LANES))
    total = cgutils.alloca_once_value(builder, llvm.load_vector(builder, lanes, place, kind))
    with cgutils.for_range(builder, count) as loop:
        entry = llvm.broadcast(builder, builder.load(builder.gep(entries, [loop.index])), kind)
        known = llvm.load_vector(builder, lanes, builder.mul(loop.index, I64(LANES)), kind)
        # Two instructions without fast-math flags: LLVM must neither fuse nor reorder them.
        builder.store(builder.fsub(builder.load(total), builder.fmul(entry, known)), total)
    inverse = llvm.broadcast(builder, builder.load(builder.gep(entries, [count])), kind)
    llvm.store_vector(builder, builder.fmul(builder.load(total), inverse), lanes, place)


@instruction(types.void)
def _transpose_square(_: Any, builder: Any, sig: Any, source: Any, stride: Any, out: Any, out_stride: Any) -> None:
    """Transpose `LANES` rows of as many numbers, which are `stride` numbers apart, to rows `out_stride` apart."""
    kind = _lanes_type(sig.args[0])
    rows = [llvm.load_vector(builder, source, builder.mul(stride, I64(row)), kind) for row in range(LANES)]
    half = LANES // 2
    while half:
        # Quarters across the diagonal change places, in all squares of twice as many rows.
        for row in range(LANES):
            if not row & half:
                pair = rows[row], rows[row + half]
                upper = [lane if not lane & half else LANES + lane - half for lane in range(LANES)]
                lower = [lane + half if not lane & half else LANES + lane for lane in range(LANES)]
                rows[row], rows[row + half] = (llvm.shuffle(builder, *pair, lanes) for lanes in (upper, lower))
        half //= 2
    for row, vector in enumerate(rows):
        llvm.store_vector(builder, vector, out, builder.mul(out_stride, I64(row)))


@subroutine(types.void)
def _gather(rows: Any, count: int, d: int, first: int, end: int, lanes: Any) -> None:
    """Variables from `first` to `end` of at most `LANES` rows of d to the lanes of vectors."""
    i = first
    if count == LANES:
        while i + LANES <= end:
            _transpose_square(offset_pointer(rows, i), d, offset_pointer(lanes, (i - first) * LANES), LANES)
            i += LANES
    for row in range(count):
        for j in range(i, end):
            lanes[(j - first) * LANES + row] = rows[row * d + j]


@subroutine(types.void)
def _scatter(lanes: Any, count: int, d: int, first: int, end: int, rows: Any) -> None:
    """The lanes of vectors to variables from `first` to `end` of at most `LANES` rows of d."""
    i = first
    if count == LANES:
        while i + LANES <= end:
            _transpose_square(offset_pointer(lanes, (i - first) * LANES), LANES, offset_pointer(rows, i), d)
            i += LANES
    for row in range(count):
        for j in range(i, end):
            rows[row * d + j] = lanes[(j - first) * LANES + row]


def solve_band(bands: Any, z: Any, out: Any, width: int, entries: Any, block: Any) -> None:
    """Solve for rows, shape (n, d), `width` variables of `LANES` of them at a time.

    `entries` has room for ``width * (u + 1)`` numbers, and `block` for ``(u + width) * LANES``, which are 0.
    """
    count, d = bands.shape
    u = count - 1
    packed, window = pointer_to(entries, 0), pointer_to(block, 0)
    normals, solutions = pointer_to(z.reshape(-1), 0), pointer_to(out.reshape(-1), 0)
    for first in range(0, d, width):
        end = min(first + width, d)
        # The entries of a variable side by side, the oldest first, and its inverse pivot.
        for k in range(1, count):
            for i in range(first, end):
                packed[(i - first) * count + u - k] = bands[k, i - k] if i >= k else 0.0
        for i in range(first, end):
            packed[(i - first) * count + u] = 1.0 / bands[0, i]
        solved = min(u, first)
        for top in range(0, len(z), LANES):
            rows, below = min(LANES, len(z) - top), offset_pointer(solutions, top * d)
            before = offset_pointer(window, (u - solved) * LANES)
            _gather(below, rows, d, first - solved, first, before)
            _gather(offset_pointer(normals, top * d), rows, d, first, end, offset_pointer(window, u * LANES))
            for i in range(end - first):
                _solve_variable(offset_pointer(packed, i * count), u, offset_pointer(window, i * LANES))
            _scatter(offset_pointer(window, u * LANES), rows, d, first, end, below)


def invert_band_diagonal(bands: Any, window: Any, products: Any, out: Any) -> None:
    """Variances of solutions for independent normals.

    `window`, shape (u, u), holds the covariances of the last u variables, variable i in row and column ``i % u``.
    """
    count, d = bands.shape
    u = count - 1
    for i in range(d):
        pivot, total = bands[0, i], 1.0
        for place in range(u):
            products[place] = 0.0
        for m in range(max(0, i - u), i):
            entry, known = bands[i - m, m], window[m % u]
            for place in range(u):
                products[place] += entry * known[place]
        for m in range(max(0, i - u), i):
            total += bands[i - m, m] * products[m % u]
        out[i] = total / pivot / pivot
        if u:
            for place in range(u):
                window[i % u, place] = window[place, i % u] = -products[place] / pivot
            window[i % u, i % u] = out[i]


_eliminate, _multiply = CompiledFunction(eliminate_band), CompiledFunction(multiply_band)
_solve, _invert = CompiledFunction(solve_band), CompiledFunction(invert_band_diagonal)


def eliminate(work: Float64Array, limits: Float64Array) -> int:
    """`eliminate_band` for as many columns as there are limits."""
    failed: int = _eliminate(work, len(limits), limits)
    return failed


def multiply(bands: FloatArray, z: FloatArray, out: FloatArray) -> None:
    """Multiply rows, shape (n, d), to `out`, which is not `z`. All are C-contiguous, and of one precision."""
    _multiply(_read_only(bands), _read_only(z), out, _width(bands))


def solve(bands: FloatArray, z: FloatArray, out: FloatArray) -> None:
    """Solve for rows, shape (n, d), to `out`, which may be `z`. All are C-contiguous, and of one precision."""
    width = _width(bands)
    entries = np.empty(width * len(bands), bands.dtype)
    # Zeros, since lanes without a row take part as well, and the first variables have none before them.
    block = np.zeros((len(bands) - 1 + width) * LANES, bands.dtype)
    _solve(_read_only(bands), _read_only(z), out, width, entries, block)


def inverse_diagonal(bands: Float64Array, out: Float64Array) -> None:
    """Diagonal of the inverse of the band matrix times its transpose, to `out`, shape (d,)."""
    u = len(bands) - 1
    _invert(_read_only(bands), np.zeros((u, u)), np.empty(u), out)


def _width(bands: FloatArray) -> int:
    least, most = BLOCK_VARIABLES
    return min(max(least, BAND_NUMBERS // len(bands)), most, int(bands.shape[1]))


def _read_only(array: FloatArray) -> FloatArray:
    """The same numbers: numba compiles anew for each kind of array, and workers have read-only ones."""
    view = np.asarray(array).view()
    view.setflags(write=False)
    return view
