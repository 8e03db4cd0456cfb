"""Standard normal quantiles in compiled code, operation by operation those of `mvn_dask.random.inverse_normal`.

Input: vectors of ``p - 0.5``. Output: vectors of quantiles, right where p is central, and the places where it is in a
tail; then the quantiles of those. Cost: a division and 35 other operations a number, for the 15 in 100 in a tail three
times as many. Nothing here depends on how wide the registers are: LLVM takes vectors apart.
"""

from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt
from llvmlite import ir
from numba import types
from numba.core import cgutils

from mvn_dask.compiled import llvm
from mvn_dask.compiled.llvm import I8, I64, LANES, instruction
from mvn_dask.random.inverse_normal import (
    ATANH,
    CENTRAL_DENOMINATOR,
    CENTRAL_LIMIT,
    CENTRAL_NUMERATOR,
    EXPONENT_BIAS,
    FAR_DENOMINATOR,
    FAR_NUMERATOR,
    FAR_ORIGIN,
    LOG_2,
    ONE_BITS,
    ROOT_HALF_BITS,
    TAIL_DENOMINATOR,
    TAIL_NUMERATOR,
    TAIL_ORIGIN,
)

REALS, INTEGERS = ir.VectorType(ir.DoubleType(), LANES), ir.VectorType(I64, LANES)
_INTEGER_REAL = 0x433 << 52
"""Bits of 2**52: an integer below that, put under them, is the number 2**52 + integer, on every processor."""


@cache
def set_bits() -> npt.NDArray[np.uint64]:
    """For every mask of `LANES` bits, which are set, from the lowest on: a byte each, in one word, shape (256,)."""
    found = np.zeros((2**LANES, LANES), np.uint8)
    for mask, places in enumerate(found):
        which = [bit for bit in range(LANES) if mask >> bit & 1]
        places[: len(which)] = which
    return found.view(np.uint64).ravel()


def constant(kind: ir.Type, value: float) -> ir.Constant:
    """A number, or a vector of equal ones."""
    return llvm.splat(kind, value) if isinstance(kind, ir.VectorType) else kind(value)


def integer_as_real(builder: Any, integers: ir.Value, less: float) -> ir.Value:
    """A vector of integers below 2**52 as numbers, less one that makes the difference exact."""
    under = builder.or_(integers, llvm.splat(INTEGERS, _INTEGER_REAL))
    return builder.fsub(builder.bitcast(under, REALS), llvm.splat(REALS, 2.0**52 + less))


def _polynomial(builder: Any, coefficients: Sequence[float], t: ir.Value) -> ir.Value:
    """`mvn_dask.random.inverse_normal.polynomial`."""
    terms = [constant(t.type, coefficient) for coefficient in coefficients]
    while len(terms) > 1:
        pairs, odd = zip(terms[::2], terms[1::2], strict=False), terms[len(terms) & ~1 :]
        # Not fused: numpy's path rounds the product as well.
        terms = [*(builder.fadd(low, builder.fmul(high, t)) for low, high in pairs), *odd]
        t = builder.fmul(t, t)
    return terms[0]


def central_quantiles(builder: Any, centered: ir.Value) -> tuple[ir.Value, ir.Value]:
    """Quantiles of a vector, and a mask, an integer, of those that are in a tail, and are others."""
    t = builder.fsub(llvm.splat(REALS, CENTRAL_LIMIT), builder.fmul(centered, centered))
    above = builder.fmul(centered, _polynomial(builder, CENTRAL_NUMERATOR, t))
    quantiles = builder.fdiv(above, _polynomial(builder, CENTRAL_DENOMINATOR, t))
    in_tail = builder.fcmp_ordered("<", t, llvm.splat(REALS, 0.0))
    return quantiles, builder.bitcast(in_tail, I8)


@instruction(types.void)
def tail_vector(context: Any, builder: Any, sig: Any, p: Any, roots: Any, index: Any) -> None:
    """Turn a vector ``p[index]`` of tail probabilities into quantiles, and roots of their logarithms, which are kept.

    Those beyond `FAR_ORIGIN` are to be made again by `far_quantile`.
    """
    root = _root_of_log(builder, llvm.load_vector(builder, p, index, REALS))
    t = builder.fsub(root, llvm.splat(REALS, TAIL_ORIGIN))
    above, below = (_polynomial(builder, each, t) for each in (TAIL_NUMERATOR, TAIL_DENOMINATOR))
    llvm.store_vector(builder, root, roots, index)
    llvm.store_vector(builder, builder.fdiv(above, below), p, index)


def _root_of_log(builder: Any, p: ir.Value) -> ir.Value:
    """Root of ``-log(p)``; see `mvn_dask.random.inverse_normal.minus_log`."""
    bits = builder.bitcast(p, INTEGERS)
    shifted = builder.add(bits, llvm.splat(INTEGERS, ONE_BITS - ROOT_HALF_BITS))
    exponent = builder.lshr(shifted, llvm.splat(INTEGERS, 52))
    moved = builder.sub(exponent, llvm.splat(INTEGERS, EXPONENT_BIAS))
    mantissa = builder.bitcast(builder.sub(bits, builder.shl(moved, llvm.splat(INTEGERS, 52))), REALS)
    one = llvm.splat(REALS, 1.0)
    f = builder.fdiv(builder.fsub(mantissa, one), builder.fadd(mantissa, one))
    log_of_mantissa = builder.fmul(builder.fadd(f, f), _polynomial(builder, ATANH, builder.fmul(f, f)))
    # Less than one, so that the sign is the other way round: a product with -1 is exact.
    power = builder.fsub(llvm.splat(REALS, 0.0), integer_as_real(builder, exponent, EXPONENT_BIAS))
    minus_log = builder.fsub(builder.fmul(power, llvm.splat(REALS, LOG_2)), log_of_mantissa)
    # An instruction of the processor, rounded as IEEE 754 says.
    name, kind = f"llvm.sqrt.v{LANES}f64", ir.FunctionType(REALS, [REALS])
    return builder.call(cgutils.get_or_insert_function(builder.module, kind, name), [minus_log])


@instruction(types.float64)
def far_quantile(context: Any, builder: Any, sig: Any, root: Any) -> ir.Value:
    """The quantile of a tail probability, of the root of its logarithm, beyond `FAR_ORIGIN`."""
    t = builder.fsub(root, constant(root.type, FAR_ORIGIN))
    above, below = (_polynomial(builder, each, t) for each in (FAR_NUMERATOR, FAR_DENOMINATOR))
    return builder.fdiv(above, below)
