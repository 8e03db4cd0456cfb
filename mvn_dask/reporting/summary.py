"""What is kept of the numbers of a store: sums and counts, of a size that does not grow with the rows.

Numbers are taken less their expected mean and in units of their expected standard deviation, so that sums of squares do
not cancel, and summaries of parts are merged by adding them.

References
----------
T. F. Chan, G. H. Golub and R. J. LeVeque, Algorithms for computing the sample variance: analysis and recommendations,
The American Statistician 37 (1983) 242, doi:10.1080/00031305.1983.10483115: shifted data, and merging.
"""

from dataclasses import dataclass, field, fields

import numpy as np
import numpy.typing as npt

from mvn_dask.reporting.expectation import HALF, STEPS, Expectation, Floats
from mvn_dask.reporting.prints import Prints
from mvn_dask.reporting.selection import Selection

Counts = npt.NDArray[np.int64]

BINS = 2 * HALF * STEPS
"""Bins of a histogram; the first and the last have no end."""


@dataclass(eq=False)
class Summary:
    """Sums over rows."""

    sums: Floats
    """Of the numbers, shape (columns,)."""
    squares: Floats
    """Of their squares, shape (columns,)."""
    products: Floats
    """Of products of pairs, shape (pairs, pairs); 0 for those that never lie in one chunk."""
    segments: Floats
    """Of the numbers of each stretch, shape (segments, followed)."""
    counts: Counts
    """Numbers in each bin, shape (binned, BINS)."""
    lengths: Counts
    """Whitened rows in each bin of their length."""
    distances: Floats
    """Squared lengths in each stretch, added up, shape (segments,)."""
    whitened: Counts
    """Rows behind them, shape (segments,)."""
    broken: Counts = field(default_factory=lambda: np.zeros(2, np.int64))
    """Numbers that are NaN or infinite, which count as their mean; and numbers of constants that are not their mean."""
    prints: Prints = field(default_factory=Prints)
    """Prints of the blocks."""

    def merge(self, other: "Summary") -> None:
        """Add the rows of another."""
        for each in fields(self):
            mine, theirs = getattr(self, each.name), getattr(other, each.name)
            if each.name == "prints":
                mine.merge(theirs)
            else:
                mine += theirs


def empty(selection: Selection, expectation: Expectation) -> Summary:
    """That of no rows."""
    pairs, columns = len(selection.paired), len(selection.columns)
    bins = 0 if expectation.lengths is None else expectation.lengths.bins
    return Summary(
        sums=np.zeros(columns),
        squares=np.zeros(columns),
        products=np.zeros((pairs, pairs)),
        segments=np.zeros((selection.segments, len(selection.followed))),
        counts=np.zeros((len(selection.binned), BINS), np.int64),
        lengths=np.zeros(bins, np.int64),
        distances=np.zeros(selection.segments),
        whitened=np.zeros(selection.segments, np.int64),
    )
