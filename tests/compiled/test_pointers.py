import numpy as np
from numba import njit

from mvn_dask.compiled.pointers import as_words, pointer_from_address, pointer_to, pointers_to, vector_length


@njit
def quarters(array):  # type: ignore[no-untyped-def]
    one, two, three, four = pointers_to(array, 2)
    return one[0], two[0], three[0], four[1]


@njit
def read_at(address, like):  # type: ignore[no-untyped-def]
    return pointer_from_address(address, pointer_to(like, 0))[1]


@njit
def second_word(steps, like):  # type: ignore[no-untyped-def]
    words = as_words(pointer_to(steps, 0), pointer_to(like, 0))
    return words[1], vector_length(words)


def test_pointers_into_an_array() -> None:
    assert quarters(np.arange(8.0)) == (0.0, 2.0, 4.0, 7.0)


def test_memory_that_must_not_be_written_can_be_read() -> None:
    array = np.arange(3.0)
    array.setflags(write=False)
    assert read_at(array.ctypes.data, np.empty(1)) == 1.0


def test_a_step_is_one_word_or_two() -> None:
    steps = np.array([2**40 + 7, 5], np.uint64)
    assert second_word(steps, np.empty(1)) == (5, 8)
    assert second_word(steps, np.empty(1, np.float32)) == (2**8, 16)
