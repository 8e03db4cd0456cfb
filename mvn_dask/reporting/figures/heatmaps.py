"""Pictures of correlations: of the sample, as expected, and how far they are apart."""

from html import escape

import numpy as np

from mvn_dask.reporting.expectation import Floats
from mvn_dask.reporting.findings import Findings
from mvn_dask.reporting.png import data_url, diverging, png
from mvn_dask.reporting.svg import element, label, picture
from mvn_dask.reporting.words import signed

SIDE = 250.0
"""Of the cells, all together."""
LEFT, TOP = 56.0, 8.0
WRITTEN = 6
"""Variables up to which each cell has its number in it."""
NAMED = 20
"""Variables up to which each has its name at the side."""
LETTERS = 9
"""Of a name at the side."""
ERRORS = 5.0
"""Standard errors of a full colour."""


def heatmaps(findings: Findings) -> list[tuple[str, str]]:
    """Captions and pictures; none if there are no pairs."""
    if len(findings.selection.paired) < 2 or findings.rows < 2:
        return []
    expected = np.where(findings.known > 0, findings.expectation.correlation, np.nan)
    return [
        ("Sample", _heatmap(findings, "heatmap-sample", "Correlations of the sample", findings.correlation, 1.0)),
        ("Expected", _heatmap(findings, "heatmap-expected", "Expected correlations", expected, 1.0)),
        (
            "Difference, in standard errors",
            _heatmap(
                findings, "heatmap-error", "Covariances less the expected ones", findings.covariance_errors, ERRORS
            ),
        ),
    ]


def _heatmap(findings: Findings, name: str, title: str, values: Floats, limit: float) -> str:
    count = len(values)
    cells = element(
        "image",
        class_="cells",
        href=data_url(png(diverging(values, limit))),
        x=LEFT,
        y=TOP,
        width=SIDE,
        height=SIDE,
        preserveAspectRatio="none",
    )
    off = np.where(np.eye(count, dtype=bool), np.nan, values)
    known = np.isfinite(off)
    about = f"{count} by {count} cells."
    if known.any():
        least, most = (_written(float(each), limit) for each in (off[known].min(), off[known].max()))
        about += f" Beside the diagonal they go from {least} to {most}."
    return picture(
        name,
        LEFT + SIDE + 4,
        TOP + SIDE + 52,
        title,
        about,
        cells,
        element("rect", class_="frame", x=LEFT, y=TOP, width=SIDE, height=SIDE),
        _names(findings, count),
        _numbers(values, limit) if count <= WRITTEN else "",
        _legend(name, limit),
    )


def _names(findings: Findings, count: int) -> str:
    """Names beside the rows, or numbers of some variables where there are many."""
    step = SIDE / count
    if count <= NAMED:
        chosen = {i: findings.label(int(findings.selection.paired[i])).removeprefix("no. ") for i in range(count)}
    else:
        positions = np.unique(np.linspace(0, count - 1, 6).round().astype(int)).tolist()
        chosen = {i: f"{int(findings.selection.columns[findings.selection.paired[i]]):,}" for i in positions}
    size = 10 if step >= 11 else 8
    return "".join(
        label(escape(_cut(text)), LEFT - 5, TOP + (i + 0.5) * step + 3.2, "end", style=f"font-size:{size}px")
        for i, text in chosen.items()
    )


def _cut(name: str) -> str:
    return name if len(name) <= LETTERS else f"{name[: LETTERS - 1]}…"


def _numbers(values: Floats, limit: float) -> str:
    step = SIDE / len(values)
    return "".join(
        label(
            "–" if np.isnan(value) else _written(float(value), limit),
            LEFT + (j + 0.5) * step,
            TOP + (i + 0.5) * step + 3.5,
            class_="cell strong" if abs(value) > 0.93 * limit else "cell",
        )
        for (i, j), value in np.ndenumerate(values)
    )


def _written(value: float, limit: float) -> str:
    return signed(value) if limit != 1.0 else f"{value:.2f}".replace("-", "−")


def _legend(name: str, limit: float) -> str:
    y, width = TOP + SIDE + 14, 150.0
    x = LEFT + (SIDE - width) / 2
    stops = "".join(
        element("stop", class_=class_, offset=offset, stop_opacity=opacity)
        for class_, offset, opacity in (
            ("minus", 0, 1), ("minus", 0.5, 0), ("plus", 0.5, 0), ("plus", 1, 1),
        )
    )  # fmt: skip
    words = {x: f"−{limit:g}", x + width / 2: "0", x + width: f"+{limit:g}"}
    return (
        element("linearGradient", stops, id=f"{name}-colours")
        + element("rect", class_="frame", x=x, y=y, width=width, height=9, fill=f"url(#{name}-colours)")
        + "".join(label(text, place, y + 22) for place, text in words.items())
    )
