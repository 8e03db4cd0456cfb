import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.extending import intrinsic

from mvn_dask.compiled.llvm import VECTOR_BYTES, broadcast, element_types, int64, shuffle_mask, splat, typed_address
from mvn_dask.compiled.pointers import pointer_to


@intrinsic
def broadcast_twice(_, source, out):  # type: ignore[no-untyped-def]
    """``source[1] * 2`` in every lane, the first two swapped with another vector's."""

    def generate(context, builder, sig, args):  # type: ignore[no-untyped-def]
        _, real, count = element_types(sig.args[1])
        kind = ir.VectorType(real, count)
        number = builder.load(builder.gep(args[0], [int64(1)]))
        vector = builder.fmul(broadcast(builder, number, kind), splat(real, count, 2.0))
        mask = shuffle_mask([count, count + 1, *range(2, count)])
        mixed = builder.shuffle_vector(vector, splat(real, count, -1.0), mask)
        builder.store(mixed, typed_address(builder, args[1], int64(2), kind), align=4)
        return context.get_dummy_value()

    return types.void(source, out), generate


@njit
def run(source, out):  # type: ignore[no-untyped-def]
    broadcast_twice(pointer_to(source, 0), pointer_to(out, 0))


def test_vectors_are_built_shuffled_and_stored() -> None:
    for dtype in ("float64", "float32"):
        count = VECTOR_BYTES // np.dtype(dtype).itemsize
        out = np.zeros(count + 4, dtype)
        run(np.array([1, 3], dtype), out)
        np.testing.assert_array_equal(out, [0, 0, -1, -1, *[6] * (count - 2), 0, 0])
