"""Numba intrinsics that work on vectors: generating words, trying, copying, scaling; and conversions of one word.

Input: pointers and indices. Output: mostly numbers in memory. Cost: a few processor instructions each. Vectors are
read and written unaligned, and no bound is checked. They are written in LLVM's own instructions, since numba cannot
be made to use vectors: that took a normal from 3.3 to 1.3 ns, and runs on any processor that LLVM knows.
"""

from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from mvn_dask.compiled.llvm import (
    I8,
    I32,
    I64,
    VECTOR_BYTES,
    element_types,
    int64,
    shuffle_mask,
    splat,
    typed_address,
)

LANES = VECTOR_BYTES // 8
"""Streams that are stepped at once: one in each lane of a vector of 64-bit words."""


@intrinsic
def step_lanes(_: Any, state: Any, words: Any, stride: Any, vectors: Any) -> Any:
    """Generate ``LANES * vectors`` words of each of `LANES` SFC64 streams, to ``words[lane * stride]`` and on.

    `state` holds a, b, c and the counter, each for all lanes.
    """
    signature = types.void(state, words, types.int64, types.int64)

    def generate(context: Any, builder: Any, _: Any, args: Any) -> ir.Value:
        kind = ir.VectorType(I64, LANES)
        addresses = [typed_address(builder, args[0], int64(LANES * row), kind) for row in range(4)]
        # Slots on the stack, which LLVM turns into registers: simpler than a phi node for each.
        slots = [cgutils.alloca_once(builder, kind) for _ in addresses]
        for address, slot in zip(addresses, slots, strict=True):
            # numpy aligns memory to its elements only, so every vector is loaded and stored as unaligned.
            builder.store(builder.load(address, align=8), slot)
        with cgutils.for_range(builder, args[3]) as loop:
            # A step of SFC64 needs the step before it. Streams do not need each other, so eight fill a register.
            state = [builder.load(slot) for slot in slots]
            rows = [_sfc64_step(builder, state) for _ in range(LANES)]
            for value, slot in zip(state, slots, strict=True):
                builder.store(value, slot)
            # Eight words of eight streams, transposed in registers: those of one stream lie together, in numpy's
            # order, so that the ziggurat can try a vector of them at once and the bits are numpy's.
            _transpose(builder, rows)
            for lane, row in enumerate(rows):
                index = builder.add(builder.mul(args[2], int64(lane)), builder.mul(loop.index, int64(LANES)))
                builder.store(row, typed_address(builder, args[1], index, kind), align=8)
        for address, slot in zip(addresses, slots, strict=True):
            builder.store(builder.load(slot), address, align=8)
        return context.get_dummy_value()

    return signature, generate


def _sfc64_step(builder: Any, state: list[ir.Value]) -> ir.Value:
    """One step of SFC64 in all lanes: `state` is replaced, the words are returned."""
    a, b, c, counter = state

    def constant(value: int) -> ir.Constant:
        return splat(I64, LANES, value)

    word = builder.add(builder.add(a, b), counter)
    rotated = builder.or_(builder.shl(c, constant(24)), builder.lshr(c, constant(40)))
    state[:] = [
        builder.xor(b, builder.lshr(b, constant(11))),
        builder.add(c, builder.shl(c, constant(3))),
        builder.add(rotated, word),
        builder.add(counter, constant(1)),
    ]
    return word


def _transpose(builder: Any, rows: list[ir.Value]) -> None:
    """Transpose a square of words in place, by halves, quarters and eighths."""
    for half in (4, 2, 1):
        # Of every square of 2 * half words, the upper right quarter changes places with the lower left.
        low = shuffle_mask(lane + LANES - half if lane & half else lane for lane in range(LANES))
        high = shuffle_mask(lane + LANES if lane & half else lane + half for lane in range(LANES))
        for i in (i for i in range(LANES) if not i & half):
            pair = rows[i], rows[i + half]
            rows[i], rows[i + half] = builder.shuffle_vector(*pair, low), builder.shuffle_vector(*pair, high)


@intrinsic
def try_vector(_: Any, words: Any, index: Any, layers: Any, out: Any, position: Any) -> Any:
    """Turn a vector of words into normals as if all were accepted, at ``out[position]`` and on.

    `layers` holds the width and the limit of every layer of the ziggurat, side by side. Returns a bit mask of the
    words that are rejected: whose magnitude is not below the limit of their layer.
    """
    signature = types.int64(words, types.int64, layers, out, types.int64)

    def generate(context: Any, builder: Any, _: Any, args: Any) -> ir.Value:
        integer, real, count = element_types(out)
        bits, fraction = integer.width, 52 if integer.width == 64 else 23
        integers, reals = ir.VectorType(integer, count), ir.VectorType(real, count)

        def constant(value: int) -> ir.Constant:
            return splat(integer, count, value)

        first = typed_address(builder, args[0], args[1], integer)
        vector = builder.load(builder.bitcast(first, integers.as_pointer()), align=bits // 8)
        entries = _look_up(builder, first, args[2], ir.VectorType(integer, 2), count)
        width = builder.bitcast(builder.shuffle_vector(*entries, shuffle_mask(range(0, 2 * count, 2))), reals)
        limit = builder.shuffle_vector(*entries, shuffle_mask(range(1, 2 * count, 2)))
        # numpy's layout of a word: 8 bits of layer, 1 of sign, then the magnitude.
        magnitude = builder.and_(builder.lshr(vector, constant(9)), constant(2**fraction - 1))
        # Put under the exponent of 2**fraction, a magnitude is the number 2**fraction + magnitude. That conversion is
        # exact on every processor; x86 has an instruction for 64-bit integers since AVX-512 only.
        exponent = constant((0x433 << 52) if bits == 64 else (0x96 << 23))
        shifted = builder.bitcast(builder.or_(magnitude, exponent), reals)
        x = builder.fmul(builder.fsub(shifted, splat(real, count, 2.0**fraction)), width)
        sign = builder.and_(builder.shl(vector, constant(bits - 9)), constant(1 << (bits - 1)))
        signed = builder.bitcast(builder.xor(builder.bitcast(x, integers), sign), reals)
        builder.store(signed, typed_address(builder, args[3], args[4], reals), align=bits // 8)
        rejected = builder.icmp_signed(">=", magnitude, limit)
        return builder.zext(builder.bitcast(rejected, ir.IntType(count)), I64)

    return signature, generate


def _look_up(builder: Any, words: ir.Value, layers: ir.Value, pair: ir.VectorType, count: int) -> list[ir.Value]:
    """Width and limit of the layers of `count` words, side by side, in two vectors."""
    entries = []
    for lane in range(count):
        # Each word is read again from memory, in the first cache: cheaper than to take a vector apart.
        word = builder.load(builder.gep(words, [int64(lane)]))
        layer = builder.zext(builder.trunc(word, I8), I64)
        # One load for both, instead of a gather for each.
        address = typed_address(builder, layers, builder.shl(layer, int64(1)), pair)
        entries.append(builder.load(address, align=pair.element.width // 8))
    while len(entries) > 2:
        both = shuffle_mask(range(2 * entries[0].type.count))
        entries = [builder.shuffle_vector(*two, both) for two in zip(entries[::2], entries[1::2], strict=True)]
    return entries


@intrinsic
def copy_vector(_: Any, source: Any, start: Any, out: Any, index: Any) -> Any:
    """Copy a vector from ``source[start]`` to ``out[index]``."""
    signature = types.void(source, types.int64, out, types.int64)

    def generate(context: Any, builder: Any, _: Any, args: Any) -> ir.Value:
        _, real, count = element_types(out)
        kind, align = ir.VectorType(real, count), VECTOR_BYTES // count
        vector = builder.load(typed_address(builder, args[0], args[1], kind), align=align)
        builder.store(vector, typed_address(builder, args[2], args[3], kind), align=align)
        return context.get_dummy_value()

    return signature, generate


@intrinsic
def scale_vector(_: Any, out: Any, index: Any, scale: Any, shift: Any, column: Any) -> Any:
    """Multiply a vector in place by ``scale[column]`` and on, then add ``shift[column]`` and on."""
    signature = types.void(out, types.int64, scale, shift, types.int64)

    def generate(context: Any, builder: Any, _: Any, args: Any) -> ir.Value:
        _, real, count = element_types(out)
        kind, align = ir.VectorType(real, count), VECTOR_BYTES // count
        address = typed_address(builder, args[0], args[1], kind)
        factors, terms = (
            builder.load(typed_address(builder, args[which], args[4], kind), align=align) for which in (2, 3)
        )
        # Not fused, as in `matrix_product`: numpy's path rounds the product as well.
        product = builder.fmul(builder.load(address, align=align), factors)
        builder.store(builder.fadd(product, terms), address, align=align)
        return context.get_dummy_value()

    return signature, generate


@intrinsic
def prefetch(_: Any, out: Any, index: Any, count: Any) -> Any:
    """Fetch the memory of `count` numbers from ``out[index]`` on into the cache, since it is written soon."""

    def generate(context: Any, builder: Any, sig: Any, args: Any) -> ir.Value:
        kinds = [ir.PointerType(), I32, I32, I32]
        function = cgutils.get_or_insert_function(
            builder.module, ir.FunctionType(ir.VoidType(), kinds), "llvm.prefetch.p0"
        )
        line = 64 * 8 // element_types(sig.args[0])[0].width
        # LLVM's arguments: 1 for a write, locality 3 of 0 to 3, 1 for the data cache.
        hints = [ir.Constant(I32, value) for value in (1, 3, 1)]
        with cgutils.for_range(builder, builder.udiv(args[2], int64(line))) as loop:
            address = builder.gep(args[0], [builder.add(args[1], builder.mul(loop.index, int64(line)))])
            builder.call(function, [address, *hints])
        return context.get_dummy_value()

    return types.void(out, types.int64, types.int64), generate


@intrinsic
def lowest_bit(_: Any, bits: Any) -> Any:
    """Index of the lowest bit that is set; at least one must be."""

    def generate(_: Any, builder: Any, __: Any, args: Any) -> ir.Value:
        return builder.cttz(args[0], ir.Constant(ir.IntType(1), 1))

    return types.int64(types.int64), generate


def real_type(words: Any) -> Any:
    """Numba's type of the numbers that a pointer's words are made into."""
    return types.float32 if words.dtype == types.uint32 else types.float64


@intrinsic
def uniform(_: Any, words: Any, index: Any) -> Any:
    """A word as numpy's uniform number in [0, 1): its upper 53 bits, or 24."""
    real = real_type(words)
    shift, bits = (8, 24) if real == types.float32 else (11, 53)

    def generate(context: Any, builder: Any, sig: Any, args: Any) -> ir.Value:
        word = builder.load(builder.gep(args[0], [args[1]]))
        kind = context.get_value_type(sig.return_type)
        upper = builder.lshr(word, ir.Constant(word.type, shift))
        return builder.fmul(builder.uitofp(upper, kind), ir.Constant(kind, 2.0**-bits))

    return real(words, types.int64), generate


@intrinsic
def as_real(_: Any, words: Any, integer: Any) -> Any:
    """An integer as a number of the precision that a pointer to words stands for."""

    def generate(context: Any, builder: Any, sig: Any, args: Any) -> ir.Value:
        return builder.sitofp(args[1], context.get_value_type(sig.return_type))

    return real_type(words)(words, types.int64), generate
