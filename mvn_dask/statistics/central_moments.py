"""Counts, means and sums of powers of what is left without the mean, which merge without cancellation.

Input: leaves; nodes. Output: nodes of float64, shape (..., 1 + order, columns): count, mean, and from the second power
on sums of powers of numbers less their mean. Cost: 1 + `order` operations a number.

References
----------
T. F. Chan, G. H. Golub and R. J. LeVeque, Algorithms for computing the sample variance: analysis and recommendations,
The American Statistician 37 (1983) 242, doi:10.1080/00031305.1983.10483115; P. Pébay, Formulas for robust, one-pass
parallel computation of covariances and arbitrary-order statistical moments, Sandia report SAND2008-6212, 2008.
"""

import numpy as np
import numpy.typing as npt

from mvn_dask._typing import Float64Array
from mvn_dask.statistics.base import scratch
from mvn_dask.statistics.ordered_sums import ordered_sums

COUNT, MEAN, SECOND, THIRD, FOURTH = range(5)
"""Places in a node."""


# Infinite numbers give NaN, which is what their moments are.
@np.errstate(all="ignore")
def moments_of_leaves(rows: npt.NDArray[np.float64], order: int) -> Float64Array:
    """Nodes of some leaves, up to a power of 2 or of 4, from their rows of shape (leaves, n, columns)."""
    leaves, n, columns = rows.shape
    nodes = np.zeros((leaves, 1 + order, columns))
    nodes[:, COUNT] = n
    if not n:
        return nodes
    mean = ordered_sums(rows) / n
    centred = np.subtract(rows, mean[:, None, :], out=scratch("centred", rows.shape))
    # What rounding has left in the mean.
    mean += ordered_sums(centred) / n
    nodes[:, MEAN] = mean
    np.subtract(rows, mean[:, None, :], out=centred)
    power = scratch("power", rows.shape)
    np.multiply(centred, centred, out=power)
    nodes[:, SECOND] = ordered_sums(power)
    for place in range(THIRD, 1 + order):
        np.multiply(power, centred, out=power)
        nodes[:, place] = ordered_sums(power)
    return nodes


@np.errstate(all="ignore")
def merged_moments(left: Float64Array, right: Float64Array) -> Float64Array:
    """Nodes of both, elementwise along all axes but that of a node's numbers."""
    one, other = (left[..., COUNT, :] for left in (left, right))
    count = one + other
    safe = np.maximum(count, 1.0)
    delta = right[..., MEAN, :] - left[..., MEAN, :]
    # The mean of nothing is 0, and stays out.
    delta = np.where((one == 0.0) | (other == 0.0), 0.0, delta)
    step = delta / safe
    product = delta * step * one * other
    merged = left + right
    merged[..., MEAN, :] = np.where(one == 0.0, right[..., MEAN, :], left[..., MEAN, :] + step * other)
    merged[..., SECOND, :] += product
    if merged.shape[-2] > THIRD:
        merged[..., THIRD, :] += product * step * (one - other)
        merged[..., THIRD, :] += 3.0 * step * (one * right[..., SECOND, :] - other * left[..., SECOND, :])
    if merged.shape[-2] > FOURTH:
        merged[..., FOURTH, :] += product * step * step * (one * one - one * other + other * other)
        squares = one * one * right[..., SECOND, :] + other * other * left[..., SECOND, :]
        merged[..., FOURTH, :] += 6.0 * step * step * squares
        merged[..., FOURTH, :] += 4.0 * step * (one * right[..., THIRD, :] - other * left[..., THIRD, :])
    return merged
