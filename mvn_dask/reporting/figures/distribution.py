"""The distribution of a column: a histogram of its middle, and its tails on a log scale.

Input: a summary of the column. Output: SVG pictures. Cost: about 3 kB each.
"""

import numpy as np
from markupsafe import Markup

from mvn_dask._typing import Float64Array
from mvn_dask.reporting.column_summaries import ColumnSummary
from mvn_dask.reporting.figures.chart import BOTTOM, LEFT, RIGHT, TOP, Chart, LogScale, outline, scale_of
from mvn_dask.reporting.figures.svg import Scale
from mvn_dask.statistics.base import Counts
from mvn_dask.statistics.intervals import wilson_interval

BARS = 48
"""Bars of a histogram, at most."""
LEFT_OUT = 0.001
"""Share of the numbers to each side that a histogram does not show."""
TAIL = 0.1
"""Share of the numbers that a tail is."""
TAIL_POINTS = 120
"""Points of a tail's line, at most."""
TAIL_LEVEL = 0.95
"""Of the intervals around a tail's line."""


def finite_bins(column: ColumnSummary) -> tuple[Float64Array, Counts]:
    """Bounds of the bins that hold numbers, all finite, and their counts; none if there are no numbers."""
    seen = np.flatnonzero(column.counts)
    if not len(seen):
        return np.empty(0), np.empty(0, np.int64)
    first, last = int(seen[0]), int(seen[-1])
    edges, ends = column.edges[first : last + 2].copy(), (column.extremes.smallest[0], column.extremes.largest[0])
    # Bins reach to infinity at their ends; numbers do not, unless one is infinite.
    for place, end in zip((0, -1), ends, strict=True):
        inner = edges[1] if place == 0 else edges[-2]
        edges[place] = end if np.isfinite(end) else edges[place] if np.isfinite(edges[place]) else inner
    return np.maximum.accumulate(edges), column.counts[first : last + 1]


def histogram_picture(column: ColumnSummary) -> Markup | None:
    """The middle of the distribution; None if there are no two different numbers."""
    edges, counts = finite_bins(column)
    if not len(counts):
        return None
    total, below = counts.sum(), np.cumsum(counts)
    first, last = (int(np.searchsorted(below, share * total)) for share in (LEFT_OUT, 1.0 - LEFT_OUT))
    low, high = float(edges[first]), float(edges[last + 1])
    if not 0.0 < high - low < np.inf:
        return None
    bars = merged_bars(edges[first : last + 2], counts[first : last + 1], (high - low) / BARS, float(total))
    highest = max(height for _, _, height in bars)
    if not np.isfinite(highest):
        return None  # numbers lie so close together that a density overflows
    return Chart(
        name=f"distribution-{column.number}",
        title=f"Histogram of {column.name}",
        description=f"The middle {1.0 - 2.0 * LEFT_OUT:.1%} of the numbers, from {low:.4g} to {high:.4g}.",
        x=Scale(low, high, LEFT, RIGHT),
        y=Scale(0.0, 1.04 * highest, BOTTOM, TOP),
        x_name="value",
        y_name="density",
        bars=bars,
    ).picture()


def merged_bars(edges: Float64Array, counts: Counts, width: float, total: float) -> list[tuple[float, float, float]]:
    """Bars of at least this width, and their densities."""
    bars, start, sum_ = [], float(edges[0]), 0
    for edge, count in zip(edges[1:].tolist(), counts.tolist(), strict=True):
        sum_ += count
        if edge - start >= width or edge == edges[-1]:
            # The last bin may be narrow, or have no width at all.
            bars.append((start, edge, sum_ / total / max(edge - start, width)))
            start, sum_ = edge, 0
    return bars


def tail_picture(column: ColumnSummary, *, upper: bool) -> Markup | None:
    """Shares of numbers beyond a value, on a log scale; None if there are too few numbers."""
    edges, counts = finite_bins(column)
    total = int(counts.sum())
    if total < 2.0 / TAIL:
        return None
    beyond = total - np.cumsum(counts) if upper else np.cumsum(counts)
    values = edges[1:] if upper else edges[1:-1]
    beyond = beyond if upper else beyond[:-1]
    extreme = column.extremes.largest if upper else column.extremes.smallest
    known = extreme[np.isfinite(extreme)]
    # Others may equal the last of those that are known: how many there are, bins say.
    farthest, ranks = np.unique(known[known != known[-1]] if len(known) else known, return_counts=True)
    ranks = np.cumsum(ranks[::-1])[::-1] if upper else np.cumsum(ranks)
    inside = (beyond <= TAIL * total) & (beyond >= max(len(known), 1)) & np.isfinite(values)
    places = np.flatnonzero(inside)[:: max(1, int(inside.sum()) // TAIL_POINTS)]
    points = np.concatenate([values[places], farthest])
    hits = np.concatenate([beyond[places], ranks]).astype(np.float64)
    order = np.lexsort((-hits if upper else hits, points))
    points, hits = points[order], hits[order]
    if len(np.unique(hits)) < 3 or points[0] == points[-1]:
        return None
    return _tail(column, points, hits, float(total), upper=upper)


def _tail(column: ColumnSummary, points: Float64Array, hits: Float64Array, total: float, *, upper: bool) -> Markup:
    interval = wilson_interval(hits, np.full_like(hits, total), TAIL_LEVEL)
    y = LogScale(0.5 / total, 1.3 * float(hits.max()) / total, BOTTOM, TOP)
    low, high = (np.maximum(each, 0.1 / total) for each in (interval.low, interval.high))
    x = scale_of(float(points[0]), float(points[-1]), LEFT, RIGHT)
    side, sign = ("upper", "≥") if upper else ("lower", "≤")
    return Chart(
        name=f"{side}-{column.number}",
        title=f"{side.capitalize()} tail of {column.name}",
        description=f"Shares of numbers beyond a value, down to the most extreme of {total:,.0f}.",
        x=x,
        y=y,
        x_name="value" if isinstance(x, Scale) else "value, on a log scale",
        y_name=f"share of numbers {sign} value",
        band_name=f"{100 * TAIL_LEVEL:g} % interval of each share",
        band=outline(points, low, high),
        lines=[("running t0", list(zip(points.tolist(), (hits / total).tolist(), strict=True)))],
    ).picture()
