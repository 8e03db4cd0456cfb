"""Where in a store something is off: means and variances of blocks of rows, variable by variable.

Input: estimates, and the p-value at which a single test fails. Output: two SVG heatmaps, one row of cells a variable,
one column a block of rows. Cost: about 90 bytes a cell, of at most 64 x 40 in each.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from markupsafe import Markup
from scipy.special import ndtri

from mvn_dask._typing import Float64Array
from mvn_dask.reporting.estimates import Estimates, largest
from mvn_dask.reporting.figures.block_heatmap import BlockHeatmap, Strip
from mvn_dask.reporting.figures.heatmaps import MOST_MARKED, most_extreme
from mvn_dask.reporting.row_repeats import repeated_segments
from mvn_dask.reporting.scan import chunk_range
from mvn_dask.reporting.verdicts import describe_segment

FEWEST_BLOCKS = 2
"""Blocks of rows, at least: of one, other pictures say as much."""
VARIABLES_SHOWN = 40
"""Variables that are shown, at most."""

STRIPS = {
    "numbers": "numbers that are not finite",
    "chunks": "chunks that are copies of others",
    "repeated_rows": "rows that come again",
}
"""What strips mark in blocks, in words, by the families of the verdicts on it."""


@dataclass(frozen=True, eq=False)
class RowBlocks:
    """Pictures of blocks of rows, and what they show in words."""

    pictures: list[tuple[str, Markup]]
    """Captions and pictures: of means, and of variances."""
    blocks: int
    """How many blocks there are."""
    shown: int
    """Variables that are shown: those with the most extreme blocks."""
    of: int
    """Variables of which these were chosen."""
    failed: int
    """Cells of all variables, of means and of variances, that fail the test."""
    worst: str
    """The most extreme cell in words."""
    strips: list[str]
    """Families of verdicts whose faults strips mark: numbers that are not finite, and what repeats other rows."""

    @property
    def marked(self) -> list[str]:
        """What strips mark, in words."""
        return [STRIPS[family] for family in self.strips]

    @property
    def framed(self) -> str:
        """Which cells have a frame, in words."""
        return "the most extreme cells that fail the test" if self.failed > MOST_MARKED else "cells that fail the test"


def row_blocks(estimates: Estimates, p_value: float, repeat_limit: float) -> RowBlocks | None:
    """The pictures; None if there is a single block, or nothing is tested.

    `repeat_limit` is the p-value below which rows that come again are marked.
    """
    p_values, selection = estimates.segment_p_values, estimates.selection
    if selection.segments < FEWEST_BLOCKS or not np.isfinite(p_values).any():
        return None
    smallest = np.fmin.reduce(p_values, axis=(0, 1))
    shown = sorted(largest(-smallest, np.isfinite(smallest), VARIABLES_SHOWN))
    z, strips = normal_equivalents(estimates), strips_of(estimates, repeat_limit)
    kind, segment, i = np.unravel_index(int(np.nanargmin(p_values)), p_values.shape)
    return RowBlocks(
        [
            (
                caption,
                _heatmap(
                    estimates, caption.lower(), z[number], p_values[number] < p_value, shown, list(strips.values())
                ),
            )
            for number, caption in enumerate(("Means", "Variances"))
        ],
        selection.segments,
        len(shown),
        int(np.isfinite(p_values).any(axis=(0, 1)).sum()),
        int((p_values < p_value).sum()),
        describe_segment(estimates, int(segment), int(i), of_variance=bool(kind)),
        [family for family, each in strips.items() if each.marked.any()],
    )


def normal_equivalents(estimates: Estimates) -> Float64Array:
    """How far means and variances are off, as normal numbers of the same p-value, shape (2, segments, segmented).

    Of means these are standard errors, and of variances as well where there are many rows: of few, variances are
    skewed, and so would be colours.
    """
    signs = np.sign(np.stack([estimates.segment_errors, estimates.segment_variance_errors]))
    return np.asarray(signs * -ndtri(np.maximum(estimates.segment_p_values / 2.0, 1e-300)), np.float64)


def _heatmap(
    estimates: Estimates,
    what: str,
    z: Float64Array,
    failed: npt.NDArray[np.bool_],
    shown: list[int],
    strips: Sequence[Strip],
) -> Markup:
    selection = estimates.selection
    return BlockHeatmap(
        name=f"blocks-{what}",
        title=f"{what.capitalize()} of blocks of rows, in standard errors",
        what=what[:-1],
        names=[estimates.name(selection.segmented[each]) for each in shown],
        starts=selection.starts,
        values=z[:, shown].T,
        marked=most_extreme(np.where(failed, np.abs(z), np.nan)[:, shown].T),
        row_range=selection.row_range,
        strips=strips,
    ).picture()


def strips_of(estimates: Estimates, repeat_limit: float) -> dict[str, Strip]:
    """Blocks that are marked, by the families of the verdicts on what is wrong in them."""
    selection, measured = estimates.selection, estimates.measured
    copies = np.zeros(selection.segments, bool)
    for _, *numbers in measured.chunks.repeated:
        for chunk in (chunk_range(selection.manifest, number) for number in numbers):
            rows = np.array([chunk.first, chunk.first + max(1, chunk.rows) - 1])
            first, last = np.searchsorted(selection.starts, rows, "right") - 1
            copies[first : last + 1] = True
    wrong = measured.nonfinite_counts.sum(axis=1) > 0
    repeated = repeated_segments(measured.repeats.values(), selection.starts, repeat_limit)
    return {
        "numbers": Strip("NaN or ±∞", wrong),
        "chunks": Strip("copies", copies),
        "repeated_rows": Strip("repeated", repeated),
    }
