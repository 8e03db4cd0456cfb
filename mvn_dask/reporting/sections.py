"""The parts of the page that hold pictures and tables, each with words that say how to read them."""

from collections.abc import Iterable, Sequence
from html import escape

import numpy as np

from mvn_dask.reporting.findings import Findings
from mvn_dask.reporting.heatmaps import heatmaps
from mvn_dask.reporting.histograms import histograms
from mvn_dask.reporting.judging import FAMILIES
from mvn_dask.reporting.quantiles import quantiles
from mvn_dask.reporting.trails import trails
from mvn_dask.reporting.verdict import Verdict
from mvn_dask.reporting.words import count, near, signed

LISTED = 10
"""Variables in the table of the worst."""
HEADS = ("Variable", "Mean", "expected", "off by (s.e.)", "Standard deviation", "expected", "variance off by (s.e.)")
"""Heads of its columns."""


def figures(findings: Findings, verdicts: Sequence[Verdict], error_rate: float) -> str:
    """All of them, as far as there is something to show."""
    tests = {each.family: each.tests for each in verdicts}

    def single(family: str) -> float:
        """Chance at which a single test of a family fails."""
        return error_rate / len(FAMILIES) / max(1, tests[family])

    sections = (
        _margins(findings),
        _distances(findings, single("distances")),
        _correlations(findings),
        _trails(findings, single("means")),
        _worst(findings),
    )
    return "\n\n".join(filter(None, sections))


def _section(name: str, title: str, lead: str, content: str) -> str:
    head = f'<h2 id="{name}">{title}</h2>\n<p class="lead">{lead}</p>'
    return f'<section aria-labelledby="{name}">\n{head}\n{content}\n</section>'


def _figure(caption: str, picture: str) -> str:
    return f"<figure><figcaption>{caption}</figcaption>{picture}</figure>"


def _margins(findings: Findings) -> str:
    shown = histograms(findings)
    if not shown:
        return ""
    pictures = "\n".join(_figure(_caption(findings, column), picture) for column, picture in shown)
    which = ""
    if len(shown) < findings.selection.ndim:
        which = f" Of {count(len(findings.selection.binned), 'variable')} those {len(shown)} with the largest errors."
    return _section(
        "margins",
        "Single variables",
        'Bars are the <span class="key sample"></span> sample, the line is the <span class="key expected"></span> '
        "expected normal density. Below, how far each bar is off, in standard errors: in a sound sample nearly all lie "
        f"within ±3.{which}",
        f'<div class="few">\n{pictures}\n</div>',
    )


def _caption(findings: Findings, column: int) -> str:
    expected, deviation = (float(each[column]) for each in (findings.expectation.mean, findings.expectation.deviation))
    step = deviation / max(1, findings.rows) ** 0.5
    mean = near(expected + deviation * float(findings.shift[column]), step)
    spread = near(deviation * float(findings.ratio[column]) ** 0.5, step)
    return (
        f"<bdi>{escape(findings.name(column))}</bdi><small>mean {mean}, expected {near(expected, step)}<br>"
        f"standard deviation {spread}, expected {near(deviation, step)}</small>"
    )


def _distances(findings: Findings, chance: float) -> str:
    picture = quantiles(findings, chance)
    if picture is None:
        return ""
    rows = int(findings.summary.whitened.sum())
    return _section(
        "distances",
        "All variables together",
        "The squared Mahalanobis distance of a row from the mean tells how unusual it is, with all variances and "
        "correlations taken into account. In a sound sample it is χ²-distributed.",
        f'<div class="beside"><figure>{picture}</figure><div>'
        '<p>Each <span class="key sample"></span> point is a quantile of the sample over the expected one: they should '
        'lie on the <span class="key expected"></span> diagonal. The <span class="key band"></span> band is what the '
        "test lets pass.</p>"
        "<p>Points that bend upwards at the right mean tails that are too heavy; a steeper or flatter line means a "
        f'wrong scale, such as a wrong correlation.</p><p class="lead">From {rows:,} rows.</p></div></div>',
    )


def _correlations(findings: Findings) -> str:
    shown = heatmaps(findings)
    if not shown:
        return ""
    pairs, ndim = len(findings.selection.paired), findings.selection.ndim
    which = "" if pairs == ndim else f" Shown are {pairs} of {ndim:,} variables, evenly chosen."
    grey = " Grey: not known, or not tested." if (findings.known == 0).any() else ""
    return _section(
        "correlations",
        "Pairs of variables",
        "Orange is positive, blue negative, and no colour is 0. The first two pictures should look alike, and the "
        "third like noise: it is the covariance less the expected one, on the diagonal the variance, in units of its "
        f"standard error √((σᵢᵢσⱼⱼ + σᵢⱼ²) / n).{grey}{which}",
        '<div class="three">\n' + "\n".join(_figure(caption, picture) for caption, picture in shown) + "\n</div>",
    )


def _trails(findings: Findings, chance: float) -> str:
    picture = trails(findings, chance)
    if picture is None:
        return ""
    return _section(
        "along",
        "Along the rows",
        "Running means of the variables whose means are farthest off in the end, in the order in which the rows lie in "
        "the store.",
        f'<div class="beside"><figure>{picture}</figure><div>'
        '<p>Each line should wander towards <span class="key expected"></span> 0 and stay inside the '
        '<span class="key band"></span> funnel, which is as wide as the test of the means.</p>'
        "<p>A bend, or a line that settles beside 0, shows where in the store something changes.</p></div></div>",
    )


def _worst(findings: Findings) -> str:
    rows = list(_rows(findings))
    if not rows:
        return ""
    head = "".join(f'<th scope="col">{each}</th>' for each in HEADS)
    body = "\n".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows)
    return _section(
        "worst",
        "Variables that are farthest off",
        "In standard errors: in a sound sample a single one is beyond ±2 in 1 of 22 cases, beyond ±3 in 1 of 370.",
        '<div class="scroll" tabindex="0" role="region" aria-labelledby="worst"><table><thead><tr>'
        f"{head}</tr></thead><tbody>\n{body}\n</tbody></table></div>",
    )


def worst(findings: Findings) -> list[int]:
    """Columns whose mean or variance is farthest off, the worst first."""
    if findings.rows < 2:
        return []
    spread = (findings.ratio - 1.0) * np.sqrt((findings.rows - 1) / 2.0)
    errors = np.maximum(np.abs(findings.mean_errors), np.abs(spread))
    testable = findings.expectation.testable
    order = np.argsort(np.where(testable, -errors, 1.0), kind="stable")[:LISTED]
    return [int(i) for i in order if testable[i]]


def _rows(findings: Findings) -> Iterable[tuple[str, ...]]:
    for i in worst(findings):
        mean, deviation = float(findings.expectation.mean[i]), float(findings.expectation.deviation[i])
        step = deviation / findings.rows**0.5
        yield (
            f"<bdi>{escape(findings.name(i))}</bdi>",
            near(mean + deviation * float(findings.shift[i]), step),
            near(mean, step),
            signed(float(findings.mean_errors[i])),
            near(deviation * float(findings.ratio[i]) ** 0.5, step),
            near(deviation, step),
            signed(float((findings.ratio[i] - 1.0) * ((findings.rows - 1) / 2.0) ** 0.5)),
        )
