"""Normals from Sobol' points, bit for bit those of the numpy path in `mvn_dask.random`.

Input: direction numbers, a shift and a range of rows. Output: normals, in memory that the caller gives. Cost: 6 ns a
number on Zen 1, 0.45 of numpy's normals there; any rows cost the same, wherever they begin.

A *block* is so many rows that they have about `SEGMENT` numbers. Its points are the exclusive or of those of the first
block, which are kept, and of numbers that all of its rows share: one load and one operation a number, for a vector of
them whatever the dimension, since what is shared is laid out again and again. A *segment* is what is turned into
normals while it is in the first cache: numbers as if all were central, then those in the tails together.
"""

from functools import partial
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from llvmlite import ir
from numba import types

from mvn_dask._typing import Float64Array
from mvn_dask.compiled import llvm
from mvn_dask.compiled.compilation import CompiledFunction
from mvn_dask.compiled.intrinsics import as_words, lowest_bit, offset_pointer, pointer_at, pointer_to
from mvn_dask.compiled.kept import made_by_thread, made_once
from mvn_dask.compiled.llvm import I8, I64, LANES, instruction, subroutine
from mvn_dask.compiled.normal_quantiles import (
    INTEGERS,
    REALS,
    central_quantiles,
    far_quantile,
    integer_as_real,
    set_bits,
    tail_vector,
)
from mvn_dask.errors import ArgumentError
from mvn_dask.random.inverse_normal import FAR_ORIGIN
from mvn_dask.random.sobol import BITS, CENTER, Words, block_of_points, first_point_of_block

SEGMENT = 512
"""Numbers that are turned into normals together: few enough that all that belongs to them stays in the first cache."""


class _Work(NamedTuple):
    """Pointers to what is read and written."""

    directions: Any
    within: Any
    """Points of the first block, without a shift."""
    shared: Any
    """What the points of a block are the exclusive or of, beside those, again and again."""
    set_bits: Any
    places: Any
    """Places of the numbers in tails within a segment."""
    centered: Any
    """Points of a segment, less ½."""
    spare: Any
    """Normals of a segment that is not wanted whole."""
    tails: Any
    """Probabilities beyond those points, and then quantiles."""
    roots: Any
    """Roots of the logarithms of those probabilities."""


@instruction(types.int64)
def _central_vector(
    context: Any, builder: Any, sig: Any, within: Any, shared: Any, centered: Any, quantiles: Any, places: Any,
    tables: Any, index: Any, count: Any,
) -> ir.Value:  # fmt: skip
    """Make a vector of points less ½, and their quantiles as if all were central. Returns the new count of tails.

    A point is the exclusive or of a number `within` the block and one that its rows share; both pointers stand at the
    first. ``places[count:]`` gets, of those in a tail, `index` and what follows.
    """
    points = builder.xor(*(llvm.load_vector(builder, each, 0, INTEGERS) for each in (within, shared)))
    scaled = builder.fmul(integer_as_real(builder, points, 0.0), llvm.splat(REALS, 2.0**-BITS))
    q = builder.fadd(scaled, llvm.splat(REALS, CENTER))
    values, mask = central_quantiles(builder, q)
    llvm.store_vector(builder, q, centered, index)
    llvm.store_vector(builder, values, quantiles, 0)
    # Written always, and kept where there is a tail: a branch for each would be as good as random.
    packed = builder.load(builder.gep(tables, [builder.zext(mask, I64)]))
    lanes = builder.zext(builder.bitcast(packed, ir.VectorType(I8, LANES)), INTEGERS)
    llvm.store_vector(builder, builder.add(lanes, llvm.broadcast(builder, index, INTEGERS)), places, count)
    return builder.add(count, builder.zext(builder.ctpop(mask), I64))


@subroutine(types.void)
def _fill_segment(within: Any, shared: Any, column: int, period: int, length: int, work: Any, out: Any) -> None:
    """Write `length` normals to `out`, and up to a vector behind them; the first has a column of the shared numbers."""
    count = 0
    for index in range(0, length, LANES):
        count = _central_vector(
            offset_pointer(within, index), offset_pointer(shared, column), work.centered, offset_pointer(out, index),
            work.places, work.set_bits, index, count,
        )  # fmt: skip
        column += LANES
        # Cheaper than a remainder for every vector.
        if column >= period:
            column -= period
    # Of the last vector, what is behind the segment.
    while count > 0 and work.places[count - 1] >= length:
        count -= 1
    for i in range(count):
        q = work.centered[work.places[i]]
        work.tails[i] = 0.5 - (q if q > 0.0 else -q)
    for i in range(0, count, LANES):
        tail_vector(work.tails, work.roots, i)
    for i in range(count):
        place, value = work.places[i], work.tails[i]
        if work.roots[i] > FAR_ORIGIN:
            value = far_quantile(work.roots[i])
        out[place] = value if work.centered[place] > 0.0 else -value


@instruction(types.void)
def _xor_vector(context: Any, builder: Any, sig: Any, words: Any, others: Any, index: Any) -> None:
    """Replace a vector of words by the exclusive or of them and of others."""
    pair = (llvm.load_vector(builder, each, index, INTEGERS) for each in (words, others))
    llvm.store_vector(builder, builder.xor(*pair), words, index)


@subroutine(types.void)
def _xor(words: Any, others: Any, count: int) -> None:
    whole = count // LANES * LANES
    for index in range(0, whole, LANES):
        _xor_vector(words, others, index)
    for index in range(whole, count):
        words[index] ^= others[index]


@subroutine(types.void)
def _fill(out: Any, start: int, rows: int, d: int, bits: int, period: int, work: Any) -> None:
    """Do what `draw_points` does, of pointers."""
    block, size, end = start >> bits, d << bits, rows * d
    low = ((block << bits) - start) * d
    while low < end:
        for index in range(d, period + LANES):
            work.shared[index] = work.shared[index - d]
        for first in range(0, size, SEGMENT):
            length = SEGMENT if size - first > SEGMENT else size - first  # noqa: FURB136 - `min` takes longer to compile
            begin = low + first
            if begin + length <= 0 or begin >= end:
                continue
            # Vectors are written behind the last number, where the next segment begins, or where nothing of ours is.
            fits = begin >= 0 and begin + length + LANES <= end
            destination = offset_pointer(out, begin) if fits else work.spare
            _fill_segment(
                offset_pointer(work.within, first), work.shared, first % period, period, length, work, destination
            )
            if not fits:
                for k in range(0 if begin >= 0 else -begin, length if begin + length <= end else end - begin):
                    out[begin + k] = work.spare[k]
        low += size
        block += 1
        if low < end:
            # The Gray code of the next block's first row differs in one bit above those of a block, and in the highest
            # of those.
            _xor(work.shared, offset_pointer(work.directions, (bits + lowest_bit(block)) * d), d)
            if bits:
                _xor(work.shared, offset_pointer(work.directions, (bits - 1) * d), d)


def draw_points(out: Any, start: int, rows: int, d: int, bits: int, period: int, addresses: Any) -> None:
    """Write the normals of rows from `start` on to `out`, of shape (rows, d), flat; blocks have ``2**bits`` rows.

    `addresses` are those of nine arrays, which the caller keeps alive:

    - the directions, the numbers within a block and a vector more, and those that a block's rows share, those of the
      first block in the first d of ``period + LANES``, where `period` is a multiple of d, and at least a vector;
    - `set_bits`, and `SEGMENT` places and a vector more;
    - four times as many numbers: points, quantiles that do not fit into `out`, tails and their roots.
    """
    at, numbers = pointer_to(addresses, 0), pointer_to(out, 0)
    words = as_words(at, numbers)
    work = _Work(
        pointer_at(at[0], words), pointer_at(at[1], words), pointer_at(at[2], words), pointer_at(at[3], words),
        pointer_at(at[4], at), pointer_at(at[5], numbers), pointer_at(at[6], numbers), pointer_at(at[7], numbers),
        pointer_at(at[8], numbers),
    )  # fmt: skip
    _fill(numbers, start, rows, d, bits, period, work)


_draw_points = CompiledFunction(draw_points)


class PointNormals:
    """Turns Sobol' points into normals, again and again with the same buffers. Not for two threads at a time.

    Of direction numbers, shape (BITS, d), C-contiguous, and a shift, shape (d,). Raises ArgumentError if they do not
    fit.
    """

    def __init__(self, directions: Words, shift: Words) -> None:
        d = len(shift)
        if directions.shape != (BITS, d) or not directions.flags.c_contiguous or directions.dtype != np.uint64:
            raise ArgumentError(f"`directions` must be uint64 of shape {(BITS, d)}: their shape is {directions.shape}")
        self._directions, self._shift = directions, shift
        self._bits = max(0, (SEGMENT // d).bit_length() - 1)
        self._period = d * -(-LANES // d)
        within = made_once("points of a block", directions, partial(_padded_block, directions, self._bits))
        self._shared = np.empty(self._period + LANES, np.uint64)
        room = SEGMENT + LANES
        # Kept, since compiled code gets addresses.
        self._arrays: tuple[npt.NDArray[Any], ...] = (
            directions, within, self._shared, set_bits(), np.empty(room, np.int64), *np.empty((4, room)),
        )  # fmt: skip
        self._addresses = np.array([array.ctypes.data for array in self._arrays], np.int64)

    def draw(self, start: int, out: Float64Array) -> None:
        """Write the normals of rows from `start` on to `out`, shape (rows, d), C-contiguous."""
        rows, d = out.shape
        if out.dtype != np.float64 or not out.flags.c_contiguous or d != len(self._shift) or start + rows > 2**BITS:
            raise ArgumentError(
                f"`out` must be C-contiguous float64 of shape (rows, {len(self._shift)}), of rows before 2**{BITS}: "
                f"it is {out.dtype} of shape {out.shape}"
            )
        self._shared[:d] = first_point_of_block(self._directions, self._shift, self._bits, start >> self._bits)
        _draw_points(out.reshape(-1), start, rows, d, self._bits, self._period, self._addresses)


def point_normals(directions: Words, shift: Words) -> PointNormals:
    """This thread's `PointNormals` of direction numbers and a shift, which become read-only."""
    return made_by_thread("normals of points", directions, shift, partial(PointNormals, directions, shift))


def _padded_block(directions: Words, bits: int) -> Words:
    """`block_of_points`, flat, and a vector more."""
    return np.concatenate([block_of_points(directions, bits).ravel(), np.zeros(LANES, np.uint64)])
