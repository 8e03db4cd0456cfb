"""Histograms whose bins are the wider, the farther they are from the middle of the numbers: for the tails as well.

Input: rows. Output: counts; each octave of the distance from the median of the first rows has 32 bins. Cost: some 15 ns
a number, and 16 kB a column.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

import numpy as np

from mvn_dask._typing import Float64Array
from mvn_dask.statistics.base import Counts, Indices, Request, Rows, Scope, Statistic
from mvn_dask.statistics.first_rows import FirstRows, ordered_numbers

PER_OCTAVE = 32
"""Bins of an octave."""
NEAREST, FARTHEST = -6, 26
"""Logarithms to base 2 of the distance, in units of the scale, up to which there is one bin, and from which on."""
SIDE = PER_OCTAVE * (FARTHEST - NEAREST) + 3
"""Bins to one side: the nearest, those between, the farthest, and that of infinite numbers."""


class GradedCounts(NamedTuple):
    """How many numbers lie where."""

    edges: Float64Array
    """Bounds of the bins, ascending from -inf to inf, shape (bins + 1, columns)."""
    counts: Counts
    """Finite numbers in each bin, shape (bins, columns)."""
    infinite: Counts
    """Numbers that are -inf, and inf, shape (2, columns)."""


@dataclass(frozen=True, eq=False)
class GradedBins(Statistic[Counts, GradedCounts]):
    """Counts in bins around a known centre; a node has the shape (2 * SIDE, columns)."""

    centre: Float64Array
    """Of each column, shape (columns,)."""
    exponent: Indices
    """Logarithm to base 2 of each column's scale, shape (columns,)."""

    columnwise = True
    sees_missing = True

    def leaf(self, rows: Rows, first: int) -> Counts:
        columns = [self._column(column, number) for number, column in enumerate(rows.T)]
        return np.stack(columns, axis=1)

    @np.errstate(all="ignore")
    def _column(self, numbers: Float64Array, column: int) -> Counts:
        distance = numbers - self.centre[column]
        # In two factors, where one may overflow.
        exponent = int(self.exponent[column])
        half = exponent // 2 if abs(exponent) > SAFE_EXPONENT else 0
        if half:
            distance *= 2.0**-half
        distance *= 2.0 ** (half - exponent)
        # Sign, exponent and five bits of the mantissa: all that there can be are counted, which is faster than limits.
        keys = np.right_shift(distance.view(np.uint64), np.uint64(KEY_SHIFT)).view(np.int64)
        found = np.bincount(keys, minlength=2 * KEYS).reshape(2, KEYS)
        nearest, infinite = _key(2.0**NEAREST), _key(np.inf)
        counts = np.zeros((2, SIDE), np.int64)
        counts[:, 0] = found[:, :nearest].sum(axis=1)
        counts[:, 1 : SIDE - 2] = found[:, nearest : nearest + SIDE - 3]
        counts[:, SIDE - 2] = found[:, nearest + SIDE - 3 : infinite].sum(axis=1)
        if found[:, infinite].any():
            # Distances of finite numbers may overflow as well.
            counts[:, SIDE - 1] = np.count_nonzero(numbers == np.inf), np.count_nonzero(numbers == -np.inf)
            counts[:, SIDE - 2] += found[:, infinite] - counts[:, SIDE - 1]
        return counts.reshape(-1)

    # Counts do not depend on the tree.
    def subtree(self, rows: Rows, first: int, leaf_rows: int) -> Counts:
        return self.leaf(rows, first)

    def merge(self, left: Counts, right: Counts) -> Counts:
        return left + right

    def finalize(self, node: Counts) -> GradedCounts:
        right, left = node[:SIDE], node[SIDE:]
        counts = np.concatenate([left[SIDE - 2 :: -1], right[: SIDE - 1]])
        with np.errstate(over="ignore"):
            edges = np.ldexp(_distances()[:, None], self.exponent)
            bounds = np.concatenate([(self.centre - edges)[::-1], self.centre[None], self.centre + edges])
        return GradedCounts(bounds, counts, np.stack([left[SIDE - 1], right[SIDE - 1]]))


KEY_SHIFT = 52 - 5
"""Bits of a float64 that are no part of a bin's number: 5 of the mantissa remain."""
KEYS = 2 ** (63 - KEY_SHIFT)
"""Numbers of bins of one sign that a float64 can have."""
SAFE_EXPONENT = 1000
"""Logarithm to base 2 up to which a scale and its inverse are normal numbers."""


def _key(number: float) -> int:
    return int(np.float64(number).view(np.int64)) >> KEY_SHIFT


def _distances() -> Float64Array:
    """Bounds of the bins to one side, ascending to inf, without 0."""
    keys = np.arange(_key(2.0**NEAREST), _key(2.0**FARTHEST) + 1, dtype=np.int64)
    return np.append((keys << KEY_SHIFT).view(np.float64), np.inf)


@dataclass(frozen=True)
class GradedHistogram(Request[GradedCounts]):
    """Counts in bins around the median of the first rows, in units of their interquartile range."""

    QUARTILES: ClassVar[tuple[float, float, float]] = (0.25, 0.5, 0.75)

    def prepared(self, scope: Scope) -> Statistic[Any, Any]:
        return FirstRows(_around)


def _around(first: Float64Array) -> GradedBins:
    scales: Sequence[tuple[float, int]] = [_centre(ordered_numbers(column)) for column in first.T]
    return GradedBins(np.array([each for each, _ in scales]), np.array([each for _, each in scales], np.int64))


def _centre(numbers: Float64Array) -> tuple[float, int]:
    """Median of ascending numbers, and the logarithm of their interquartile range; of their range where that is 0."""
    if not len(numbers):
        return 0.0, 0
    low, centre, high = (numbers[int(share * (len(numbers) - 1))] for share in GradedHistogram.QUARTILES)
    # Halves, whose difference does not overflow.
    spread = high / 2.0 - low / 2.0 or numbers[-1] / 2.0 - numbers[0] / 2.0
    return float(centre), int(np.frexp(spread)[1]) if spread else 0
