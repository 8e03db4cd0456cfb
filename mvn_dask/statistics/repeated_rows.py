"""Rows that come again at a constant distance, as after a copy in the wrong place, or where each row was written twice.

Input: rows. Output: how many of them come again, at which distance most do, and a p-value that holds for any law of
independent rows, of few different numbers as well. Cost: some 5 ns a number, in slices of `SLICE` numbers that fit into
a processor's cache; a node holds some `KEPT` different rows.

Rows are looked at if their hash is small: all occurrences of a row or none, so that they are a sample of the different
rows. If all orders of n rows are equally probable, a row that occurs c times comes again after exactly g rows with the
probability C(n - g, c - 1) / C(n, c), which is at most c / n. So the number of rows that come again after g is that of
nearly independent events, whose expected number is at most the share of rows that occur more than once: its tail is at
most that of a Poisson distribution with this mean (W. Hoeffding, On the distribution of the number of successes in
independent trials, Annals of Mathematical Statistics 27 (1956) 713, doi:10.1214/aoms/1177728178). All distances are
tested, by Bonferroni's inequality.
"""

from dataclasses import dataclass
from typing import ClassVar, NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.special import gammainc

from mvn_dask.statistics.base import Counts, Indices, Rows, Statistic

_GAMMA, _MULTIPLIERS, _SHIFTS = 0x9E3779B97F4A7C15, (0xBF58476D1CE4E5B9, 0x94D049BB133111EB), (30, 27, 31)
"""Of SplitMix64 (G. L. Steele, D. Lea and C. H. Flood, 2014, doi:10.1145/2660193.2660195)."""

Hashes = npt.NDArray[np.uint64]


class RowPlaces(NamedTuple):
    """Different rows, ascending by their hash, each array of shape (different,)."""

    hashes: Hashes
    """Their hashes."""
    counts: Counts
    """How often each occurs."""
    first: Indices
    """Where each occurs first."""
    second: Indices
    """Where it occurs next; -1 if nowhere."""


class RowRepeats(NamedTuple):
    """What was found."""

    stride: int
    """One of so many different rows was looked at."""
    different: int
    """Different rows that were looked at."""
    repeated: int
    """Those of them that occur more than once."""
    distance: int
    """The distance at which most of these come again; 0 if none does."""
    places: Indices
    """Rows that come again there, ascending."""
    p_value: float
    """Of so many at any one distance; 1 if none comes again."""


@dataclass(frozen=True)
class RepeatedRows(Statistic[RowPlaces, RowRepeats]):
    """Rows that come again at a constant distance."""

    rows: int
    """Rows of the array."""

    KEPT: ClassVar[int] = 2**17
    """Different rows that are looked at, at most, about."""
    SLICE: ClassVar[int] = 2**14
    """Numbers that are hashed at a time, about."""
    sees_missing = True

    @property
    def stride(self) -> int:
        """One of so many different rows is looked at: a power of two."""
        return 1 << max(0, (self.rows - 1) // self.KEPT).bit_length()

    def leaf(self, rows: Rows, first: int) -> RowPlaces:
        hashes, height = np.empty(len(rows), np.uint64), max(1, self.SLICE // max(1, rows.shape[1]))
        for start in range(0, len(rows), height):
            hashes[start : start + height] = hashes_of(rows[start : start + height])
        chosen = np.flatnonzero(hashes < np.uint64(2**64 // self.stride)) if self.stride > 1 else np.arange(len(rows))
        places = first + chosen
        ones, none = np.ones(len(places), np.int64), np.full(len(places), -1, np.int64)
        return _joined(RowPlaces(hashes[chosen], ones, places, none))

    def subtree(self, rows: Rows, first: int, leaf_rows: int) -> RowPlaces:
        return self.leaf(rows, first)

    def merge(self, left: RowPlaces, right: RowPlaces) -> RowPlaces:
        return _joined(RowPlaces(*(np.concatenate(pair) for pair in zip(left, right, strict=True))))

    def finalize(self, node: RowPlaces) -> RowRepeats:
        again = node.second >= 0
        different, repeated = len(again), int(np.count_nonzero(again))
        if not repeated:
            return RowRepeats(self.stride, different, 0, 0, np.zeros(0, np.int64), 1.0)
        first, gaps = node.first[again], (node.second - node.first)[again]
        distances, counts = np.unique(gaps, return_counts=True)
        most = int(np.argmax(counts))
        mean = float(node.counts[again].sum()) / self.rows
        # P(X ≥ k) of a Poisson distribution is P(k, mean), a regularised incomplete gamma function.
        p_value = min(1.0, (self.rows - 1) * float(gammainc(counts[most], mean))) if counts[most] > 1 else 1.0
        places = np.sort(first[gaps == distances[most]])
        return RowRepeats(self.stride, different, repeated, int(distances[most]), places, p_value)


def hashes_of(rows: Rows) -> Hashes:
    """Hashes of rows of float64, the same for 0 and -0; NaN is equal to itself.

    >>> found = hashes_of(np.array([[0.0, 1.0], [-0.0, 1.0], [1.0, 0.0]]))
    >>> bool(found[0] == found[1]), bool(found[0] == found[2])
    (True, False)
    """
    bits = np.add(rows, 0.0, dtype=np.float64).view(np.uint64).reshape(rows.shape)
    # Each column begins with another number, so that their order counts.
    bits ^= np.arange(1, rows.shape[1] + 1, dtype=np.uint64) * np.uint64(_GAMMA)
    found: Hashes = _mixed(bits).sum(axis=1, dtype=np.uint64)
    return _mixed(found)


def _mixed(bits: Hashes) -> Hashes:
    """SplitMix64's permutation of all numbers, in place."""
    for shift, multiplier in zip(_SHIFTS, _MULTIPLIERS, strict=False):
        bits ^= bits >> np.uint64(shift)
        bits *= np.uint64(multiplier)
    bits ^= bits >> np.uint64(_SHIFTS[-1])
    return bits


def _joined(places: RowPlaces) -> RowPlaces:
    """Equal hashes made one; those of earlier rows come first."""
    order = np.argsort(places.hashes, kind="stable")
    hashes, counts = places.hashes[order], places.counts[order]
    first, second = places.first[order], places.second[order]
    starts = np.flatnonzero(np.concatenate([np.ones(min(1, len(hashes)), bool), hashes[1:] != hashes[:-1]]))
    if len(starts) == len(hashes):
        return RowPlaces(hashes, counts, first, second)
    several = np.diff(np.append(starts, len(hashes))) > 1
    following = np.where(several, first[np.minimum(starts + 1, len(first) - 1)], -1)
    seconds = np.where(second[starts] >= 0, second[starts], following)
    return RowPlaces(hashes[starts], np.add.reduceat(counts, starts), first[starts], seconds)
