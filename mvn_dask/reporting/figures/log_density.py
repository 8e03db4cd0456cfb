"""The density of a column on a log scale, over all of its numbers, so that both tails are seen beside the middle.

Input: a summary of the column. Output: an SVG picture. Cost: about 4 kB.
"""

import numpy as np
from markupsafe import Markup

from mvn_dask.reporting.column_summaries import ColumnSummary
from mvn_dask.reporting.figures.chart import BOTTOM, LEFT, RIGHT, TOP, Chart, LogScale, outline
from mvn_dask.reporting.figures.distribution import TAIL_LEVEL, finite_bins, merged_bars
from mvn_dask.reporting.figures.svg import Scale
from mvn_dask.statistics.intervals import wilson_interval

DENSITY_POINTS = 48
"""Parts of the range, at most."""
FEWEST_POINTS = 4
"""Parts with numbers in them, at least."""


def log_density_picture(column: ColumnSummary) -> Markup | None:
    """Densities of equally wide parts of the range, with intervals; None if numbers are too few, or alike."""
    edges, counts = finite_bins(column)
    if not len(counts) or not 0.0 < edges[-1] - edges[0] < np.inf:
        return None
    total = float(counts.sum())
    bars = np.array(merged_bars(edges, counts, float(edges[-1] - edges[0]) / DENSITY_POINTS, total))
    widths, middles, densities = np.diff(bars[:, :2], axis=1)[:, 0], bars[:, :2].mean(axis=1), bars[:, 2]
    known = (densities > 0) & np.isfinite(densities) & (widths > 0)
    if known.sum() < FEWEST_POINTS:
        return None
    widths, middles, densities = widths[known], middles[known], densities[known]
    interval = wilson_interval(densities * widths * total, np.full_like(widths, total), TAIL_LEVEL)
    low, high = interval.low / widths, interval.high / widths
    return Chart(
        name=f"logdensity-{column.number}",
        title=f"Density of {column.name}",
        description=f"On a log scale, from the smallest number to the largest of {total:,.0f}.",
        x=Scale(float(edges[0]), float(edges[-1]), LEFT, RIGHT),
        y=LogScale(0.5 * float(densities.min()), 2.0 * float(densities.max()), BOTTOM, TOP),
        x_name="value",
        y_name="density, on a log scale",
        band=outline(middles, np.maximum(low, 1e-3 * densities), high),
        lines=[("running t0", list(zip(middles.tolist(), densities.tolist(), strict=True)))],
    ).picture()
