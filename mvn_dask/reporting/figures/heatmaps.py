"""Heatmaps of correlations: of the sample, as expected, and how far they are apart.

Input: estimates. Output: three SVG pictures, with one PNG pixel a cell inside.
"""

import numpy as np
from markupsafe import Markup

from mvn_dask._typing import Float64Array
from mvn_dask.reporting.estimates import Estimates
from mvn_dask.reporting.figures.png import data_url, diverging, png
from mvn_dask.reporting.figures.svg import element, label, picture, shorten
from mvn_dask.reporting.number_format import signed

SIDE = 250.0
"""Of the cells, all together."""
LEFT, TOP = 56.0, 8.0
MOST_WRITTEN = 6
"""Variables up to which each cell has its number in it."""
MOST_NAMED = 20
"""Variables up to which each has its name at the side."""
NAME_LETTERS = 9
"""Of a name at the side, at most."""
FULL_ERROR = 5.0
"""Standard errors of a full colour."""


def heatmaps(estimates: Estimates) -> list[tuple[str, Markup]]:
    """Captions and pictures; none if there are no pairs."""
    if len(estimates.selection.paired) < 2 or estimates.rows < 2:
        return []
    expected = np.where(estimates.tested_pairs > 0, estimates.reference.correlation, np.nan)
    errors = estimates.covariance_errors
    return [
        ("Sample", _heatmap(estimates, "sample", "Correlations of the sample", estimates.correlation, 1.0)),
        ("Expected", _heatmap(estimates, "expected", "Expected correlations", expected, 1.0)),
        (
            "Difference, in standard errors",
            _heatmap(estimates, "error", "Covariances less the expected ones", errors, FULL_ERROR),
        ),
    ]


def _heatmap(estimates: Estimates, which: str, title: str, values: Float64Array, limit: float) -> Markup:
    count, name = len(values), f"heatmap-{which}"
    box = {"x": LEFT, "y": TOP, "width": SIDE, "height": SIDE}
    pixels = data_url(png(diverging(values, limit)))
    known = np.isfinite(values) & ~np.eye(count, dtype=bool)
    description = f"{count} by {count} cells."
    if known.any():
        low, high = (_written(float(each), limit) for each in (values[known].min(), values[known].max()))
        description += f" Beside the diagonal they go from {low} to {high}."
    return picture(
        name,
        LEFT + SIDE + 4,
        TOP + SIDE + 52,
        title,
        description,
        element("image", class_="cells", href=pixels, **box, preserveAspectRatio="none"),
        element("rect", class_="frame", **box),
        *_names(estimates, count),
        *(_numbers(values, limit) if count <= MOST_WRITTEN else ()),
        *_legend(name, limit),
    )


def _names(estimates: Estimates, count: int) -> list[Markup]:
    """Names beside the rows, or numbers of some variables where there are many."""
    step, paired = SIDE / count, estimates.selection.paired
    if count <= MOST_NAMED:
        chosen = {i: estimates.name(paired[i], "").strip() for i in range(count)}
    else:
        positions = np.unique(np.linspace(0, count - 1, 6).round().astype(int)).tolist()
        chosen = {i: f"{int(estimates.selection.columns[paired[i]]):,}" for i in positions}
    style = f"font-size:{10 if step >= 11 else 8}px"
    return [
        label(shorten(text, NAME_LETTERS), LEFT - 5, TOP + (i + 0.5) * step + 3.2, "end", style=style)
        for i, text in chosen.items()
    ]


def _numbers(values: Float64Array, limit: float) -> list[Markup]:
    step = SIDE / len(values)
    return [
        label(
            "–" if np.isnan(value) else _written(float(value), limit),
            LEFT + (j + 0.5) * step,
            TOP + (i + 0.5) * step + 3.5,
            class_="cell strong" if abs(value) > 0.93 * limit else "cell",
        )
        for (i, j), value in np.ndenumerate(values)
    ]


def _written(value: float, limit: float) -> str:
    return signed(value) if limit != 1.0 else f"{value:.2f}".replace("-", "−")


def _legend(name: str, limit: float) -> list[Markup]:
    y, width = TOP + SIDE + 14, 150.0
    x = LEFT + (SIDE - width) / 2
    stops = [
        element("stop", class_=class_, offset=offset, stop_opacity=opacity)
        for class_, offset, opacity in (("minus", 0, 1), ("minus", 0.5, 0), ("plus", 0.5, 0), ("plus", 1, 1))
    ]
    return [
        element("linearGradient", *stops, id=f"{name}-colours"),
        element("rect", class_="frame", x=x, y=y, width=width, height=9, fill=f"url(#{name}-colours)"),
        label(f"−{limit:g}", x, y + 22),
        label("0", x + width / 2, y + 22),
        label(f"+{limit:g}", x + width, y + 22),
    ]
