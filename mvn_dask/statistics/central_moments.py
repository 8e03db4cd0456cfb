"""Counts, means and sums of powers of what is left without the mean, which merge without cancellation.

Input: leaves; nodes. Output: nodes of float64, shape (..., 1 + order, columns): count, mean, and from the second power
on sums of powers of numbers less their mean. Cost: in compiled code 1 ns a number up to the second power, and 1.5 ns up
to the fourth, on Zen 1; in numpy, with the same bits, some 5 to 10 times as much. Each number is read once.

A leaf is taken less the mean of its first rows, as in `cross_products`. What this shift leaves of the mean is taken out
of the sums by the binomial theorem: at most 5 bits are lost of the second power, and 10 of the fourth, if the rows of a
leaf are the most inconvenient ones; none if they are independent.

References
----------
T. F. Chan, G. H. Golub and R. J. LeVeque, Algorithms for computing the sample variance: analysis and recommendations,
The American Statistician 37 (1983) 242, doi:10.1080/00031305.1983.10483115; P. Pébay, Formulas for robust, one-pass
parallel computation of covariances and arbitrary-order statistical moments, Sandia report SAND2008-6212, 2008.
"""

import numpy as np
import numpy.typing as npt

from mvn_dask._typing import Float64Array
from mvn_dask.compiled import compiled_module
from mvn_dask.statistics.base import scratch
from mvn_dask.statistics.cross_products import SHIFT_ROWS
from mvn_dask.statistics.ordered_sums import ordered_sums

COUNT, MEAN, SECOND, THIRD, FOURTH = range(5)
"""Places in a node."""
STACKED_NUMBERS = 2**16
"""Numbers of the leaves that numpy works on at once, at most, if they are more than one: they stay in the cache."""


# Infinite numbers give NaN, which is what their moments are.
@np.errstate(all="ignore")
def moments_of_leaves(rows: npt.NDArray[np.float64], order: int) -> Float64Array:
    """Nodes of some leaves, up to the power `order`, from 2 to 4, from their rows of shape (leaves, n, columns)."""
    leaves, n, columns = rows.shape
    nodes = np.zeros((leaves, 1 + order, columns))
    nodes[:, COUNT] = n
    if not rows.size:
        return nodes
    rows = np.ascontiguousarray(rows, np.float64)
    # Less the first row, so that equal numbers have a mean that is exactly theirs.
    first, count = np.ascontiguousarray(rows[:, 0]), min(n, SHIFT_ROWS)
    shift = first + _power_sums(rows, count, first, 1)[:, 0] / count
    sums = _power_sums(rows, n, shift, order)
    total, second = sums[:, 0], sums[:, 1]
    step = total / n
    nodes[:, MEAN] = shift + step
    nodes[:, SECOND] = second - step * total
    if order >= THIRD:
        nodes[:, THIRD] = sums[:, 2] - 3.0 * step * second + 2.0 * step * step * total
    if order >= FOURTH:
        squared = step * step
        nodes[:, FOURTH] = sums[:, 3] - 4.0 * step * sums[:, 2] + 6.0 * squared * second - 3.0 * squared * step * total
    return nodes


def _power_sums(rows: Float64Array, n: int, shift: Float64Array, powers: int) -> Float64Array:
    """Sums of powers of the first n rows of each leaf less a shift, shape (leaves, powers, columns)."""
    code = compiled_module("power_sums")
    if code is not None:
        compiled: Float64Array = code.power_sums(rows, n, shift, powers)
        return compiled
    leaves, _, columns = rows.shape
    sums = np.empty((leaves, powers, columns))
    together = max(1, STACKED_NUMBERS // (n * columns))
    for top in range(0, leaves, together):
        part, place = rows[top : top + together, :n], sums[top : top + together]
        centred = np.subtract(part, shift[top : top + together, None], out=scratch("centred", part.shape))
        place[:, 0], power = ordered_sums(centred), centred
        for index in range(1, powers):
            power = np.multiply(power, centred, out=scratch("power", part.shape))
            place[:, index] = ordered_sums(power)
    return sums


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
