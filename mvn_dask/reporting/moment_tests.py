"""Tests of means, variances and covariances."""

from math import sqrt

import numpy as np

from mvn_dask.reporting.findings import Findings
from mvn_dask.reporting.scores import chi2_chance, normal_chance
from mvn_dask.reporting.verdict import Verdict, conclude, least, untested
from mvn_dask.reporting.words import near, signed, stretch

HIDDEN = "no variable to test: there are no rows, or rounding hides what varies"
FEW = "nothing to test: fewer than two rows, or no two variables that vary"


def means(findings: Findings, limit: float) -> Verdict:
    """Means: exactly normal around the expected ones, for any number of rows."""
    expectation, errors = findings.expectation, findings.mean_errors
    chances = np.where(expectation.testable & (findings.rows > 0), normal_chance(errors), np.nan)
    where = least(chances)
    if where is None:
        return untested("means", "Means", HIDDEN)
    (i,) = where
    expected, deviation = float(expectation.mean[i]), float(expectation.deviation[i])
    step = deviation / sqrt(findings.rows)
    words = (
        f"{findings.name(i)}: mean {near(expected + deviation * float(findings.shift[i]), step)}, "
        f"expected {near(expected, step)}, {signed(errors[i])} standard errors"
    )
    return conclude("means", "Means", chances, limit, words)


def spreads(findings: Findings, limit: float) -> Verdict:
    """Variances: (n - 1) s² / σ² is exactly χ² with n - 1 degrees of freedom."""
    expectation, degrees = findings.expectation, max(0, findings.rows - 1)
    chances = chi2_chance(findings.ratio * degrees, degrees, 2.0 * findings.rounding)
    chances = np.where(expectation.testable & (degrees > 0), chances, np.nan)
    where = least(chances)
    if where is None:
        return untested("spreads", "Standard deviations", FEW)
    (i,) = where
    deviation, error = float(expectation.deviation[i]), sqrt(2.0 / degrees)
    words = (
        f"{findings.name(i)}: {near(deviation * sqrt(findings.ratio[i]), deviation * error)}, expected "
        f"{near(deviation, deviation * error)}; the variance is off by {signed((findings.ratio[i] - 1.0) / error)} "
        "standard errors"
    )
    return conclude("spreads", "Standard deviations", chances, limit, words)


def correlations(findings: Findings, limit: float) -> Verdict:
    """Covariances of pairs around the sample means, by a saddlepoint approximation."""
    title = "Covariances of pairs"
    chances = np.full(findings.known.shape, np.nan)
    if findings.rows > 1:
        above = np.triu(findings.known, 1) > 0
        chances[above] = normal_chance(findings.covariance_scores[above])
    where = least(chances)
    if where is None:
        return untested("correlations", title, FEW)
    i, j = where
    one, other = (findings.name(int(findings.selection.paired[each])) for each in where)
    words = (
        f"{one} and {other}: correlation {findings.correlation[i, j]:.4f}, expected "
        f"{findings.expectation.correlation[i, j]:.4f}; the covariance is off by "
        f"{signed(findings.covariance_errors[i, j])} standard errors"
    ).replace("-", "−")
    return conclude("correlations", title, chances, limit, words)


def drift(findings: Findings, limit: float) -> Verdict:
    """Means of stretches of rows: as the means, but they find where something changes on the way."""
    title, selection = "Means along the rows", findings.selection
    testable = findings.expectation.testable[selection.followed]
    chances = np.where(testable & (findings.rows > 0), normal_chance(findings.segment_errors), np.nan)
    where = least(chances)
    if where is None:
        return untested("drift", title, HIDDEN)
    s, i = where
    column = int(selection.followed[i])
    mean, deviation = float(findings.expectation.mean[column]), float(findings.expectation.deviation[column])
    step = deviation / sqrt(findings.segment_rows[s])
    seen = mean + deviation * float(findings.summary.segments[s, i] / findings.segment_rows[s])
    words = (
        f"{findings.name(column)} in {stretch(selection, s)}: mean {near(seen, step)}, expected {near(mean, step)}, "
        f"{signed(findings.segment_errors[s, i])} standard errors"
    )
    return conclude("drift", title, chances, limit, words)
