"""Laws of normal rows, and of rows whose scores are compared with normal ones.

Input: the rank of a factor. Output: laws for reports and tests. Cost: none before they are evaluated.
"""

from collections.abc import Callable

import numpy as np

from mvn_dask._typing import Float64Array
from mvn_dask.sampling.sampler import ReferenceLaws


def normal_pair_radius(probability: Float64Array) -> Float64Array:
    """Length of a pair of independent normal numbers that is not exceeded with this probability.

    >>> normal_pair_radius(np.array([0.5, 0.99])).round(4)
    array([1.1774, 3.0349])
    """
    return np.asarray(np.sqrt(-2.0 * np.log1p(-probability)), np.float64)


def t_pair_radius(df: float, probability: Float64Array) -> Float64Array:
    """The same of two variables of a multivariate t: half of the squared length has Fisher's F(2, df) distribution.

    >>> t_pair_radius(1.0, np.array([0.5, 0.99])).round(4)
    array([ 1.7321, 99.995 ])
    """
    return np.asarray(np.sqrt(df * np.expm1(-2.0 / df * np.log1p(-probability))), np.float64)


def normal_laws(
    rank: int,
    *,
    of_scores: bool = False,
    pairs_known: bool = True,
    pair_radius: Callable[[Float64Array], Float64Array] = normal_pair_radius,
) -> ReferenceLaws:
    """Normal variables, and lengths whose squares are χ² distributed with as many degrees of freedom as the rank.

    References
    ----------
    T. W. Anderson, An Introduction to Multivariate Statistical Analysis, 3rd ed., 2003, section 3.3.
    """
    from scipy.special import chdtr, ndtr

    def radial_cdf(lengths: Float64Array) -> Float64Array:
        return np.asarray(chdtr(rank, np.square(np.maximum(lengths, 0.0))), np.float64)

    return ReferenceLaws(ndtr, radial_cdf if rank else None, 0.0, of_scores, pairs_known, pair_radius)
