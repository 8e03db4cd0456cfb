"""Histograms of columns, with exact counts.

Input: rows, and bins. Output: counts of the numbers in each bin, below and above. Cost: some 30 ns a number; one more
pass over the rows where the bins are to reach from the smallest to the largest number.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from mvn_dask import checks
from mvn_dask._typing import Float64Array
from mvn_dask.array_likes import real_array
from mvn_dask.display.curve import step_curve
from mvn_dask.display.fragments import beside, note
from mvn_dask.display.markup import Html
from mvn_dask.display.number_columns import NumberTable
from mvn_dask.display.previews import listed_places
from mvn_dask.errors import ArgumentError
from mvn_dask.readable import plural, short_repr, to_precision
from mvn_dask.signatures import short_signature
from mvn_dask.statistics.base import ArrayStatistic, Counts, NextPass, Request, Rows, Scope, Statistic
from mvn_dask.statistics.column_parts import by_column, text_by_column
from mvn_dask.statistics.number_lines import Number, looked_at
from mvn_dask.statistics.results import Result

MAX_BINS = 2**16
"""Bins of a histogram, at most."""


@dataclass(frozen=True, eq=False, repr=False)
class HistogramCounts(Result):
    """How many numbers of each column are in each bin.

    See Also
    --------
    mvn_dask.statistics.Histogram : Gives it.

    Examples
    --------
    >>> import dask.array as da
    >>> import mvn_dask
    >>> found = mvn_dask.estimate(da.from_array([0.5, 1.5, 1.6, 9.0]), Histogram([0.0, 1.0, 3.0]))
    >>> found.counts, found.above, found.count, found.density
    (array([1, 2]), 1, 4, array([0.25, 0.25]))
    """

    counts: Counts
    """Numbers in each bin, shape (bins, columns), or (bins,) of one column; the last bin holds its right edge too."""
    edges: Float64Array
    """Edges of the bins, shape (bins + 1,), or (bins + 1, columns) where each column has its own."""
    below: Number
    """Numbers below the first edge."""
    above: Number
    """Numbers above the last edge."""
    omitted: Number = 0
    """Missing numbers (NaN) that were left out."""
    columns: tuple[str, ...] | None = None
    """Labels of the columns, if they have any."""

    @property
    def count(self) -> Number:
        """All numbers that were looked at."""
        count = self.counts.sum(axis=0) + self.below + self.above
        return int(count) if self.counts.ndim == 1 else count

    @property
    def density(self) -> Float64Array:
        """Share of the numbers in each bin, divided by its width; shaped as the counts."""
        widths = np.diff(self.edges, axis=0)
        found: Float64Array = self.counts / (widths[:, None] if widths.ndim < self.counts.ndim else widths) / self.count
        return found

    def described(self, columns: tuple[str, ...] | None, omitted: Number) -> Self:
        return replace(self, columns=columns, omitted=omitted)

    def squeezed(self) -> Self:
        edges = self.edges[:, 0] if self.edges.ndim == 2 else self.edges
        below, above, omitted = (int(np.reshape(each, -1)[0]) for each in (self.below, self.above, self.omitted))
        return replace(self, counts=self.counts[:, 0], edges=edges, below=below, above=above, omitted=omitted)

    def _essentials(self) -> Mapping[str, object]:
        return {"bins": len(self.counts), "count": self.count}

    def __str__(self) -> str:
        return text_by_column(self.counts, self.columns, self._table, looked_at(self.count, self.omitted))

    def _summary(self) -> str:
        return plural(len(self.counts), "bin", ",")

    def _shown(self) -> Iterator[Html]:
        yield from by_column(self.counts, self.columns, self._column)
        yield note(looked_at(self.count, self.omitted))

    def _column(self, place: int) -> Iterator[Html]:
        edges, counts = self._bins(place)
        density = counts / np.diff(edges) / max(1, int(np.reshape(self.count, -1)[place]))
        yield beside(self._table(place).html, step_curve(edges, density))
        below, above = (int(np.reshape(each, -1)[place]) for each in (self.below, self.above))
        if below or above:
            yield note(f"outside of the bins: {below:,} below, {above:,} above")

    def _table(self, place: int) -> NumberTable:
        edges, counts = self._bins(place)
        total, places = max(1, int(np.reshape(self.count, -1)[place])), listed_places(len(counts))
        widths = np.diff(edges)[places].tolist()
        columns = (
            ("from", tuple(map(to_precision, edges[places].tolist(), widths))),
            ("to", tuple(map(to_precision, edges[1:][places].tolist(), widths))),
            ("count", tuple(f"{each:,}" for each in counts[places].tolist())),
            ("share", tuple(f"{each / total:.2%}" for each in counts[places].tolist())),
        )
        return NumberTable("bin", tuple(map(str, places)), columns, tuple(places), len(counts))

    def _bins(self, place: int) -> tuple[Float64Array, Counts]:
        """Edges and counts of a column."""
        bins = len(self.counts)
        edges = np.reshape(self.edges, (bins + 1, -1))
        return edges[:, place if edges.shape[1] > 1 else 0], np.reshape(self.counts, (bins, -1))[:, place]


@dataclass(frozen=True, eq=False)
class BinnedColumns(Statistic[Counts, HistogramCounts]):
    """Counts of numbers between edges; a node has those below, of each bin, and above, shape (bins + 2, columns)."""

    edges: Float64Array
    """Edges, shape (bins + 1,), or (bins + 1, columns)."""

    columnwise = True

    def leaf(self, rows: Rows, first: int) -> Counts:
        bins, columns = len(self.edges) - 1, rows.shape[1]
        counts = np.empty((bins + 2, columns), np.int64)
        for column, values in enumerate(rows.T):
            edges = self.edges if self.edges.ndim == 1 else self.edges[:, column]
            places = np.searchsorted(edges, values, "right")
            # The last bin holds its right edge, too.
            places[values == edges[-1]] = bins
            counts[:, column] = np.bincount(places, minlength=bins + 2)
        return counts

    # Counts do not depend on the tree.
    def subtree(self, rows: Rows, first: int, leaf_rows: int) -> Counts:
        return self.leaf(rows, first)

    def merge(self, left: Counts, right: Counts) -> Counts:
        return left + right

    def join_columns(self, nodes: Sequence[Counts]) -> Counts:
        return np.concatenate(nodes, axis=1)

    def finalize(self, node: Counts) -> HistogramCounts:
        return HistogramCounts(node[1:-1], self.edges, node[0], node[-1])


@dataclass(frozen=True)
class FullRange(ArrayStatistic[HistogramCounts]):
    """The smallest and the largest number of each column, between which bins of equal width lie."""

    bins: int
    """Number of bins."""

    def leaves(self, rows: Rows) -> Float64Array:
        if not rows.shape[1]:
            return np.tile(np.array([[np.inf], [-np.inf]]), (len(rows), 1, rows.shape[2]))
        return np.stack([rows.min(axis=1), rows.max(axis=1)], axis=1)

    def merge(self, left: Float64Array, right: Float64Array) -> Float64Array:
        low = np.minimum(left[..., 0, :], right[..., 0, :])
        return np.stack([low, np.maximum(left[..., 1, :], right[..., 1, :])], axis=-2)

    def finalize(self, node: Float64Array) -> NextPass:
        low, high = np.where(node[0] > node[1], 0.0, node)
        if not np.isfinite([low, high]).all():
            raise ArgumentError(
                f"`bins` must be edges where numbers are infinite: those of a column reach from {low.min()} to "
                f"{high.max()}"
            )
        # As numpy has it, a constant column gets a bin of width 1 around it.
        low, high = np.where(low == high, low - 0.5, low), np.where(low == high, high + 0.5, high)
        with np.errstate(over="ignore", invalid="ignore"):
            edges = np.linspace(low, high, self.bins + 1)
            # NaN is not above what is before it, either.
            is_ascending = (np.diff(edges, axis=0) > 0).all(axis=0) & np.isfinite(high - low)
        if not is_ascending.all():
            column = int(np.flatnonzero(~is_ascending)[0])
            raise ArgumentError(
                f"`bins` must be edges, or fewer: float64 has no {self.bins} bins of equal width from {low[column]} to "
                f"{high[column]}"
            )
        return NextPass(BinnedColumns(edges))


@short_signature
@dataclass(frozen=True, init=False, eq=False)
class Histogram(Request[HistogramCounts]):
    """Counts of numbers in bins, as `numpy.histogram` counts them.

    Parameters
    ----------
    bins : int, or sequence of float
        Edges of the bins, ascending; or how many of equal width reach from the smallest to the largest number of each
        column, which one more pass finds.

    See Also
    --------
    mvn_dask.statistics.Quantile : A quantile, exactly.
    mvn_dask.statistics.Moments : Four numbers in place of bins.

    Examples
    --------
    >>> import mvn_dask
    >>> from mvn_dask.statistics import Histogram
    >>> x = mvn_dask.MultivariateNormal([0.0], 1.0).sample(100_000, seed=1)
    >>> found = mvn_dask.estimate(x, Histogram([-1.0, 0.0, 1.0]), columns=0)
    >>> found.counts, found.below, found.above
    (array([34137, 34298]), 15767, 15798)
    """

    has_error = False

    bins: int | tuple[float, ...]
    """Number of bins, or their edges."""

    def __init__(self, bins: int | Sequence[float] | npt.NDArray[Any]) -> None:
        if isinstance(bins, (int, np.integer)) and not isinstance(bins, bool):
            found: int | tuple[float, ...] = checks.count("bins", bins, least=1)
            many = int(bins)
        else:
            edges = real_array("bins", bins)
            if edges.ndim != 1 or len(edges) < 2 or not np.isfinite(edges).all() or not (np.diff(edges) > 0).all():
                raise ArgumentError(f"`bins` must be at least two edges, ascending: they are {short_repr(bins)}")
            found, many = tuple(edges.tolist()), len(edges) - 1
        if many > MAX_BINS:
            raise ArgumentError(f"`bins` must be at most {MAX_BINS}: there are {many}")
        object.__setattr__(self, "bins", found)

    def __repr__(self) -> str:
        return f"Histogram(bins={self.bins if isinstance(self.bins, int) else len(self.bins) - 1})"

    def prepared(self, scope: Scope) -> Statistic[Any, Any]:
        return FullRange(self.bins) if isinstance(self.bins, int) else BinnedColumns(np.array(self.bins))
