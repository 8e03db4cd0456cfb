import numpy as np
from numba import njit, types

from mvn_dask.compiled.pointers import offset_pointer, pointer_to
from mvn_dask.compiled.subroutines import subroutine


@subroutine(lambda *_: types.int64)
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
