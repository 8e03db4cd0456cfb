"""Inline SVG: elements, scales and axes.

Input: numbers and text. Output: markup in which all text is escaped. Colours are classes of the page's style.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import ceil, floor, log10

from markupsafe import Markup

from mvn_dask.reporting.number_format import number

MAX_NAME = 14
"""Letters of a name in a picture, at most."""


def element(tag: str, *content: str, **attributes: object) -> Markup:
    """An element; in names of attributes `_` stands for `-`, and a last one is dropped.

    Examples
    --------
    >>> element("text", "a < b", class_="name", text_anchor="end", x=1.50001)
    Markup('<text class="name" text-anchor="end" x="1.5">a &lt; b</text>')
    """
    given = Markup("").join(
        Markup(' {}="{}"').format(name.rstrip("_").replace("_", "-"), _rounded(value))
        for name, value in attributes.items()
    )
    inner = Markup("").join(content)
    return Markup("<{0}{1}>{2}</{0}>").format(tag, given, inner) if inner else Markup("<{}{}/>").format(tag, given)


def _rounded(value: object) -> object:
    return f"{round(value, 2):g}" if isinstance(value, float) else value


def shorten(name: str, letters: int = MAX_NAME) -> str:
    """A name that fits.

    Examples
    --------
    >>> shorten("short"), shorten("a name that is too long")
    ('short', 'a name that i…')
    """
    return name if len(name) <= letters else f"{name[: letters - 1]}…"


def label(text: str, x: float, y: float, anchor: str = "middle", class_: str = "tick", **attributes: object) -> Markup:
    """Text at a position."""
    return element("text", text, class_=class_, x=x, y=y, text_anchor=anchor, **attributes)


def path(points: Iterable[tuple[float, float]], class_: str) -> Markup:
    """A line through points."""
    steps = "L".join(f"{_rounded(float(x))} {_rounded(float(y))}" for x, y in points)
    return element("path", class_=class_, d=f"M{steps}")


@dataclass(frozen=True)
class Scale:
    """A linear map from numbers to positions along one axis."""

    low: float
    """Smallest number."""
    high: float
    """Largest number."""
    start: float
    """Position of the smallest."""
    end: float
    """Position of the largest."""

    def __call__(self, value: float) -> float:
        return self.start + (float(value) - self.low) / (self.high - self.low) * (self.end - self.start)

    def ticks(self, most: int = 5) -> list[float]:
        """Round numbers within, at most about so many.

        Examples
        --------
        >>> Scale(-1.3, 9.2, 0, 100).ticks()
        [0.0, 2.0, 4.0, 6.0, 8.0]
        """
        rough = (self.high - self.low) / most
        power = 10.0 ** floor(log10(rough))
        step = next(times * power for times in (1, 2, 5, 10) if times * power >= rough * 0.8)
        first, last = ceil(self.low / step - 1e-9), floor(self.high / step + 1e-9)
        return [round(i * step, 12) for i in range(first, last + 1)]


def axes(x: Scale, y: Scale, across: str, up: str, *, most: int = 5) -> Markup:
    """Grid, numbers and names of both axes; the y-axis is on the left."""
    lines = [element("line", class_="grid", x1=x.start, x2=x.end, y1=y(v), y2=y(v)) for v in y.ticks(most)]
    lines += [label(tick(v, y.ticks(most)), x.start - 6, y(v) + 3.5, "end") for v in y.ticks(most)]
    lines += [label(tick(v, x.ticks(most)), x(v), y.start + 15) for v in x.ticks(most)]
    lines += [element("line", class_="axis", x1=x.start, x2=x.end, y1=y.start, y2=y.start)]
    lines += [label(across, (x.start + x.end) / 2, y.start + 33, class_="what")]
    lines += [label(up, 0.0, y.end - 10, "start", "what")]
    return Markup("").join(lines)


def tick(value: float, ticks: Sequence[float]) -> str:
    """The number at a tick.

    Examples
    --------
    >>> tick(-0.5, [-0.5, 0.0]), tick(2e6, [0.0, 2e6]), tick(5000.0, [5000.0])
    ('−0.5', '2 M', '5,000')
    """
    largest = max(abs(each) for each in ticks)
    for size, letter in ((1e9, "G"), (1e6, "M"), (1e4, "k")):
        if largest >= size and largest < 1e12:
            per = 1e3 if letter == "k" else size
            return "0" if value == 0 else f"{number(value / per)} {letter}"
    return f"{value:,.0f}".replace("-", "−") if 1000 <= abs(value) < 1e4 else number(value)


def picture(name: str, width: float, height: float, title: str, description: str, *content: Markup) -> Markup:
    """The whole, with what a screen reader says about it; `name` must be unique within the page."""
    return element(
        "svg",
        element("title", title, id=f"{name}-title"),
        element("desc", description, id=f"{name}-about"),
        *content,
        class_=f"picture {name.partition('-')[0]}",
        viewBox=f"0 0 {width:g} {height:g}",
        role="img",
        aria_labelledby=f"{name}-title {name}-about",
    )
