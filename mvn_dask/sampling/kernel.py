"""Drawing one block: stripe by stripe, in the memory of the block itself.

Compiled code draws normals where there is any for their bit generator, and numpy where not; the bits are the same.
So are those of the products with the factor, since both add in the same order.
"""

from collections.abc import Sequence
from functools import cache
from types import ModuleType

import numpy as np

from mvn_dask._typing import FloatArray
from mvn_dask.covariance import Factor
from mvn_dask.random.sfc64 import States
from mvn_dask.sampling.plan import Plan


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
    Takes at most ``plan.task_bytes(factor.nbytes)`` bytes.
    """
    rows = draw_rows(factor, mean, plan, *plan.bounds(block))
    return rows.reshape(*plan.block_size(block), plan.ndim)


def draw_rows(factor: Factor, mean: FloatArray, plan: Plan, start: int, stop: int) -> FloatArray:
    """Rows of a sample, counted in C order of its size, from `start` on up to `stop`: shape (stop - start, d)."""
    rows = np.empty((stop - start, plan.ndim), plan.dtype)
    if len(rows):
        _Stripes(factor, mean, plan).fill(rows, start)
    return rows


@cache
def compiled() -> ModuleType | None:
    """The compiled path, or None where numba is not there or is told not to compile."""
    try:
        from mvn_dask.compiled import drawing
    except ImportError:
        return None
    return drawing if drawing.USABLE else None


class _Stripes:
    """The stripes of a sample."""

    def __init__(self, factor: Factor, mean: FloatArray, plan: Plan) -> None:
        self._factor, self._mean, self._plan = factor, mean, plan
        self._drawing = self._product = None
        self._states: States | None = None
        self._fused, self._high, self._together = False, 1, 1
        code, entries = compiled(), factor.entries
        if code is not None and entries.ndim == 2:
            self._high = code.HIGH
        if code is not None and plan.root.bit_generator == "SFC64":
            self._fused = entries.ndim == 1 or max(entries.shape) <= code.FUSED
            self._together = code.LANES
            self._drawing = code.Drawing(plan.dtype, *((entries, self._mean) if self._fused else ()))
        if code is not None and not self._fused and entries.ndim == 2 and plan.stripe >= code.HIGH:
            self._product = code.Product(entries, self._mean)

    def fill(self, rows: FloatArray, start: int) -> None:
        """Fill rows, at least one, with those of the sample from `start` on."""
        height, stop = self._plan.stripe, start + len(rows)
        self._first = stripe = start // height
        if self._drawing is not None:
            self._states = self._plan.root.sfc64_states(stripe, -(-stop // height) - stripe)
        while stripe * height < stop:
            top = stripe * height
            whole = min(self._together, (stop - top) // height) if top >= start else 0
            if whole:
                self._draw(stripe, rows[top - start : top - start + whole * height].reshape(whole, height, -1))
            else:
                self._cut(stripe, rows, start)
            stripe += max(1, whole)

    def _cut(self, stripe: int, rows: FloatArray, start: int) -> None:
        """Draw a stripe as far as it is asked for, and keep the rows that are."""
        top = stripe * self._plan.stripe
        first, last = max(top, start), min(top + self._plan.stripe, start + len(rows))
        needed = min(self._plan.stripe, -(-(last - top) // self._high) * self._high)
        drawn = np.empty((1, needed, self._plan.ndim), self._plan.dtype)
        self._draw(stripe, drawn)
        rows[first - start : last - start] = drawn[0, first - top : last - top]

    def _draw(self, first: int, out: FloatArray) -> None:
        """Draw stripes from their beginning, shape (stripes, rows, d)."""
        apart = self._plan.noise_ndim != self._plan.ndim or not (self._fused or self._product)
        noise = np.empty((*out.shape[:2], self._plan.noise_ndim), out.dtype) if apart else out
        if self._drawing is not None and self._states is not None:
            place = first - self._first
            self._drawing.draw(self._states[:, place : place + len(out)], noise)
        else:
            for stripe, z in enumerate(noise, first):
                self._plan.root.child(stripe).generator().standard_normal(dtype=z.dtype.type, out=z)
        z, rows = noise.reshape(-1, self._plan.noise_ndim), out.reshape(-1, self._plan.ndim)
        if self._product is not None:
            self._product.place(z, rows)
        elif not self._fused:
            self._factor.colorize(z, out=rows)
            rows += self._mean
