"""Some variables against each other: each by itself on the diagonal, pairs below it, correlations above.

Input: rows in memory, names, and what is known of the law. Output: axes of matplotlib. Cost: that of drawing.

References
----------
J. W. Emerson et al., The generalized pairs plot, J. Comput. Graph. Stat. 22, 2013, doi:10.1080/10618600.2012.694762.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from textwrap import wrap
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from mvn_dask._typing import Float64Array
from mvn_dask.display.pixels import NEGATIVE, POSITIVE
from mvn_dask.errors import ArgumentError
from mvn_dask.escaping import printable
from mvn_dask.plotting.figures import drawn_figure
from mvn_dask.readable import decimal

if TYPE_CHECKING:
    from mvn_dask.plotting.figures import AnyFigure

MOST_SHOWN = 10
"""Variables of a picture, at most."""
MOST_POINTS = 3000
"""Rows up to which each is a point; more are counted in cells."""
CELLS_OF_PAIR = 51
"""Cells along an axis of such counts: an odd number, so that what is constant is within one."""
ROWS_COLOUR, LAW_COLOUR = "#4a86b8", "#c9541c"
ANGLES = 200
LEAST_OPACITY = 0.2
"""Of a cell in which a single row lies."""
LINE_LENGTH, MOST_LINES = 18, 3
"""Characters of a line of a name at an axis, and lines, at most."""
TAIL_SHARE, TAIL_ROOM = 0.002, 0.15
"""Share of the numbers on a side, at most, that may lie beyond the axes; and room for them, in widths of the rest."""


@dataclass(frozen=True)
class KnownLaw:
    """What is known of the law of some variables."""

    densities: tuple[Callable[[Float64Array], Float64Array], ...]
    """Density of each variable."""
    location: Float64Array | None = None
    """Centre of the ellipses, shape (k,); None where there are none."""
    shape: Float64Array | None = None
    """Matrix of the ellipses, shape (k, k)."""
    radii: Float64Array | None = None
    """Of the ellipses of two variables."""


def refuse_many(count: int) -> None:
    """Raise an `ArgumentError` if there are too many variables for a picture, or none."""
    if not 1 <= count <= MOST_SHOWN:
        raise ArgumentError(
            f"a picture shows 1 to {MOST_SHOWN} variables, and these are {count}: name some by `variables`, as "
            f"range({MOST_SHOWN}) for the first ones"
        )


def pair_plot(
    rows: Float64Array, names: Sequence[str], law: KnownLaw | None = None, figure: "AnyFigure | None" = None
) -> npt.NDArray[Any]:
    """Axes of shape (k, k), for rows of shape (n, k); numbers that are not finite are left out."""
    count = rows.shape[1]
    side = max(3.2, 1.9 * count)
    found: Any = drawn_figure(figure, (side, side)).subplots(count, count, squeeze=False)
    limits = [_limits(column) for column in rows.T]
    for i, j in np.ndindex(count, count):
        axes = found[i, j]
        axes.set_xlim(limits[j])
        if i == j:
            _draw_marginal(axes, rows[:, i], limits[i], None if law is None else law.densities[i])
        elif i > j:
            axes.set_ylim(limits[i])
            _draw_pair(axes, rows[:, [j, i]], (limits[j], limits[i]))
            if law is not None and law.location is not None and law.shape is not None and law.radii is not None:
                places = np.ix_([j, i], [j, i])
                _draw_ellipses(axes, law.location[[j, i]], law.shape[places], law.radii)
        else:
            _write_correlation(axes, rows[:, [j, i]])
        _label(axes, names, i, j, count)
    return np.asarray(found)


def _label(axes: Any, names: Sequence[str], i: int, j: int, count: int) -> None:
    axes.tick_params(labelsize="small")
    axes.locator_params(nbins=4)
    if i == count - 1:
        _name(axes.set_xlabel, names[j])
    else:
        axes.set_xticklabels([])
    if i == j:
        axes.set_yticks([])
    elif j > 0:
        axes.set_yticklabels([])
    if j == 0:
        _name(axes.set_ylabel, names[i])


def _name(label: Callable[..., Any], name: str) -> None:
    """A name at an axis, in as many lines as there is room for."""
    lines = wrap(printable(name), LINE_LENGTH, max_lines=MOST_LINES, placeholder=" …") or [""]
    # No formulas: a name may hold the sign that begins one.
    label("\n".join(lines), parse_math=False, **({} if len(lines) == 1 else {"fontsize": "small"}))


def _limits(column: Float64Array) -> tuple[float, float]:
    """Where most of the finite numbers of a column lie, with room for the others unless they lie far off."""
    known = column[np.isfinite(column)]
    ends = np.quantile(known, [0.0, TAIL_SHARE, 1.0 - TAIL_SHARE, 1.0]) if len(known) else np.zeros(4)
    least, low, high, most = ends.tolist()
    if least == most:
        room = max(abs(least), 1.0) * 0.5
        return least - room, most + room
    width = high - low or most - least
    margin = 0.04 * width
    return max(least, low - TAIL_ROOM * width) - margin, min(most, high + TAIL_ROOM * width) + margin


def _draw_marginal(
    axes: Any, column: Float64Array, limits: tuple[float, float], density: Callable[[Float64Array], Float64Array] | None
) -> None:
    known = column[np.isfinite(column)]
    if not len(known):
        axes.text(0.5, 0.5, "no numbers", transform=axes.transAxes, ha="center", va="center", color="grey")
        return
    if known.min() == known.max():
        axes.axvline(known[0], color=ROWS_COLOUR)
        axes.text(0.53, 0.95, "constant", transform=axes.transAxes, ha="left", va="top", color="grey", fontsize="small")
        return
    bins = int(np.clip(2.0 * len(known) ** (1 / 3), 8, 60))
    counts, edges = np.histogram(known, bins=bins, range=limits)
    # A density of all numbers, those beyond the axes too, in the width of the axes: of 1 for any units.
    unit = limits[1] - limits[0]
    axes.stairs(counts / len(known) / (np.diff(edges) / unit), edges, fill=True, color=ROWS_COLOUR, alpha=0.65)
    if density is not None:
        x = np.linspace(*limits, 300)
        y = density(x) * unit
        axes.plot(x, np.where(np.isfinite(y), y, np.nan), color=LAW_COLOUR, linewidth=1.4)


def _draw_pair(axes: Any, pair: Float64Array, limits: tuple[tuple[float, float], tuple[float, float]]) -> None:
    known = pair[np.isfinite(pair).all(axis=1)]
    if len(known) <= MOST_POINTS:
        size = float(np.clip(2000.0 / max(1, len(known)), 1.5, 14.0))
        axes.scatter(*known.T, s=size, color=ROWS_COLOUR, alpha=0.45, linewidths=0, rasterized=True)
        return
    counts, x, y = np.histogram2d(known[:, 0], known[:, 1], bins=CELLS_OF_PAIR, range=limits)
    shown = np.where(counts > 0, counts, np.nan).T
    axes.pcolormesh(x, y, shown, cmap=_counts_colours(), vmin=0.0, rasterized=True)


def _counts_colours() -> Any:
    """Colours of counts, the fewer the more transparent, so that they fit a light and a dark ground."""
    from matplotlib.colors import LinearSegmentedColormap, to_rgb

    colour = to_rgb(ROWS_COLOUR)
    return LinearSegmentedColormap.from_list("counts", [(*colour, LEAST_OPACITY), (*colour, 1.0)])


def _draw_ellipses(axes: Any, location: Float64Array, shape: Float64Array, radii: Float64Array) -> None:
    """Ellipses ``{x : (x - m)' S⁻¹ (x - m) = r²}``, by eigenvectors, so that a flat one is a line."""
    values, vectors = np.linalg.eigh(shape)
    angle = np.linspace(0.0, 2.0 * np.pi, ANGLES)
    circle = np.array([np.cos(angle), np.sin(angle)])
    unit = vectors @ (np.sqrt(np.maximum(values, 0.0))[:, None] * circle)
    for radius in radii:
        axes.plot(*(location[:, None] + radius * unit), color=LAW_COLOUR, linewidth=1.1)


def _write_correlation(axes: Any, pair: Float64Array) -> None:
    """The correlation of finite rows, on a ground of its colour."""
    known = pair[np.isfinite(pair).all(axis=1)]
    axes.set_xticks([])
    axes.set_yticks([])
    scale = np.abs(known).max(axis=0) if len(known) > 1 else np.zeros(2)
    # Of numbers around 1, no square is too large or too small.
    known = known / np.where(scale > 0, scale, 1.0)
    deviations = known.std(axis=0) if len(known) > 1 else np.zeros(2)
    if not (deviations > 0).all():
        axes.text(0.5, 0.5, "–", transform=axes.transAxes, ha="center", va="center", color="grey")
        return
    centred = (known - known.mean(axis=0)) / deviations
    value = float(np.clip((centred[:, 0] * centred[:, 1]).mean(), -1.0, 1.0))
    colour = NEGATIVE if value < 0 else POSITIVE
    axes.set_facecolor((*(channel / 255 for channel in colour), 0.75 * abs(value)))
    text = decimal(value, 2)
    axes.text(0.5, 0.5, text, transform=axes.transAxes, ha="center", va="center", fontsize="large")
