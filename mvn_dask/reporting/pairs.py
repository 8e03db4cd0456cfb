"""Pairs of variables compared with what is expected of them, by covariances or by signs.

Input: estimates. Output: correlations, errors and p-values of all pairs. Cost: a p-value a pair, of at most 128
variables.
"""

from dataclasses import dataclass
from weakref import WeakKeyDictionary

import numpy as np

from mvn_dask._typing import Float64Array
from mvn_dask.reporting.estimates import SUMMATION_ERROR, Estimates
from mvn_dask.reporting.p_values import binomial_p_value, normal_p_value


@dataclass(frozen=True, eq=False)
class PairComparison:
    """What is known of each pair, NaN where it is not tested. Arrays have the shape (pairs, pairs)."""

    correlation: Float64Array
    """Correlations of the sample; by signs, those that an elliptical distribution with such signs has."""
    expected: Float64Array
    """Correlations that are expected."""
    errors: Float64Array
    """Covariances, or shares of rows with equal signs, less the expected ones, in standard errors."""
    p_values: Float64Array
    """Of a difference as large, NaN on the diagonal as well."""

    def failed(self, p_value: float) -> int:
        """How many pairs fail a test at this p-value."""
        return int(np.count_nonzero(np.triu(self.p_values < p_value, 1)))


_COMPARISONS: WeakKeyDictionary[Estimates, PairComparison] = WeakKeyDictionary()
"""Those of estimates that are still in use."""


def compare_pairs(estimates: Estimates) -> PairComparison:
    """Pairs by their covariances, or by their signs where these are not known: made once, for verdicts and pictures."""
    found = _COMPARISONS.get(estimates)
    if found is None:
        found = (_by_covariances if estimates.reference.laws.pairs_known else _by_signs)(estimates)
        _COMPARISONS[estimates] = found
    return found


def _by_covariances(estimates: Estimates) -> PairComparison:
    p_values = np.full(estimates.tested_pairs.shape, np.nan)
    if estimates.selection.rows > 1:
        p_values = normal_p_value(estimates.covariance_z)
    np.fill_diagonal(p_values, np.nan)
    errors = estimates.covariance_errors if estimates.selection.rows > 1 else p_values
    expected = np.where(estimates.tested_pairs, estimates.reference.correlation, np.nan)
    return PairComparison(estimates.correlation, expected, errors, p_values)


def share_of_equal_signs(correlation: Float64Array) -> Float64Array:
    """Probability that two elliptical variables of a correlation lie on the same side of their medians.

    K.-T. Fang, S. Kotz and K. W. Ng, Symmetric Multivariate and Related Distributions, 1990, theorem 2.22,
    doi:10.1201/9781351077040.

    >>> share_of_equal_signs(np.array([-1.0, 0.0, 0.5])).round(6)
    array([0.      , 0.5     , 0.666667])
    """
    return np.asarray(0.5 + np.arcsin(np.clip(correlation, -1.0, 1.0)) / np.pi, np.float64)


@np.errstate(divide="ignore", invalid="ignore")
def _by_signs(estimates: Estimates) -> PairComparison:
    """Counts of equal signs are exactly binomial."""
    rows, correlation = estimates.selection.rows, estimates.reference.correlation
    share, same = share_of_equal_signs(correlation), estimates.measured.same_signs
    tested = estimates.selection.together & estimates.testable_pairs & (rows > 0)
    # Rounding moves a number to the other side of its median where it lies within its error, of density 0.4.
    moved = 0.8 * np.add.outer(rounding := estimates.rounding[estimates.selection.paired], rounding) + SUMMATION_ERROR
    p_values = np.full(share.shape, np.nan)
    if rows:
        bounds = np.maximum(share - moved, 0.0)[tested], np.minimum(share + moved, 1.0)[tested]
        p_values[tested] = binomial_p_value(same[tested], rows, *bounds)
    np.fill_diagonal(p_values, np.nan)
    seen = same / max(1, rows)
    errors = np.where(seen == share, 0.0, (seen - share) * np.sqrt(rows / (share * (1.0 - share))))
    correlations = np.sin(np.pi * (seen - 0.5))
    found, expected, errors = (np.where(tested, each, np.nan) for each in (correlations, correlation, errors))
    return PairComparison(found, expected, errors, p_values)
