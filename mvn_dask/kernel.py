"""Drawing one block: numpy only, stripe by stripe, on memory that is allocated once.

The product with the factor is always made for a whole stripe, also for one that a block only partly
keeps: a product of another height may be summed in another order, and then bits would depend on where
blocks begin.
"""

from collections.abc import Sequence

import numpy as np

from mvn_dask.blas import one_thread
from mvn_dask.checks import FloatArray
from mvn_dask.covariance import Factor
from mvn_dask.plan import Plan


def draw(factor: Factor, mean: FloatArray, plan: Plan, block: Sequence[int]) -> FloatArray:
    """The samples of one block.

    Parameters
    ----------
    factor : Factor
        In the plan's dtype.
    mean : ndarray, shape (d,)
        In the plan's dtype.
    plan : Plan
        Which rows and which streams.
    block : sequence of int
        Number of the block along each axis of ``plan.size``.

    Returns
    -------
    ndarray, shape (*plan.block_size(block), d)

    Notes
    -----
    Takes at most ``plan.task_bytes(factor.nbytes)`` bytes: besides the block the noise of one stripe and, if
    the block cuts a stripe, that stripe, unless the factor works in place.
    """
    start, stop = plan.bounds(block)
    rows = np.empty((stop - start, plan.ndim), plan.dtype)
    with one_thread():
        _fill(rows, start, factor, mean, plan)
    return rows.reshape(*plan.block_size(block), plan.ndim)


def _fill(rows: FloatArray, start: int, factor: Factor, mean: FloatArray, plan: Plan) -> None:
    height = plan.stripe
    stop = start + len(rows)
    noise = np.empty((height, plan.noise_ndim), plan.dtype)
    cut = None
    for stripe in range(start // height, -(-stop // height)):
        top = stripe * height
        first, last = max(top, start), min(top + height, stop)
        plan.root.child(stripe).generator().standard_normal(dtype=noise.dtype.type, out=noise)
        target = rows[first - start : last - start]
        if last - first == height:
            factor.colorize(noise, out=target)
        else:
            if cut is None:
                cut = noise if factor.in_place else np.empty((height, plan.ndim), plan.dtype)
            target[:] = factor.colorize(noise, out=cut)[first - top : last - top]
        target += mean
