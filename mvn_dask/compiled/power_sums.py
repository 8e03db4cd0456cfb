"""Sums of powers of columns less a shift, in a fixed order of additions.

Input: leaves of rows, shape (leaves, n, d), float64, and a shift of each column of each leaf. Output: sums of powers,
with the bits of `statistics.ordered_sums` in numpy. Cost: on Zen 1, 1 ns a number for two powers.

Row i of a leaf is added to sum i modulo `INTERLEAVED_ROWS`, one after the other. So the numbers of as many rows, which
follow each other in memory, are added to as many sums: whole vectors, whatever the number of columns.
"""

from typing import Any

import numpy as np
from numba import types
from numba.core import cgutils

from mvn_dask._typing import Float64Array
from mvn_dask.compiled import llvm
from mvn_dask.compiled.compilation import CompiledFunction
from mvn_dask.compiled.intrinsics import offset_pointer, pointer_to, prefetch
from mvn_dask.compiled.llvm import I64, instruction, subroutine

INTERLEAVED_ROWS = 8
"""Rows that are added side by side; as many numbers make a vector."""
CACHED_BYTES = 2**14
"""Bytes of rows that are looked at for one vector of sums after the other: half of the first cache."""
MAX_POWER = 4
"""Highest power."""


def _adding(powers: int) -> Any:
    """An instruction for powers up to one."""

    @instruction(types.void)
    def add(_: Any, builder: Any, sig: Any, x: Any, stride: Any, steps: Any, shift: Any, sums: Any) -> None:
        """Add powers of vectors of numbers less a shift, `stride` numbers apart, as are the sums of powers."""
        kind = llvm.vector_type(sig.args[0])
        centre = llvm.load_vector(builder, shift, 0, kind)
        places = [builder.mul(stride, I64(power)) for power in range(powers)]
        totals = [cgutils.alloca_once_value(builder, llvm.load_vector(builder, sums, place, kind)) for place in places]
        with cgutils.for_range(builder, steps) as loop:
            numbers = llvm.load_vector(builder, x, builder.mul(loop.index, stride), kind)
            centred = power = builder.fsub(numbers, centre)
            for place, total in enumerate(totals):
                # Two instructions without fast-math flags: LLVM must neither fuse nor reorder them.
                power = builder.fmul(power, centred) if place else power
                builder.store(builder.fadd(builder.load(total), power), total)
        for place, total in zip(places, totals, strict=True):
            llvm.store_vector(builder, builder.load(total), sums, place)

    return add


_add_one, _add_two, _add_three, _add_four = (_adding(powers) for powers in range(1, 1 + MAX_POWER))


@subroutine(types.void)
def _add_block(x: Any, width: int, steps: int, powers: int, shifts: Any, sums: Any) -> None:
    """Add powers of `steps` times `width` numbers, one vector of sums after the other."""
    for place in range(0, width, INTERLEAVED_ROWS):
        numbers, shift, total = offset_pointer(x, place), offset_pointer(shifts, place), offset_pointer(sums, place)
        if powers == 1:
            _add_one(numbers, width, steps, shift, total)
        elif powers == 2:
            _add_two(numbers, width, steps, shift, total)
        elif powers == 3:
            _add_three(numbers, width, steps, shift, total)
        else:
            _add_four(numbers, width, steps, shift, total)


@subroutine(types.void)
def _add_leaf(x: Any, n: int, d: int, powers: int, shifts: Any, sums: Any, out: Any) -> None:
    """Sums of powers of one leaf, of n rows of d numbers."""
    width = INTERLEAVED_ROWS * d
    whole = n // INTERLEAVED_ROWS
    for place in range(powers * width):
        # Minus zero is the neutral element of addition: plus zero would change the sign of minus zero.
        sums[place] = -0.0 if whole > 0 else 0.0
    height = max(1, CACHED_BYTES // (8 * width))
    for top in range(0, whole, height):
        following = min(height, max(0, whole - top - height))
        # What comes next is read from further away meanwhile.
        prefetch(x, (top + height) * width, following * width)
        _add_block(offset_pointer(x, top * width), width, min(height, whole - top), powers, shifts, sums)
    rest = offset_pointer(x, whole * width)
    for place in range((n - whole * INTERLEAVED_ROWS) * d):
        centred = rest[place] - shifts[place]
        power = centred
        for index in range(powers):
            sums[index * width + place] += power
            power *= centred
    for index in range(powers):
        for column in range(d):
            total = sums[index * width + column]
            for row in range(1, INTERLEAVED_ROWS):
                total += sums[index * width + row * d + column]
            out[index * d + column] = total


def add_powers(leaves: Any, n: int, shifts: Any, work: Any, out: Any) -> None:
    """Sums of powers of the first n rows of each leaf, to `out`, shape (leaves, powers, d)."""
    count, rows, d = leaves.shape
    powers, width = out.shape[1], INTERLEAVED_ROWS * d
    x, centres = pointer_to(leaves.reshape(-1), 0), pointer_to(shifts.reshape(-1), 0)
    result, repeated, sums = pointer_to(out.reshape(-1), 0), pointer_to(work, 0), pointer_to(work, width)
    for leaf in range(count):
        for place in range(width):
            repeated[place] = centres[leaf * d + place % d]
        first, place = offset_pointer(x, leaf * rows * d), offset_pointer(result, leaf * powers * d)
        _add_leaf(first, n, d, powers, repeated, sums, place)


_add_powers = CompiledFunction(add_powers)


def power_sums(leaves: Float64Array, n: int, shifts: Float64Array, powers: int) -> Float64Array:
    """Sums of powers of the first n rows of each leaf, less its shift, shape (leaves, d): (leaves, powers, d).

    Leaves are C-contiguous float64 of shape (leaves, rows, d); there are at most `MAX_POWER` powers.
    """
    count, rows, d = leaves.shape
    # Compiled code checks no bounds.
    if not 0 <= n <= rows or shifts.shape != (count, d) or not 1 <= powers <= MAX_POWER:
        raise ValueError(f"shapes {leaves.shape} and {shifts.shape} do not fit {n=} and {powers=}")
    if not all(each.flags.c_contiguous and each.dtype == np.float64 for each in (leaves, shifts)):
        raise ValueError("arrays must be C-contiguous and float64")
    out, work = np.empty((count, powers, d)), np.empty((1 + powers) * INTERLEAVED_ROWS * d)
    view = leaves.view(np.ndarray)
    # numba compiles anew for each kind of array, and workers may have read-only ones.
    view.setflags(write=False)
    _add_powers(view, n, shifts, work, out)
    return out
