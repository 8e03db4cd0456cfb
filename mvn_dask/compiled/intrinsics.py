"""Instructions on pointers and vectors: generating words, trying, copying, scaling; conversions of one word.

Input: numpy arrays, pointers and indices. Output: pointers, or numbers in memory. Cost: a few processor instructions
each. numba's arrays count references at every call and may check bounds, which takes longer than drawing a normal; a
pointer does neither. Therefore callers keep arrays alive, and sizes are checked before compiled code is entered.
Vectors took a normal from 3.3 to 1.3 ns, and run on any processor that LLVM knows.
"""

from functools import partial
from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils

from mvn_dask.compiled import llvm
from mvn_dask.compiled.llvm import I8, I32, I64, LANES, instruction


@instruction(lambda array, _: types.CPointer(array.dtype))
def pointer_to(context: Any, builder: Any, sig: Any, array: Any, index: Any) -> ir.Value:
    """A pointer to an array's element."""
    return builder.gep(context.make_array(sig.args[0])(context, builder, array).data, [index])


@instruction(lambda _, like: like)
def pointer_at(context: Any, builder: Any, sig: Any, address: Any, like: Any) -> ir.Value:
    """An address as a pointer of the same type as another."""
    return builder.inttoptr(address, like.type)


@instruction(lambda pointer, _: pointer)
def offset_pointer(context: Any, builder: Any, sig: Any, pointer: Any, index: Any) -> ir.Value:
    """A pointer to ``pointer[index]``."""
    return builder.gep(pointer, [index])


@instruction(lambda _, out: types.CPointer(types.uint32 if out.dtype == types.float32 else types.uint64))
def as_words(context: Any, builder: Any, sig: Any, steps: Any, out: Any) -> ir.Value:
    """A pointer to steps of SFC64, 64 bits each, as one to the words that numbers of the precision of `out` take."""
    # Two words a step for float32: numpy takes the low half first, as a little-endian processor reads it.
    return builder.bitcast(steps, context.get_value_type(sig.return_type))


@instruction(types.int64)
def vector_length(context: Any, builder: Any, sig: Any, pointer: Any) -> ir.Value:
    """Numbers in a vector, as a constant."""
    # Not a run-time number: LLVM turns divisions by it into shifts.
    return I64(llvm.vector_type(sig.args[0]).count)


@instruction(types.void)
def step_stream(context: Any, builder: Any, sig: Any, state: Any, steps: Any, index: Any, count: Any) -> None:
    """Step one of `LANES` streams, whose a stands at `state`, `count` times, to ``steps[index]`` and on."""
    slots = _load_state(builder, state)
    with cgutils.for_range(builder, count) as loop:
        _step_slots(builder, slots, steps, builder.add(index, loop.index))
    _store_state(builder, slots, state)


def _load_state(builder: Any, state: Any) -> list[ir.Value]:
    """a, b, c and the counter of one of `LANES` streams, on the stack: LLVM keeps them in registers."""
    return [
        cgutils.alloca_once_value(builder, builder.load(builder.gep(state, [I64(LANES * row)]))) for row in range(4)
    ]


def _store_state(builder: Any, slots: list[ir.Value], state: Any) -> None:
    for row, slot in enumerate(slots):
        builder.store(builder.load(slot), builder.gep(state, [I64(LANES * row)]))


def _step_slots(builder: Any, slots: list[ir.Value], steps: Any, index: Any) -> None:
    """Step a stream once, to ``steps[index]``."""
    values = [builder.load(slot) for slot in slots]
    builder.store(_sfc64_step(builder, values), builder.gep(steps, [index]))
    for value, slot in zip(values, slots, strict=True):
        builder.store(value, slot)


@instruction(types.void)
def step_lanes(context: Any, builder: Any, sig: Any, state: Any, words: Any, stride: Any, vectors: Any) -> None:
    """Generate ``LANES * vectors`` words of each of `LANES` SFC64 streams, to ``words[lane * stride]`` and on.

    `state` holds a, b, c and the counter, each for all lanes.
    """
    kind = ir.VectorType(I64, LANES)
    # Slots on the stack, which LLVM turns into registers: simpler than a phi node for each.
    slots = [cgutils.alloca_once(builder, kind) for _ in range(4)]
    for row, slot in enumerate(slots):
        builder.store(llvm.load_vector(builder, state, LANES * row, kind), slot)
    with cgutils.for_range(builder, vectors) as loop:
        # A step of SFC64 needs the step before it. Streams do not need each other, so eight fill a register.
        values = [builder.load(slot) for slot in slots]
        rows = [_sfc64_step(builder, values) for _ in range(LANES)]
        for value, slot in zip(values, slots, strict=True):
            builder.store(value, slot)
        # Eight words of eight streams, transposed in registers: those of one stream lie together, in numpy's
        # order, so that the ziggurat can try a vector of them at once and the bits are numpy's.
        _transpose(builder, rows)
        for lane, row in enumerate(rows):
            index = builder.add(builder.mul(stride, I64(lane)), builder.mul(loop.index, I64(LANES)))
            llvm.store_vector(builder, row, words, index)
    for row, slot in enumerate(slots):
        llvm.store_vector(builder, builder.load(slot), state, LANES * row)


def _sfc64_step(builder: Any, state: list[ir.Value]) -> ir.Value:
    """One step of SFC64, of one stream or in all lanes: `state` is replaced, the words are returned."""
    a, b, c, counter = state
    constant = partial(llvm.splat, c.type) if isinstance(c.type, ir.VectorType) else c.type
    word = builder.add(builder.add(a, b), counter)
    rotated = builder.or_(builder.shl(c, constant(24)), builder.lshr(c, constant(40)))
    state[0] = builder.xor(b, builder.lshr(b, constant(11)))
    state[1] = builder.add(c, builder.shl(c, constant(3)))
    state[2:] = builder.add(rotated, word), builder.add(counter, constant(1))
    return word


def _transpose(builder: Any, rows: list[ir.Value]) -> None:
    """Transpose a square of words in place, by halves, quarters and eighths."""
    for half in (4, 2, 1):
        # Of every square of 2 * half words, the upper right quarter changes places with the lower left.
        low = [lane + LANES - half if lane & half else lane for lane in range(LANES)]
        high = [lane + LANES if lane & half else lane + half for lane in range(LANES)]
        for i in (i for i in range(LANES) if not i & half):
            pair = rows[i], rows[i + half]
            rows[i], rows[i + half] = llvm.shuffle(builder, *pair, low), llvm.shuffle(builder, *pair, high)


@instruction(types.int64)
def try_words(
    context: Any, builder: Any, sig: Any, words: Any, count: Any, layers: Any, candidates: Any, vectors: Any,
    surplus: Any, state: Any, steps: Any, ahead: Any,
) -> ir.Value:  # fmt: skip
    """Turn words into normals as if all were accepted, whole vectors of them, `count` words or a few more.

    `layers` holds the width and the limit of every layer of the ziggurat, side by side. Returns how many vectors hold
    words that are rejected: whose magnitude is not below the limit of their layer. `vectors` gets the first word of
    each, and in the upper 32 bits a mask of those that are rejected; `surplus` gets zero for every vector.

    Unless `ahead` is negative, the stream whose a stands at `state` is stepped meanwhile, to ``steps[ahead]`` and on,
    as many times as its words have used up. A step waits for the one before it, and the processor tries words while
    it waits.
    """
    integers, reals = llvm.vector_type(sig.args[0]), llvm.vector_type(sig.args[3])
    length = I64(reals.count)
    hits = cgutils.alloca_once_value(builder, I64(0))

    def try_all(slots: list[ir.Value]) -> None:
        tried = builder.sdiv(builder.add(count, I64(reals.count - 1)), length)
        with cgutils.for_range(builder, tried) as loop:
            if slots:
                # A loop whose length LLVM does not know: else it unrolls it, and multiplies sums of several steps out.
                begin = builder.add(ahead, builder.mul(loop.index, I64(LANES)))
                with cgutils.for_range(builder, builder.add(begin, I64(LANES)), begin) as inner:
                    _step_slots(builder, slots, steps, inner.index)
            start = builder.mul(loop.index, length)
            rejected = _try_vector(
                builder, builder.gep(words, [start]), layers, builder.gep(candidates, [start]), integers, reals
            )
            builder.store(I64(0), builder.gep(surplus, [loop.index]))
            # Written always, and kept where there is a hit. One vector in nine has one, or in five for float32, in no
            # pattern: a branch that a processor cannot predict costs as much as ten normals.
            hit = builder.load(hits)
            builder.store(builder.or_(builder.shl(rejected, I64(32)), start), builder.gep(vectors, [hit]))
            is_hit = builder.zext(builder.icmp_signed("!=", rejected, I64(0)), I64)
            builder.store(builder.add(hit, is_hit), hits)

    with builder.if_else(builder.icmp_signed(">=", ahead, I64(0))) as (stepping, resting):
        with stepping:
            slots = _load_state(builder, state)
            try_all(slots)
            _store_state(builder, slots, state)
        with resting:
            try_all([])
    return builder.load(hits)


def _try_vector(
    builder: Any, words: Any, layers: Any, candidates: Any, integers: ir.VectorType, reals: ir.VectorType
) -> ir.Value:
    """Try one vector of words; a bit mask of those that are rejected."""
    bits, count = integers.element.width, integers.count
    fraction, constant = 52 if bits == 64 else 23, partial(llvm.splat, integers)
    vector = llvm.load_vector(builder, words, 0, integers)
    one, other = _look_up(builder, words, layers, integers)
    width = builder.bitcast(llvm.shuffle(builder, one, other, range(0, 2 * count, 2)), reals)
    limit = llvm.shuffle(builder, one, other, range(1, 2 * count, 2))
    # numpy's layout of a word: 8 bits of layer, 1 of sign, then the magnitude.
    magnitude = builder.and_(builder.lshr(vector, constant(9)), constant(2**fraction - 1))
    # Put under the exponent of 2**fraction, a magnitude is the number 2**fraction + magnitude. That conversion is
    # exact on every processor; x86 has an instruction for 64-bit integers since AVX-512 only.
    exponent = constant((0x433 << 52) if bits == 64 else (0x96 << 23))
    shifted = builder.bitcast(builder.or_(magnitude, exponent), reals)
    x = builder.fmul(builder.fsub(shifted, llvm.splat(reals, 2.0**fraction)), width)
    sign = builder.and_(builder.shl(vector, constant(bits - 9)), constant(1 << (bits - 1)))
    signed = builder.bitcast(builder.xor(builder.bitcast(x, integers), sign), reals)
    llvm.store_vector(builder, signed, candidates, 0)
    rejected = builder.icmp_signed(">=", magnitude, limit)
    return builder.zext(builder.bitcast(rejected, ir.IntType(count)), I64)


def _look_up(builder: Any, words: ir.Value, layers: ir.Value, integers: ir.VectorType) -> list[ir.Value]:
    """Width and limit of the layers of a vector of words, side by side, in two vectors."""
    pair, entries = ir.VectorType(integers.element, 2), []
    for lane in range(integers.count):
        # Each word is read again from memory, in the first cache: cheaper than to take a vector apart.
        word = builder.load(builder.gep(words, [I64(lane)]))
        layer = builder.zext(builder.trunc(word, I8), I64)
        # One load for both, instead of a gather for each.
        entries.append(llvm.load_vector(builder, layers, builder.shl(layer, I64(1)), pair))
    while len(entries) > 2:
        both = range(2 * entries[0].type.count)
        entries = [llvm.shuffle(builder, *two, both) for two in zip(entries[::2], entries[1::2], strict=True)]
    return entries


@instruction(types.void)
def copy_vector(context: Any, builder: Any, sig: Any, source: Any, start: Any, out: Any, index: Any) -> None:
    """Copy a vector from ``source[start]`` to ``out[index]``."""
    llvm.store_vector(builder, llvm.load_vector(builder, source, start, llvm.vector_type(sig.args[0])), out, index)


@instruction(types.void)
def scale_vector(
    context: Any, builder: Any, sig: Any, out: Any, index: Any, scale: Any, shift: Any, column: Any
) -> None:
    """Multiply a vector in place by ``scale[column]`` and on, then add ``shift[column]`` and on."""
    kind = llvm.vector_type(sig.args[0])
    factors, terms = (llvm.load_vector(builder, pointer, column, kind) for pointer in (scale, shift))
    # Not fused, as in `matrix_product`: numpy's path rounds the product as well.
    product = builder.fmul(llvm.load_vector(builder, out, index, kind), factors)
    llvm.store_vector(builder, builder.fadd(product, terms), out, index)


@instruction(types.void)
def prefetch(context: Any, builder: Any, sig: Any, out: Any, index: Any, count: Any) -> None:
    """Fetch the memory of `count` numbers from ``out[index]`` on into the cache, since it is written soon."""
    kind = ir.FunctionType(ir.VoidType(), [ir.PointerType(), I32, I32, I32])
    function = cgutils.get_or_insert_function(builder.module, kind, "llvm.prefetch.p0")
    # A line of the cache is as long as a vector.
    line = I64(llvm.vector_type(sig.args[0]).count)
    with cgutils.for_range(builder, builder.udiv(count, line)) as loop:
        address = builder.gep(out, [builder.add(index, builder.mul(loop.index, line))])
        # LLVM's arguments: 1 for a write, locality 3 of 0 to 3, 1 for the data cache.
        builder.call(function, [address, I32(1), I32(3), I32(1)])


@instruction(types.int64)
def lowest_bit(context: Any, builder: Any, sig: Any, bits: Any) -> ir.Value:
    """Index of the lowest bit that is set; at least one must be."""
    return builder.cttz(bits, ir.IntType(1)(1))


def real_type(words: Any, *_: Any) -> Any:
    """Numba's type of the numbers that a pointer's words are made into."""
    return types.float32 if words.dtype == types.uint32 else types.float64


@instruction(real_type)
def uniform(context: Any, builder: Any, sig: Any, words: Any, index: Any) -> ir.Value:
    """A word as numpy's uniform number in [0, 1): its upper 53 bits, or 24."""
    shift, bits = (8, 24) if sig.return_type == types.float32 else (11, 53)
    word, kind = builder.load(builder.gep(words, [index])), context.get_value_type(sig.return_type)
    return builder.fmul(builder.uitofp(builder.lshr(word, word.type(shift)), kind), kind(2.0**-bits))


@instruction(real_type)
def as_real(context: Any, builder: Any, sig: Any, words: Any, integer: Any) -> ir.Value:
    """An integer as a number of the precision that a pointer to words stands for."""
    return builder.sitofp(integer, context.get_value_type(sig.return_type))
