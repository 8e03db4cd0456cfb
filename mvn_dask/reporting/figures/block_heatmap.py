"""A heatmap of blocks of rows: a line of cells for each variable, a cell for each block.

Input: numbers in standard errors. Output: an SVG picture, with a PNG of one pixel a cell inside, and a title for each
cell. Cost: about 90 bytes a cell.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from markupsafe import Markup

from mvn_dask._typing import Float64Array
from mvn_dask.display.pixels import data_url, diverging, png
from mvn_dask.reporting.figures.heatmaps import FULL_ERROR
from mvn_dask.reporting.figures.svg import Scale, render, shorten, tick
from mvn_dask.reporting.number_format import signed
from mvn_dask.statistics.base import Indices

BLOCKS_WIDTH, WIDE_BLOCKS = 420.0, 700.0
"""Of a picture beside another one, and of one by itself."""
BLOCKS_MARGIN = 8.0
"""At the right of the cells."""
LETTERS = 13
"""Of a name at the side, at most."""
LETTER_WIDTH = 6.2
"""Width of one of these, about."""
BLOCKS_TOP = 6.0
"""Where the cells begin."""
HEIGHTS = (11.0, 26.0)
"""Of a line of cells, at least and at most."""
AIMED_HEIGHT = 180.0
"""Of all lines, where there are few variables."""
TICKS = 4
"""Numbers of rows below the cells, about."""
STRIP, STRIP_GAP = 11.0, 4.0
"""Height of a strip below the cells, and what lies above it."""


class Strip(NamedTuple):
    """A line below the cells, in which blocks are marked."""

    name: str
    """What a mark means."""
    marked: npt.NDArray[np.bool_]
    """Which blocks, shape (blocks,)."""


@dataclass(frozen=True, eq=False)
class BlockHeatmap:
    """What is drawn."""

    name: str
    """Its id in a page."""
    title: str
    """What it shows."""
    what: str
    """What a cell is, for its title."""
    names: Sequence[str]
    """Of the variables."""
    starts: Indices
    """First row of each block, and the number of rows, shape (blocks + 1,)."""
    values: Float64Array
    """Standard errors, NaN where not known, shape (variables, blocks)."""
    marked: Sequence[tuple[int, int]]
    """Cells that get a frame."""
    row_range: Callable[[int], str]
    """The rows of a block, in words."""
    strips: Sequence[Strip] = ()
    """Lines below the cells; those without a mark are left out."""
    width: float = BLOCKS_WIDTH
    """Of the picture."""

    def picture(self) -> Markup:
        """The picture."""
        count, blocks = self.values.shape
        strips = [each for each in self.strips if each.marked.any()]
        longest = max(len(each) for each in (*self.names, *(strip.name for strip in strips)))
        left = min(LETTERS, longest) * LETTER_WIDTH + 10.0
        step = min(max(AIMED_HEIGHT / count, HEIGHTS[0]), HEIGHTS[1])
        x, y = (
            Scale(0.0, float(blocks), left, self.width - BLOCKS_MARGIN),
            Scale(0.0, float(count), BLOCKS_TOP, BLOCKS_TOP + count * step),
        )
        return render(
            "block_heatmap.html",
            chart=self,
            width=self.width,
            x=x,
            y=y,
            step=step,
            pixels=data_url(png(diverging(self.values, FULL_ERROR))),
            names=[shorten(name, LETTERS) for name in self.names],
            ticks=self._ticks(x),
            cells=self._cells(x, y),
            frames=[(x(j), y(i), x(j + 1) - x(j), step) for i, j in self.marked],
            strips=[self._strip(each, y.end + place * (STRIP + STRIP_GAP), x) for place, each in enumerate(strips)],
            limit=FULL_ERROR,
            strip_height=STRIP,
            low=y.end + len(strips) * (STRIP + STRIP_GAP),
        )

    def _ticks(self, x: Scale) -> list[tuple[float, str]]:
        """Round numbers of rows, where they lie among the blocks."""
        rows = Scale(0.0, float(self.starts[-1]), 0.0, 1.0).ticks(TICKS)
        places = np.interp(rows, self.starts, np.arange(len(self.starts)))
        return [(x(place), tick(row, rows)) for place, row in zip(places.tolist(), rows, strict=True)]

    def _strip(self, strip: Strip, above: float, x: Scale) -> tuple[str, float, list[tuple[float, float, str]]]:
        """Its name, its top, and the left ends, widths and titles of its marks."""
        marks = [
            (x(j), x(j + 1) - x(j), f"{self.row_range(j)}: {strip.name}") for j in np.flatnonzero(strip.marked).tolist()
        ]
        return strip.name, above + STRIP_GAP, marks

    def _cells(self, x: Scale, y: Scale) -> list[tuple[str, str]]:
        """Outlines and titles of all cells."""
        shapes = [(f"M{x(j):.4g} ", f"h{x(j + 1) - x(j):.3g}") for j in range(len(self.starts) - 1)]
        heights = [f"{y(i):.4g}" for i in range(len(self.names))]
        tall = y(1.0) - y(0.0)
        rows = [self.row_range(j) for j in range(len(self.starts) - 1)]
        return [
            (
                f"{start}{heights[i]}{across}v{tall:.3g}H{x(j):.4g}z",
                f"{self.names[i]}, {rows[j]}: {self.what} {'–' if np.isnan(value) else signed(value)}",
            )
            for (i, j), value in np.ndenumerate(self.values)
            for start, across in [shapes[j]]
        ]
