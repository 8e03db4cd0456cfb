"""Fourier transforms of complex numbers, many of one length side by side, by Stockham's algorithm.

Input: real and imaginary parts, shape (length, lanes), a table of cosines and sines, and the radices whose product the
length is. Output: the transforms, in natural order. Cost: about 4 log2(length) operations a number and its part, all of
whole vectors; a radix without a formula costs as many multiply-adds as it says. The order of operations is that of
`covariance.fourier`, which gives the same bits in numpy.

References
----------
C. Van Loan, Computational Frameworks for the Fast Fourier Transform, 1992, section 1.7.
"""

from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils

from mvn_dask.compiled import llvm
from mvn_dask.compiled.butterflies import butterfly, rotate
from mvn_dask.compiled.intrinsics import offset_pointer
from mvn_dask.compiled.llvm import I64, REGISTER_BYTES, instruction, subroutine

SKEW = 5
"""Rows of room behind columns: without it, what a butterfly reads would share a few sets of the cache."""


class _Vector:
    """A vector of compiled code, which is added, subtracted and multiplied as numpy's arrays are."""

    def __init__(self, builder: Any, value: ir.Value) -> None:
        self.builder, self.value = builder, value

    def __add__(self, other: "_Vector") -> "_Vector":
        return _Vector(self.builder, self.builder.fadd(self.value, other.value))

    def __sub__(self, other: "_Vector") -> "_Vector":
        return _Vector(self.builder, self.builder.fsub(self.value, other.value))

    def __mul__(self, other: "_Vector | float") -> "_Vector":
        factor = other.value if isinstance(other, _Vector) else llvm.splat(self.value.type, other)
        return _Vector(self.builder, self.builder.fmul(self.value, factor))


def _load(builder: Any, pointer: Any, index: Any, kind: ir.VectorType) -> _Vector:
    return _Vector(builder, llvm.load_vector(builder, pointer, index, kind))


def _butterflies(radix: int, *, rotated: bool) -> Any:
    """An instruction: transforms of `radix` numbers each, `width` of them side by side, rotated but for the first.

    The numbers of one transform lie `gap` apart, and what comes of them `width` apart.
    """

    @instruction(types.void)
    def run(
        _: Any, builder: Any, sig: Any, real: Any, imaginary: Any, gap: Any, out_real: Any, out_imaginary: Any,
        width: Any, cosines: Any, sines: Any, step: Any,
    ) -> None:  # fmt: skip
        kind = llvm.vector_type(sig.args[0], REGISTER_BYTES)
        angles = []
        for each in range(1, radix if rotated else 1):
            place = builder.mul(step, I64(each))
            entries = (builder.load(builder.gep(table, [place])) for table in (cosines, sines))
            angles.append([_Vector(builder, llvm.broadcast(builder, entry, kind)) for entry in entries])
        with cgutils.for_range(builder, builder.udiv(width, I64(kind.count))) as loop:
            start = builder.mul(loop.index, I64(kind.count))
            sources = [builder.add(start, builder.mul(gap, I64(each))) for each in range(radix)]
            numbers = [(_load(builder, real, at, kind), _load(builder, imaginary, at, kind)) for at in sources]
            found = butterfly(numbers)
            found[1:] = (
                [rotate(number, *angle) for number, angle in zip(found[1:], angles, strict=True)]
                if rotated
                else found[1:]
            )
            for each, number in enumerate(found):
                at = builder.add(start, builder.mul(width, I64(each)))
                for part, out in zip(number, (out_real, out_imaginary), strict=True):
                    llvm.store_vector(builder, part.value, out, at)

    return run


_two, _three, _four, _five = (_butterflies(radix, rotated=False) for radix in (2, 3, 4, 5))
_two_rotated, _three_rotated, _four_rotated, _five_rotated = (_butterflies(r, rotated=True) for r in (2, 3, 4, 5))


@subroutine(types.void)
def _any_radix(
    real: Any, imaginary: Any, radix: int, gap: int, out_real: Any, out_imaginary: Any, width: int, cosines: Any,
    sines: Any, step: int, turn: int,
) -> None:  # fmt: skip
    """Transforms of any number of numbers, by the definition; `turn` is where the table has a turn's part of them."""
    for each in range(radix):
        place = each * width
        for lane in range(width):
            out_real[place + lane] = real[lane]
            out_imaginary[place + lane] = imaginary[lane]
        for other in range(1, radix):
            angle, source = each * other % radix * turn, other * gap
            cosine, sine = cosines[angle], sines[angle]
            for lane in range(width):
                one, two = real[source + lane], imaginary[source + lane]
                out_real[place + lane] += one * cosine + two * sine
                out_imaginary[place + lane] += two * cosine - one * sine
        if step and each:
            cosine, sine = cosines[each * step], sines[each * step]
            for lane in range(width):
                one, two = out_real[place + lane], out_imaginary[place + lane]
                out_real[place + lane] = one * cosine + two * sine
                out_imaginary[place + lane] = two * cosine - one * sine


@subroutine(types.void)
def _first_place(
    real: Any, imaginary: Any, radix: int, gap: int, out_real: Any, out_imaginary: Any, width: int
) -> None:
    """Transforms of one stage that are not rotated, by a formula."""
    if radix == 4:
        _four(real, imaginary, gap, out_real, out_imaginary, width, real, real, 0)
    elif radix == 2:
        _two(real, imaginary, gap, out_real, out_imaginary, width, real, real, 0)
    elif radix == 3:
        _three(real, imaginary, gap, out_real, out_imaginary, width, real, real, 0)
    else:
        _five(real, imaginary, gap, out_real, out_imaginary, width, real, real, 0)


@subroutine(types.void)
def _other_place(
    real: Any, imaginary: Any, radix: int, gap: int, out_real: Any, out_imaginary: Any, width: int, cosines: Any,
    sines: Any, step: int,
) -> None:  # fmt: skip
    """Transforms of one stage that are rotated by the same angles, by a formula."""
    if radix == 4:
        _four_rotated(real, imaginary, gap, out_real, out_imaginary, width, cosines, sines, step)
    elif radix == 2:
        _two_rotated(real, imaginary, gap, out_real, out_imaginary, width, cosines, sines, step)
    elif radix == 3:
        _three_rotated(real, imaginary, gap, out_real, out_imaginary, width, cosines, sines, step)
    else:
        _five_rotated(real, imaginary, gap, out_real, out_imaginary, width, cosines, sines, step)


@subroutine(types.int64)
def part_room(length: int, lanes: int) -> int:
    """Numbers from the real parts of columns to the imaginary parts, and from those on."""
    return (length + SKEW) * lanes


@subroutine(types.int64)
def transform_lanes(
    source_real: Any, source_imaginary: Any, work: Any, length: int, lanes: int, radices: Any, stages: int,
    cosines: Any, sines: Any,
) -> int:  # fmt: skip
    """Transform columns of shape (length, lanes); returns where in `work` the real parts are, before the others.

    `work` has room for four such parts, `part_room` each. The source may be its second half.
    """
    size = part_room(length, lanes)
    rest, width = length, lanes
    # Without a stage, a transform of one number is that number.
    for lane in range(0 if stages else length * lanes):
        work[lane] = source_real[lane]
        work[size + lane] = source_imaginary[lane]
    target = 0
    for stage in range(stages):
        radix = radices[stage]
        rest //= radix
        target = stage % 2 * 2 * size
        real, imaginary = source_real, source_imaginary
        if stage:
            real, imaginary = offset_pointer(work, 2 * size - target), offset_pointer(work, 3 * size - target)
        for place in range(rest):
            source, out, step = place * width, target + radix * place * width, place * (length // (rest * radix))
            one, two = offset_pointer(real, source), offset_pointer(imaginary, source)
            out_one, out_two = offset_pointer(work, out), offset_pointer(work, size + out)
            if radix > 5:
                turn = length // radix
                _any_radix(one, two, radix, rest * width, out_one, out_two, width, cosines, sines, step, turn)
            elif step:
                _other_place(one, two, radix, rest * width, out_one, out_two, width, cosines, sines, step)
            else:
                _first_place(one, two, radix, rest * width, out_one, out_two, width)
        width *= radix
    return target
