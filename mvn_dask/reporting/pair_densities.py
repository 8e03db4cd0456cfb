"""Densities of all pairs of few variables, and how many rows lie in the regions that hold given shares of them.

Input: chunks of a store. Output: counts of two-dimensional bins, and of regions, of at most some million rows, evenly
spread. Cost: some 10 ns a row for each pair, of at most 45.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations
from math import ceil
from typing import Any, NamedTuple

import numpy as np

from mvn_dask._typing import Float64Array
from mvn_dask.reporting.reference import Reference
from mvn_dask.reporting.scan import ChunkRange, ScanInput
from mvn_dask.reporting.selection import Selection
from mvn_dask.sampling.broadcast import Broadcast
from mvn_dask.statistics.base import Combined, Counts, Rows, Statistic
from mvn_dask.statistics.bin_counts import BinCounts
from mvn_dask.statistics.pair_counts import PairCounts

LEVELS = (0.5, 0.9, 0.99)
"""Shares of sound rows within the regions that are shown."""
PAIR_BINS = 48
"""Bins along each axis; one more to each side takes what lies beyond."""
LEAST_REACH, MOST_REACH = 3.5, 8.0
"""Standard deviations that bins reach to each side."""
MOST_CORRELATED = 1.0 - 1e-9
"""Beyond it a region is a line."""
ROWS_AT_A_TIME = 2**14
"""Rows whose bins are found at a time."""


class PairDensities(NamedTuple):
    """Of pairs (0, 1), (0, 2), …, (1, 2), … of all variables."""

    rows: int
    """Rows that were counted."""
    counts: Counts
    """Rows in each bin of the first and of the second variable, shape (pairs, bins + 2, bins + 2)."""
    within: Counts
    """Rows within the regions of `LEVELS`, each with those before, shape (pairs, levels)."""


@dataclass(frozen=True, eq=False)
class PairScale:
    """In what numbers pairs are shown: normal scores, or standard deviations from the mean."""

    correlation: Float64Array
    """Of the variables, shape (variables, variables)."""
    radii: Float64Array
    """Lengths of whitened pairs that the shares of `LEVELS` do not exceed; empty where they are not known."""
    by_scores: bool
    """Whether numbers are normal scores."""

    @property
    def reach(self) -> float:
        """Where the bins end, to each side."""
        return float(np.clip(1.1 * self.radii.max(initial=0.0), LEAST_REACH, MOST_REACH))


def pair_scale(reference: Reference) -> PairScale:
    """Scores where these are jointly normal; elliptical variables as they are, whose regions are ellipses."""
    laws = reference.laws
    radii = np.zeros(0) if laws.pair_radius is None else laws.pair_radius(np.array(LEVELS))
    return PairScale(reference.correlation, radii, laws.of_scores and laws.pairs_known)


@dataclass(frozen=True, eq=False)
class BinnedPairs(ScanInput):
    """Bin numbers of all variables of every `stride`-th row, and for each pair the first region that it lies in."""

    selection: Selection
    """Which rows."""
    scale: PairScale
    """In what numbers."""
    broadcast: Broadcast
    """What carries the sampler."""

    def part(self, chunk: ChunkRange) -> int:  # noqa: ARG002 chunks hold whole rows
        return 0

    def statistic(self, part: int) -> Statistic[Any, Any]:  # noqa: ARG002 chunks hold whole rows
        ndim, pairs = self.selection.ndim, len(_pairs(self.selection.ndim))
        regions = BinCounts(np.arange(ndim, ndim + pairs), 0.0, 1.0, len(LEVELS) + 1)
        return Combined((PairCounts(ndim, PAIR_BINS + 2), regions))

    def derive(self, chunk: ChunkRange, rows: Rows) -> Iterator[tuple[int, Rows]]:
        stride = self.selection.pair_stride
        chosen, first = rows[-chunk.first % stride :: stride], -(-chunk.first // stride)
        for start in range(0, max(1, len(chosen)), ROWS_AT_A_TIME):
            yield first + start, self._codes(chosen[start : start + ROWS_AT_A_TIME])

    @np.errstate(all="ignore")
    def _codes(self, rows: Rows) -> Rows:
        numbers = self._numbers(rows)
        per_unit = PAIR_BINS / (2.0 * self.scale.reach)
        bins = np.floor((numbers + self.scale.reach) * per_unit) + 1.0
        # fmin takes NaN for the largest number.
        codes = [np.fmax(np.fmin(bins, PAIR_BINS + 1.0), 0.0).astype(np.uint8)]
        for i, j in _pairs(self.selection.ndim):
            lengths = _lengths(numbers[:, i], numbers[:, j], float(self.scale.correlation[i, j]))
            codes.append(np.searchsorted(self.scale.radii, lengths).astype(np.uint8)[:, None])
        return np.concatenate(codes, axis=1)

    def _numbers(self, rows: Rows) -> Float64Array:
        sampler = self.broadcast.sampler
        if self.scale.by_scores:
            return sampler.scores(rows, np.arange(sampler.ndim))
        deviation = np.sqrt(np.maximum(sampler.requested_variances(), 0.0))
        return np.asarray((rows - sampler.mean()) / np.where(deviation > 0, deviation, 1.0), np.float64)


def _pairs(ndim: int) -> list[tuple[int, int]]:
    return list(combinations(range(ndim), 2))


def _lengths(one: Float64Array, other: Float64Array, correlation: float) -> Float64Array:
    """Of whitened pairs."""
    rho = np.clip(correlation, -MOST_CORRELATED, MOST_CORRELATED)
    return np.asarray(np.hypot(one, (other - rho * one) / np.sqrt(1.0 - rho**2)), np.float64)


def density_rows(selection: Selection) -> int:
    """Rows that are counted."""
    return ceil(selection.rows / selection.pair_stride)


def densities_of(selection: Selection, found: Any) -> PairDensities:
    """What was counted."""
    counts, regions = found
    return PairDensities(density_rows(selection), counts, np.cumsum(regions, axis=1)[:, : len(LEVELS)])
