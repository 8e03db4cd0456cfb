"""A picture of running means: how the worst variables come to their mean as rows are added."""

import numpy as np
from scipy.special import ndtri

from mvn_dask.reporting.findings import Findings
from mvn_dask.reporting.svg import Scale, axes, element, label, path, picture, short

SHOWN = 5
"""Variables that are shown."""
WIDTH, HEIGHT = 420.0, 330.0
BEGIN = 0.06
"""Share of the rows where the funnel fills the picture."""
FEWEST = 8
"""Stretches of rows that are worth a picture."""
LINE = 13.0
"""Height of a line of words."""


def trails(findings: Findings, chance: float) -> str | None:
    """The picture, with a funnel that means leave with this chance; None if there are too few rows, or variables."""
    chosen = worst(findings)
    if not chosen or findings.selection.segments < FEWEST:
        return None
    rows = findings.selection.starts[1:].astype(np.float64)
    widest = -float(ndtri(chance / 2.0))
    y_high = widest / np.sqrt(BEGIN * rows[-1])
    running = findings.running[:, chosen]
    y_high = max(y_high, 1.1 * float(np.abs(running[len(running) // 4 :]).max()))
    x = Scale(0.0, float(rows[-1]), 54.0, WIDTH - 104.0)
    y = Scale(-y_high, y_high, HEIGHT - 44.0, 22.0)
    frame = element("rect", x=x.start, y=y.end, width=x.end - x.start, height=y.start - y.end)
    names = [findings.label(int(findings.selection.followed[each])) for each in chosen]
    within = np.clip(running, -9.0 * y_high, 9.0 * y_high)
    lines = [path(zip(map(x, rows), map(y, line), strict=True), f"trail t{i}") for i, line in enumerate(within.T)]
    return picture(
        "trails",
        WIDTH,
        HEIGHT,
        "Running means of the variables that are farthest off",
        f"Means of the first rows, less the expected mean, in standard deviations, of {', '.join(names)}. In a sound "
        "sample they stay in the funnel, which narrows as one over the square root of the rows.",
        element("clipPath", frame, id="trails-frame"),
        axes(x, y, "rows so far", "running mean less the expected one, in standard deviations", most=4),
        element("g", _funnel(widest, x, y) + "".join(lines), clip_path="url(#trails-frame)"),
        path([(x.start, y(0)), (x.end, y(0))], "expected"),
        _labels(names, [y(float(np.clip(value, -y_high, y_high))) for value in running[-1]], x.end + 6),
    )


def worst(findings: Findings) -> list[int]:
    """Positions in `followed` of the variables whose means are farthest off."""
    followed = findings.selection.followed
    errors = np.where(findings.expectation.testable[followed], np.abs(findings.mean_errors[followed]), -1.0)
    order = np.argsort(-errors, kind="stable")[:SHOWN]
    return [int(each) for each in order if errors[each] >= 0]


def _funnel(widest: float, x: Scale, y: Scale) -> str:
    rows = np.geomspace(x.high / 1e4, x.high, 80)
    up = [(x(n), y(widest / np.sqrt(n))) for n in rows]
    down = [(x(n), y(-widest / np.sqrt(n))) for n in rows]
    return path([*up, *reversed(down)], "band")


def _labels(names: list[str], places: list[float], x: float) -> str:
    """Names at the ends of their lines, moved so that none covers another."""
    order = np.argsort(places, kind="stable").tolist()
    moved: list[float] = []
    for each in order:
        moved.append(max(places[each], moved[-1] + LINE) if moved else places[each])
    middle = (sum(places) - sum(moved)) / len(places)
    return "".join(
        label(short(names[each]), x, place + middle + 3.5, "start", f"name t{each}")
        for each, place in zip(order, moved, strict=True)
    )
