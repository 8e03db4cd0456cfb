"""QQ plots of single variables, in which tails are seen: quantiles of the sample against the expected ones.

Input: estimates, and the p-value at which a single test fails. Output: SVG pictures. Cost: a bisection of p-values for
each of 63 bounds, once; about 8 kB a picture.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from markupsafe import Markup

from mvn_dask._typing import Float64Array
from mvn_dask.reporting.estimates import Estimates
from mvn_dask.reporting.figures.qq import accepted_counts
from mvn_dask.reporting.figures.svg import TITLE_LETTERS, Scale, render, shorten
from mvn_dask.reporting.marginal_tests import MarginalTests, compare_marginals, shown_marginals
from mvn_dask.reporting.number_format import number, percent

FARTHEST = 40.0
"""Standard deviations within which quantiles are looked for."""
BISECTIONS = 48
"""Halvings of it: to 3e-13."""
MARGIN = 0.3
"""Standard deviations beyond the last points."""


class Point(NamedTuple):
    """A bound, and what lies below it."""

    x: float
    """Position along the axis below: the expected quantile."""
    y: float
    """Along the other: the bound."""
    failed: bool
    """Whether it fails the test."""
    title: str
    """What it says."""


def marginal_qq_plots(estimates: Estimates, p_value: float) -> list[tuple[int, Markup]]:
    """Columns that are shown, ascending, and their pictures, with a band that only a point that fails a test leaves."""
    tests, rows = compare_marginals(estimates), estimates.selection.rows
    chosen = shown_marginals(tests)
    if not chosen:
        return []
    cdf = estimates.reference.laws.marginal_cdf
    band = [quantiles(cdf, counts / rows) for counts in accepted_counts(cdf(tests.bounds), rows, p_value)]
    found = [(int(estimates.selection.binned[i]), _plot(estimates, tests, i, band, p_value)) for i in chosen]
    return [(column, picture) for column, picture in found if picture is not None]


def quantiles(cdf: Callable[[Float64Array], Float64Array], probability: Float64Array) -> Float64Array:
    """Numbers below which a variable lies with these probabilities, within ±`FARTHEST`, by bisection."""
    low, high = np.full_like(probability, -FARTHEST), np.full_like(probability, FARTHEST)
    for _ in range(BISECTIONS):
        middle = 0.5 * (low + high)
        below = cdf(middle) < probability
        low, high = np.where(below, middle, low), np.where(below, high, middle)
    return high


def _plot(
    estimates: Estimates, tests: MarginalTests, i: int, band: list[Float64Array], p_value: float
) -> Markup | None:
    rows, column = estimates.selection.rows, int(estimates.selection.binned[i])
    below, p_values = tests.below[i], tests.p_values[i]
    # Beyond the numbers on one side nothing is known of a quantile.
    known = np.isfinite(p_values) & (below > 0) & (below < rows)
    if not known.any():
        return None
    cdf, seen = estimates.reference.laws.marginal_cdf, tests.bounds[known]
    expected = quantiles(cdf, below[known] / rows)
    low, high = min(seen[0], expected[0]) - MARGIN, max(seen[-1], expected[-1]) + MARGIN
    x, y = Scale(float(low), float(high), 34.0, 276.0), Scale(float(low), float(high), 224.0, 18.0)
    inside = (tests.bounds >= low) & (tests.bounds <= high)
    left, right = (np.clip(ends[inside], low, high) for ends in band)
    heights = tests.bounds[inside]
    outline = [*zip(left, heights, strict=True), *zip(right[::-1], heights[::-1], strict=True)]
    name = shorten(estimates.name(column), TITLE_LETTERS)
    points = [
        Point(x(should), y(bound), bool(p < p_value), f"{name}: {_share(bound, count, rows, cdf)}")
        for should, bound, count, p in zip(
            expected.tolist(), seen.tolist(), below[known].tolist(), p_values[known].tolist(), strict=True
        )
    ]
    return render(
        "marginal_qq.html",
        name=f"quantiles-{estimates.selection.columns[column]}",
        variable=name,
        x=x,
        y=y,
        step="normal scores" if estimates.reference.laws.of_scores else "standard deviations",
        band=[(x(across), y(up)) for across, up in outline],
        points=points,
    )


def _share(bound: float, below: int, rows: int, cdf: Callable[[Float64Array], Float64Array]) -> str:
    """The smaller side of a bound, in words."""
    side, seen = ("below", below) if bound < 0 else ("above", rows - below)
    should = float(cdf(np.array(-abs(bound))))
    return f"{percent(seen / rows)} lie {side} {number(bound)} standard deviations, expected {percent(should)}"
