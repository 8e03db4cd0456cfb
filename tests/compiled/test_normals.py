"""Against numpy, bit for bit."""

import math
from typing import Any

import numpy as np
import pytest
from numba import njit

from mvn_dask.compiled.drawing import StripeDrawer
from mvn_dask.compiled.intrinsics import as_words, pointer_to
from mvn_dask.compiled.llvm import LANES
from mvn_dask.compiled.normals import BATCH_STEPS, STREAM_STEPS, Stream, ensure_word, tables
from mvn_dask.random.sfc64 import child_states

DTYPES = ["float64", "float32"]
PARENT = np.random.SeedSequence(2026)


def ours(states: Any, count: int, dtype: str, together: int | None = None) -> Any:
    """Normals of streams, `together` at a time, or all."""
    out, drawer = np.empty((states.shape[1], count), dtype), StripeDrawer(dtype)
    step = together or len(out)
    for first in range(0, len(out), step):
        drawer.draw(states[:, first : first + step], out[first : first + step])
    return out


def numpys(states: Any, count: int, dtype: Any) -> Any:
    bit_generator = np.random.SFC64(0)
    state: Any = bit_generator.state
    generator = np.random.Generator(bit_generator)
    out = np.empty((states.shape[1], count), dtype)
    for row, words in zip(out, states.T, strict=True):
        state["state"]["state"][:] = words
        state["has_uint32"] = 0
        bit_generator.state = state
        generator.standard_normal(dtype=dtype, out=row)
    return out


def assert_equal_bits(states: Any, count: int, dtype: str, *, alone: bool = False) -> None:
    """Of streams side by side, and of each alone, whose words are made ahead of use."""
    integers = dtype.replace("float", "uint")
    theirs = numpys(states, count, dtype).view(integers)
    for together in (None, 1) if alone else (None,):
        mine = ours(states, count, dtype, together).view(integers)
        # Not assert_array_equal, which takes ten times as long.
        assert (mine == theirs).all(), (together, np.argwhere(mine != theirs)[:5])


@pytest.mark.parametrize("dtype", DTYPES)
def test_ten_million(dtype: str) -> None:
    assert_equal_bits(child_states(PARENT, 0, 20), 500_001, dtype, alone=True)


@pytest.mark.slow
@pytest.mark.parametrize("dtype", DTYPES)
def test_a_thousand_million(dtype: str) -> None:
    for first in range(0, 1000, LANES):
        assert_equal_bits(child_states(PARENT, first, LANES), 1_000_000, dtype)


@pytest.mark.parametrize("dtype", DTYPES)
def test_any_number_of_stripes(dtype: str) -> None:
    for stripes in range(1, 2 * LANES + 2):
        assert_equal_bits(child_states(PARENT, 77, stripes), 3 * BATCH_STEPS + 5, dtype)


@pytest.mark.parametrize("dtype", DTYPES)
def test_any_count(dtype: str) -> None:
    for count in (0, 1, 2, 7, 8, 9, 15, 16, 17, *(n * BATCH_STEPS + more for n in (1, 2) for more in (-1, 0, 1))):
        assert_equal_bits(child_states(PARENT, 5, 3), count, dtype, alone=True)


@pytest.mark.parametrize("dtype", DTYPES)
def test_wedges_and_tail_on_purpose(dtype: str) -> None:
    """Streams whose first word is rejected, in every layer, near the limit and far, with either sign."""
    layers, _ = tables(dtype)
    top = 2 ** (52 if dtype == "float64" else 23) - 1
    rng = np.random.default_rng(1)
    first = []
    for layer in range(256):
        limit = int(layers[2 * layer + 1])
        for magnitude in (limit, (limit + top) // 2, top, *(int(m) for m in rng.integers(limit, top + 1, 20))):
            first += [magnitude << 9 | sign << 8 | layer for sign in (0, 1)]
    # SFC64's next word is a + b + counter.
    states = rng.integers(0, 2**64, (4, len(first)), dtype=np.uint64)
    states[0] = np.array(first, np.uint64) - states[1] - states[3]
    assert_equal_bits(states, 40, dtype, alone=True)
    rejected = ours(states, 1, dtype)
    assert (np.abs(rejected) > 3.654).sum() > 40  # the tail


@pytest.mark.parametrize("dtype", DTYPES)
def test_every_word_of_a_batch_is_rejected_once(dtype: str) -> None:
    """The last ones need words that were not drawn yet; in single precision, half of a step is left over."""
    states = child_states(PARENT, 0, 4000)
    assert_equal_bits(states, 2 * BATCH_STEPS + 40, dtype, alone=True)


@njit
def ensured(state, steps, limit, j, stop, like):  # type: ignore[no-untyped-def]
    words = as_words(pointer_to(steps, 0), pointer_to(like, 0))
    return ensure_word(Stream(pointer_to(state, 0), pointer_to(steps, 0), words, 0, limit), j, stop)


@pytest.mark.parametrize("dtype", DTYPES)
def test_words_that_no_batch_holds(dtype: str) -> None:
    """A normal in the tail may take any number of words: in theory more than a stream's buffer holds."""
    words_per_step = 8 // np.dtype(dtype).itemsize
    state, steps, like = child_states(PARENT, 0, LANES), np.zeros(LANES * STREAM_STEPS, np.uint64), np.empty(1, dtype)
    expected = np.random.SFC64(np.random.SeedSequence(2026).spawn(1)[0]).random_raw(2)
    batch, buffer = BATCH_STEPS * words_per_step, STREAM_STEPS * words_per_step
    assert ensured(state, steps, buffer, 5, 6, like) == (5, 6)
    assert ensured(state, steps, buffer, batch, batch, like) == (batch, batch + words_per_step)
    assert ensured(state, steps, buffer, buffer, buffer, like) == (0, words_per_step)
    np.testing.assert_array_equal(steps[[BATCH_STEPS, 0]], expected)
    assert np.count_nonzero(steps) == 2


# The tables are derived from numpy again, through the states of its bit generator.
MAGNITUDE_BITS = {"float64": 52, "float32": 23}
NINTH = pow(9, -1, 2**64)


class Sampler:
    """numpy's sampler, with words that are given."""

    def __init__(self, dtype: str) -> None:
        self.dtype: Any = dtype
        self.bits = MAGNITUDE_BITS[dtype]
        self._generator = np.random.Generator(np.random.SFC64(0))
        self._state: Any = self._generator.bit_generator.state

    def normal(self, layer: int, magnitude: int, uniform: int = 0) -> tuple[float, int]:
        """The normal that numpy makes of a word, and another for the wedge; how many steps SFC64 made."""
        word = magnitude << 9 | layer
        # The state from which SFC64 steps to these two: a + b + counter, then 9 c + 1.
        second = uniform << (64 - 53)
        self._state["has_uint32"], self._state["uinteger"] = 0, 0
        state = word, 0, (second - 1) * NINTH % 2**64, 0
        if self.dtype == "float32":
            self._state["has_uint32"], self._state["uinteger"] = 1, word
            state = second >> 32, 0, 0, 0
        self._state["state"]["state"][:] = state
        self._generator.bit_generator.state = self._state
        x = float(self._generator.standard_normal(dtype=self.dtype))
        after: Any = self._generator.bit_generator.state
        return x, int(after["state"]["state"][3])

    def width(self, layer: int) -> float:
        """The normal of magnitude 1."""
        return self.normal(layer, 1)[0]

    def limit(self, layer: int) -> int:
        """The first magnitude that is not accepted at once."""
        at_once = 0 if self.dtype == "float32" else 1
        return smallest(lambda magnitude: self.normal(layer, magnitude)[1] > at_once, 2**self.bits)

    def wedge_limit(self, layer: int, magnitude: int) -> int:
        """The first uniform number, in units of 2**-53, with which a word in a wedge is rejected."""
        return smallest(lambda uniform: self.normal(layer, magnitude, uniform)[1] > 2, 2**53)


def smallest(predicate: Any, stop: int) -> int:
    """The first number below `stop` for which a monotonic predicate is true; else `stop`."""
    start = 0
    while start < stop:
        middle = (start + stop) // 2
        start, stop = (start, middle) if predicate(middle) else (middle + 1, stop)
    return start


@pytest.mark.parametrize("dtype", DTYPES)
def test_widths_and_limits_are_numpys(dtype: str) -> None:
    sampler = Sampler(dtype)
    layers, numbers = tables(dtype)
    np.testing.assert_array_equal(numbers[:256], [sampler.width(layer) for layer in range(256)])
    np.testing.assert_array_equal(layers[0::2], numbers[:256].view(layers.dtype))
    np.testing.assert_array_equal(layers[1::2], [sampler.limit(layer) for layer in range(256)])


def test_wedges_end_where_numpys_do() -> None:
    sampler = Sampler("float64")
    layers, numbers = tables("float64")
    width, low, rise, tail = numbers.reshape(4, 256)
    for layer in range(1, 256):
        limit = int(layers[2 * layer + 1])
        for fraction in (0.1, 0.5, 0.9):
            magnitude = limit + int(fraction * (2**52 - limit))
            density = math.exp(-0.5 * (magnitude * width[layer]) ** 2)
            ours = smallest(
                lambda uniform, layer=layer, density=density: (
                    rise[layer] * (uniform * 2.0**-53) + low[layer] >= density
                ),
                2**53,
            )
            assert sampler.wedge_limit(layer, magnitude) == ours, layer
    assert low[0] == 1.0
    assert tail[0] == width[255] * 2.0**52


def test_single_precision_is_rounded_from_double() -> None:
    _, double = tables("float64")
    _, single = tables("float32")
    np.testing.assert_array_equal(single[256:512], double[256:512].astype(np.float32))
    np.testing.assert_array_equal(single[768:770], double[768:770].astype(np.float32))
