"""The work of reading chunks into a summary: a block at a time, in slices of rows that fit into a processor's cache."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from mvn_dask.covariance.blas import one_thread
from mvn_dask.execution import cancellation
from mvn_dask.execution.ranges import BlockNumbers
from mvn_dask.reporting.expectation import FINE, HALF, STEPS, Expectation, Floats, Lengths
from mvn_dask.reporting.selection import Indices, Place, Selection
from mvn_dask.reporting.summary import BINS, Summary, empty
from mvn_dask.sampling.broadcast import Broadcast
from mvn_dask.store.format.layout import chunk_bytes, chunk_index
from mvn_dask.store.reading import Stored

SLICE = 2**16
"""Numbers of a slice, about."""
BATCH = 2**16
"""Numbers of the rows that are whitened at a time, about."""
FEWEST = 256
"""Rows that are whitened at a time, at least where there are so many: the factor is read once for all of them."""


@dataclass(frozen=True)
class Scan:
    """Reads chunks and sums them up."""

    stored: Stored
    """Where they lie."""
    selection: Selection
    """What is looked at."""
    expectation: Expectation
    """What it should be."""
    broadcast: Broadcast
    """Factor and mean, to whiten rows."""

    def __call__(self, numbers: BlockNumbers) -> list[Summary]:
        """One summary of all of these chunks."""
        summary = empty(self.selection, self.expectation)
        for number in numbers.tolist():
            cancellation.exit_if_cancelled()
            self.add(summary, number, self.stored.read(chunk_index(self.stored.manifest, number)))
        return [summary]

    def remaining(self, numbers: BlockNumbers) -> BlockNumbers:
        """All: what a dead worker saw is lost."""
        return numbers

    def describe_cost(self) -> str:
        """Bytes of a chunk."""
        return (
            f"a chunk takes {chunk_bytes(self.stored.manifest)} bytes, and what is made of some of its rows at a time"
        )

    def add(self, summary: Summary, number: int, block: npt.NDArray[Any]) -> None:
        """One more block."""
        place = self.selection.place(number)
        rows = block.reshape(-1, block.shape[-1])
        summary.prints.add(number, place.low, rows)
        # Planted or damaged numbers may be anything; they are counted, not warned of.
        with one_thread(), np.errstate(all="ignore"):
            Slices(summary, self.selection, self.expectation, place).add(rows)
            if self.selection.stride and self.expectation.lengths is not None:
                self._whiten(summary, place, rows, self.expectation.lengths)

    def _whiten(self, summary: Summary, place: Place, rows: npt.NDArray[Any], lengths: Lengths) -> None:
        stride, factor = self.selection.stride, self.broadcast.factor
        mean = self.broadcast.mean.astype(np.float64)
        first = -place.first % stride
        batch = max(1 if self.selection.diagonal else FEWEST, BATCH // self.selection.ndim)
        centred = np.empty((min(batch, place.rows), self.selection.ndim))
        for start in range(first, place.rows, stride * batch):
            chosen = rows[start : start + stride * batch : stride]
            white = factor.whiten(np.subtract(chosen, mean, dtype=np.float64, out=centred[: len(chosen)]))
            squares = np.einsum("ij,ij->i", white, white)
            position = (np.sqrt(squares) - lengths.low) * FINE
            bins = np.where(position < lengths.bins - 1, np.maximum(position, 0.0), lengths.bins - 1).astype(np.int64)
            summary.lengths += np.bincount(bins, minlength=lengths.bins)
            segment = self.selection.segment(place.first + start + stride * np.arange(len(chosen), dtype=np.int64))
            finite = np.where(np.isfinite(squares), squares, 0.0)
            summary.distances += np.bincount(segment, finite, self.selection.segments)
            summary.whitened += np.bincount(segment, minlength=self.selection.segments)


class Slices:
    """Adds the rows of one chunk to a summary.

    Parameters
    ----------
    summary : Summary
        What they are added to.
    selection : Selection
        What is looked at.
    expectation : Expectation
        What it should be.
    place : Place
        Where the chunk lies.
    """

    def __init__(self, summary: Summary, selection: Selection, expectation: Expectation, place: Place) -> None:
        self._summary, self._selection, self._place = summary, selection, place
        low, high = np.searchsorted(selection.columns, [place.low, place.high]).tolist()
        self._columns = slice(low, high)
        self._width = high - low
        # A slice is a view, which costs nothing; chosen columns are copied.
        whole = self._width == place.high - place.low
        self._chosen: Any = slice(None) if whole else selection.columns[low:high] - place.low
        self._mean, self._inverse = expectation.mean[low:high], expectation.inverse[low:high]
        self._constant = np.flatnonzero(expectation.constant[low:high])
        self._followed = _within(selection.followed, low, high)
        self._paired = _within(selection.paired, low, high)
        self._binned = _within(selection.binned, low, high)
        self._offset = HALF * STEPS + BINS * np.arange(len(self._binned.local), dtype=np.float64)
        # Made once: workers of distributed give memory back at once, and pay for every page of it again.
        self._height = max(1, min(place.rows, SLICE // max(1, self._width)))
        self._numbers = np.empty((self._height, self._width))
        self._some = np.empty(self._height * max(len(self._paired.local), len(self._binned.local)))
        self._bins = np.empty((self._height, len(self._binned.local)), np.int64)

    def add(self, rows: npt.NDArray[Any]) -> None:
        """All rows, slice by slice; each lies in one stretch."""
        if not self._width:
            return
        for start, stop, segment in self._bounds():
            numbers = rows[start:stop, self._chosen]
            y = np.subtract(numbers, self._mean, dtype=np.float64, out=self._numbers[: stop - start])
            y *= self._inverse
            sums = np.ones(len(y)) @ y
            if not np.isfinite(sums).all() or len(self._constant):
                self._count_broken(numbers, y)
                sums = np.ones(len(y)) @ y
            self._summary.sums[self._columns] += sums
            self._summary.segments[segment, self._followed.whole] += sums[self._followed.local]
            self._multiply(y)
            self._bin(y)

    def _bounds(self) -> Iterator[tuple[int, int, int]]:
        """First row of each slice in the chunk, the row after its last, and its stretch."""
        first, end = self._place.first, self._place.first + self._place.rows
        start = first
        while start < end:
            segment = start * self._selection.segments // self._selection.rows
            stop = min(end, start + self._height, int(self._selection.starts[segment + 1]))
            yield start - first, stop - first, segment
            start = stop

    def _count_broken(self, numbers: npt.NDArray[Any], y: Floats) -> None:
        infinite = ~np.isfinite(y)
        y[infinite] = 0.0
        astray = numbers[:, self._constant] != self._mean[self._constant]
        self._summary.broken += [np.count_nonzero(infinite), np.count_nonzero(astray)]

    def _take(self, y: Floats, chosen: Indices) -> Floats:
        """Columns, in memory of our own."""
        out = self._some[: len(y) * len(chosen)].reshape(len(y), len(chosen))
        # A mode that needs no copy, since all are within.
        return np.take(y, chosen, axis=1, out=out, mode="clip")

    def _multiply(self, y: Floats) -> None:
        chosen = y if len(self._paired.local) == self._width else self._take(y, self._paired.local)
        products = chosen.T @ chosen
        self._summary.products[self._paired.whole, self._paired.whole] += products
        if chosen is y:
            self._summary.squares[self._columns] += np.diagonal(products)
        else:
            self._summary.squares[self._columns] += np.einsum("ij,ij->j", y, y)

    def _bin(self, y: Floats) -> None:
        local = self._binned.local
        if not len(local):
            return
        # The last use of these numbers: they may be overwritten.
        chosen = y if len(local) == self._width else self._take(y, local)
        chosen *= STEPS
        if chosen.min() < -HALF * STEPS or chosen.max() >= HALF * STEPS:
            np.clip(chosen, -HALF * STEPS, HALF * STEPS - 1, out=chosen)
        chosen += self._offset
        bins = self._bins[: len(y)]
        np.copyto(bins, chosen, casting="unsafe")
        counts = np.bincount(bins.reshape(-1), minlength=BINS * len(local))
        self._summary.counts[self._binned.whole] += counts.reshape(-1, BINS)


@dataclass(frozen=True)
class _Within:
    """A part of some chosen columns."""

    whole: slice
    """Which of them."""
    local: Indices
    """Where they are in a chunk's columns."""


def _within(chosen: Indices, low: int, high: int) -> _Within:
    start, stop = np.searchsorted(chosen, [low, high]).tolist()
    return _Within(slice(start, stop), chosen[start:stop] - low)
