import numpy as np
import pytest
from numba import njit

from mvn_dask.compiled.intrinsics import (
    as_real,
    as_words,
    copy_vector,
    lowest_bit,
    pointer_to,
    prefetch,
    scale_vector,
    step_lanes,
    try_vector,
    uniform,
    vector_length,
)
from mvn_dask.compiled.llvm import LANES
from mvn_dask.compiled.normals import tables
from mvn_dask.random.sfc64 import child_states


@njit
def step(state, words, stride, vectors):  # type: ignore[no-untyped-def]
    step_lanes(pointer_to(state, 0), pointer_to(words, 0), stride, vectors)


@njit
def attempt(steps, start, layers, out, index):  # type: ignore[no-untyped-def]
    target = pointer_to(out, 0)
    return try_vector(as_words(pointer_to(steps, 0), target), start, pointer_to(layers, 0), target, index)


@njit
def move(source, start, out, index):  # type: ignore[no-untyped-def]
    prefetch(pointer_to(out, 0), index, 64)
    copy_vector(pointer_to(source, 0), start, pointer_to(out, 0), index)


@njit
def scale(out, index, by, shift, column):  # type: ignore[no-untyped-def]
    scale_vector(pointer_to(out, 0), index, pointer_to(by, 0), pointer_to(shift, 0), column)


@njit
def convert(steps, like):  # type: ignore[no-untyped-def]
    words = as_words(pointer_to(steps, 0), pointer_to(like, 0))
    return uniform(words, 0), uniform(words, 1), as_real(words, 3)


@njit
def lowest(bits):  # type: ignore[no-untyped-def]
    return lowest_bit(bits)


def test_lanes_step_like_numpys_bit_generator() -> None:
    parent = np.random.SeedSequence(3)
    state, words = child_states(parent, 0, LANES), np.zeros((LANES, 20), np.uint64)
    step(state, words.ravel(), 20, 2)
    for lane, stream in enumerate(parent.spawn(LANES)):
        bit_generator = np.random.SFC64(stream)
        np.testing.assert_array_equal(words[lane, :16], bit_generator.random_raw(16))
        np.testing.assert_array_equal(state[:, lane], bit_generator.state["state"]["state"])
    assert not words[:, 16:].any()


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_words_below_the_limit_are_normals(dtype: str) -> None:
    layers, numbers = tables(dtype)
    length, single = 64 // np.dtype(dtype).itemsize, dtype == "float32"
    for seed in range(100):
        steps = np.random.default_rng(seed).integers(0, 2**64, 12, dtype=np.uint64)
        out = np.full(length + 3, np.nan, dtype)
        rejected = attempt(steps, 1, layers, out, 2)
        words = steps.view("uint32" if single else "uint64")[1 : 1 + length].astype(np.uint64)
        layer, magnitude = (words & 255).astype(int), words >> 9 & (2**23 - 1 if single else 2**52 - 1)
        sign = np.where(words & 256, -1, 1).astype(dtype)
        np.testing.assert_array_equal(out[2:-1], sign * (magnitude.astype(dtype) * numbers[layer]))
        bits = [bool(rejected >> place & 1) for place in range(length)]
        np.testing.assert_array_equal(bits, magnitude >= layers[2 * layer + 1])
        assert np.isnan(out[[0, 1, -1]]).all()


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_vectors_are_copied_and_scaled_in_place(dtype: str) -> None:
    length = 64 // np.dtype(dtype).itemsize
    source, out = np.arange(40, dtype=dtype), np.zeros(40, dtype)
    move(source, 3, out, 5)
    np.testing.assert_array_equal(out, np.pad(source[3 : 3 + length], (5, 35 - length)))
    by, shift = np.linspace(1, 2, 40, dtype=dtype), np.linspace(3, 7, 40, dtype=dtype)
    scale(out, 5, by, shift, 4)
    expected = source[3 : 3 + length] * by[4 : 4 + length] + shift[4 : 4 + length]
    np.testing.assert_array_equal(out, np.pad(expected, (5, 35 - length)))


def test_lowest_bit() -> None:
    assert [lowest(bits) for bits in (1, 2, 12, 2**40)] == [0, 1, 2, 40]


def test_uniforms_are_numpys() -> None:
    for seed in range(20):
        steps = np.random.SFC64(seed).random_raw(2)
        double = np.random.Generator(np.random.SFC64(seed)).random(2)
        assert convert(steps, np.empty(1)) == (*double, 3.0)
        single = np.random.Generator(np.random.SFC64(seed)).random(2, dtype=np.float32)
        assert convert(steps, np.empty(1, np.float32)) == (*single, 3.0)


@njit
def some(array):  # type: ignore[no-untyped-def]
    return pointer_to(array, 0)[0], pointer_to(array, 2)[0], pointer_to(array, 4)[0], pointer_to(array, 6)[1]


@njit
def second_word(steps, like):  # type: ignore[no-untyped-def]
    words = as_words(pointer_to(steps, 0), pointer_to(like, 0))
    return words[1], vector_length(words)


def test_pointers_into_an_array() -> None:
    assert some(np.arange(8.0)) == (0.0, 2.0, 4.0, 7.0)


def test_a_step_is_one_word_or_two() -> None:
    steps = np.array([2**40 + 7, 5], np.uint64)
    assert second_word(steps, np.empty(1)) == (5, 8)
    assert second_word(steps, np.empty(1, np.float32)) == (2**8, 16)
