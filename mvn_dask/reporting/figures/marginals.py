"""Histograms of single variables on the expected density, with the error of each bar.

Input: estimates. Output: an SVG picture a variable. Cost: about 12 kB each.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from markupsafe import Markup

from mvn_dask._typing import Float64Array
from mvn_dask.reporting.estimates import Estimates
from mvn_dask.reporting.figures.svg import TITLE_LETTERS, Scale, render, shorten
from mvn_dask.reporting.marginal_tests import compare_marginals, shown_marginals
from mvn_dask.reporting.number_format import percent, signed
from mvn_dask.reporting.p_values import binomial_p_value
from mvn_dask.reporting.reference import BINS_PER_DEVIATION, HISTOGRAM_REACH

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
BAR_DEVIATIONS = 1.0 / BARS_PER_DEVIATION
"""Width of a bar, in standard deviations."""
DENSITY = 0.8
"""Share of the numbers that rounding may move across both ends of a bar, for each standard deviation that it is."""
TRIANGLE = 4.0
"""Height of the mark of an error that is cut."""
MARKED_DEVIATIONS = (-4.0, -2.0, 0.0, 2.0, 4.0)
"""Where the axis is marked, in standard deviations."""


def histograms(estimates: Estimates, p_value: float = 0.0) -> list[tuple[int, Markup]]:
    """Columns that are shown, ascending, and their pictures.

    Errors of bars that fail an exact binomial test at this p-value have another colour.
    """
    chosen = shown_marginals(compare_marginals(estimates))
    if not chosen:
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
    moved = DENSITY * estimates.rounding[binned][:, None]
    p_values = binomial_p_value(counts.astype(np.int64), rows, np.maximum(p - moved, 0.0), np.minimum(p + moved, 1.0))
    failed = p_values < p_value
    return [
        (int(binned[i]), _histogram(estimates, int(binned[i]), p, density[i], errors[i], failed[i])) for i in chosen
    ]


class Bar(NamedTuple):
    """A bar and its error."""

    title: str
    """What they say."""
    left: float
    """Position of the left end."""
    right: float
    """That of the right end."""
    density: str
    """The bar, as data of a path; an empty text where there is none."""
    error: str
    """The same below."""
    failed: bool
    """Whether it fails the test."""
    cut: str
    """Where the error is cut, a triangle as data of a path; an empty text where it is not."""


def _histogram(
    estimates: Estimates, column: int, p: Float64Array, density: Float64Array, errors: Float64Array,
    failed: npt.NDArray[np.bool_],
) -> Markup:  # fmt: skip
    x = Scale(-REACH, REACH, 30.0, 276.0)
    y = Scale(0.0, max(0.42, float(density.max()) * 1.04), 128.0, 16.0)
    error_y = Scale(-ERROR_LIMIT, ERROR_LIMIT, 174.0, 142.0)
    curve = np.linspace(-REACH, REACH, 91)
    cdf = estimates.reference.laws.marginal_cdf
    expected = (cdf(curve + HALF_STEP) - cdf(curve - HALF_STEP)) / (2.0 * HALF_STEP)
    shown = np.clip(errors, -ERROR_LIMIT, ERROR_LIMIT)
    texts = _titles(estimates, column, density / BARS_PER_DEVIATION, p, errors)
    wide = x(BAR_DEVIATIONS) - x(0.0)
    paths = zip(_rectangles(density, x, y), _rectangles(shown, x, error_y), strict=True)
    bars = [
        Bar(text, left, left + wide, bar, error, bool(fails), _triangle(value, left + wide / 2.0, error_y))
        for text, left, (bar, error), fails, value in zip(texts, map(x, EDGES[:-1]), paths, failed, errors, strict=True)
    ]
    scored = estimates.reference.laws.of_scores
    return render(
        "histogram.html",
        name=f"histogram-{estimates.selection.columns[column]}",
        variable=shorten(estimates.name(column), TITLE_LETTERS),
        unit="" if scored else estimates.unit(column),
        largest_error=np.abs(errors).max(),
        x=x,
        y=y,
        error_y=error_y,
        bars=bars,
        expected=list(zip(map(x, curve), map(y, expected), strict=True)),
        own=[] if scored else [(estimates.value_at(column, v), v) for v in MARKED_DEVIATIONS],
    )


def _triangle(error: float, middle: float, y: Scale) -> str:
    """Beyond the end of an axis, where an error is cut."""
    if abs(error) <= ERROR_LIMIT:
        return ""
    base, tip = (y(ERROR_LIMIT) - 0.5, -TRIANGLE) if error > 0 else (y(-ERROR_LIMIT) + 0.5, TRIANGLE)
    return f"M{middle - TRIANGLE / 1.5:.2f} {base:.2f}h{TRIANGLE / 0.75:.2f}L{middle:.2f} {base + tip:.2f}z"


def _titles(
    estimates: Estimates, column: int, shares: Float64Array, expected: Float64Array, errors: Float64Array
) -> list[str]:
    """What each bar says: where it is, what share of the rows it holds, and what share it should."""
    name = shorten(estimates.name(column), TITLE_LETTERS)
    return [
        f"{name}, {estimates.range_text(column, left, right)}: {percent(seen)} of the rows, expected {percent(p)}; "
        f"{signed(error)} standard errors"
        for left, right, seen, p, error in zip(EDGES[:-1], EDGES[1:], shares, expected, errors, strict=True)
    ]


def _rectangles(heights: Float64Array, x: Scale, y: Scale) -> list[str]:
    """Bars on the line 0, as data of a path each; an empty text for those without a height."""
    return [
        f"M{x(left) + 0.4:.2f} {y(0):.2f}V{y(height):.2f}H{x(right) - 0.4:.2f}V{y(0):.2f}z" if height else ""
        for left, right, height in zip(EDGES[:-1], EDGES[1:], heights, strict=True)
    ]
