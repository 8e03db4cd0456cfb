import numpy as np
from numba import njit, types

from mvn_dask.compiled.intrinsics import offset_pointer, pointer_to
from mvn_dask.compiled.llvm import (
    I64,
    VECTOR_BYTES,
    broadcast,
    instruction,
    load_vector,
    shuffle,
    splat,
    store_vector,
    subroutine,
    typed_address,
    vector_type,
)


@instruction(types.void)
def broadcast_twice(context, builder, sig, source, out):  # type: ignore[no-untyped-def]
    """``source[1] * 2`` in every lane, the first two swapped with another vector's; then once more, two further on."""
    kind = vector_type(sig.args[1])
    number = builder.load(typed_address(builder, source, 1, kind.element))
    vector = builder.fmul(broadcast(builder, number, kind), splat(kind, 2.0))
    mixed = shuffle(builder, vector, splat(kind, -1.0), [kind.count, kind.count + 1, *range(2, kind.count)])
    store_vector(builder, mixed, out, 2)
    store_vector(builder, load_vector(builder, out, I64(2), kind), out, 4)


@njit
def run(source, out):  # type: ignore[no-untyped-def]
    broadcast_twice(pointer_to(source, 0), pointer_to(out, 0))


def test_vectors_are_built_shuffled_and_stored() -> None:
    for dtype in ("float64", "float32"):
        count = VECTOR_BYTES // np.dtype(dtype).itemsize
        out = np.zeros(count + 6, dtype)
        run(np.array([1, 3], dtype), out)
        np.testing.assert_array_equal(out, [0, 0, -1, -1, -1, -1, *[6] * (count - 2), 0, 0])


@subroutine(types.int64)
def twice(number):  # type: ignore[no-untyped-def]
    return 2 * number


@subroutine(lambda pointer, _: pointer.dtype)
def pair_sum(pointer, index):  # type: ignore[no-untyped-def]
    return pointer[twice(index)] + pointer[twice(index) + 1]


@njit
def pair_sums(array):  # type: ignore[no-untyped-def]
    start = pointer_to(array, 0)
    return pair_sum(start, 0), pair_sum(offset_pointer(start, 2), 0), pair_sum(pointer_to(array, 1), 1)


def test_subroutines_call_each_other_through_pointers() -> None:
    assert pair_sums(np.arange(10.0)) == (1.0, 5.0, 7.0)


def test_subroutines_of_several_types() -> None:
    assert pair_sums(np.arange(10, dtype=np.int64)) == (1, 5, 7)
