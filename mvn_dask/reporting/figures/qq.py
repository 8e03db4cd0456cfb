"""A QQ plot: squared Mahalanobis distances against χ²."""

import numpy as np
from scipy.special import chdtri

from mvn_dask.reporting.expectation import Floats, Lengths
from mvn_dask.reporting.findings import Findings
from mvn_dask.reporting.scores import count_chance
from mvn_dask.reporting.summary import Counts
from mvn_dask.reporting.svg import Scale, axes, element, path, picture

WIDTH, HEIGHT = 420.0, 380.0
APART = 4.0
"""Between two points, at least."""


def quantiles(findings: Findings, chance: float) -> str | None:
    """The picture, with a band that only fails a test of this chance leave; None if there are no distances."""
    lengths, total = findings.expectation.lengths, int(findings.summary.whitened.sum())
    if lengths is None or not total:
        return None
    counts = findings.summary.lengths
    shorter = np.cumsum(counts)[:-1]
    # Between two empty bins nothing is known of a quantile.
    some = (shorter > 0) & (shorter < total) & ((counts[:-1] > 0) | (counts[1:] > 0))
    seen = lengths.edges[some] ** 2
    expected = _quantile(lengths, shorter[some], total)
    if not len(seen):
        return None
    low, high = float(min(seen[0], expected[0])), float(max(seen[-1], expected[-1]))
    margin = 0.04 * (high - low) + 1e-3 * high
    x = Scale(max(0.0, low - margin), high + margin, 54.0, WIDTH - 8.0)
    y = Scale(x.low, x.high, HEIGHT - 44.0, 22.0)
    clip = element(
        "clipPath",
        element("rect", x=x.start, y=y.end, width=x.end - x.start, height=y.start - y.end),
        id="quantiles-frame",
    )
    return picture(
        "quantiles",
        WIDTH,
        HEIGHT,
        "QQ plot of squared Mahalanobis distances",
        f"Quantiles of {total:,} squared distances against those of a chi-squared distribution with {lengths.rank} "
        "degrees of freedom. In a sound sample the points lie on the diagonal, within the band.",
        clip,
        axes(x, y, f"χ² quantile, {lengths.rank:,} degrees of freedom", "squared distance in the sample", most=6),
        element(
            "g",
            _band(lengths, total, chance, x, y)
            + path([(x.start, y.start), (x.end, y.end)], "expected")
            + _points(expected, seen, x, y),
            clip_path="url(#quantiles-frame)",
        ),
    )


def _quantile(lengths: Lengths, shorter: Counts | Floats, total: int) -> Floats:
    """Squared length that this share of a sound sample is shorter than."""
    return np.asarray(chdtri(lengths.rank, (total - shorter) / total), np.float64)


def _points(expected: Floats, seen: Floats, x: Scale, y: Scale) -> str:
    points: list[str] = []
    last = (-APART, -APART)
    for a, b in zip(expected, seen, strict=True):
        here = (x(a), y(b))
        if np.hypot(here[0] - last[0], here[1] - last[1]) >= APART:
            points.append(element("circle", class_="point", cx=here[0], cy=here[1], r=2.2))
            last = here
    return "".join(points)


def _band(lengths: Lengths, total: int, chance: float, x: Scale, y: Scale) -> str:
    """Where a point may lie, sideways."""
    least, most = _allowed(lengths.below(lengths.edges), total, chance)
    edges = lengths.edges**2
    ends = [np.where(count >= total, x.high, _quantile(lengths, count, total)) for count in (least, most)]
    left, right = (np.clip(end, x.low, x.high) for end in ends)
    inside = (edges >= x.low) & (edges <= x.high)
    forth = list(zip(map(x, left[inside]), map(y, edges[inside]), strict=True))
    back = list(zip(map(x, right[inside]), map(y, edges[inside]), strict=True))
    return path([*forth, *reversed(back)], "band") if forth else ""


def _allowed(probability: Floats, total: int, chance: float) -> tuple[Floats, Floats]:
    """Smallest and largest number of successes whose chance is not less, by bisection."""
    middle = np.rint(probability * total)
    ends = []
    for limit in (0.0, float(total)):
        good, bad = middle.copy(), np.full(len(middle), limit)
        for _ in range(int(np.log2(total + 1)) + 2):
            half = np.ceil((good + bad) / 2) if limit else np.floor((good + bad) / 2)
            fine = count_chance(half.astype(np.int64), total, probability, probability) >= chance
            good, bad = np.where(fine, half, good), np.where(fine, bad, half)
        ends.append(good)
    return ends[0], ends[1]
