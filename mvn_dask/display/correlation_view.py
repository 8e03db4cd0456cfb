"""Correlations of a few variables: numbers on a ground of their colour, or a picture of more.

Input: covariances of some variables, the first ones and a few of the last, shape (m, m). Output: HTML. Cost: O(m²).
"""

from collections.abc import Sequence

import numpy as np

from mvn_dask._typing import Float64Array
from mvn_dask.display.curve import POINTS, curve
from mvn_dask.display.fragments import picture, table
from mvn_dask.display.markup import Content, Html, element
from mvn_dask.display.pixels import NEGATIVE, POSITIVE
from mvn_dask.readable import MINUS, decimal, plural

WRITTEN = 8
"""Variables up to which each correlation is written."""
STRONGEST = 0.7
"""Opacity of the colour behind a correlation of 1: text in the page's own colour has a contrast of 4.5 with it, whether
it is dark or light."""
PICTURED = 24
"""Variables in a picture, at most: the first ones."""


def correlations_of(covariances: Float64Array) -> Float64Array:
    """Correlations, NaN of variables that do not vary.

    >>> correlations_of(np.array([[4.0, 1.0], [1.0, 1.0]])).tolist()
    [[1.0, 0.5], [0.5, 1.0]]
    """
    with np.errstate(all="ignore"):
        deviations = np.sqrt(np.diagonal(covariances))
        found = covariances / deviations[:, None] / deviations
    return np.where(np.isfinite(found), np.clip(found, -1.0, 1.0), np.nan)


def correlation_view(covariances: Float64Array, labels: Sequence[str], count: int, what: str = "Correlations") -> Html:
    """Correlations of the first of `count` variables, which have these labels; nothing of a single one."""
    correlations = correlations_of(covariances)
    if len(correlations) < 2:
        return Html("")
    of = "" if len(correlations) == count else f" of the first {len(correlations)} of {plural(count, 'variable', ',')}"
    if len(correlations) > WRITTEN:
        others = correlations[~np.eye(len(correlations), dtype=bool)]
        known = others[~np.isnan(others)]
        text = f"from {known.min():.2f} to {known.max():.2f}, but for the diagonal" if len(known) else "none is known"
        return picture(correlations, 1.0, f"{what}{of}", (f"{MINUS}1", "1"), text)
    rows: list[list[Content]] = [
        [element("span", label, title=label), *map(_cell, row)]
        for label, row in zip(labels, correlations.tolist(), strict=True)
    ]
    shown = table(["", *(element("span", label, title=label) for label in labels)], rows)
    return element("figure", element("figcaption", f"{what}{of}"), shown, class_="mvn-matrix")


def correlations_by_lag(values: Float64Array, shape: tuple[int, ...]) -> Html:
    """Correlations of a stationary field by the lag: a curve of one axis, or a picture of the last two of several.

    `values` are covariances at the lags from 0 on, and `shape` that of the field.
    """
    if not values.flat[0] > 0 or max(shape) == 1:
        return Html("")
    lags = values[tuple(slice(length) for length in shape)] / values.flat[0]
    plane = lags.reshape(-1, *lags.shape[-2:])[0]
    steps = [-(-length // PICTURED) for length in plane.shape]
    if lags.ndim > 1 and min(plane.shape) > 1:
        title = (
            "Correlations by the lag along both axes"
            if lags.ndim == 2
            else "Correlations by the lag along the last two axes"
        )
        part = plane[:: steps[0], :: steps[1]]
        apart = f", from (0, 0) to ({(part.shape[0] - 1) * steps[0]}, {(part.shape[1] - 1) * steps[1]})"
        return picture(part, 1.0, title + apart, (f"{MINUS}1", "1"))
    line = plane.reshape(-1)
    places = np.unique(np.linspace(0, len(line) - 1, POINTS).round().astype(int))
    return curve(places.tolist(), line[places].tolist(), "Correlation by the lag", "lag")


def partial_correlation_view(precisions: Float64Array, labels: Sequence[str], count: int) -> Html:
    """Correlations of the first of `count` variables, given all others, from their part of the precision."""
    signs = 2.0 * np.eye(len(precisions)) - 1.0
    return correlation_view(signs * precisions, labels, count, "Correlations, given all other variables,")


def _cell(value: float) -> Html:
    """A number on a ground of its colour, which is transparent at 0."""
    if np.isnan(value):
        return element("td", "–", class_="mvn-cell")
    red, green, blue = NEGATIVE if value < 0 else POSITIVE
    colour = f"background:rgba({red},{green},{blue},{STRONGEST * abs(value):.2f})"
    return element("td", decimal(value, 2), class_="mvn-cell", style=colour)
