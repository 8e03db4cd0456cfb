"""An order of variables in which those that are alike stand side by side.

Input: correlations. Output: places of the variables. Cost: O(n²) for n variables, and up to O(n⁴) for the order of the
leaves, some ms for 40.

Z. Bar-Joseph, D. K. Gifford and T. S. Jaakkola, Fast optimal leaf ordering for hierarchical clustering, Bioinformatics
17 (2001) S22, doi:10.1093/bioinformatics/17.suppl_1.S22.
"""

import numpy as np

from mvn_dask._typing import Float64Array
from mvn_dask.statistics.base import Indices

MOST_ORDERED = 40
"""Variables up to which they are ordered: of more there are no names to find them by."""
SHORTER = 0.95
"""The new order counts if the sum of distances between those side by side falls at least to this part of it."""


def clustered_order(correlation: Float64Array) -> Indices | None:
    """Places of the variables by hierarchical clustering; None where their own order is nearly as good.

    Clusters are joined by the mean of the distances 1 - ρ, and their leaves ordered so that the sum of the distances
    between those side by side is as small as can be.

    Examples
    --------
    >>> twins = np.array([[1.0, 0.0, 0.9, 0.0], [0.0, 1.0, 0.1, 0.9], [0.9, 0.1, 1.0, 0.0], [0.0, 0.9, 0.0, 1.0]])
    >>> clustered_order(twins)
    array([0, 2, 1, 3])
    >>> clustered_order(np.eye(4)) is None
    True
    """
    count = len(correlation)
    if not 2 < count <= MOST_ORDERED:
        return None
    from scipy.cluster.hierarchy import leaves_list, linkage
    from scipy.spatial.distance import squareform

    distances = 1.0 - np.clip(0.5 * (correlation + correlation.T), -1.0, 1.0)
    np.fill_diagonal(distances, 0.0)
    order = leaves_list(linkage(squareform(distances, checks=False), "average", optimal_ordering=True)).astype(np.int64)
    # Of the two directions that which is nearer to their own order.
    order = order if order.argmin() < count / 2 else order[::-1].copy()
    if _length(distances, order) > SHORTER * _length(distances, np.arange(count)):
        return None
    return order


def _length(distances: Float64Array, order: Indices) -> float:
    return float(distances[order[:-1], order[1:]].sum())
