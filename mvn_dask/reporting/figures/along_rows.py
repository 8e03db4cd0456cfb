"""Means of a column in consecutive segments of the rows, and where they change.

Input: a summary of the column, and the segments before which it changes. Output: an SVG picture. Cost: about 5 kB.
"""

from collections.abc import Sequence

import numpy as np
from markupsafe import Markup

from mvn_dask.readable import plural
from mvn_dask.reporting.column_summaries import ColumnSummary
from mvn_dask.reporting.figures.chart import BOTTOM, LEFT, RIGHT, TOP, Chart, outline, span
from mvn_dask.reporting.figures.svg import Scale

FEWEST_SEGMENTS = 8
"""Segments, at least: fewer are no picture."""
BAND_ERRORS = 3.0
"""Standard errors to each side of the mean that the band is wide."""


def along_rows(column: ColumnSummary, changes: Sequence[int]) -> Markup | None:
    """The picture; None if there are too few segments, or means do not vary."""
    rows, counts, means, variances, *_ = column.segments
    known = np.isfinite(means)
    if known.sum() < FEWEST_SEGMENTS:
        return None
    ends = np.cumsum(rows)
    middle, weights = (ends - rows / 2.0)[known], counts[known].astype(np.float64)
    mean = float(np.average(means[known], weights=weights))
    deviation = float(np.sqrt(np.average(np.nan_to_num(variances[known]), weights=weights)))
    half = BAND_ERRORS * deviation / np.sqrt(weights)
    # The last segment may have few rows, and a band that no other fits beside.
    frame = span(means[known], mean + half[:-1], mean - half[:-1])
    if frame is None:
        return None
    height = plural(int(rows[0]), "row", ",")
    return Chart(
        name=f"segments-{column.number}",
        title=f"Means of {column.name} along the rows",
        description=f"Means of {known.sum()} segments of {height} each, and where most of them lie by chance.",
        x=Scale(0.0, float(ends[-1]), LEFT, RIGHT),
        y=Scale(*frame, BOTTOM, TOP),
        x_name="row",
        y_name=f"mean of each {height}",
        band_name=f"{BAND_ERRORS:g} standard errors to each side",
        band=outline(middle, mean - half, mean + half),
        lines=[("expected", [(0.0, mean), (float(ends[-1]), mean)])],
        points=list(zip(middle.tolist(), means[known].tolist(), strict=True)),
        marks=[float(ends[each - 1]) for each in changes],
    ).picture()
