"""A heatmap of blocks of rows: a line of cells for each variable, a cell for each block.

Input: numbers in standard errors. Output: an SVG picture, with a PNG of one pixel a cell inside, and a title for each
cell. Cost: about 90 bytes a cell.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from markupsafe import Markup

from mvn_dask._typing import Float64Array
from mvn_dask.display.pixels import data_url, diverging, png
from mvn_dask.reporting.figures.heatmaps import FULL_ERROR
from mvn_dask.reporting.figures.svg import Scale, render, shorten, tick
from mvn_dask.reporting.number_format import signed
from mvn_dask.statistics.base import Indices

BLOCKS_WIDTH, BLOCKS_RIGHT = 420.0, 412.0
"""Of a picture, and where its cells end."""
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

    def picture(self) -> Markup:
        """The picture."""
        count, blocks = self.values.shape
        left = min(LETTERS, max(map(len, self.names))) * LETTER_WIDTH + 10.0
        step = min(max(AIMED_HEIGHT / count, HEIGHTS[0]), HEIGHTS[1])
        x, y = (
            Scale(0.0, float(blocks), left, BLOCKS_RIGHT),
            Scale(0.0, float(count), BLOCKS_TOP, BLOCKS_TOP + count * step),
        )
        return render(
            "block_heatmap.html",
            chart=self,
            width=BLOCKS_WIDTH,
            x=x,
            y=y,
            step=step,
            pixels=data_url(png(diverging(self.values, FULL_ERROR))),
            names=[shorten(name, LETTERS) for name in self.names],
            ticks=self._ticks(x),
            cells=self._cells(x, y),
            frames=[(x(j), y(i), x(j + 1) - x(j), step) for i, j in self.marked],
            limit=FULL_ERROR,
        )

    def _ticks(self, x: Scale) -> list[tuple[float, str]]:
        """First rows of some blocks, and the number of rows."""
        blocks = len(self.starts) - 1
        places = np.unique(np.linspace(0, blocks, min(TICKS, blocks) + 1).round().astype(int))
        rows = self.starts[places].astype(np.float64).tolist()
        return [(x(place), tick(row, rows)) for place, row in zip(places.tolist(), rows, strict=True)]

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
