"""Heatmaps of correlations: of the sample, as expected, and how far they are apart.

Input: estimates. Output: three SVG pictures, each with a PNG file of one pixel a cell inside.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from markupsafe import Markup

from mvn_dask._typing import Float64Array
from mvn_dask.display.pixels import data_url, diverging, png
from mvn_dask.reporting.estimates import Estimates
from mvn_dask.reporting.figures.svg import render, shorten
from mvn_dask.reporting.figures.variable_order import clustered_order
from mvn_dask.reporting.number_format import decimal, signed
from mvn_dask.reporting.pairs import compare_pairs
from mvn_dask.statistics.base import Indices

MOST_WRITTEN = 6
"""Variables up to which each cell has its number in it."""
MOST_NAMED = 40
"""Variables up to which each has its name at the side, and each cell says what it is, where a pointer rests on it."""
LARGE = 20
"""Variables from which on names need a larger picture."""
PAIR_LETTERS = 24
"""Letters of a name there, at most."""
NAME_LETTERS, LARGE_LETTERS = 9, 13
"""Of a name at the side, at most; and in a large picture."""
FULL_ERROR = 5.0
"""Standard errors of a full colour."""
MOST_MARKED = 12
"""Cells with a frame, at most."""


def heatmaps(estimates: Estimates, p_value: float = 0.0) -> list[tuple[str, Markup]]:
    """Captions and pictures, with frames around pairs that fail a test at this p-value; none if there are no pairs."""
    if len(estimates.selection.paired) < 2 or estimates.selection.rows < 2:
        return []
    found = compare_pairs(estimates)
    upper = np.triu(found.p_values < p_value, 1)
    failed = [each for i, j in most_extreme(np.where(upper, np.abs(found.errors), np.nan)) for each in ((i, j), (j, i))]
    by_signs = not estimates.reference.laws.pairs_known
    error = "Shares of equal signs less the expected ones" if by_signs else "Covariances less the expected ones"
    shown = _Shown(estimates, pair_order(estimates))
    return [
        ("Sample", shown.heatmap("sample", "Correlations of the sample", found.correlation, 1.0)),
        ("Expected", shown.heatmap("expected", "Expected correlations", found.expected, 1.0)),
        ("Difference, in standard errors", shown.heatmap("error", error, found.errors, FULL_ERROR, failed)),
    ]


def pair_order(estimates: Estimates) -> Indices | None:
    """Places of the paired variables in which those that should be alike stand side by side; None for their own."""
    return clustered_order(estimates.reference.correlation)


@dataclass(frozen=True, eq=False)
class _Shown:
    """Variables in the order in which they are shown."""

    estimates: Estimates
    order: Indices | None

    def heatmap(
        self, name: str, title: str, values: Float64Array, limit: float, failed: Sequence[tuple[int, int]] = ()
    ) -> Markup:
        paired = self.estimates.selection.paired
        if self.order is None:
            return _heatmap(self.estimates, paired, name, title, values, limit, failed)
        places = np.argsort(self.order).tolist()
        moved = [(places[i], places[j]) for i, j in failed]
        values = values[np.ix_(self.order, self.order)]
        return _heatmap(self.estimates, paired[self.order], name, title, values, limit, moved)


def _heatmap(
    estimates: Estimates, paired: Indices, name: str, title: str, values: Float64Array, limit: float,
    failed: Sequence[tuple[int, int]],
) -> Markup:  # fmt: skip
    count = len(values)

    def written(value: float) -> str:
        return signed(value) if limit != 1.0 else decimal(value, 2)

    known = values[np.isfinite(values) & ~np.eye(count, dtype=bool)]
    cells = [
        (i, j, "–" if np.isnan(value) else written(value))
        for (i, j), value in np.ndenumerate(values if count <= MOST_WRITTEN else values[:0])
    ]
    return render(
        "heatmap.html",
        name=f"heatmap-{name}",
        title=title,
        ends=[written(known.min()), written(known.max())] if len(known) else [],
        count=count,
        limit=limit,
        pixels=data_url(png(diverging(values, limit))),
        names=_names(estimates, paired),
        large=LARGE < count <= MOST_NAMED,
        across=MOST_WRITTEN < count <= MOST_NAMED,
        cells=cells,
        areas=_areas(estimates, paired, values, written),
        failed=failed,
    )


class Area(NamedTuple):
    """Cells that say what they are: a single one, or those of a row."""

    column: int
    """Place of the first cell."""
    row: int
    """Place of the row."""
    columns: int
    """How many cells."""
    text: str
    """What they say."""


def _areas(estimates: Estimates, paired: Indices, values: Float64Array, written: Callable[[float], str]) -> list[Area]:
    """Each cell with its pair and its value; of many variables, each row with the value that is farthest from 0."""
    count = len(values)
    names = [shorten(estimates.name(each), PAIR_LETTERS) for each in paired]
    if count <= MOST_NAMED:
        return [
            Area(j, i, 1, f"{names[i]}, {names[j]}: {'not tested' if np.isnan(value) else written(value)}")
            for (i, j), value in np.ndenumerate(values)
        ]
    others = np.where(np.eye(count, dtype=bool), np.nan, np.abs(values))
    farthest = np.nan_to_num(others, nan=-1.0).argmax(axis=1).tolist()
    return [
        Area(0, i, count, f"{names[i]}: {written(values[i, j])} with {names[j]}, the farthest from 0")
        for i, j in enumerate(farthest)
        if np.isfinite(values[i, j])
    ]


def _names(estimates: Estimates, paired: Indices) -> dict[int, str]:
    """Names beside the rows, or numbers of some variables where there are many."""
    count = len(paired)
    if count <= MOST_NAMED:
        letters = LARGE_LETTERS if count > LARGE else NAME_LETTERS
        return {i: shorten(estimates.name(paired[i], "").strip(), letters) for i in range(count)}
    positions = np.unique(np.linspace(0, count - 1, 6).round().astype(int)).tolist()
    return {i: shorten(f"{estimates.selection.columns[paired[i]]:,}", NAME_LETTERS) for i in positions}


def most_extreme(errors: Float64Array) -> list[tuple[int, int]]:
    """Places of the largest of these, NaN left out, at most `MOST_MARKED`.

    >>> most_extreme(np.array([[np.nan, 2.0], [5.0, 1.0]]))
    [(1, 0), (0, 1), (1, 1)]
    """
    order = np.argsort(np.where(np.isnan(errors), -np.inf, errors), axis=None)[::-1][:MOST_MARKED]
    places = [np.unravel_index(int(each), errors.shape) for each in order]
    return [(int(i), int(j)) for i, j in places if not np.isnan(errors[i, j])]
