"""Rows of a sample: stripe by stripe, in the memory of the rows themselves wherever that can be.

Input: a factor, a mean and a range of rows of a plan. Output: the rows. Cost: 1.3 ns a normal, the products with the
factor, and at most `Plan.work_bytes` of memory beside the rows.

Compiled code draws the normals where numba is installed and the bit generator is SFC64, and numpy draws them
elsewhere; compiled code multiplies wherever numba is installed. Both add in the same order, so the bits are the same.
"""

from abc import ABC, abstractmethod
from functools import cache
from types import ModuleType
from typing import Any

import numpy as np

from mvn_dask._typing import FloatArray
from mvn_dask.covariance import Factor
from mvn_dask.sampling.plan import Plan


def draw_rows(factor: Factor, mean: FloatArray, plan: Plan, start: int, stop: int) -> FloatArray:
    """Rows of a sample.

    Parameters
    ----------
    factor : Factor
        In the plan's dtype.
    mean : ndarray, shape (d,)
        In the plan's dtype.
    plan : Plan
        Which rows come from which streams.
    start, stop : int
        The first row and the one after the last, counted in C order of the plan's size.

    Returns
    -------
    ndarray, shape (stop - start, d)
    """
    rows = np.empty((stop - start, plan.ndim), plan.dtype)
    if len(rows):
        _fill(_stripe_drawer(factor, mean, plan, start, stop), plan, rows, start)
    return rows


@cache
def compiled() -> ModuleType | None:
    """The compiled code, or None where numba is missing or told not to compile."""
    try:
        from mvn_dask.compiled import drawing
    except ImportError:
        return None
    return drawing if drawing.USABLE else None


class _Stripes(ABC):
    """Draws whole stripes, or their first rows."""

    together: int
    """Stripes that are drawn together, at most."""
    row_multiple: int
    """The number of rows of a stripe is a multiple of this."""

    @abstractmethod
    def draw(self, first: int, out: FloatArray) -> None:
        """Fill `out`, shape (stripes, rows, d), with the first rows of stripes `first`, ``first + 1``, …."""


class _Normals:
    """Independent standard normals of stripes: by compiled code for SFC64, by numpy for other bit generators."""

    def __init__(self, plan: Plan, start: int, stop: int) -> None:
        self._plan, self.together = plan, 1
        self._drawer: Any = None
        code = compiled()
        if code is not None and plan.root.bit_generator == "SFC64":
            self._drawer, self.together = code.StripeDrawer(plan.dtype), code.LANES
            self._first, self._states = plan.stripe_states(start, stop)

    def draw(self, first: int, out: FloatArray) -> None:
        """Fill `out`, shape (stripes, rows, k)."""
        if self._drawer is not None:
            place = first - self._first
            self._drawer.draw(self._states[:, place : place + len(out)], out)
            return
        for stripe, z in enumerate(out, first):
            self._plan.root.child(stripe).generator().standard_normal(dtype=z.dtype.type, out=z)


class _FusedStripes(_Stripes):
    """Rows made by compiled code while their normals are drawn: one pass over memory."""

    def __init__(self, factor: Factor, mean: FloatArray, plan: Plan, start: int, stop: int, code: ModuleType) -> None:
        self._first, self._states = plan.stripe_states(start, stop)
        self._drawer = code.StripeDrawer(plan.dtype, factor.operand, mean)
        self.together = code.LANES
        self.row_multiple = 1 if factor.operand.ndim == 1 else code.TILE_ROWS

    def draw(self, first: int, out: FloatArray) -> None:
        place = first - self._first
        self._drawer.draw(self._states[:, place : place + len(out)], out)


class _SeparateStripes(_Stripes):
    """Normals first, then rows: by compiled products, or by the factor itself."""

    def __init__(self, factor: Factor, mean: FloatArray, plan: Plan, start: int, stop: int) -> None:
        self._normals = _Normals(plan, start, stop)
        self._factor, self._mean = factor, mean
        self._product: Any = None
        self.row_multiple = 1
        code = compiled()
        # Stripes of rows of more than a million numbers may have fewer rows than a tile.
        if code is not None and _is_product(factor) and plan.stripe % code.TILE_ROWS == 0:
            self._product, self.row_multiple = code.FactorProduct(factor.operand, mean), code.TILE_ROWS
        # Compiled products may write rows over their own normals.
        self._in_place = self._product is not None and factor.noise_ndim == plan.ndim
        self._noise: FloatArray | None = None
        self.together = self._normals.together if self._in_place else min(self._normals.together, plan.noise_stripes)

    def draw(self, first: int, out: FloatArray) -> None:
        k = self._factor.noise_ndim
        noise = out if self._in_place else self._buffer(len(out) * out.shape[1] * k, out).reshape(*out.shape[:2], k)
        self._normals.draw(first, noise)
        z, rows = noise.reshape(-1, k), out.reshape(-1, out.shape[-1])
        if self._product is not None:
            self._product.apply(z, rows)
        else:
            self._factor.colorize(z, out=rows)
            rows += self._mean

    def _buffer(self, count: int, like: FloatArray) -> FloatArray:
        """Memory for normals that lie apart from the rows; it is used again for the next stripes."""
        if self._noise is None or len(self._noise) < count:
            self._noise = np.empty(count, like.dtype)
        return self._noise[:count]


def _is_product(factor: Factor) -> bool:
    return factor.application != "colorize" and factor.operand.ndim == 2


def _stripe_drawer(factor: Factor, mean: FloatArray, plan: Plan, start: int, stop: int) -> _Stripes:
    code = compiled()
    if code is not None and factor.application == "fused" and plan.root.bit_generator == "SFC64":
        return _FusedStripes(factor, mean, plan, start, stop, code)
    return _SeparateStripes(factor, mean, plan, start, stop)


def _fill(stripes: _Stripes, plan: Plan, rows: FloatArray, start: int) -> None:
    """Fill rows, at least one, with those of the sample from `start` on."""
    height, stop = plan.stripe, start + len(rows)
    stripe = start // height
    while stripe * height < stop:
        top = stripe * height
        whole = min(stripes.together, (stop - top) // height) if top >= start else 0
        if whole:
            stripes.draw(stripe, rows[top - start : top - start + whole * height].reshape(whole, height, -1))
        else:
            _fill_part(stripes, plan, rows, start, stripe)
        stripe += max(1, whole)


def _fill_part(stripes: _Stripes, plan: Plan, rows: FloatArray, start: int, stripe: int) -> None:
    """Draw a stripe from its beginning as far as its rows are needed, and copy those that are."""
    top = stripe * plan.stripe
    first, last = max(top, start), min(top + plan.stripe, start + len(rows))
    needed = min(plan.stripe, -(-(last - top) // stripes.row_multiple) * stripes.row_multiple)
    drawn = np.empty((1, needed, plan.ndim), rows.dtype)
    stripes.draw(stripe, drawn)
    rows[first - start : last - start] = drawn[0, first - top : last - top]
