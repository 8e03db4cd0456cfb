"""Markup from the templates, and what pictures are drawn with: scales and axes.

Input: numbers and text. Output: HTML or inline SVG in which all text is escaped.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache, partial
from math import ceil, floor, log10

import jinja2
from markupsafe import Markup

from mvn_dask.escaping import printable
from mvn_dask.readable import plural, readable_bytes
from mvn_dask.reporting.number_format import MINUS, number, p_number, p_text, rate, signed, to_precision
from mvn_dask.reporting.sections import links_of, places_of, sections_of

MAX_NAME = 14
"""Letters of a name in a picture, at most."""
TITLE_LETTERS = 60
"""Letters of a name in what a mark says, at most."""


@cache
def templates() -> jinja2.Environment:
    """The templates of reports, which escape what they are given."""
    found = jinja2.Environment(
        loader=jinja2.PackageLoader("mvn_dask.reporting"),
        autoescape=True,
        finalize=lambda value: printable(value) if isinstance(value, str) and not isinstance(value, Markup) else value,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
    )
    found.filters |= {"plural": partial(plural, form=","), "thousands": "{:,}".format}
    found.filters |= {
        "rate": rate,
        "readable": readable_bytes,
        "p_text": p_text,
        "p_number": p_number,
        "number": number,
    }
    found.filters |= {"lines": lines, "sections": sections_of, "places": places_of, "links": links_of}
    found.filters |= {"path": path, "position": position, "tick": tick, "signed": signed, "to_precision": to_precision}
    return found


def render(template: str, **values: object) -> Markup:
    """A template with these values."""
    return Markup(templates().get_template(template).render(values))  # noqa: S704 escaped by the template


def lines(text: str) -> Markup:
    """Lines of text for an element that keeps them apart; elsewhere a text is one line, whatever is in it."""
    return Markup("\n").join(map(printable, text.split("\n")))


def position(value: object) -> object:
    """A position to 0.01, about a thirtieth of a line's width."""
    return f"{round(value, 2):g}" if isinstance(value, float) else value


def path(points: Iterable[tuple[float, float]]) -> str:
    """A line through points, as data of a path."""
    return "M" + "L".join(f"{position(float(x))} {position(float(y))}" for x, y in points)


def shorten(name: str, letters: int = MAX_NAME) -> str:
    """A name that fits.

    >>> shorten("short"), shorten("a name that is too long")
    ('short', 'a name that i…')
    """
    return name if len(name) <= letters else f"{name[: letters - 1]}…"


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

        >>> Scale(-1.3, 9.2, 0, 100).ticks()
        [0.0, 2.0, 4.0, 6.0, 8.0]
        """
        rough = (self.high - self.low) / most
        power = 10.0 ** floor(log10(rough))
        step = next(times * power for times in (1, 2, 5, 10) if times * power >= rough * 0.8)
        first, last = ceil(self.low / step - 1e-9), floor(self.high / step + 1e-9)
        # Of 12 digits, which 3 times 0.1 does not exceed.
        return [float(f"{i * step:.12g}") for i in range(first, last + 1)]


def tick(value: float, ticks: Sequence[float]) -> str:
    """The number at a tick.

    >>> tick(-0.5, [-0.5, 0.0]), tick(2e6, [0.0, 2e6]), tick(5000.0, [5000.0])
    ('−0.5', '2 M', '5,000')
    """
    largest = max(abs(each) for each in ticks)
    for least, unit, letter in ((1e9, 1e9, "G"), (1e6, 1e6, "M"), (1e4, 1e3, "k")):
        if least <= largest < 1e12:
            return "0" if value == 0 else f"{number(value / unit)} {letter}"
    return f"{value:,.0f}".replace("-", MINUS) if 1000 <= abs(value) < 1e4 else number(value)
