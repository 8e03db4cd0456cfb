"""What the processor can do: multiply-adds a second in its registers, and numbers a second into its memory.

Both are measured in the run, on one core: no library can draw faster.
"""

from functools import cache
from typing import Any

import numpy as np
from numba import njit, types
from numba.core import cgutils

from benchmarks.timing import best_in_turn
from mvn_dask.compiled import llvm
from mvn_dask.compiled.intrinsics import pointer_to
from mvn_dask.compiled.llvm import REGISTER_BYTES, instruction

CHAINS = 12
"""Sums that do not wait for each other: enough for two units of four cycles, and few enough for 16 registers."""
FUSED = ("contract",)


@instruction(types.void)
def _multiply_add(context: Any, builder: Any, sig: Any, numbers: Any, count: Any) -> None:
    """Add products of two vectors to `CHAINS` sums, `count` times, in registers."""
    kind = llvm.vector_type(sig.args[0], REGISTER_BYTES)
    one, other = (llvm.load_vector(builder, numbers, kind.count * place, kind) for place in (0, 1))
    sums = [cgutils.alloca_once_value(builder, one) for _ in range(CHAINS)]
    with cgutils.for_range(builder, count):
        for total in sums:
            # Fused where the processor has such an instruction.
            product = builder.fmul(builder.load(total), one, flags=FUSED)
            builder.store(builder.fadd(product, other, flags=FUSED), total)
    for place, total in enumerate(sums):
        llvm.store_vector(builder, builder.load(total), numbers, kind.count * place)


@njit  # type: ignore[untyped-decorator]
def _run(numbers: Any, count: int) -> None:
    _multiply_add(pointer_to(numbers, 0), count)


@cache
def multiply_add(dtype: str) -> float:
    """Nanoseconds a multiply-add."""
    count, numbers = 2**20, np.full(CHAINS * 16, 0.5, dtype)
    _run(numbers, 1)
    width = REGISTER_BYTES // numbers.itemsize
    return 1e9 * best_in_turn({"all": lambda: _run(numbers, count)}, 7)["all"] / (count * CHAINS * width)


@cache
def write(dtype: str) -> float:
    """Nanoseconds a number that is written to memory that is there."""
    numbers = np.ones(2**27 // np.dtype(dtype).itemsize, dtype)
    return 1e9 * best_in_turn({"all": lambda: numbers.fill(0)}, 5)["all"] / numbers.size


def bound(dtype: str, d: int) -> float:
    """Nanoseconds a number of a draw of dimension d, at least: of writing it, and of a triangle's products."""
    return max(write(dtype), multiply_add(dtype) * (d + 1) / 2)
