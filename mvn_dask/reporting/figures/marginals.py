"""Histograms of single variables on the expected density, with the error of each bar.

Input: estimates. Output: an SVG picture a variable. Cost: about 5 kB each.
"""

import numpy as np
from markupsafe import Markup

from mvn_dask._typing import Float64Array
from mvn_dask.reporting.estimates import Estimates, largest
from mvn_dask.reporting.figures.svg import Scale, render
from mvn_dask.reporting.reference import BINS_PER_DEVIATION, HISTOGRAM_REACH

MARGINALS_SHOWN = 12
"""Variables that are shown."""
REACH = 4.5
"""Standard deviations that are shown to each side."""
BARS_PER_DEVIATION = 4
"""Bars for each standard deviation."""
ERROR_LIMIT = 5.0
"""Standard errors at which the picture of errors ends."""
HALF_STEP = 0.01
"""Standard deviations to each side over which a density is taken from the law."""
EDGES = np.linspace(-REACH, REACH, int(2 * REACH * BARS_PER_DEVIATION) + 1)
"""Between bars, in standard deviations."""


def histograms(estimates: Estimates) -> list[tuple[int, Markup]]:
    """Columns that are shown, ascending, and their pictures: those with the largest errors."""
    if not estimates.selection.rows:
        return []
    rows, binned = estimates.selection.rows, estimates.selection.binned
    outside = int((HISTOGRAM_REACH - REACH) * BINS_PER_DEVIATION)
    shown = estimates.measured.histograms[:, outside:-outside]
    # Numbers in each bar, shape (binned, bars).
    counts = shown.reshape(len(shown), len(EDGES) - 1, -1).sum(axis=2).astype(np.float64)
    p = np.diff(estimates.reference.laws.marginal_cdf(EDGES))
    # Bars less what they should be, in standard errors; 0 where less than one number is expected.
    errors = np.where(rows * p >= 1.0, (counts - rows * p) / np.sqrt(rows * p * (1.0 - p)), 0.0)
    density = counts * BARS_PER_DEVIATION / rows
    chosen = sorted(largest(np.abs(errors).max(axis=1), estimates.reference.testable[binned], MARGINALS_SHOWN))
    return [(int(binned[i]), _histogram(estimates, int(binned[i]), density[i], errors[i])) for i in chosen]


def _histogram(estimates: Estimates, column: int, density: Float64Array, errors: Float64Array) -> Markup:
    x = Scale(-REACH, REACH, 30.0, 276.0)
    y = Scale(0.0, max(0.42, float(density.max()) * 1.04), 128.0, 16.0)
    error_y = Scale(-ERROR_LIMIT, ERROR_LIMIT, 174.0, 142.0)
    curve = np.linspace(-REACH, REACH, 91)
    cdf = estimates.reference.laws.marginal_cdf
    expected = (cdf(curve + HALF_STEP) - cdf(curve - HALF_STEP)) / (2.0 * HALF_STEP)
    return render(
        "histogram.html",
        name=f"histogram-{column}",
        variable=estimates.name(column),
        largest_error=np.abs(errors).max(),
        x=x,
        y=y,
        error_y=error_y,
        bars=_rectangles(density, x, y),
        expected=list(zip(map(x, curve), map(y, expected), strict=True)),
        errors=_rectangles(np.clip(errors, -ERROR_LIMIT, ERROR_LIMIT), x, error_y),
    )


def _rectangles(heights: Float64Array, x: Scale, y: Scale) -> str:
    """Bars on the line 0, as data of one path, which is a third of the text."""
    return "".join(
        f"M{x(left) + 0.4:.2f} {y(0):.2f}V{y(height):.2f}H{x(right) - 0.4:.2f}V{y(0):.2f}z"
        for left, right, height in zip(EDGES[:-1], EDGES[1:], heights, strict=True)
        if height
    )
