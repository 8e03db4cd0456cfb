"""How an estimate converges, with its confidence band, as rows are added.

Input: a series of estimates. Output: an SVG picture. Cost: about 2 kB.
"""

import numpy as np
from markupsafe import Markup

from mvn_dask.estimation.convergence import Series
from mvn_dask.readable import plural
from mvn_dask.reporting.figures.chart import BOTTOM, LEFT, RIGHT, TOP, Chart, LogScale, outline, span
from mvn_dask.reporting.figures.svg import Scale


def convergence_picture(series: Series, *, name: str, what: str) -> Markup | None:
    """The picture of one estimate; None if it has fewer than two numbers of rows, or nothing but one value.

    `name` is its id in a page, and `what` what is estimated.
    """
    known = np.isfinite(series.value)
    rows = series.rows[known]
    value, low, high = (each[known] for each in series[1:])
    ends = span(value, low, high)
    if len(rows) < 2 or ends is None:
        return None
    x = LogScale(float(rows[0]), float(rows[-1]), LEFT, RIGHT)
    y = Scale(*ends, BOTTOM, TOP)
    # Bounds that are not known, or infinite, lie beyond the frame.
    low, high = (np.where(np.isfinite(each), each, end) for each, end in ((low, ends[0]), (high, ends[1])))
    last = float(value[-1])
    description = (
        f"From {rows[0]:,} to {plural(int(rows[-1]), 'row', ',')}, with the confidence interval of each number."
    )
    return Chart(
        name=name,
        title=f"{what}, as rows are added",
        description=description,
        x=x,
        y=y,
        x_name="rows so far",
        y_name=what,
        band=outline(rows.astype(np.float64), low, high),
        lines=[
            ("expected", [(x.low, last), (x.high, last)]),
            ("running t0", list(zip(rows.tolist(), value.tolist(), strict=True))),
        ],
    ).picture()
