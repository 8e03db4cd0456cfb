"""What a report measures in one pass: statistics of standardised variables, of whitened rows and of whole chunks.

Input: a store, and what its numbers should be. Output: estimates of a size that does not grow with the rows. Cost:
about twice that of reading the numbers of a store, and what whitening takes.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from math import prod
from typing import Any, ClassVar

import numpy as np

from mvn_dask._typing import Float64Array
from mvn_dask.reporting.chosen_variables import ChosenVariables
from mvn_dask.reporting.compared_rows import ComparedRows, ComparedVariables, compared_variables, repeats_of
from mvn_dask.reporting.pair_densities import BinnedPairs, PairDensities, densities_of, density_rows, pair_scale
from mvn_dask.reporting.reference import Reference, marginal_histogram
from mvn_dask.reporting.scan import ChunkRange, ScanInput
from mvn_dask.reporting.selection import Selection
from mvn_dask.reporting.variable_ranges import VariableRanges, joined_ranges
from mvn_dask.sampling.broadcast import Broadcast
from mvn_dask.statistics.base import Combined, Counts, Indices, Rows, Statistic
from mvn_dask.statistics.bin_counts import BinCounts
from mvn_dask.statistics.column_ranges import Ranges
from mvn_dask.statistics.repeated_rows import RowRepeats
from mvn_dask.statistics.repeats import Repeated, Repeats
from mvn_dask.statistics.same_signs import SameSigns
from mvn_dask.statistics.segment_means import SegmentMeans, Segments
from mvn_dask.statistics.standardized import Standardized
from mvn_dask.statistics.standardized_moments import StandardizedMoments
from mvn_dask.store.format.layout import chunk_count

LEAF_NUMBERS = 2**16
"""Numbers of a leaf of variables, about, where chunks are smaller."""
LEAF_DISTANCES = 2**13
"""Rows of a leaf of distances, or of densities, where not every row has one."""
LEAF_CHUNKS = 2**10
"""Fingerprints of a leaf."""
WHITENED_NUMBERS = 2**16
"""Numbers of the rows that are whitened at a time, about."""
MIN_WHITENED_ROWS = 256
"""Rows that are whitened at a time, at least, by a dense factor: it is read once for all of them."""
FINGERPRINT_NUMBERS = 512
"""Numbers of a chunk of which its fingerprint is made."""
MIN_DISTINCT_NUMBERS = 8
"""Different numbers among them, at least: fewer may be equal by chance."""
MIN_COLLISION_BITS = 96
"""Negative logarithm to base 2 of the probability that discrete numbers are equal by chance, at least."""


@dataclass(frozen=True, eq=False)
class SelectedVariables(ChosenVariables):
    """The selected variables, or normal scores of them."""

    mean: Float64Array
    """What they should be on average, shape (columns,)."""
    deviation: Float64Array
    """Their expected standard deviations, shape (columns,)."""
    scoring: Broadcast | None
    """What carries the sampler that makes normal scores of them; None where they are compared as they are."""
    by_signs: bool
    """Whether pairs are compared by their signs."""

    def statistic(self, part: int) -> Statistic[Any, Any]:
        columns, segmented, paired, binned = self.selection.within(part)
        statistics: tuple[Statistic[Any, Any], ...] = (
            StandardizedMoments(np.searchsorted(columns, self.selection.paired[paired])),
            SegmentMeans(np.searchsorted(columns, self.selection.segmented[segmented]), self.selection.starts),
            *self._signs(np.searchsorted(columns, self.selection.paired[paired])),
            marginal_histogram(np.searchsorted(columns, self.selection.binned[binned])),
        )
        moments = self.mean[columns], self.deviation[columns]
        return Standardized(Combined(statistics), *moments, self.selection.starts[:-1])

    def _signs(self, paired: Indices) -> tuple[Statistic[Any, Any], ...]:
        return (SameSigns(paired),) if self.by_signs else ()

    def derive(self, chunk: ChunkRange, rows: Rows) -> Iterator[tuple[int, Rows]]:
        variables = self.selection.columns[self.selection.parts == chunk.low]
        for start, some in super().derive(chunk, rows):
            yield start, some if self.scoring is None else self.scoring.sampler.scores(some, variables)


@dataclass(frozen=True, eq=False)
class WhitenedRows(ScanInput):
    """Lengths of whitened rows, and squared lengths, 0 where one is not finite, of every `stride`-th row."""

    selection: Selection
    """Which rows."""
    histogram: BinCounts
    """Bins of their lengths."""
    broadcast: Broadcast
    """What carries the sampler."""

    def statistic(self, part: int) -> Statistic[Any, Any]:  # noqa: ARG002 chunks hold whole rows
        starts = -(-self.selection.starts // self.selection.stride)
        return Combined((self.histogram, SegmentMeans(np.ones(1, np.int64), starts)))

    def derive(self, chunk: ChunkRange, rows: Rows) -> Iterator[tuple[int, Rows]]:
        stride = self.selection.stride
        yield -(-chunk.first // stride), self._lengths(rows[-chunk.first % stride :: stride])

    @np.errstate(all="ignore")
    def _lengths(self, chosen: Rows) -> Rows:
        ndim, sampler = self.selection.ndim, self.broadcast.sampler
        derived = np.empty((len(chosen), 2))
        batch = max(1, WHITENED_NUMBERS // ndim, min(MIN_WHITENED_ROWS, self.selection.parameters // ndim))
        for start in range(0, len(chosen), batch):
            derived[start : start + batch, 1] = sampler.squared_distances(chosen[start : start + batch])
        derived[:, 0] = np.sqrt(derived[:, 1])
        derived[~np.isfinite(derived[:, 1]), 1] = 0.0
        return derived


@dataclass(frozen=True, eq=False)
class ChunkFingerprints(ScanInput):
    """A fingerprint of each chunk, 0 where it has too few different numbers; the number of a chunk is its row."""

    discrete: ClassVar[bool] = False
    """Whether numbers may come again in sound rows, as counts do."""

    def part(self, chunk: ChunkRange) -> int:  # noqa: ARG002 one for all
        return 0

    def statistic(self, part: int) -> Statistic[Any, Any]:  # noqa: ARG002 one for all
        return Repeats()

    def derive(self, chunk: ChunkRange, rows: Rows) -> Iterator[tuple[int, Rows]]:
        yield chunk.number, np.array([[fingerprint(chunk, rows, discrete=self.discrete)]], np.uint64)


def fingerprint(chunk: ChunkRange, rows: Rows, *, discrete: bool = False) -> int:
    """64 bits of the first numbers of a chunk and of its first column; 0 if they may be another chunk's by chance."""
    head = rows[: max(1, FINGERPRINT_NUMBERS // rows.shape[1])].reshape(-1)[:FINGERPRINT_NUMBERS]
    numbers = np.ascontiguousarray(head)
    _, counts = np.unique(numbers, return_counts=True)
    if len(counts) < MIN_DISTINCT_NUMBERS:
        return 0
    # Where a number comes again, two are equal with the sum of the squared shares as their probability.
    if discrete and len(counts) < len(numbers):
        shares = counts / len(numbers)
        if -np.log2(shares @ shares) * len(numbers) < MIN_COLLISION_BITS:
            return 0
    # Chunks of other columns may well be equal: variables whose correlation is 1 are.
    salt = chunk.low.to_bytes(16, "big")
    return int.from_bytes(blake2b(numbers.data, digest_size=8, salt=salt).digest(), "big")


@dataclass(frozen=True, eq=False)
class Measurements:
    """Statistics of a store. Variables are standardised: less the expected mean, in expected standard deviations."""

    mean: Float64Array
    """Sample means, shape (columns,)."""
    variance: Float64Array
    """Sample variances, shape (columns,)."""
    covariance: Float64Array
    """Sample covariances, shape (pairs, pairs); 0 for pairs that never lie in one chunk."""
    segment_rows: Counts
    """Rows of each segment, shape (segments,)."""
    segment_means: Float64Array
    """Means of each segment, shape (segments, segmented)."""
    segment_mean_squares: Float64Array
    """Means of squares, likewise."""
    histograms: Counts
    """Numbers in each bin of `marginal_histogram`, shape (binned, bins)."""
    nonfinite_counts: Counts
    """Numbers that are NaN or infinite, which count as their mean, shape (segments, columns)."""
    off_constant_counts: Counts
    """Numbers of variables without variance that are not the mean, shape (columns,)."""
    lengths: Counts
    """Whitened rows in each bin of their length, shape (bins,); (0,) where none are taken."""
    same_signs: Counts
    """Rows in which both of a pair are on the same side of the median, shape (pairs, pairs); of scores, where pairs are
    compared so; 0 for pairs that never lie in one chunk."""
    squared_lengths: Segments
    """Squared lengths of whitened rows in each segment; `means` has shape (segments, 1)."""
    chunks: Repeated
    """Fingerprints of chunks, and which of them repeat."""
    repeats: Mapping[ComparedVariables, RowRepeats]
    """Rows that come again, of each part, by the numbers of the variables that rows are compared by."""
    ranges: Ranges
    """Smallest and largest number of each variable, in its own unit, shape (columns,)."""
    densities: PairDensities | None
    """Of all pairs; None where there are more than few variables, or chunks are cut along them."""

    @property
    def nonfinite(self) -> int:
        """Numbers that are NaN or infinite."""
        return int(self.nonfinite_counts.sum())

    @property
    def off_constant(self) -> int:
        """Numbers of variables without variance that are not the mean."""
        return int(self.off_constant_counts.sum())


def inputs_of(selection: Selection, reference: Reference, broadcast: Broadcast) -> tuple[ScanInput, ...]:
    """What a report scans a store for."""
    rows, manifest = selection.rows, selection.manifest
    chunks = ChunkFingerprints(chunk_count(manifest) if rows else 0, LEAF_CHUNKS)
    scoring = broadcast if reference.laws.of_scores else None
    moments, by_signs = (reference.mean, reference.deviation), not reference.laws.pairs_known
    selected = SelectedVariables(rows, _leaf_rows(selection), selection, *moments, scoring, by_signs)
    compared = compared_variables(selection, reference), selection.manifest.event.shape
    found: list[ScanInput] = [
        selected,
        chunks,
        VariableRanges(rows, _leaf_rows(selection), selection),
        ComparedRows(rows, _leaf_rows(selection), *compared),
    ]
    if reference.radial is not None:
        whitened, leaf_rows = -(-rows // selection.stride), _thinned_leaf_rows(selection, selection.stride)
        found.append(WhitenedRows(whitened, leaf_rows, selection, reference.radial.histogram, broadcast))
    if selection.has_densities:
        leaf_rows = _thinned_leaf_rows(selection, selection.pair_stride)
        found.append(BinnedPairs(density_rows(selection), leaf_rows, selection, pair_scale(reference), broadcast))
    return tuple(found)


def _thinned_leaf_rows(selection: Selection, stride: int) -> int:
    return _leaf_rows(selection) if stride == 1 else LEAF_DISTANCES


def _leaf_rows(selection: Selection) -> int:
    """Rows of a leaf: those of a chunk, or of several small ones, since rows of leaves that a chunk cuts travel.

    So the bits of a report depend on the chunks of its store, but on nothing else.
    """
    chunk_rows = max(1, prod(selection.manifest.chunks[: len(selection.manifest.size)]))
    if selection.cut:
        return chunk_rows
    rows = max(1, LEAF_NUMBERS // len(selection.columns))
    # Chunks of several axes of rows have other numbers of rows at the edges, and begin anywhere.
    return max(1, rows // chunk_rows) * chunk_rows if len(selection.manifest.size) == 1 else rows


def collect(selection: Selection, reference: Reference, results: Sequence[Mapping[int, Any]]) -> Measurements:
    """Put the parts of a store together."""
    columns, pairs, segments = len(selection.columns), len(selection.paired), selection.segments
    lengths, squared = np.zeros(0, np.int64), Segments(np.zeros(segments, np.int64), *np.zeros((2, segments, 1)))
    if reference.radial is not None:
        (lengths,), squared = results[4][0]
    found = Measurements(
        mean=np.zeros(columns),
        variance=np.zeros(columns),
        covariance=np.zeros((pairs, pairs)),
        segment_rows=np.diff(selection.starts),
        segment_means=np.zeros((segments, len(selection.segmented))),
        segment_mean_squares=np.zeros((segments, len(selection.segmented))),
        histograms=np.zeros((len(selection.binned), marginal_histogram(selection.binned).bins), np.int64),
        nonfinite_counts=np.zeros((segments, columns), np.int64),
        off_constant_counts=np.zeros(columns, np.int64),
        same_signs=np.zeros((pairs, pairs), np.int64),
        lengths=lengths,
        squared_lengths=squared,
        chunks=results[1][0],
        repeats=repeats_of(compared_variables(selection, reference), results[3]),
        ranges=joined_ranges(selection, results[2]),
        densities=densities_of(selection, results[-1][0]) if selection.has_densities else None,
    )
    for part, checked in results[0].items():
        own, segmented, paired, binned = selection.within(part)
        moments, means, *signs, found.histograms[binned] = checked.inner
        for segment, counts in checked.nonfinite.items():
            found.nonfinite_counts[segment, own] = counts
        found.off_constant_counts[own[reference.constant[own]]] = checked.off_constant
        for same in signs:
            found.same_signs[np.ix_(paired, paired)] = same
        _, found.mean[own], found.variance[own], found.covariance[np.ix_(paired, paired)] = moments
        found.segment_means[:, segmented] = means.means
        found.segment_mean_squares[:, segmented] = means.mean_squares
    return found
