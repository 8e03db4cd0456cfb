import numpy as np
import pytest
from numba import njit

from mvn_dask.compiled.intrinsics import (
    as_real,
    as_words,
    copy_vector,
    lowest_bit,
    offset_pointer,
    pointer_at,
    pointer_to,
    prefetch,
    scale_vector,
    step_lanes,
    step_stream,
    try_words,
    uniform,
    vector_length,
)
from mvn_dask.compiled.llvm import LANES
from mvn_dask.compiled.normals import tables
from mvn_dask.random.sfc64 import child_states

PARENT = np.random.SeedSequence(8)


@njit
def step(state, words, stride, vectors):  # type: ignore[no-untyped-def]
    step_lanes(pointer_to(state, 0), pointer_to(words, 0), stride, vectors)


@njit
def step_alone(state, lane, words, index, count):  # type: ignore[no-untyped-def]
    step_stream(pointer_to(state, lane), pointer_to(words, 0), index, count)


@njit
def attempt(steps, start, count, layers, out, index, vectors, surplus, state, ahead):  # type: ignore[no-untyped-def]
    target, step_pointer = pointer_to(out, index), pointer_to(steps, 0)
    words = offset_pointer(as_words(step_pointer, target), start)
    lists = pointer_to(vectors, 0), pointer_to(surplus, 0)
    return try_words(words, count, pointer_to(layers, 0), target, *lists, pointer_to(state, 0), step_pointer, ahead)


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
def at(address, like):  # type: ignore[no-untyped-def]
    pointer = pointer_at(address, pointer_to(like, 0))
    return pointer[0], pointer[1]


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


@pytest.mark.parametrize("lane", [0, 5])
def test_a_stream_alone_steps_like_numpys_bit_generator(lane: int) -> None:
    state, words = child_states(np.random.SeedSequence(3), 0, LANES), np.zeros(20, np.uint64)
    before, bit_generator = state.copy(), np.random.SFC64(np.random.SeedSequence(3).spawn(LANES)[lane])
    step_alone(state, lane, words, 2, 17)
    np.testing.assert_array_equal(words, [0, 0, *bit_generator.random_raw(17), 0])
    np.testing.assert_array_equal(state[:, lane], bit_generator.state["state"]["state"])
    np.testing.assert_array_equal(np.delete(state, lane, 1), np.delete(before, lane, 1))


@pytest.mark.parametrize("ahead", [-1, 30])
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_words_below_the_limit_are_normals(dtype: str, ahead: int) -> None:
    layers, numbers = tables(dtype)
    length, single = 64 // np.dtype(dtype).itemsize, dtype == "float32"
    for seed in range(100):
        steps, state = np.random.default_rng(seed).integers(0, 2**64, 60, np.uint64), child_states(PARENT, seed, LANES)
        out, vectors, surplus = np.full(2 * length + 3, np.nan, dtype), np.zeros(3, np.int64), np.full(3, 7)
        words = steps.view("uint32" if single else "uint64")[1 : 1 + 2 * length].astype(np.uint64)
        # Whole vectors: one word of the second is enough.
        hits = attempt(steps, 1, length + 1, layers, out, 2, vectors, surplus, state, ahead)
        layer, magnitude = (words & 255).astype(int), words >> 9 & (2**23 - 1 if single else 2**52 - 1)
        sign = np.where(words & 256, -1, 1).astype(dtype)
        np.testing.assert_array_equal(out[2:-1], sign * (magnitude.astype(dtype) * numbers[layer]))
        assert np.isnan(out[[0, 1, -1]]).all()
        masks = (magnitude >= layers[2 * layer + 1]).reshape(2, length) @ (1 << np.arange(length))
        expected = [mask << 32 | start for mask, start in zip(masks.tolist(), (0, length), strict=True) if mask]
        assert vectors[:hits].tolist() == expected
        assert surplus.tolist() == [0, 0, 7]
        stream = np.random.SFC64(np.random.SeedSequence(8, spawn_key=(seed,)))
        if ahead > 0:
            np.testing.assert_array_equal(steps[ahead : ahead + 2 * LANES], stream.random_raw(2 * LANES))
        np.testing.assert_array_equal(state[:, 0], stream.state["state"]["state"])


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


def test_an_address_is_a_pointer() -> None:
    array = np.arange(4.0)
    assert at(array.ctypes.data + 8, array) == (1.0, 2.0)


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
