"""p-values of what is seen in a sound sample, exact for any number of rows, or nearly so.

Input: a statistic, its law, and what rounding may explain of it. Output: two-sided p-values, which are never too
small. Cost: special functions, some 100 ns a value.
"""

import numpy as np
import numpy.typing as npt
from scipy.special import betainc, betaincc, chdtr, chdtrc, ndtr

from mvn_dask._typing import Float64Array


def beyond(deviation: Float64Array, rounding: Float64Array | float) -> Float64Array:
    """A deviation, less what rounding explains of it.

    >>> beyond(np.array([-3.0, 0.5, 2.0]), 1.0)
    array([-2.,  0.,  1.])
    """
    return np.asarray(np.sign(deviation) * np.maximum(np.abs(deviation) - rounding, 0.0), np.float64)


def normal_p_value(z: Float64Array) -> Float64Array:
    """Probability that a standard normal is farther from 0.

    >>> normal_p_value(np.array([1.959964])).round(6)
    array([0.05])
    """
    return np.asarray(2.0 * ndtr(-np.abs(z)), np.float64)


def chi2_p_value(sums: Float64Array, degrees: Float64Array | float, rounding: Float64Array | float) -> Float64Array:
    """Probability that a sum of squares of so many standard normals is farther out, to either side; 1 for no degrees.

    `rounding` is what rounding may explain of a sum, as a part of its expected value.
    """
    count = np.maximum(np.asarray(degrees, np.float64), 1.0)
    explained = np.minimum(rounding, 1.0) * count
    nearer = np.asarray(sums, np.float64) + np.clip(count - sums, -explained, explained)
    p_value = 2.0 * np.minimum(chdtr(count, nearer), chdtrc(count, nearer))
    return np.where(np.asarray(degrees) > 0, np.minimum(p_value, 1.0), 1.0)


def covariance_z(covariance: Float64Array, correlation: Float64Array, degrees: Float64Array | int) -> Float64Array:
    """Sample covariances of variables of variance 1, which should be `correlation`, as nearly standard normal numbers.

    The sum of products has the cumulant generating function -ν/2 log((1 - t(1+ρ))(1 + t(1-ρ))), whose saddlepoint
    is the root of a quadratic equation. From it comes Barndorff-Nielsen's r*, the signed root of a likelihood ratio
    with a correction: its tails are right to a few parts in a hundred even for two rows, where those of the normal
    approximation are wrong by powers of ten.

    O. E. Barndorff-Nielsen, Modified signed log likelihood ratio, Biometrika 78 (1991) 557,
    doi:10.1093/biomet/78.3.557.
    R. Lugannani and S. Rice, Saddle point approximation for the distribution of the sum of independent random
    variables, Adv. Appl. Prob. 12 (1980) 475, doi:10.2307/1426607.
    """
    rho, c = correlation, covariance
    a, b = 1.0 + rho, 1.0 - rho
    with np.errstate(all="ignore"):
        denominator = a * b + 2.0 * c * rho + np.hypot(a * b, 2.0 * c)
        t = 2.0 * (c - rho) / denominator
        left, right = 1.0 - t * a, 1.0 + t * b
        w = np.sign(t) * np.sqrt(np.maximum(0.0, degrees * (2.0 * t * c + np.log(left * right))))
        u = t * np.sqrt(degrees * 0.5 * ((a / left) ** 2 + (b / right) ** 2))
        z = w + np.log(u / w) / w
    # Near 0 both w and u / w - 1 cancel, and the normal approximation is right.
    approximate = (c - rho) / np.sqrt((1.0 + rho**2) / degrees)
    z = np.where(np.abs(approximate) < 0.01, approximate, z)
    # What cannot be at all, such as opposite signs of equal variables, has no saddlepoint.
    return np.where(np.isfinite(z), z, np.where(c < rho, -np.inf, np.inf))


def binomial_p_value(counts: npt.NDArray[np.int64], trials: int, low: Float64Array, high: Float64Array) -> Float64Array:
    """Probability that a count of successes is farther out, to either side.

    `low` and `high` bound the probability of success, between which rounding may move it.
    """
    k = counts.astype(np.float64)
    # P(K >= k) = I_p(k, n - k + 1) and P(K <= k) = 1 - I_p(k + 1, n - k), which are 1 for k = 0 and k = n.
    some, all_but_one = np.maximum(k, 1.0), np.minimum(k, trials - 1.0)
    upper = np.where(k > 0, betainc(some, trials - some + 1.0, np.clip(high, 0.0, 1.0)), 1.0)
    lower = np.where(k < trials, betaincc(all_but_one + 1.0, trials - all_but_one, np.clip(low, 0.0, 1.0)), 1.0)
    return np.asarray(np.minimum(2.0 * np.minimum(upper, lower), 1.0), np.float64)
