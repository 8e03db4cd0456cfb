"""Vector instructions that numba has no words for, written as LLVM's own, on any processor.

Each works on one group of numbers at once: 8 of float64, 16 of float32. LLVM splits a group over the registers
that a processor has: one of AVX-512, two of AVX2, four of NEON. All of them read and write through pointers, at an
index, unaligned; none checks a bound.
"""

from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from mvn_dask.compiled.language import address, constant, formats, order

LANES = 8
"""Streams that are stepped at once."""

_I8, _I32, _I64 = (ir.IntType(bits) for bits in (8, 32, 64))


def _all(kind: ir.Type, count: int, value: float) -> ir.Constant:
    return ir.Constant(ir.VectorType(kind, count), [value] * count)


@intrinsic
def step_lanes(_: Any, state: Any, words: Any, stride: Any, groups: Any) -> Any:
    """Draw ``8 * groups`` words of each of `LANES` SFC64 streams, to ``words[lane * stride]`` and on.

    `state` holds a, b, c and the counter, each for all lanes. Eight steps are made with the streams side by side
    in a register, then the 8 × 8 words are transposed, so that those of one stream lie together.
    """
    signature = types.void(state, words, types.int64, types.int64)

    def generate(context: Any, builder: Any, _: Any, args: Any) -> ir.Value:
        form = ir.VectorType(_I64, LANES)
        places = [address(builder, args[0], constant(LANES * row), form) for row in range(4)]
        slots = [cgutils.alloca_once(builder, form) for _ in places]
        for place, slot in zip(places, slots, strict=True):
            builder.store(builder.load(place, align=8), slot)
        with cgutils.for_range(builder, args[3]) as loop:
            state = [builder.load(slot) for slot in slots]
            rows = [_sfc64(builder, state) for _ in range(LANES)]
            for value, slot in zip(state, slots, strict=True):
                builder.store(value, slot)
            _transpose(builder, rows)
            for lane, row in enumerate(rows):
                index = builder.add(builder.mul(args[2], constant(lane)), builder.mul(loop.index, constant(LANES)))
                builder.store(row, address(builder, args[1], index, form), align=8)
        for place, slot in zip(places, slots, strict=True):
            builder.store(builder.load(slot), place, align=8)
        return context.get_dummy_value()

    return signature, generate


def _sfc64(builder: Any, state: list[ir.Value]) -> ir.Value:
    """One step of SFC64 in all lanes; the state is changed, the words come back."""
    a, b, c, counter = state

    def number(value: int) -> ir.Constant:
        return _all(_I64, LANES, value)

    word = builder.add(builder.add(a, b), counter)
    rotated = builder.or_(builder.shl(c, number(24)), builder.lshr(c, number(40)))
    state[:] = [
        builder.xor(b, builder.lshr(b, number(11))),
        builder.add(c, builder.shl(c, number(3))),
        builder.add(rotated, word),
        builder.add(counter, number(1)),
    ]
    return word


def _transpose(builder: Any, rows: list[ir.Value]) -> None:
    """Swap rows and lanes, by halves, quarters and eighths."""
    for half in (4, 2, 1):
        low = order(lane + LANES - half if lane & half else lane for lane in range(LANES))
        high = order(lane + LANES if lane & half else lane + half for lane in range(LANES))
        for i in (i for i in range(LANES) if not i & half):
            pair = rows[i], rows[i + half]
            rows[i], rows[i + half] = builder.shuffle_vector(*pair, low), builder.shuffle_vector(*pair, high)


@intrinsic
def try_group(_: Any, words: Any, word: Any, table: Any, out: Any, index: Any) -> Any:
    """Take each word of a group for a normal, to ``out[index]`` and on; the bits of those that it is not.

    `table` holds the width and the limit of every layer of the ziggurat, side by side.
    """
    signature = types.int64(words, types.int64, table, out, types.int64)

    def generate(context: Any, builder: Any, _: Any, args: Any) -> ir.Value:
        integer, real, count = formats(out)
        bits, fraction = integer.width, 52 if integer.width == 64 else 23
        integers, reals = ir.VectorType(integer, count), ir.VectorType(real, count)

        def number(value: int) -> ir.Constant:
            return _all(integer, count, value)

        first = address(builder, args[0], args[1], integer)
        group = builder.load(builder.bitcast(first, integers.as_pointer()), align=bits // 8)
        pairs = []
        for lane in range(count):
            # Read again from memory: cheaper than to take a vector apart.
            layer = builder.zext(builder.trunc(builder.load(builder.gep(first, [constant(lane)])), _I8), _I64)
            form = ir.VectorType(integer, 2)
            entry = address(builder, args[2], builder.shl(layer, constant(1)), form)
            pairs.append(builder.load(entry, align=bits // 8))
        while len(pairs) > 2:
            joined = order(range(2 * pairs[0].type.count))
            pairs = [builder.shuffle_vector(*two, joined) for two in zip(pairs[::2], pairs[1::2], strict=True)]
        width = builder.bitcast(builder.shuffle_vector(*pairs, order(range(0, 2 * count, 2))), reals)
        limit = builder.shuffle_vector(*pairs, order(range(1, 2 * count, 2)))
        magnitude = builder.and_(builder.lshr(group, number(9)), number(2**fraction - 1))
        # The bits of 2**fraction + magnitude: an exact conversion on every processor.
        exponent = number((0x433 << 52) if bits == 64 else (0x96 << 23))
        offset = builder.bitcast(builder.or_(magnitude, exponent), reals)
        x = builder.fmul(builder.fsub(offset, _all(real, count, 2.0**fraction)), width)
        sign = builder.and_(builder.shl(group, number(bits - 9)), number(1 << (bits - 1)))
        signed = builder.bitcast(builder.xor(builder.bitcast(x, integers), sign), reals)
        builder.store(signed, address(builder, args[3], args[4], reals), align=bits // 8)
        rejected = builder.icmp_signed(">=", magnitude, limit)
        return builder.zext(builder.bitcast(rejected, ir.IntType(count)), _I64)

    return signature, generate


@intrinsic
def copy_group(_: Any, source: Any, start: Any, out: Any, index: Any) -> Any:
    """Copy a group from ``source[start]`` to ``out[index]``."""
    signature = types.void(source, types.int64, out, types.int64)

    def generate(context: Any, builder: Any, _: Any, args: Any) -> ir.Value:
        _, real, count = formats(out)
        form = ir.VectorType(real, count)
        align = 64 // count
        group = builder.load(address(builder, args[0], args[1], form), align=align)
        builder.store(group, address(builder, args[2], args[3], form), align=align)
        return context.get_dummy_value()

    return signature, generate


@intrinsic
def fetch_ahead(_: Any, out: Any, index: Any, count: Any) -> Any:
    """Fetch the memory behind ``out[index]`` that so many numbers take, to be written soon."""

    def generate(context: Any, builder: Any, sig: Any, args: Any) -> ir.Value:
        kinds = [ir.PointerType(), _I32, _I32, _I32]
        prefetch = cgutils.get_or_insert_function(
            builder.module, ir.FunctionType(ir.VoidType(), kinds), "llvm.prefetch.p0"
        )
        line = 64 * 8 // formats(sig.args[0])[0].width
        with cgutils.for_range(builder, builder.udiv(args[2], constant(line))) as loop:
            place = builder.gep(args[0], [builder.add(args[1], builder.mul(loop.index, constant(line)))])
            builder.call(prefetch, [place, *(ir.Constant(_I32, value) for value in (1, 3, 1))])
        return context.get_dummy_value()

    return types.void(out, types.int64, types.int64), generate


@intrinsic
def scale_group(_: Any, out: Any, index: Any, scale: Any, shift: Any, column: Any) -> Any:
    """Multiply a group in place by ``scale[column]`` and on, then add ``shift[column]`` and on."""
    signature = types.void(out, types.int64, scale, shift, types.int64)

    def generate(context: Any, builder: Any, _: Any, args: Any) -> ir.Value:
        _, real, count = formats(out)
        form, align = ir.VectorType(real, count), 64 // count
        place = address(builder, args[0], args[1], form)
        factors, terms = (builder.load(address(builder, args[which], args[4], form), align=align) for which in (2, 3))
        product = builder.fmul(builder.load(place, align=align), factors)
        builder.store(builder.fadd(product, terms), place, align=align)
        return context.get_dummy_value()

    return signature, generate


@intrinsic
def first_bit(_: Any, bits: Any) -> Any:
    """Number of the lowest bit that is set; there is one."""

    def generate(_: Any, builder: Any, __: Any, args: Any) -> ir.Value:
        return builder.cttz(args[0], ir.Constant(ir.IntType(1), 1))

    return types.int64(types.int64), generate
