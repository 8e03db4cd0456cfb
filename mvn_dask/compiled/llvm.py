"""Types, constants and vector operations of LLVM's intermediate representation, for the intrinsics of this folder.

Input: values of an llvmlite IR builder. Output: such values. Cost: the instructions that they stand for.
"""

from collections.abc import Iterable
from typing import Any

from llvmlite import ir
from numba import types

# LLVM splits a vector over the registers that a processor has: one of AVX-512, two of AVX2, four of NEON.
VECTOR_BYTES = 64
"""Size of every vector: 8 numbers of float64, 16 of float32."""
MAX_VECTOR_LENGTH = VECTOR_BYTES // 4
"""Numbers in a vector of the smaller precision."""

I8, I32, I64 = (ir.IntType(bits) for bits in (8, 32, 64))


def element_types(pointer: Any) -> tuple[ir.Type, ir.Type, int]:
    """Integer type and float type of the numbers at a numba pointer, and how many make a vector."""
    single = pointer.dtype in (types.float32, types.uint32)
    return (I32, ir.FloatType(), VECTOR_BYTES // 4) if single else (I64, ir.DoubleType(), VECTOR_BYTES // 8)


def int64(value: int) -> ir.Constant:
    """A constant of 64 bits."""
    return ir.Constant(I64, value)


def splat(element: ir.Type, count: int, value: float) -> ir.Constant:
    """A constant vector of equal elements."""
    return ir.Constant(ir.VectorType(element, count), [value] * count)


def shuffle_mask(lanes: Iterable[int]) -> ir.Constant:
    """Which lanes of two vectors, counted through both, a shuffle takes."""
    lanes = list(lanes)
    return ir.Constant(ir.VectorType(I32, len(lanes)), lanes)


def typed_address(builder: Any, pointer: ir.Value, index: ir.Value, kind: ir.Type) -> ir.Value:
    """Address of ``pointer[index]``, as a pointer to another type."""
    return builder.bitcast(builder.gep(pointer, [index]), kind.as_pointer())


def broadcast(builder: Any, scalar: ir.Value, kind: ir.VectorType) -> ir.Value:
    """A number in every lane of a vector."""
    undefined = ir.Constant(kind, ir.Undefined)
    # The form that LLVM recognises as one broadcasting load.
    first = builder.insert_element(undefined, scalar, ir.Constant(I32, 0))
    return builder.shuffle_vector(first, undefined, shuffle_mask([0] * kind.count))
