"""The tables are derived from numpy again, through the states of its bit generator."""

import math
from typing import Any

import numpy as np
import pytest

from mvn_dask.compiled.ziggurat import tables

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
        return first(lambda magnitude: self.normal(layer, magnitude)[1] > at_once, 2**self.bits)

    def wedge_limit(self, layer: int, magnitude: int) -> int:
        """The first uniform number, in units of 2**-53, with which a word in a wedge is rejected."""
        return first(lambda uniform: self.normal(layer, magnitude, uniform)[1] > 2, 2**53)


def first(predicate: Any, stop: int) -> int:
    """The first number below `stop` for which a monotonic predicate is true; else `stop`."""
    start = 0
    while start < stop:
        middle = (start + stop) // 2
        start, stop = (start, middle) if predicate(middle) else (middle + 1, stop)
    return start


@pytest.mark.parametrize("dtype", ["float64", "float32"])
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
            ours = first(
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
