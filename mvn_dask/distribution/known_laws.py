"""What is known of the law of some variables, to be drawn over their rows: densities, and ellipses of pairs.

Input: parameters of the variables. Output: a `KnownLaw`. Cost: none until a density is evaluated.

References
----------
T. W. Anderson, An Introduction to Multivariate Statistical Analysis, 3rd ed., 2003, section 2.7.
"""

from functools import partial
from math import lgamma

import numpy as np

from mvn_dask._typing import Float64Array
from mvn_dask.distribution.reference_laws import normal_pair_radius, t_pair_radius
from mvn_dask.plotting.pair_plot import KnownLaw

LEVELS_SHOWN = np.array([0.5, 0.9, 0.99])
"""Probabilities within the ellipses."""


def normal_law(mean: Float64Array, covariance: Float64Array) -> KnownLaw:
    """That of normal variables: two lie within the radius r with the probability ``1 - exp(-r² / 2)``.

    >>> law = normal_law(np.zeros(2), np.eye(2))
    >>> round(float(law.densities[0](np.array(0.0))), 6), round(float(law.radii[0]) ** 2, 6)
    (0.398942, 1.386294)
    """
    deviations = np.sqrt(np.diagonal(covariance)).tolist()
    densities = tuple(partial(normal_density, *pair) for pair in zip(mean.tolist(), deviations, strict=True))
    return KnownLaw(densities, mean, covariance, normal_pair_radius(LEVELS_SHOWN))


def t_law(location: Float64Array, shape: Float64Array, df: float) -> KnownLaw:
    """That of t variables: two lie within the radius r with the probability ``1 - (1 + r² / df) ** (-df / 2)``.

    >>> np.square(t_law(np.zeros(2), np.eye(2), 2.0).radii).round(6).tolist()
    [2.0, 18.0, 198.0]
    """
    scales = np.sqrt(np.diagonal(shape)).tolist()
    densities = tuple(partial(t_density, df, *pair) for pair in zip(location.tolist(), scales, strict=True))
    return KnownLaw(densities, location, shape, t_pair_radius(df, LEVELS_SHOWN))


def normal_density(mean: float, deviation: float, x: Float64Array) -> Float64Array:
    """Density of a normal distribution; NaN of a constant."""
    if deviation == 0:
        return np.full(np.shape(x), np.nan)
    return np.asarray(np.exp(-0.5 * ((x - mean) / deviation) ** 2) / (deviation * np.sqrt(2.0 * np.pi)))


def t_density(df: float, location: float, scale: float, x: Float64Array) -> Float64Array:
    """Density of Student's t distribution; NaN of a constant."""
    if scale == 0:
        return np.full(np.shape(x), np.nan)
    log_factor = lgamma((df + 1) / 2) - lgamma(df / 2) - 0.5 * np.log(df * np.pi)
    return np.asarray(np.exp(log_factor - (df + 1) / 2 * np.log1p(((x - location) / scale) ** 2 / df)) / scale)
