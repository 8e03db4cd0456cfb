"""Densities of pairs of few variables, with the ellipses of what was asked for: a corner plot of the worst pairs.

Input: estimates, and the p-value at which a single test of a pair fails. Output: an SVG picture with a PNG for each
pair. Cost: about 2 kB a pair.
"""

from dataclasses import dataclass
from itertools import combinations
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from markupsafe import Markup

from mvn_dask._typing import Float64Array
from mvn_dask.display.pixels import data_url, png
from mvn_dask.reporting.estimates import Estimates
from mvn_dask.reporting.figures.svg import Scale, render, shorten
from mvn_dask.reporting.number_format import MINUS, percent, signed
from mvn_dask.reporting.pair_densities import LEVELS, PAIR_BINS, PairDensities, PairScale, pair_scale
from mvn_dask.reporting.pairs import PairComparison, compare_pairs

MOST_VARIABLES_SHOWN = 4
"""Variables of a corner plot, at most."""
FEWEST_ROWS = 200
"""Rows, at least: fewer are no density."""
SIDE, GAP = 368.0, 8.0
"""Of all panels together, and between two of them."""
PANELS_LEFT, PANELS_TOP = 48.0, 20.0
"""Where the panels begin."""
PANEL_LETTERS = 16
"""Of a name below a panel, at most."""
SHADE = (74, 134, 184)
"""Of cells: blue that is seen on light and dark pages."""
ELLIPSE_POINTS = 72
"""Of an ellipse."""


class Ellipse(NamedTuple):
    """A region that holds a share of sound rows."""

    points: list[tuple[float, float]]
    """Its outline."""
    title: str
    """What it says."""


class Panel(NamedTuple):
    """The density of a pair."""

    x: Scale
    """Along the axis below."""
    y: Scale
    """Along the other."""
    pixels: str
    """Cells, as a URL."""
    title: str
    """What it says."""
    ellipses: list[Ellipse]
    """Regions, from small to large."""
    failed: bool
    """Whether the pair fails its test."""


class Margin(NamedTuple):
    """The histogram of a variable."""

    x: Scale
    """Along the axis below."""
    bars: str
    """Bars, as data of a path."""
    low: float
    """Where they stand."""
    name: str
    """Name of the variable."""


@dataclass(frozen=True, eq=False)
class CornerPlot:
    """The picture, and what it shows in words."""

    picture: Markup
    """The picture."""
    shown: int
    """Variables that are shown."""
    rows: int
    """Rows whose density it is."""
    within: list[tuple[str, str]]
    """Shares of sound rows in each region, and those of the sample, where a single pair is shown."""
    has_ellipses: bool
    """Whether regions are known."""


def corner_plot(estimates: Estimates, p_value: float) -> CornerPlot | None:
    """The picture; None if there are too many variables, too few rows, or no pair that varies."""
    densities = estimates.measured.densities
    if densities is None or densities.rows < FEWEST_ROWS:
        return None
    comparison = compare_pairs(estimates)
    shown = worst_variables(comparison.p_values)
    if len(shown) < 2:
        return None
    drawn = _Corner(estimates, densities, pair_scale(estimates.reference), comparison, shown, p_value)
    within = densities.within[drawn.number(*shown)] / densities.rows if len(shown) == 2 else []
    known = len(drawn.scale.radii) > 0
    return CornerPlot(
        drawn.picture(),
        len(shown),
        densities.rows,
        [(percent(level), percent(float(share))) for level, share in zip(LEVELS, within, strict=False) if known],
        known,
    )


def worst_variables(p_values: Float64Array) -> list[int]:
    """Variables of the pairs with the smallest p-values, ascending, at most `MOST_VARIABLES_SHOWN`.

    >>> worst_variables(np.array([[np.nan, 0.3, 0.2], [0.3, np.nan, 0.1], [0.2, 0.1, np.nan]]))
    [0, 1, 2]
    """
    pairs = [(float(p_values[i, j]), i, j) for i, j in combinations(range(len(p_values)), 2)]
    chosen: set[int] = set()
    for _, i, j in sorted(each for each in pairs if not np.isnan(each[0])):
        if len(chosen | {i, j}) <= MOST_VARIABLES_SHOWN:
            chosen |= {i, j}
    return sorted(chosen)


def ellipse(correlation: float, radius: float) -> Float64Array:
    """Points of the pairs of two variables of variance 1 whose whitened length is a radius, shape (points, 2)."""
    angles = np.linspace(0.0, 2.0 * np.pi, ELLIPSE_POINTS + 1)
    across = np.cos(angles)
    up = correlation * across + np.sqrt(max(0.0, 1.0 - correlation**2)) * np.sin(angles)
    return radius * np.stack([across, up], axis=1)


@dataclass(frozen=True, eq=False)
class _Corner:
    """A picture in the making."""

    estimates: Estimates
    densities: PairDensities
    scale: PairScale
    comparison: PairComparison
    shown: list[int]
    p_value: float

    def number(self, i: int, j: int) -> int:
        """Number of a pair of variables, i < j."""
        d = self.estimates.selection.ndim
        return i * d - i * (i + 1) // 2 + j - i - 1

    def picture(self) -> Markup:
        step = (SIDE + GAP) / len(self.shown)
        side, places = step - GAP, range(len(self.shown))
        reach = self.scale.reach
        across = [Scale(-reach, reach, PANELS_LEFT + i * step, PANELS_LEFT + i * step + side) for i in places]
        up = [Scale(-reach, reach, PANELS_TOP + i * step + side, PANELS_TOP + i * step) for i in places]
        panels = [self._panel(i, j, across[i], up[j]) for i, j in combinations(places, 2)]
        names = [shorten(self.estimates.name(each), PANEL_LETTERS if len(places) > 2 else 24) for each in self.shown]
        return render(
            "corner_plot.html",
            panels=panels,
            margins=[self._margin(i, across[i], up[i], names[i]) for i in places],
            names=names,
            across=across,
            up=up,
            bottom=PANELS_TOP + SIDE,
            rows=self.densities.rows,
        )

    def _counts(self, i: int, j: int) -> npt.NDArray[np.int64]:
        """Rows in the bins of the i-th and of the j-th variable that is shown, with those beyond."""
        one, other = self.shown[i], self.shown[j]
        return np.asarray(self.densities.counts[self.number(one, other)], np.int64)

    def _panel(self, i: int, j: int, x: Scale, y: Scale) -> Panel:
        one, other = self.shown[i], self.shown[j]
        counts = self._counts(i, j)[1:-1, 1:-1]
        names = [shorten(self.estimates.name(each), 24) for each in (one, other)]
        found = self.comparison
        text = (
            f"{names[1]} over {names[0]}: correlation {found.correlation[one, other]:.4f}, expected "
            f"{found.expected[one, other]:.4f}, {signed(found.errors[one, other])} standard errors"
        )
        within = self.densities.within[self.number(one, other)] / max(1, self.densities.rows)
        ellipses = [
            Ellipse(
                [(x(a), y(b)) for a, b in ellipse(float(self.scale.correlation[one, other]), radius)],
                f"{names[1]} over {names[0]}: {percent(level)} of a sound sample lie within; here {percent(share)}",
            )
            for radius, level, share in zip(self.scale.radii.tolist(), LEVELS, within.tolist(), strict=False)
        ]
        failed = bool(found.p_values[one, other] < self.p_value)
        return Panel(x, y, data_url(png(shaded(counts))), text.replace("-", MINUS), ellipses, failed)

    def _margin(self, i: int, x: Scale, y: Scale, name: str) -> Margin:
        counts = self._counts(0, i).sum(axis=0) if i else self._counts(0, 1).sum(axis=1)
        inner: Any = counts[1:-1]
        heights = y.start + inner / max(1, inner.max()) * 0.92 * (y.end - y.start)
        wide = (x.end - x.start) / PAIR_BINS
        bars = "".join(
            f"M{x.start + k * wide:.2f} {y.start:.2f}V{height:.2f}h{wide:.2f}V{y.start:.2f}z"
            for k, height in enumerate(heights)
            if inner[k]
        )
        return Margin(x, bars, y.start, name)


def shaded(counts: npt.NDArray[np.int64]) -> npt.NDArray[np.uint8]:
    """Cells, the more opaque, the more rows they hold; of the first variable from left to right, the second upwards.

    Opacity goes with the square root, whose error does not depend on the count.
    """
    pixels = np.empty((*counts.shape, 4), np.uint8)
    pixels[..., :3] = SHADE
    pixels[..., 3] = np.rint(255 * np.sqrt(counts / max(1, counts.max())))
    return np.ascontiguousarray(pixels.transpose(1, 0, 2)[::-1])
