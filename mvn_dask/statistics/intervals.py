"""Confidence intervals, by the theory that each names.

Input: estimates, standard errors, counts, arrays of any shape. Output: bounds. Cost: none.
"""

import numpy as np
from scipy.special import ndtri, stdtrit

from mvn_dask._typing import Float64Array
from mvn_dask.statistics.confidence_interval import ConfidenceInterval


def normal_quantile(level: float) -> float:
    """How many standard errors a two-sided interval reaches to either side.

    >>> round(normal_quantile(0.95), 3)
    1.96
    """
    return float(-ndtri((1.0 - level) / 2.0))


def normal_interval(value: Float64Array, error: Float64Array, level: float) -> ConfidenceInterval:
    """By the central limit theorem."""
    half = normal_quantile(level) * error
    return ConfidenceInterval(value - half, value + half, level)


def student_interval(value: Float64Array, error: Float64Array, degrees: int, level: float) -> ConfidenceInterval:
    """Of a mean of `degrees` + 1 independent numbers that are about normal, whose standard error was estimated."""
    half = float(-stdtrit(degrees, (1.0 - level) / 2.0)) * error
    return ConfidenceInterval(value - half, value + half, level)


def wilson_interval(hits: Float64Array, trials: Float64Array, level: float) -> ConfidenceInterval:
    """Of a probability, from how often an event came in independent trials.

    References
    ----------
    E. B. Wilson, Probable inference, the law of succession, and statistical inference, Journal of the American
    Statistical Association 22 (1927) 209, doi:10.1080/01621459.1927.10502953.

    Examples
    --------
    >>> interval = wilson_interval(np.array(5.0), np.array(10.0), 0.95)
    >>> round(float(interval.low), 4), round(float(interval.high), 4)
    (0.2366, 0.7634)
    """
    z = normal_quantile(level)
    with np.errstate(all="ignore"):
        share = hits / trials
        shrink = 1.0 + z * z / trials
        centre = (share + z * z / (2.0 * trials)) / shrink
        half = z / shrink * np.sqrt(share * (1.0 - share) / trials + z * z / (4.0 * trials * trials))
    # Exact where nothing, or everything, was an event: the bound is there, and rounding puts it a little beside.
    low, high = np.where(hits == 0, 0.0, centre - half), np.where(hits == trials, 1.0, centre + half)
    return ConfidenceInterval(low, high, level)


def fisher_interval(correlation: Float64Array, count: Float64Array, level: float) -> ConfidenceInterval:
    """Of a correlation of normal variables, by Fisher's transformation.

    References
    ----------
    R. A. Fisher, On the "probable error" of a coefficient of correlation deduced from a small sample, Metron 1 (1921)
    3; T. W. Anderson, An Introduction to Multivariate Statistical Analysis, 3rd ed., 2003, section 4.2.3.
    """
    with np.errstate(all="ignore"):
        half = normal_quantile(level) / np.sqrt(np.maximum(count - 3.0, 0.0))
        z = np.arctanh(np.clip(correlation, -1.0, 1.0))
        # A perfect correlation has no error.
        low, high = (np.where(np.abs(correlation) >= 1.0, correlation, np.tanh(z + sign * half)) for sign in (-1, 1))
    return ConfidenceInterval(low, high, level)


def mean_error(variance: Float64Array, count: Float64Array) -> Float64Array:
    """Standard error of a mean of independent numbers of this sample variance."""
    with np.errstate(all="ignore"):
        error: Float64Array = np.sqrt(variance / count)
    return error
