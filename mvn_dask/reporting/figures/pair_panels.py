"""The density of a pair of variables with the regions that were asked for, and the histogram of one, to be laid out.

Input: estimates and counts of pairs. Output: positions, outlines and titles. Cost: about 2 kB a pair, for its PNG.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from mvn_dask._typing import Float64Array
from mvn_dask.display.pixels import data_url, png
from mvn_dask.reporting.estimates import Estimates
from mvn_dask.reporting.figures.svg import Scale, shorten
from mvn_dask.reporting.number_format import decimal, percent, signed
from mvn_dask.reporting.pair_densities import LEVELS, PAIR_BINS, PairDensities, PairScale
from mvn_dask.reporting.pairs import PairComparison

SHADE = (74, 134, 184)
"""Of cells: blue that is seen on light and dark pages."""
ELLIPSE_POINTS = 72
"""Of an ellipse."""
NAME_LETTERS = 24
"""Of a name in what a mark says, at most."""


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

    bars: str
    """Bars, as data of a path; an empty text where there are none."""
    title: str
    """What it says."""


def ellipse(correlation: float, radius: float) -> Float64Array:
    """Points of the pairs of two variables of variance 1 whose whitened length is a radius, shape (points, 2)."""
    angles = np.linspace(0.0, 2.0 * np.pi, ELLIPSE_POINTS + 1)
    across = np.cos(angles)
    up = correlation * across + np.sqrt(max(0.0, 1.0 - correlation**2)) * np.sin(angles)
    return radius * np.stack([across, up], axis=1)


@dataclass(frozen=True, eq=False)
class PairPanels:
    """Panels and margins of the variables that are shown."""

    estimates: Estimates
    """What is shown."""
    densities: PairDensities
    """Counts of all pairs."""
    scale: PairScale
    """In what numbers."""
    comparison: PairComparison
    """How far pairs are off."""
    shown: list[int]
    """Variables that are shown, ascending."""
    p_value: float
    """At which a single test of a pair fails."""

    def number(self, i: int, j: int) -> int:
        """Number of a pair of variables, i < j."""
        d = self.estimates.selection.ndim
        return i * d - i * (i + 1) // 2 + j - i - 1

    def counts(self, i: int, j: int) -> npt.NDArray[np.int64]:
        """Rows in the bins of the i-th and of the j-th variable that is shown, with those beyond."""
        one, other = self.shown[i], self.shown[j]
        return np.asarray(self.densities.counts[self.number(one, other)], np.int64)

    def panel(self, i: int, j: int, x: Scale, y: Scale) -> Panel:
        """The density of the j-th variable that is shown over the i-th."""
        one, other = self.shown[i], self.shown[j]
        counts = self.counts(i, j)[1:-1, 1:-1]
        names = [self.name(each) for each in (i, j)]
        found = self.comparison
        text = (
            f"{names[1]} over {names[0]}: correlation {decimal(found.correlation[one, other], 4)}, expected "
            f"{decimal(found.expected[one, other], 4)}, {signed(found.errors[one, other])} standard errors"
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
        return Panel(x, y, data_url(png(shaded(counts))), text, ellipses, failed)

    def margin(self, i: int, x: Scale, y: Scale) -> Margin:
        """The histogram of the i-th, on the beginning of `y`; bars go up."""
        bars = "".join(
            f"M{left:.2f} {y.start:.2f}V{y(height):.2f}H{right:.2f}V{y.start:.2f}z"
            for left, right, height in self._bars(i, x)
        )
        return Margin(bars, f"{self.name(i)}: histogram")

    def margin_beside(self, i: int, x: Scale, y: Scale) -> Margin:
        """The histogram of the i-th, on the beginning of `x`; bars go to the right."""
        bars = "".join(
            f"M{x.start:.2f} {low:.2f}H{x(height):.2f}V{high:.2f}H{x.start:.2f}z"
            for low, high, height in self._bars(i, y)
        )
        return Margin(bars, f"{self.name(i)}: histogram")

    @property
    def has_values(self) -> bool:
        """Whether the reference says which value of a variable is how many standard deviations from its mean."""
        return not self.estimates.reference.laws.of_scores

    @property
    def step(self) -> str:
        """What the numbers along the axes count."""
        return "standard deviations" if self.has_values else "normal scores" if self.scale.by_scores else "scales"

    def name(self, i: int) -> str:
        """Of the i-th variable that is shown."""
        return shorten(self.estimates.name(self.shown[i]), NAME_LETTERS)

    def _bars(self, i: int, along: Scale) -> list[tuple[float, float, float]]:
        """Ends of bars, and their heights as parts of the highest."""
        counts = self.counts(0, i).sum(axis=0) if i else self.counts(0, 1).sum(axis=1)
        inner = counts[1:-1]
        ends = [along(end) for end in np.linspace(-self.scale.reach, self.scale.reach, PAIR_BINS + 1).tolist()]
        heights = (inner / max(1, inner.max())).tolist()
        return [each for each in zip(ends[:-1], ends[1:], heights, strict=True) if each[2]]


def shaded(counts: npt.NDArray[np.int64]) -> npt.NDArray[np.uint8]:
    """Cells, the more opaque, the more rows they hold; of the first variable from left to right, the second upwards.

    Opacity goes with the square root, whose error does not depend on the count.
    """
    pixels = np.empty((*counts.shape, 4), np.uint8)
    pixels[..., :3] = SHADE
    pixels[..., 3] = np.rint(255 * np.sqrt(counts / max(1, counts.max())))
    return np.ascontiguousarray(pixels.transpose(1, 0, 2)[::-1])
