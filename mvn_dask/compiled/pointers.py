"""Plain pointers for compiled code: made of arrays, moved, and taken for another type.

Input: numpy arrays or addresses. Output: pointers, indexed as arrays are. Cost: none: numba's arrays count references
at every call and may check bounds, which takes longer than drawing a normal; a pointer does neither. Therefore the
caller keeps the array alive, and sizes are checked before compiled code is entered.
"""

from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from mvn_dask.compiled.llvm import element_types, int64


@intrinsic
def pointer_to(_: Any, array: Any, index: Any) -> Any:
    """A pointer to an array's element."""

    def generate(context: Any, builder: Any, sig: Any, args: Any) -> ir.Value:
        start = context.make_array(sig.args[0])(context, builder, args[0]).data
        return builder.gep(start, [args[1]])

    return types.CPointer(array.dtype)(array, types.int64), generate


@intrinsic
def pointers_to(_: Any, array: Any, size: Any) -> Any:
    """Four pointers into an array, `size` elements apart."""

    def generate(context: Any, builder: Any, sig: Any, args: Any) -> ir.Value:
        start = context.make_array(sig.args[0])(context, builder, args[0]).data
        pointers = [builder.gep(start, [builder.mul(args[1], int64(which))]) for which in range(4)]
        return context.make_tuple(builder, sig.return_type, pointers)

    return types.UniTuple(types.CPointer(array.dtype), 4)(array, types.int64), generate


@intrinsic
def pointer_from_address(_: Any, address: Any, like: Any) -> Any:
    """A pointer to an address, of the type of another pointer."""
    # numba types an array by whether it may be written, and a pointer only by what it points to.

    def generate(context: Any, builder: Any, sig: Any, args: Any) -> ir.Value:
        return builder.inttoptr(args[0], context.get_value_type(sig.return_type))

    return like(types.int64, like), generate


@intrinsic
def offset_pointer(_: Any, pointer: Any, index: Any) -> Any:
    """A pointer to ``pointer[index]``."""

    def generate(_: Any, builder: Any, __: Any, args: Any) -> ir.Value:
        return builder.gep(args[0], [args[1]])

    return pointer(pointer, types.int64), generate


@intrinsic
def as_words(_: Any, steps: Any, out: Any) -> Any:
    """A pointer to steps of SFC64, 64 bits each, as one to the words that numbers of the precision of `out` take."""
    # Two words a step for float32: numpy takes the low half first, as a little-endian processor reads it.
    word = types.uint32 if out.dtype == types.float32 else types.uint64

    def generate(context: Any, builder: Any, sig: Any, args: Any) -> ir.Value:
        return builder.bitcast(args[0], context.get_value_type(sig.return_type))

    return types.CPointer(word)(steps, out), generate


@intrinsic
def vector_length(_: Any, pointer: Any) -> Any:
    """Numbers in a vector, as a constant."""

    def generate(_: Any, __: Any, sig: Any, ___: Any) -> ir.Value:
        # Not a run-time number: LLVM turns divisions by it into shifts.
        return int64(element_types(sig.args[0])[2])

    return types.int64(pointer), generate
