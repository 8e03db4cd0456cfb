"""Laws of normal rows, and of rows whose scores are compared with normal ones.

Input: the rank of a factor. Output: laws for reports and tests. Cost: none before they are evaluated.
"""

import numpy as np

from mvn_dask._typing import Float64Array
from mvn_dask.sampling.sampler import ReferenceLaws


def normal_laws(rank: int, *, of_scores: bool = False, pairs_known: bool = True) -> ReferenceLaws:
    """Normal variables, and lengths whose squares are χ² distributed with as many degrees of freedom as the rank.

    References
    ----------
    T. W. Anderson, An Introduction to Multivariate Statistical Analysis, 3rd ed., 2003, section 3.3.
    """
    from scipy.special import chdtr, ndtr

    def radial_cdf(lengths: Float64Array) -> Float64Array:
        return np.asarray(chdtr(rank, np.square(np.maximum(lengths, 0.0))), np.float64)

    return ReferenceLaws(ndtr, radial_cdf if rank else None, 0.0, of_scores, pairs_known)
