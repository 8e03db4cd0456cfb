"""Where along the rows of a derived store something is off: means of segments, column by column.

Input: summaries of columns, and the p-value at which a single test of shares fails. Output: an SVG heatmap, a row of
cells for each column. Cost: about 90 bytes a cell, of at most 128 x 16.
"""

from dataclasses import dataclass

import numpy as np
from markupsafe import Markup

from mvn_dask._typing import Float64Array
from mvn_dask.reporting.column_summaries import ColumnSegments, ColumnSummaries
from mvn_dask.reporting.derived_verdicts import share_p_values
from mvn_dask.reporting.figures.along_rows import FEWEST_SEGMENTS
from mvn_dask.reporting.figures.block_heatmap import WIDE_BLOCKS, BlockHeatmap, Strip
from mvn_dask.reporting.figures.heatmaps import most_extreme
from mvn_dask.reporting.number_format import signed, to_precision
from mvn_dask.reporting.row_repeats import repeated_segments


@dataclass(frozen=True, eq=False)
class SegmentBlocks:
    """The picture, and what it shows in words."""

    picture: Markup
    """The picture."""
    segments: int
    """Segments of the rows."""
    failed: int
    """Cells whose shares fail the exact test."""
    worst: str
    """The cell whose mean is farthest off, in words."""


def segment_blocks(summaries: ColumnSummaries, p_value: float, repeat_limit: float) -> SegmentBlocks | None:
    """The picture; None if there are too few segments, or no column varies.

    `repeat_limit` is the p-value below which rows that come again are marked.
    """
    columns = [each for each in summaries.columns if each.count]
    if not columns or len(columns[0].segments.rows) < FEWEST_SEGMENTS:
        return None
    errors = np.stack([mean_errors(each.segments) for each in columns])
    if not np.isfinite(errors).any():
        return None
    p_values = np.stack([_smallest(each.segments) for each in columns])
    starts = np.concatenate([[0], np.cumsum(columns[0].segments.rows)]).astype(np.int64)

    def row_range(segment: int) -> str:
        return f"rows {starts[segment]:,} to {starts[segment + 1] - 1:,}"

    i, j = np.unravel_index(int(np.nanargmax(np.abs(errors))), errors.shape)
    segments, moments = columns[i].segments, columns[i].moments
    step = float(np.sqrt(moments.variance.value / max(1, segments.counts[j])))
    picture = BlockHeatmap(
        name="blocks-segments",
        title="Means of segments less those of all rows, in standard errors",
        what="mean",
        names=[each.name for each in columns],
        starts=starts,
        values=errors,
        marked=most_extreme(np.where(p_values < p_value, -np.log(np.maximum(p_values, 1e-300)), np.nan)),
        row_range=row_range,
        strips=[Strip("repeated", repeated_segments(summaries.repeats, starts, repeat_limit))],
        width=WIDE_BLOCKS,
    ).picture()
    return SegmentBlocks(
        picture,
        len(starts) - 1,
        int(np.count_nonzero(p_values < p_value)),
        f"{columns[i].name} in {row_range(int(j))}: mean {to_precision(float(segments.means[j]), step)}, of all rows "
        f"{to_precision(float(moments.mean.value), step)}, {signed(float(errors[i, j]))} standard errors",
    )


@np.errstate(all="ignore")
def mean_errors(segments: ColumnSegments) -> Float64Array:
    """Means of segments less that of all, in standard errors of the pooled variance, shape (segments,).

    They are approximately normal, for many rows and tails that are not too heavy.
    """
    counts, known = segments.counts, np.isfinite(segments.means) & np.isfinite(segments.variances)
    if not known.any():
        return np.full(len(counts), np.nan)
    weights = counts[known].astype(np.float64)
    mean = np.average(segments.means[known], weights=weights)
    variance = np.average(segments.variances[known], weights=weights)
    errors = (segments.means - mean) / np.sqrt(variance * (1.0 / counts - 1.0 / weights.sum()))
    return np.where(known & np.isfinite(errors), errors, np.nan)


def _smallest(segments: ColumnSegments) -> Float64Array:
    """Smallest p-value of the shares of each segment, shape (segments,)."""
    each = share_p_values(segments)[:, 0]
    return np.asarray(np.min(np.where(np.isnan(each), 1.0, each), axis=0), np.float64)
