"""Chances of what is seen in a sound sample, exact for any number of rows, or nearly so.

Every function takes what rounding may explain into account first, and never gives a chance that is too small.
"""

import numpy as np
import numpy.typing as npt
from scipy.special import betainc, betaincc, chdtr, chdtrc, ndtr

Floats = npt.NDArray[np.float64]


def less(deviation: Floats, allowance: Floats | float) -> Floats:
    """A deviation, less what rounding explains of it.

    Examples
    --------
    >>> less(np.array([-3.0, 0.5, 2.0]), 1.0)
    array([-2.,  0.,  1.])
    """
    return np.asarray(np.sign(deviation) * np.maximum(np.abs(deviation) - allowance, 0.0), np.float64)


def normal_chance(scores: Floats) -> Floats:
    """Chance that a standard normal is farther from 0.

    Examples
    --------
    >>> normal_chance(np.array([1.959964])).round(6)
    array([0.05])
    """
    return np.asarray(2.0 * ndtr(-np.abs(scores)), np.float64)


def chi2_chance(sums: Floats, degrees: Floats | float, allowance: Floats | float) -> Floats:
    """Chance of a sum of squares of so many standard normals that is farther out, to either side.

    Parameters
    ----------
    sums : ndarray
        Sums of squares.
    degrees : ndarray or float
        How many; 0 gives the chance 1.
    allowance : ndarray or float
        What rounding may explain of a sum's relative deviation.
    """
    count = np.maximum(np.asarray(degrees, np.float64), 1.0)
    room = np.minimum(allowance, 1.0) * count
    nearer = np.asarray(sums, np.float64) + np.clip(count - sums, -room, room)
    chance = 2.0 * np.minimum(chdtr(count, nearer), chdtrc(count, nearer))
    return np.where(np.asarray(degrees) > 0, np.minimum(chance, 1.0), 1.0)


def covariance_score(covariance: Floats, correlation: Floats, degrees: int) -> Floats:
    """Sample covariances of variables of variance 1 as scores, which are about standard normal.

    Parameters
    ----------
    covariance : ndarray
        Sums of products of deviations from the sample mean, divided by `degrees`.
    correlation : ndarray
        What they should be.
    degrees : int
        Rows less 1.

    Notes
    -----
    The sum of products has the cumulant generating function -ν/2 log((1 - t(1+ρ))(1 + t(1-ρ))), whose saddlepoint
    is the root of a quadratic equation. From it comes Barndorff-Nielsen's r*, the signed root of a likelihood ratio
    with a correction: its tails are right to a few parts in a hundred even for two rows, where those of the normal
    approximation are wrong by powers of ten.

    References
    ----------
    O. E. Barndorff-Nielsen, Modified signed log likelihood ratio, Biometrika 78 (1991) 557,
    doi:10.1093/biomet/78.3.557.
    R. Lugannani and S. Rice, Saddle point approximation for the distribution of the sum of independent random
    variables, Adv. Appl. Prob. 12 (1980) 475, doi:10.2307/1426607.
    """
    rho, c = correlation, covariance
    a, b = 1.0 + rho, 1.0 - rho
    with np.errstate(all="ignore"):
        bottom = a * b + 2.0 * c * rho + np.hypot(a * b, 2.0 * c)
        t = 2.0 * (c - rho) / bottom
        left, right = 1.0 - t * a, 1.0 + t * b
        w = np.sign(t) * np.sqrt(np.maximum(0.0, degrees * (2.0 * t * c + np.log(left * right))))
        u = t * np.sqrt(degrees * 0.5 * ((a / left) ** 2 + (b / right) ** 2))
        score = w + np.log(u / w) / w
    simple = (c - rho) / np.sqrt((1.0 + rho**2) / degrees)
    score = np.where(np.abs(simple) < 0.01, simple, score)
    # What cannot be at all, such as opposite signs of equal variables, has no saddlepoint.
    return np.where(np.isfinite(score), score, np.where(c < rho, -np.inf, np.inf))


def count_chance(counts: npt.NDArray[np.int64], total: int, low: Floats, high: Floats) -> Floats:
    """Chance of a count that is farther out, to either side, of so many trials.

    Parameters
    ----------
    counts : ndarray
        Successes.
    total : int
        Trials.
    low, high : ndarray
        Bounds of the probability of success, between which rounding may move it.
    """
    k = counts.astype(np.float64)
    some, all_but = np.maximum(k, 1.0), np.minimum(k, total - 1.0)
    up = np.where(k > 0, betainc(some, total - some + 1.0, np.clip(high, 0.0, 1.0)), 1.0)
    down = np.where(k < total, betaincc(all_but + 1.0, total - all_but, np.clip(low, 0.0, 1.0)), 1.0)
    return np.asarray(np.minimum(2.0 * np.minimum(up, down), 1.0), np.float64)
