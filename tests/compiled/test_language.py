import numpy as np
import pytest
from numba import njit, types

from mvn_dask.compiled.language import (
    group_size,
    number_from,
    pointer_after,
    pointer_at,
    pointer_to,
    pointers_to,
    subroutine,
    uniform,
    words_for,
)


@subroutine(lambda *_: types.int64)
def twice(number):  # type: ignore[no-untyped-def]
    return 2 * number


@subroutine(lambda pointer, _: pointer.dtype)
def both(pointer, index):  # type: ignore[no-untyped-def]
    return pointer[twice(index)] + pointer[twice(index) + 1]


@njit
def pairs(array):  # type: ignore[no-untyped-def]
    start = pointer_to(array, 0)
    return both(start, 0), both(pointer_after(start, 2), 0), both(pointer_to(array, 1), 1)


@njit
def quarters(array):  # type: ignore[no-untyped-def]
    one, two, three, four = pointers_to(array, 2)
    return one[0], two[0], three[0], four[1]


@njit
def at(address, like):  # type: ignore[no-untyped-def]
    return pointer_at(address, pointer_to(like, 0))[1]


@njit
def uniforms(steps, like):  # type: ignore[no-untyped-def]
    words = words_for(pointer_to(steps, 0), pointer_to(like, 0))
    return uniform(words, 0), uniform(words, 1), group_size(words), number_from(words, 3)


def test_subroutines_call_each_other_through_pointers() -> None:
    assert pairs(np.arange(10.0)) == (1.0, 5.0, 7.0)


def test_pointers_into_an_array() -> None:
    assert quarters(np.arange(8.0)) == (0.0, 2.0, 4.0, 7.0)


def test_memory_that_must_not_be_written_can_be_read() -> None:
    array = np.arange(3.0)
    array.setflags(write=False)
    assert at(array.ctypes.data, np.empty(1)) == 1.0


@pytest.mark.parametrize("seed", range(20))
def test_uniforms_are_numpys(seed: int) -> None:
    steps = np.random.SFC64(seed).random_raw(2)
    double = np.random.Generator(np.random.SFC64(seed)).random(2)
    assert uniforms(steps, np.empty(1)) == (*double, 8, 3.0)
    single = np.random.Generator(np.random.SFC64(seed)).random(2, dtype=np.float32)
    assert uniforms(steps, np.empty(1, np.float32)) == (*single, 16, 3.0)
