"""A curve in a small picture.

Input: numbers at rising places. Output: inline SVG, which is as wide as there is room. Cost: 20 bytes a point.
"""

from collections.abc import Sequence

import numpy as np

from mvn_dask._typing import Float64Array
from mvn_dask.display.markup import Html, element
from mvn_dask.readable import number

CURVE_WIDTH, CURVE_HEIGHT = 300.0, 84.0
"""Size of the picture, in pixels."""
CURVE_LEFT = 36.0
"""Room for the numbers at the left."""
POINTS = 100
"""Points of a curve, at most."""


def step_curve(edges: Float64Array, density: Float64Array) -> Html:
    """The density of bins between edges, shape (bins + 1,): of many, the mean density of neighbours."""
    step = -(-len(density) // POINTS)
    ends = np.append(edges[:-1:step], edges[-1])
    heights = np.add.reduceat(density * np.diff(edges), np.arange(0, len(density), step)) / np.diff(ends)
    places, levels = np.repeat(ends, 2), np.concatenate([[0.0], np.repeat(heights, 2), [0.0]])
    return curve(places.tolist(), levels.tolist(), "Density", "")


def curve(x: Sequence[float], y: Sequence[float], title: str, along: str) -> Html:
    """Numbers `y`, which may be negative, at places `x` of what `along` says."""
    x, y = list(x), list(y)
    low, high = min(0.0, *y), max(0.0, *y)
    span = (high - low) or 1.0
    width = (x[-1] - x[0]) or 1.0

    def height(value: float) -> float:
        return 8.0 + (high - value) / span * CURVE_HEIGHT

    across = [CURVE_LEFT + (place - x[0]) / width * CURVE_WIDTH for place in x]
    points = (f"{place:.1f} {height(value):.1f}" for place, value in zip(across, y, strict=True))
    base = f"{height(0.0):.1f}"
    parts = [
        element("line", x1=str(CURVE_LEFT), x2=str(CURVE_LEFT + CURVE_WIDTH), y1=base, y2=base),
        element("line", x1=str(CURVE_LEFT), x2=str(CURVE_LEFT), y1="8", y2=str(8 + CURVE_HEIGHT)),
        element("path", d="M" + "L".join(points)),
        *(
            element("text", number(value, 3), x=str(CURVE_LEFT - 5), y=f"{height(value) + 3.5:.1f}", text_anchor="end")
            for value in sorted({low, high})
        ),
        element("text", number(x[0], 3), x=str(CURVE_LEFT), y=str(22 + CURVE_HEIGHT)),
        element("text", along, x=str(CURVE_LEFT + CURVE_WIDTH / 2), y=str(22 + CURVE_HEIGHT), text_anchor="middle"),
        element("text", number(x[-1], 3), x=str(CURVE_LEFT + CURVE_WIDTH), y=str(22 + CURVE_HEIGHT), text_anchor="end"),
    ]
    whole = f"0 0 {CURVE_LEFT + CURVE_WIDTH + 8:g} {CURVE_HEIGHT + 28:g}"
    begin, end, least, most = (number(each, 3) for each in (y[0], y[-1], min(y), max(y)))
    text = f"{title}: begins at {begin}, ends at {end}, at least {least}, at most {most}"
    svg = element("svg", *parts, viewBox=whole, width=str(CURVE_LEFT + CURVE_WIDTH + 8), role="img", aria_label=text)
    return element("figure", element("figcaption", title), svg)
