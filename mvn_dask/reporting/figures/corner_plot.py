"""Densities of pairs of few variables, with the ellipses of what was asked for: a corner plot of the worst pairs.

Input: estimates, and the p-value at which a single test of a pair fails. Output: an SVG picture with a PNG for each
pair. Cost: about 2 kB a pair.
"""

from dataclasses import dataclass
from itertools import combinations

import numpy as np
from markupsafe import Markup

from mvn_dask._typing import Float64Array
from mvn_dask.reporting.estimates import Estimates
from mvn_dask.reporting.figures.joint_density import joint_density
from mvn_dask.reporting.figures.pair_panels import PairPanels
from mvn_dask.reporting.figures.svg import Scale, render, shorten
from mvn_dask.reporting.number_format import percent
from mvn_dask.reporting.pair_densities import LEVELS, pair_scale
from mvn_dask.reporting.pairs import compare_pairs

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
FULLEST = 1.08
"""Height of a panel beside a histogram, in highest bars."""


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
    panels = PairPanels(estimates, densities, pair_scale(estimates.reference), comparison, shown, p_value)
    within = densities.within[panels.number(*shown)] / densities.rows if len(shown) == 2 else []
    known = len(panels.scale.radii) > 0
    return CornerPlot(
        joint_density(panels) if len(shown) == 2 else _picture(panels),
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


def _picture(panels: PairPanels) -> Markup:
    step = (SIDE + GAP) / len(panels.shown)
    side, places = step - GAP, range(len(panels.shown))
    reach = panels.scale.reach
    across = [Scale(-reach, reach, PANELS_LEFT + i * step, PANELS_LEFT + i * step + side) for i in places]
    up = [Scale(-reach, reach, PANELS_TOP + i * step + side, PANELS_TOP + i * step) for i in places]
    return render(
        "corner_plot.html",
        panels=[panels.panel(i, j, across[i], up[j]) for i, j in combinations(places, 2)],
        margins=[panels.margin(i, across[i], Scale(0.0, FULLEST, up[i].start, up[i].end)) for i in places],
        names=[shorten(panels.estimates.name(each), PANEL_LETTERS) for each in panels.shown],
        across=across,
        up=up,
        bottom=PANELS_TOP + SIDE,
        rows=panels.densities.rows,
        step=panels.step,
    )
