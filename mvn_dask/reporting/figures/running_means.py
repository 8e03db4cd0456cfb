"""Running means of the variables that are farthest off, as rows are added.

Input: estimates, and the p-value at which a single test fails. Output: an SVG picture.
"""

from math import sqrt

import numpy as np
from markupsafe import Markup
from scipy.special import ndtri

from mvn_dask.reporting.estimates import Estimates, largest
from mvn_dask.reporting.figures.svg import TITLE_LETTERS, Scale, render, shorten
from mvn_dask.reporting.number_format import signed, to_precision

MEANS_SHOWN = 5
"""Variables that are shown."""
FUNNEL_START = 0.06
"""Share of the rows at which the funnel is as high as the picture."""
MIN_SEGMENTS = 8
"""Segments of the rows, at least: fewer are no picture."""
LINE_HEIGHT = 13.0
PLACE_SEGMENTS = 4
"""Segments between two places of a line that say what its mean is."""


def running_means(estimates: Estimates, p_value: float) -> Markup | None:
    """The picture, with a funnel that a mean leaves with this probability; None if rows or variables are too few."""
    shown = farthest_off(estimates)
    if not shown or estimates.selection.segments < MIN_SEGMENTS:
        return None
    rows = estimates.selection.starts[1:].astype(np.float64)
    z = -float(ndtri(p_value / 2.0))
    means = estimates.running_means[:, shown]
    y_high = max(z / np.sqrt(FUNNEL_START * rows[-1]), 1.1 * float(np.abs(means[len(means) // 4 :]).max()))
    x = Scale(0.0, float(rows[-1]), 54.0, 316.0)
    y = Scale(-y_high, y_high, 286.0, 22.0)
    funnel = np.geomspace(x.high / 1e4, x.high, 80)
    names = [shorten(estimates.name(estimates.selection.segmented[each], "no."), TITLE_LETTERS) for each in shown]
    # Far outside of the frame, but of bounded length.
    within = np.clip(means, -9.0 * y_high, 9.0 * y_high)
    return render(
        "running_means.html",
        x=x,
        y=y,
        funnel=[(x(n), y(side * z / np.sqrt(n))) for side, ends in ((1, funnel), (-1, funnel[::-1])) for n in ends],
        lines=[list(zip(map(x, rows), map(y, line), strict=True)) for line in within.T],
        names=names,
        places=_places(estimates, shown, names, x, y),
        labels=_labels(names, [y(float(np.clip(value, -y_high, y_high))) for value in means[-1]]),
    )


def _places(
    estimates: Estimates, shown: list[int], names: list[str], x: Scale, y: Scale
) -> list[tuple[float, float, str]]:
    """Positions along the lines, and what the mean is there."""
    starts, found = estimates.selection.starts, []
    for name, position in zip(names, shown, strict=True):
        column = int(estimates.selection.segmented[position])
        deviation, unit = float(estimates.reference.deviation[column]), estimates.unit(column)
        for segment in range(PLACE_SEGMENTS - 1, estimates.selection.segments, PLACE_SEGMENTS):
            rows, mean = int(starts[segment + 1]), float(estimates.running_means[segment, position])
            value = to_precision(float(estimates.reference.mean[column]) + mean * deviation, deviation / sqrt(rows))
            error = f"{signed(mean * sqrt(rows))} standard errors off"
            if y.low <= mean <= y.high:
                title = f"{name}, rows 0 to {rows - 1:,}: mean {value}{unit and f' {unit}'}, {error}"
                found.append((x(rows), y(mean), title))
    return found


def farthest_off(estimates: Estimates) -> list[int]:
    """Positions in `segmented` of the variables whose means are farthest off."""
    segmented = estimates.selection.segmented
    return largest(np.abs(estimates.mean_errors[segmented]), estimates.reference.testable[segmented], MEANS_SHOWN)


def _labels(names: list[str], heights: list[float]) -> list[tuple[int, str, float]]:
    """Names at the ends of their lines, moved so that none covers another."""
    order = np.argsort(heights, kind="stable").tolist()
    moved: list[float] = []
    for each in order:
        moved.append(max(heights[each], moved[-1] + LINE_HEIGHT) if moved else heights[each])
    middle = (sum(heights) - sum(moved)) / len(heights)
    return [(each, shorten(names[each]), height + middle + 3.5) for each, height in zip(order, moved, strict=True)]
