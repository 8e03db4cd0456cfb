"""A QQ plot: quantiles of squared Mahalanobis distances against the expected ones.

Input: estimates, and the p-value at which a single test fails. Output: an SVG picture. Cost: a bisection of p-values
for each bin of the lengths.
"""

from math import dist

import numpy as np
import numpy.typing as npt
from markupsafe import Markup

from mvn_dask._typing import Float64Array
from mvn_dask.readable import plural
from mvn_dask.reporting.estimates import Estimates
from mvn_dask.reporting.figures.svg import Scale, render
from mvn_dask.reporting.number_format import number, percent
from mvn_dask.reporting.p_values import binomial_p_value
from mvn_dask.reporting.reference import RadialLaw
from mvn_dask.statistics.base import Counts

POINT_DISTANCE = 4.0
"""Between two points, at least."""


def qq_plot(estimates: Estimates, p_value: float) -> Markup | None:
    """The picture, with a band that only a point that fails a test leaves; None if there are no distances."""
    law, total = estimates.reference.radial, int(estimates.measured.squared_lengths.counts.sum())
    if law is None or not total:
        return None
    counts, edges = estimates.measured.lengths, law.histogram.edges
    below = np.cumsum(counts)[:-1]
    # Between two empty bins nothing is known of a quantile.
    known = (below > 0) & (below < total) & ((counts[:-1] > 0) | (counts[1:] > 0))
    seen, expected = edges[known] ** 2, law.quantile(below[known] / total) ** 2
    if not len(seen):
        return None
    low, high = float(min(seen[0], expected[0])), float(max(seen[-1], expected[-1]))
    margin = 0.04 * (high - low) + 1e-3 * high
    x = Scale(max(0.0, low - margin), high + margin, 54.0, 412.0)
    y = Scale(x.low, x.high, 336.0, 22.0)
    rounding = law.rounding
    p_values = binomial_p_value(below[known], total, law.cdf(edges[known] - rounding), law.cdf(edges[known] + rounding))
    return render(
        "qq.html",
        total=total,
        law=law,
        x=x,
        y=y,
        band=_band(law, total, p_value, x, y),
        points=_points(expected, seen, below[known], total, p_values < p_value, x, y),
    )


def _points(
    expected: Float64Array, seen: Float64Array, below: Counts, total: int, failed: npt.NDArray[np.bool_], x: Scale,
    y: Scale,
) -> list[tuple[float, float, str, bool]]:  # fmt: skip
    """Positions, what a point says, and whether it fails the test."""
    points: list[tuple[float, float, str, bool]] = []
    for should, value, count, fails in zip(
        expected.tolist(), seen.tolist(), below.tolist(), failed.tolist(), strict=True
    ):
        here = x(should), y(value)
        if not points or dist(here, points[-1][:2]) >= POINT_DISTANCE:
            share = f"{percent(count / total)} of {plural(total, 'row', ',')} have a squared distance"
            points.append((*here, f"{share} below {number(value)}, expected below {number(should)}", fails))
    return points


def _band(law: RadialLaw, total: int, p_value: float, x: Scale, y: Scale) -> list[tuple[float, float]]:
    """Outline of where a point may lie, sideways."""
    edges = law.histogram.edges
    ends = accepted_counts(law.cdf(edges), total, p_value)
    left, right = (
        np.clip(np.where(counts >= total, x.high, law.quantile(counts / total) ** 2), x.low, x.high) for counts in ends
    )
    inside = (edges**2 >= x.low) & (edges**2 <= x.high)
    heights = [y(edge) for edge in edges[inside] ** 2]
    forth = list(zip(map(x, left[inside]), heights, strict=True))
    back = list(zip(map(x, right[inside]), heights, strict=True))
    return [*forth, *reversed(back)]


def accepted_counts(probability: Float64Array, trials: int, p_value: float) -> tuple[Counts, Counts]:
    """Smallest and largest counts of successes whose p-value is not less than a given one.

    Of 10 trials with probability 1/2, at most 1 success has the probability 11 / 1024, so that the p-value of the
    count 1 is 0.021; that of 2 is 0.109:

    >>> accepted_counts(np.array([0.5]), 10, 0.05)
    (array([2]), array([8]))
    """
    expected = np.rint(probability * trials).astype(np.int64)

    def farthest(step: int, most: Counts) -> Counts:
        """By bisection of the distance from the expected count: the farther, the smaller is the p-value."""
        accepted, rejected = np.zeros_like(expected), most + 1
        while (rejected - accepted > 1).any():
            middle = (accepted + rejected) // 2
            passes = binomial_p_value(expected + step * middle, trials, probability, probability) >= p_value
            accepted, rejected = np.where(passes, middle, accepted), np.where(passes, rejected, middle)
        return expected + step * accepted

    return farthest(-1, expected), farthest(1, trials - expected)
