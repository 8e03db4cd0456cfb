"""Tests of means, variances and covariances.

Input: estimates and the error rate of a family. Output: a verdict for each family. Cost: a p-value a number.
"""

from math import sqrt

import numpy as np

from mvn_dask.reporting.estimates import Estimates
from mvn_dask.reporting.number_format import segment_rows, signed, to_precision
from mvn_dask.reporting.p_values import chi2_p_value, normal_p_value
from mvn_dask.reporting.verdict import Verdict, bonferroni, not_tested, smallest

NO_VARIABLE = "no variable to test: there are no rows, or rounding hides what varies"
NO_PAIR = "nothing to test: fewer than two rows, or no two variables that vary"


def means(estimates: Estimates, error_rate: float) -> Verdict:
    """Means: normal around the expected ones, of normal variables exactly so for any number of rows."""
    errors, title = estimates.mean_errors, "Means"
    p_values = np.where(estimates.reference.testable & (estimates.rows > 0), normal_p_value(errors), np.nan)
    where = smallest(p_values)
    if where is None:
        return not_tested("means", title, NO_VARIABLE)
    (i,) = where
    step = float(estimates.reference.deviation[i]) / sqrt(estimates.rows)
    text = (
        f"{estimates.name(i)}: mean {to_precision(estimates.mean(i), step)}, "
        f"expected {to_precision(float(estimates.reference.mean[i]), step)}, {signed(errors[i])} standard errors"
    )
    return bonferroni("means", title, p_values, error_rate, text)


def variances(estimates: Estimates, error_rate: float) -> Verdict:
    """Variances: (n - 1) s² / σ² is exactly χ² with n - 1 degrees of freedom, of normal variables."""
    degrees, title = estimates.variance_degrees, "Standard deviations"
    p_values = chi2_p_value(estimates.measured.variance * degrees, degrees, 2.0 * estimates.rounding)
    p_values = np.where(estimates.reference.testable & (degrees > 0), p_values, np.nan)
    where = smallest(p_values)
    if where is None:
        return not_tested("variances", title, NO_PAIR)
    (i,) = where
    deviation = float(estimates.reference.deviation[i])
    step = deviation * sqrt(2.0 / degrees)
    text = (
        f"{estimates.name(i)}: {to_precision(estimates.deviation(i), step)}, expected {to_precision(deviation, step)}; "
        f"the variance is off by {signed(estimates.variance_errors[i])} standard errors"
    )
    return bonferroni("variances", title, p_values, error_rate, text)


def covariances(estimates: Estimates, error_rate: float) -> Verdict:
    """Covariances of pairs around the sample means, by a saddlepoint approximation."""
    title = "Covariances of pairs"
    p_values = np.full(estimates.tested_pairs.shape, np.nan)
    if estimates.rows > 1:
        above = np.triu(estimates.tested_pairs, 1) > 0
        p_values[above] = normal_p_value(estimates.covariance_z[above])
    where = smallest(p_values)
    if where is None:
        return not_tested("covariances", title, NO_PAIR)
    i, j = where
    one, other = (estimates.name(int(estimates.selection.paired[each])) for each in where)
    text = (
        f"{one} and {other}: correlation {estimates.correlation[i, j]:.4f}, expected "
        f"{estimates.reference.correlation[i, j]:.4f}; the covariance is off by "
        f"{signed(estimates.covariance_errors[i, j])} standard errors"
    ).replace("-", "−")
    return bonferroni("covariances", title, p_values, error_rate, text)


def drift(estimates: Estimates, error_rate: float) -> Verdict:
    """Means of segments of the rows: as the means, but they find where something changes on the way."""
    title, selection = "Means along the rows", estimates.selection
    testable = estimates.reference.testable[selection.segmented]
    p_values = np.where(testable & (estimates.rows > 0), normal_p_value(estimates.segment_errors), np.nan)
    where = smallest(p_values)
    if where is None:
        return not_tested("drift", title, NO_VARIABLE)
    segment, i = where
    column = int(selection.segmented[i])
    mean, deviation = float(estimates.reference.mean[column]), float(estimates.reference.deviation[column])
    step = deviation / sqrt(estimates.measured.segment_rows[segment])
    seen = mean + deviation * float(estimates.measured.segment_means[segment, i])
    text = (
        f"{estimates.name(column)} in {segment_rows(selection, segment)}: mean {to_precision(seen, step)}, "
        f"expected {to_precision(mean, step)}, {signed(estimates.segment_errors[segment, i])} standard errors"
    )
    return bonferroni("drift", title, p_values, error_rate, text)
