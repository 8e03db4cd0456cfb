"""Columns of numbers whose points stand below each other.

Input: numbers as texts. Output: the same texts, as wide on the right of the point, and tables of them. Cost: a look at
each.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mvn_dask.display.fragments import gap_row, table
from mvn_dask.display.markup import Content, Html, element
from mvn_dask.readable import MINUS

FIGURE_SPACE, POINT_SPACE = "\u2007", "\u2008"
"""Spaces as wide as a digit and as a point, where digits have one width."""


def aligned(texts: Sequence[str]) -> list[str]:
    r"""Texts that are aligned at the right, with room in place of the digits that others have behind the point.

    Numbers with an exponent, and what is no number, stay at the right end.

    >>> aligned(["1.25", "10", "2e+09"])
    ['1.25', '10\u2008\u2007\u2007', '2e+09']
    """
    digits = [_digits_behind(text) for text in texts]
    most = max((each for each in digits if each is not None), default=0)
    return [text if each is None else text + _room(each, most) for text, each in zip(texts, digits, strict=True)]


@dataclass(frozen=True)
class NumberTable:
    """Rows of numbers: all of them, or the first and the last of many."""

    what: str
    """What the labels of the rows are."""
    labels: tuple[str, ...]
    """What tells the rows apart."""
    columns: tuple[tuple[str, tuple[str, ...]], ...]
    """Titles, and numbers as texts, one for each row."""
    places: tuple[int, ...]
    """Numbers of the rows among all."""
    total: int
    """How many rows there are."""

    @property
    def html(self) -> Html:
        """The table, of which the points of a column stand below each other."""
        texts = zip(*(aligned(each) for _, each in self.columns), strict=True)
        rows: list[list[Content]] = [
            [element("span", label, title=label) if label else "", *cells]
            for label, cells in zip(self.labels, texts, strict=True)
        ]
        if self._hidden:
            rows.insert(self._cut, gap_row(1 + len(self.columns), f"{self._hidden:,} more"))
        return table([self.what, *(title for title, _ in self.columns)], rows)

    @property
    def lines(self) -> list[str]:
        """A line of text for each row, with signs as Python writes them."""
        titles = [title for title, _ in self.columns]
        lines = [
            f"{self.what} {label}: {', '.join(map(' '.join, zip(titles, cells, strict=True)))}".strip()
            for label, cells in zip(self.labels, zip(*(each for _, each in self.columns), strict=True), strict=True)
        ]
        if self._hidden:
            lines.insert(self._cut, f"… {self._hidden:,} more")
        return [line.replace(MINUS, "-") for line in lines]

    @property
    def _hidden(self) -> int:
        return self.total - len(self.places)

    @property
    def _cut(self) -> int:
        """The row before which others are hidden."""
        return int(np.argmax(np.diff(self.places) > 1)) + 1


def _digits_behind(text: str) -> int | None:
    if "e" in text or not text[-1:].isdecimal():
        return None
    return len(text.partition(".")[2])


def _room(digits: int, most: int) -> str:
    if digits == most:
        return ""
    return ("" if digits else POINT_SPACE) + FIGURE_SPACE * (most - digits)
