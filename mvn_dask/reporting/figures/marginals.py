"""Pictures of single variables: a histogram on the normal density, and how far each bar is off."""

import numpy as np

from mvn_dask.reporting.expectation import HALF, STEPS, Floats, below
from mvn_dask.reporting.findings import Findings
from mvn_dask.reporting.svg import Scale, element, label, path, picture

SHOWN = 12
"""Variables that are shown."""
WIDTH, HEIGHT = 280.0, 208.0
REACH = 4.5
"""Standard deviations that are shown to each side."""
BARS = 4
"""Bars for each standard deviation."""
FAR = 5.0
"""Standard errors at which the picture of errors ends."""


def histograms(findings: Findings) -> list[tuple[int, str]]:
    """Columns that are shown, in their order, and their pictures: those with the largest errors."""
    if not findings.rows:
        return []
    counts = _bars(findings)
    errors = np.abs(_errors(counts, findings.rows)).max(axis=1)
    testable = findings.expectation.testable[findings.selection.binned]
    order = np.argsort(np.where(testable, -errors, 1.0), kind="stable")[:SHOWN]
    chosen = np.sort(order[testable[order]]).tolist()
    return [(int(findings.selection.binned[i]), _histogram(findings, i, counts[i])) for i in chosen]


def _bars(findings: Findings) -> Floats:
    """Numbers in each bar, shape (binned, bars)."""
    start = int((HALF - REACH) * STEPS)
    inner = findings.summary.counts[:, start : -start or None]
    return np.asarray(inner.reshape(len(inner), -1, STEPS // BARS).sum(axis=2), np.float64)


def _sides() -> Floats:
    return np.linspace(-REACH, REACH, int(2 * REACH * BARS) + 1)


def _errors(counts: Floats, rows: int) -> Floats:
    """Bars less what they should be, in standard errors; 0 where less than one number is expected."""
    expected = np.diff(below(_sides()))
    errors = (counts - rows * expected) / np.sqrt(rows * expected * (1.0 - expected))
    return np.where(rows * expected >= 1.0, errors, 0.0)


def _histogram(findings: Findings, position: int, counts: Floats) -> str:
    column = int(findings.selection.binned[position])
    density = counts * BARS / findings.rows
    errors = _errors(counts[None], findings.rows)[0]
    x = Scale(-REACH, REACH, 30.0, WIDTH - 4.0)
    y = Scale(0.0, max(0.42, float(density.max()) * 1.04), 128.0, 16.0)
    strip = Scale(-FAR, FAR, 174.0, 142.0)
    grid = "".join(
        element("line", class_="grid", x1=x.start, x2=x.end, y1=y(v), y2=y(v))
        + label(f"{v:g}", 24.0, y(v) + 3.5, "end")
        for v in (0.0, 0.2, 0.4)
    )
    curve = np.linspace(-REACH, REACH, 91)
    normal = np.exp(-0.5 * curve**2) / np.sqrt(2.0 * np.pi)
    return picture(
        f"histogram-{column}",
        WIDTH,
        HEIGHT,
        f"Histogram of {findings.name(column)}",
        f"Bars are the sample, the line is the normal density. The bar that is farthest off is "
        f"{np.abs(errors).max():.1f} standard errors away from it.",
        grid,
        _rectangles(density, x, y, "bar"),
        path(zip(map(x, curve), map(y, normal), strict=True), "expected"),
        label("density", 0.0, 9.0, "start", "what"),
        element("line", class_="axis", x1=x.start, x2=x.end, y1=strip(0), y2=strip(0)),
        "".join(label(f"{v:+.0f}".replace("-", "−"), 24.0, strip(v) + 3.5, "end") for v in (-FAR, FAR)),
        label("s.e.", 24.0, strip(0) + 3.5, "end"),
        _rectangles(np.clip(errors, -FAR, FAR), x, strip, "error"),
        "".join(label(f"{v:g}".replace("-", "−"), x(v), 188.0) for v in (-4, -2, 0, 2, 4)),
        label("standard deviations from the expected mean", (x.start + x.end) / 2, 203.0, class_="what"),
    )


def _rectangles(heights: Floats, x: Scale, y: Scale, class_: str) -> str:
    """Bars on the line 0, as one path, which is a third of the text."""
    steps = []
    for left, right, height in zip(_sides()[:-1], _sides()[1:], heights, strict=True):
        if height:
            steps.append(f"M{x(left) + 0.4:.2f} {y(0):.2f}V{y(height):.2f}H{x(right) - 0.4:.2f}V{y(0):.2f}z")
    return element("path", class_=class_, d="".join(steps)) if steps else ""
