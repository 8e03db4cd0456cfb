"""Tests of the shape of distributions: shares of numbers below fixed bounds, which are exactly binomial.

Bounds lie so close that nothing broad escapes them, and so far out that a single number too many in a tail is seen.
"""

from math import sqrt

import numpy as np

from mvn_dask.reporting.expectation import COARSE, STEPS, Lengths, below, edges
from mvn_dask.reporting.findings import Findings
from mvn_dask.reporting.scores import chi2_chance, count_chance
from mvn_dask.reporting.verdict import Verdict, conclude, least, untested
from mvn_dask.reporting.words import about, count, number, percent, signed, stretch

EACH = STEPS // 4
"""Every such edge of a histogram is a bound: one for each quarter of a standard deviation."""
EACH_LENGTH = 4
"""The same for lengths of whitened rows: one for each eighth."""


def margins(findings: Findings, limit: float) -> Verdict:
    """Shapes of single variables."""
    title, binned = "Shapes of single variables", findings.selection.binned
    blur = findings.rounding[binned][:, None]
    bounds = edges()[EACH - 1 :: EACH]
    counts = np.cumsum(findings.summary.counts, axis=1)[:, EACH - 1 : -1 : EACH]
    chances = np.full(counts.shape, np.nan)
    testable = findings.expectation.testable[binned]
    if findings.rows:
        found = count_chance(counts, findings.rows, below(bounds - blur), below(bounds + blur))
        chances[testable] = found[testable]
    where = least(chances)
    if where is None:
        return untested("margins", title, "no variable to test: there are no rows, or rounding hides what varies")
    i, j = where
    bound, low = float(bounds[j]), int(counts[i, j])
    seen = low if bound < 0 else findings.rows - low
    side = "below" if bound < 0 else "above"
    place = f"more than {number(abs(bound))} standard deviations {side} the mean" if bound else "above the mean"
    expected = float(below(np.array(-abs(bound))))
    words = (
        f"{findings.name(int(binned[i]))}: {percent(seen / findings.rows)} lie {place}, expected {percent(expected)}; "
        f"{count(seen, 'row')}, expected {about(expected * findings.rows)}"
    )
    return conclude("margins", title, chances, limit, words)


def distances(findings: Findings, limit: float) -> Verdict:
    """Squared Mahalanobis distances: their shape, and their mean in each stretch of rows."""
    title, lengths, summary = "Mahalanobis distances", findings.expectation.lengths, findings.summary
    total = int(summary.whitened.sum())
    if lengths is None or not total:
        why = "no chunk holds whole rows" if findings.selection.cut else "there are no rows, or nothing varies"
        return untested("distances", title, f"nothing to test: {why}")
    if lengths.blur > COARSE:
        why = f"rounding of {findings.selection.record.dtype} hides the directions of the smallest variance"
        return untested("distances", title, f"not tested: {why}")
    bounds = lengths.edges[EACH_LENGTH - 1 :: EACH_LENGTH]
    counts = np.cumsum(summary.lengths)[EACH_LENGTH - 1 : -1 : EACH_LENGTH]
    shape = count_chance(counts, total, lengths.below(bounds - lengths.blur), lengths.below(bounds + lengths.blur))
    allowance = 2.0 * lengths.blur / sqrt(lengths.rank) + lengths.blur**2 / lengths.rank
    along = chi2_chance(summary.distances, lengths.rank * summary.whitened.astype(np.float64), allowance)
    along = np.where(summary.whitened > 0, along, np.nan)
    if np.min(shape) <= np.nanmin(along):
        words = _bound(lengths, float(bounds[np.argmin(shape)]), int(counts[np.argmin(shape)]), total)
    else:
        words = _stretch(findings, lengths, int(np.nanargmin(along)))
    return conclude("distances", title, np.concatenate([shape, along]), limit, words)


def _bound(lengths: Lengths, bound: float, low: int, total: int) -> str:
    expected = float(lengths.below(np.array(bound)))
    word, seen, share = ("below", low, expected) if expected < 0.5 else ("above", total - low, 1.0 - expected)
    return (
        f"{percent(seen / total)} of the squared distances lie {word} {number(bound**2)}, expected {percent(share)}; "
        f"{count(seen, 'row')}, expected {about(share * total)}"
    )


def _stretch(findings: Findings, lengths: Lengths, segment: int) -> str:
    rows = int(findings.summary.whitened[segment])
    mean = float(findings.summary.distances[segment]) / rows
    return (
        f"the mean squared distance in {stretch(findings.selection, segment)} is {number(mean, 5)}, expected "
        f"{lengths.rank}, {signed((mean - lengths.rank) / sqrt(2.0 * lengths.rank / rows))} standard errors"
    )
