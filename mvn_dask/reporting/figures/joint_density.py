"""The density of two variables, with the regions that were asked for, and the histogram of each at its side.

Input: panels of two variables. Output: an SVG picture. Cost: about 8 kB.
"""

from markupsafe import Markup

from mvn_dask.reporting.figures.pair_panels import PairPanels
from mvn_dask.reporting.figures.svg import Scale, render

PANEL_SIDE, MARGIN_HEIGHT, MARGIN_GAP = 372.0, 52.0, 5.0
"""Of the density, of a histogram, and between both."""
JOINT_TOP = 4.0
"""Above the upper histogram."""
LEFT_OF_NUMBERS, LEFT_OF_VALUES = 42.0, 92.0
"""At the left of the density, for standard deviations, and for values of the variable beside them."""
VALUES_APART = 2.0
"""Standard deviations between two values."""


def joint_density(panels: PairPanels) -> Markup:
    """The picture."""
    estimates, reach = panels.estimates, panels.scale.reach
    left, top = LEFT_OF_VALUES if panels.has_values else LEFT_OF_NUMBERS, JOINT_TOP + MARGIN_HEIGHT + MARGIN_GAP
    x = Scale(-reach, reach, left, left + PANEL_SIDE)
    y = Scale(-reach, reach, top + PANEL_SIDE, top)
    above = Scale(0.0, 1.0, JOINT_TOP + MARGIN_HEIGHT, JOINT_TOP)
    beside = Scale(0.0, 1.0, x.end + MARGIN_GAP, x.end + MARGIN_GAP + MARGIN_HEIGHT)
    places = [each for each in x.ticks(8) if each % VALUES_APART == 0] if panels.has_values else []
    units = [estimates.unit(each) for each in panels.shown]
    return render(
        "joint_density.html",
        width=beside.end + 2.0,
        panel=panels.panel(0, 1, x, y),
        margins=[panels.margin(0, x, above), panels.margin_beside(1, beside, y)],
        names=[panels.name(each) for each in (0, 1)],
        step=panels.step,
        own=[(place, *(estimates.value_at(each, place) for each in panels.shown)) for place in places],
        values=[f", and values{unit and f' in {unit}'}" for unit in units],
        rows=panels.densities.rows,
    )
