"""Histograms of single variables on the expected density, with the error of each bar.

Input: estimates. Output: an SVG picture a variable. Cost: about 5 kB each.
"""

import numpy as np
from markupsafe import Markup

from mvn_dask._typing import Float64Array
from mvn_dask.reporting.estimates import Estimates, largest
from mvn_dask.reporting.figures.svg import Scale, render
from mvn_dask.reporting.reference import BINS_PER_DEVIATION, HISTOGRAM_REACH, Reference

MARGINALS_SHOWN = 12
"""Variables that are shown."""
WIDTH, HEIGHT = 280.0, 208.0
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
    if not estimates.rows:
        return []
    counts = _bars(estimates)
    errors = np.abs(_errors(estimates.reference, counts, estimates.rows)).max(axis=1)
    chosen = sorted(largest(errors, estimates.reference.testable[estimates.selection.binned], MARGINALS_SHOWN))
    return [(int(estimates.selection.binned[i]), _histogram(estimates, i, counts[i])) for i in chosen]


def _bars(estimates: Estimates) -> Float64Array:
    """Numbers in each bar, shape (binned, bars)."""
    outside = int((HISTOGRAM_REACH - REACH) * BINS_PER_DEVIATION)
    shown = estimates.measured.histograms[:, outside:-outside]
    return np.asarray(shown.reshape(len(shown), len(EDGES) - 1, -1).sum(axis=2), np.float64)


def _errors(reference: Reference, counts: Float64Array, rows: int) -> Float64Array:
    """Bars less what they should be, in standard errors; 0 where less than one number is expected."""
    p = np.diff(reference.laws.marginal_cdf(EDGES))
    return np.where(rows * p >= 1.0, (counts - rows * p) / np.sqrt(rows * p * (1.0 - p)), 0.0)


def _histogram(estimates: Estimates, position: int, counts: Float64Array) -> Markup:
    column = int(estimates.selection.binned[position])
    density = counts * BARS_PER_DEVIATION / estimates.rows
    errors = _errors(estimates.reference, counts, estimates.rows)
    x = Scale(-REACH, REACH, 30.0, WIDTH - 4.0)
    y = Scale(0.0, max(0.42, float(density.max()) * 1.04), 128.0, 16.0)
    error_y = Scale(-ERROR_LIMIT, ERROR_LIMIT, 174.0, 142.0)
    curve = np.linspace(-REACH, REACH, 91)
    cdf = estimates.reference.laws.marginal_cdf
    expected = (cdf(curve + HALF_STEP) - cdf(curve - HALF_STEP)) / (2.0 * HALF_STEP)
    return render(
        "histogram.html",
        name=f"histogram-{column}",
        width=WIDTH,
        height=HEIGHT,
        title=f"Histogram of {estimates.name(column)}",
        description="Bars are the sample, the line is the expected density. The bar that is farthest off is "
        f"{np.abs(errors).max():.1f} standard errors away from it.",
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
