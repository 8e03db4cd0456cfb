"""Against numpy, bit for bit."""

from typing import Any

import numpy as np
import pytest
from numba import njit

from mvn_dask.compiled.drawing import StripeDrawer
from mvn_dask.compiled.intrinsics import LANES, as_words, pointer_to
from mvn_dask.compiled.normals import BATCH_STEPS, STREAM_STEPS, ensure_word
from mvn_dask.compiled.ziggurat import tables
from mvn_dask.random.sfc64 import child_states

DTYPES = ["float64", "float32"]
PARENT = np.random.SeedSequence(2026)


def ours(states: Any, count: int, dtype: str) -> Any:
    out = np.empty((states.shape[1], count), dtype)
    StripeDrawer(dtype).draw(states, out)
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


def assert_equal_bits(states: Any, count: int, dtype: str) -> None:
    integers = dtype.replace("float", "uint")
    mine, theirs = ours(states, count, dtype).view(integers), numpys(states, count, dtype).view(integers)
    # Not assert_array_equal, which takes ten times as long.
    assert (mine == theirs).all(), np.argwhere(mine != theirs)[:5]


@pytest.mark.parametrize("dtype", DTYPES)
def test_ten_million(dtype: str) -> None:
    assert_equal_bits(child_states(PARENT, 0, 20), 500_001, dtype)


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
        assert_equal_bits(child_states(PARENT, 5, 3), count, dtype)


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
    assert_equal_bits(states, 40, dtype)
    rejected = ours(states, 1, dtype)
    assert (np.abs(rejected) > 3.654).sum() > 40  # the tail


@pytest.mark.parametrize("dtype", DTYPES)
def test_every_word_of_a_batch_is_rejected_once(dtype: str) -> None:
    """The last ones need words that were not drawn yet; in single precision, half of a step is left over."""
    states = child_states(PARENT, 0, 4000)
    assert_equal_bits(states, 2 * BATCH_STEPS + 40, dtype)


@njit
def ensured(state, steps, lane, j, stop, like):  # type: ignore[no-untyped-def]
    words = as_words(pointer_to(steps, 0), pointer_to(like, 0))
    return ensure_word((pointer_to(state, 0), lane, pointer_to(steps, 0), words), j, stop)


@pytest.mark.parametrize("dtype", DTYPES)
def test_words_that_no_batch_holds(dtype: str) -> None:
    """A normal in the tail may take any number of words: in theory more than a stream's buffer holds."""
    words_per_step = 8 // np.dtype(dtype).itemsize
    state, steps, like = child_states(PARENT, 0, LANES), np.zeros(LANES * STREAM_STEPS, np.uint64), np.empty(1, dtype)
    expected = np.random.SFC64(np.random.SeedSequence(2026).spawn(1)[0]).random_raw(2)
    batch, buffer = BATCH_STEPS * words_per_step, STREAM_STEPS * words_per_step
    assert ensured(state, steps, 0, 5, 6, like) == (5, 6)
    assert ensured(state, steps, 0, batch, batch, like) == (batch, batch + words_per_step)
    assert ensured(state, steps, 0, buffer, buffer, like) == (0, words_per_step)
    np.testing.assert_array_equal(steps[[BATCH_STEPS, 0]], expected)
    assert np.count_nonzero(steps) == 2
