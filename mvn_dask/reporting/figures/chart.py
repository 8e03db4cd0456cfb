"""Charts with two axes, each linear or logarithmic: bands, bars, lines and points.

Input: numbers. Output: an SVG picture. Cost: some kB.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import ceil, floor, isfinite, log10
from typing import TypeAlias

import numpy as np
from markupsafe import Markup

from mvn_dask._typing import Float64Array
from mvn_dask.reporting.figures.svg import Scale, render, tick
from mvn_dask.reporting.number_format import MINUS, number

WIDTH, HEIGHT = 300.0, 196.0
"""Of a picture."""
LEFT, RIGHT, TOP, BOTTOM = 46.0, 282.0, 18.0, 158.0
"""Of its frame."""
DECADES = 1.0
"""Decades from which on numbers of one sign have a logarithmic axis."""
LINE_PLACES = 24
"""Places along a line that say what is there, about."""
SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


@dataclass(frozen=True)
class LogScale:
    """A logarithmic map from numbers of one sign to positions along one axis."""

    low: float
    """Smallest number; not 0, of the sign of the largest."""
    high: float
    """Largest number."""
    start: float
    """Position of the smallest."""
    end: float
    """Position of the largest."""

    def __call__(self, value: float) -> float:
        ratio = float(value) / self.low
        if ratio <= 0.0:
            # Beyond all numbers of this sign.
            return self.start if self.low > 0 else self.end
        return self.start + log10(ratio) / log10(self.high / self.low) * (self.end - self.start)

    def ticks(self, most: int = 5) -> list[float]:
        """Powers of ten within, at most so many; and 2 and 5 times these, where they are not many more.

        >>> LogScale(0.5, 2e4, 0, 100).ticks(), LogScale(-30.0, -2.0, 0, 100).ticks()
        ([1.0, 10.0, 100.0, 1000.0, 10000.0], [-20.0, -10.0, -5.0, -2.0])
        """
        sign = 1.0 if self.low > 0 else -1.0
        low, high = sorted((abs(self.low), abs(self.high)))
        first, last = ceil(log10(low) - 1e-9), floor(log10(high) + 1e-9)
        step = max(1, ceil((last - first + 1) / most))
        found = [10.0**power for power in range(first, last + 1, step)]
        every = [times * 10.0**power for power in range(first - 1, last + 1) for times in (1.0, 2.0, 5.0)]
        every = [each for each in every if low * (1 - 1e-9) <= each <= high * (1 + 1e-9)]
        if len(every) <= most + 1 or len(found) < 2:
            found = every
        return sorted(sign * each for each in found)


AnyScale: TypeAlias = Scale | LogScale


def scale_of(low: float, high: float, start: float, end: float) -> AnyScale:
    """A logarithmic axis where numbers of one sign reach over a decade, else a linear one."""
    if low * high > 0 and abs(log10(high / low)) >= DECADES:
        return LogScale(low, high, start, end)
    return Scale(low, high, start, end)


@dataclass(frozen=True, eq=False)
class Chart:
    """What is drawn. Positions are those of numbers along both axes."""

    name: str
    """Its id in a page."""
    title: str
    """What it shows."""
    description: str
    """The same in words."""
    x: AnyScale
    """The axis below."""
    y: AnyScale
    """The axis at the left."""
    x_name: str
    """What is along it."""
    y_name: str
    """What is along it."""
    band: Sequence[tuple[float, float]] = ()
    """Outline of an area."""
    bars: Sequence[tuple[float, float, float]] = ()
    """Left and right end of bars, and their height."""
    lines: Sequence[tuple[str, Sequence[tuple[float, float]]]] = ()
    """Classes of lines, and points along them."""
    points: Sequence[tuple[float, float]] = ()
    """Points."""
    marks: Sequence[float] = field(default=())
    """Where along the axis below a line stands upright, since something changes there."""
    x_labels: Sequence[tuple[float, str]] | None = None
    """Numbers along the axis below, and their texts; by default round ones."""
    band_name: str = "confidence interval"
    """What the band is."""

    def picture(self) -> Markup:
        """The picture."""
        return render(
            "chart.html",
            chart=self,
            width=WIDTH,
            height=HEIGHT,
            x=self.x,
            y=self.y,
            x_labels=[(self.x(v), text) for v, text in self.x_labels or labels_of(self.x, 4)],
            y_labels=[(self.y(v), text) for v, text in labels_of(self.y, 4)],
            band=self._placed(self.band),
            bars=[self._bar(*each) for each in self.bars],
            lines=[(name, self._placed(points)) for name, points in self.lines],
            points=self._named(self.points),
            places=[each for name, points in self.lines if name != "expected" for each in self._places(points)],
            marks=[(self.x(each), f"{self.title}: changes at {self.x_name} {_plain(each)}") for each in self.marks],
        )

    def _named(self, points: Sequence[tuple[float, float]]) -> list[tuple[float, float, str]]:
        """Positions, and what is there."""
        return [
            (_bounded(self.x(across)), _bounded(self.y(up)), self._text(_plain(across), up)) for across, up in points
        ]

    def _places(self, points: Sequence[tuple[float, float]]) -> list[tuple[float, float, str]]:
        """Places along a line within the frame, not too many."""
        x, y = self.x, self.y
        inside = [(across, up) for across, up in points if x.low <= across <= x.high and y.low <= up <= y.high]
        return self._named(inside[:: max(1, len(inside) // LINE_PLACES)])

    def _text(self, across: str, up: float) -> str:
        return f"{self.title}: {self.x_name} {across}, {self.y_name} {_plain(up)}"

    def _placed(self, points: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
        return [(_bounded(self.x(across)), _bounded(self.y(up))) for across, up in points]

    def _bar(self, left: float, right: float, height: float) -> tuple[str, float, float, str]:
        """Data of its path, its left end and width, and what it says."""
        low, ends = self.y(0.0), (self.x(left), self.x(right))
        path = f"M{ends[0]:.2f} {low:.2f}V{self.y(height):.2f}H{ends[1]:.2f}V{low:.2f}z"
        return path, ends[0], ends[1] - ends[0], self._text(f"{_plain(left)} to {_plain(right)}", height)


def _plain(value: float) -> str:
    """A number for a text; whole ones, such as rows, with all their digits."""
    return f"{value:,.0f}" if float(value).is_integer() and 1000 <= abs(value) < 1e15 else number(value)


def _bounded(position: float) -> float:
    """Far outside of the frame, but of bounded length."""
    return min(max(position, -9.0 * WIDTH), 9.0 * WIDTH)


def outline(across: Float64Array, low: Float64Array, high: Float64Array) -> list[tuple[float, float]]:
    """The outline of a band between two lines."""
    forth = zip(across.tolist(), high.tolist(), strict=True)
    back = zip(across[::-1].tolist(), low[::-1].tolist(), strict=True)
    return [*forth, *back]


def labels_of(scale: AnyScale, most: int) -> list[tuple[float, str]]:
    """Numbers along an axis, and their texts.

    >>> labels_of(LogScale(1e-4, 1.0, 0, 100), 5)
    [(0.0001, '10⁻⁴'), (0.001, '0.001'), (0.01, '0.01'), (0.1, '0.1'), (1.0, '1')]
    """
    ticks = scale.ticks(most)
    if isinstance(scale, Scale):
        texts = [tick(each, ticks) for each in ticks]
        # Numbers far from 0, compared with what they differ by.
        if len(set(texts)) < len(texts):
            texts = [number(each, 12) for each in ticks]
        return list(zip(ticks, texts, strict=True))
    return [(each, _log_text(each)) for each in ticks]


def _log_text(value: float) -> str:
    power = round(log10(abs(value)), 9)
    if power.is_integer() and not -4 < power < 12:
        return f"{MINUS if value < 0 else ''}10{str(int(power)).translate(SUPERSCRIPTS)}"
    return tick(value, [value])


def span(*arrays: Float64Array, margin: float = 0.06) -> tuple[float, float] | None:
    """The smallest and the largest finite number, and some more to each side; None if there are no two."""
    every = np.concatenate([np.ravel(each) for each in arrays])
    known = every[np.isfinite(every)]
    if not len(known) or known.min() == known.max():
        return None
    low, high = float(known.min()), float(known.max())
    room = margin * (high - low)
    return (low - room, high + room) if isfinite(high - low) else None
