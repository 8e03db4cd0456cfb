"""Rows of a sample: stripe by stripe, in the memory of the rows themselves wherever that can be.

Input: a factor, a mean and a range of rows of a plan. Output: the rows. Cost: 1.3 ns a normal, the products with the
factor, and at most `Plan.work_bytes` of memory beside the rows.

Compiled code draws the normals where numba is installed and the bit generator is SFC64, and numpy draws them
elsewhere; compiled code multiplies wherever numba is installed. Both add in the same order, so the bits are the same.
Normals may come from Sobol' points instead, which no bit generator draws.
"""

from abc import ABC, abstractmethod
from math import prod
from types import ModuleType
from typing import Any

import numpy as np

from mvn_dask._typing import FloatArray
from mvn_dask.compiled import compiled_module
from mvn_dask.covariance import Factor
from mvn_dask.execution.block_memory import empty_block
from mvn_dask.random.inverse_normal import normal_quantiles
from mvn_dask.random.sobol import centered_points
from mvn_dask.random.streams import Root
from mvn_dask.sampling.plan import Plan
from mvn_dask.sampling.points import SobolPoints


def draw_rows(factor: Factor, mean: FloatArray, plan: Plan, start: int, stop: int) -> FloatArray:
    """Rows of a sample, counted in C order of its size: shape (stop - start, d). Factor and mean are in its dtype."""
    rows = empty_block((stop - start, plan.ndim), plan.dtype)
    if len(rows):
        # A stream is read from its beginning. Points are addressed by row, so that what is filled together may begin
        # at the first row that is wanted.
        first = start if plan.points is None else 0
        _fill(_stripe_drawer(factor, mean, plan, start, stop), plan, rows, first)
    return rows


class _Stripes(ABC):
    """Draws stripes that follow each other, each as far as its rows are needed."""

    together = 1
    """Stripes that are drawn together, at most."""
    row_multiple = 1
    """The number of rows of a stripe is a multiple of this."""

    @abstractmethod
    def draw(self, first: int, out: FloatArray) -> None:
        """Fill `out`, shape (stripes, rows, width), with the first rows of stripes `first`, ``first + 1``, …."""


class _CompiledStripes(_Stripes):
    """Normals; or, of a factor and a mean, rows that are made while their normals are drawn."""

    def __init__(self, code: ModuleType, plan: Plan, start: int, stop: int, *affine: FloatArray) -> None:
        # All at once: numpy's SeedSequence takes a fifth of the time in which a stripe is drawn.
        self._first = start // plan.stripe
        self._states = plan.root.sfc64_states(self._first, -(-stop // plan.stripe) - self._first)
        self._drawer = code.stripe_drawer(plan.dtype, *affine) if affine else code.StripeDrawer(plan.dtype)
        # Each lane of the vectors draws a stripe of its own.
        self.together = code.LANES
        # Tiles of a matrix product are written whole; the product with a diagonal has none.
        self.row_multiple = code.TILE_ROWS if affine and affine[0].ndim == 2 else 1

    def draw(self, first: int, out: FloatArray) -> None:
        place = first - self._first
        self._drawer.draw(self._states[:, place : place + len(out)], out)


class _NumpyNormals(_Stripes):
    """Normals of any bit generator, drawn by numpy."""

    def __init__(self, root: Root) -> None:
        self._root = root

    def draw(self, first: int, out: FloatArray) -> None:
        for stripe, z in enumerate(out, first):
            self._root.child(stripe).generator().standard_normal(dtype=z.dtype.type, out=z)


class _PointNormals(_Stripes):
    """Normals of Sobol' points, in stripes that are counted from some row on."""

    def __init__(self, points: SobolPoints, height: int, start: int) -> None:
        self._start, self._height = start, height
        self._arrays = points.directions, points.shift
        code = compiled_module("point_normals")
        self._compiled: Any = None if code is None else code.point_normals(*self._arrays)

    def draw(self, first: int, out: FloatArray) -> None:
        for stripe, z in enumerate(out, first):
            start = self._start + stripe * self._height
            if self._compiled is not None:
                self._compiled.draw(start, z)
            else:
                z[:] = normal_quantiles(centered_points(*self._arrays, start, start + len(z)))


class _SeparateStripes(_Stripes):
    """Normals first, then rows: by compiled products, or by the factor itself."""

    def __init__(self, normals: _Stripes, factor: Factor, mean: FloatArray, plan: Plan) -> None:
        self._normals, self._factor, self._mean = normals, factor, mean
        self._product: Any = None
        code = compiled_module("drawing")
        product = factor.application != "colorize" and factor.operand.ndim == 2
        # Compiled products read a run of rows before they write it, so that a square factor's rows may take the place
        # of their own normals. `colorize` promises nothing of the kind.
        self._in_place = factor.noise_ndim == plan.ndim
        # Stripes of rows of more than a million numbers may have fewer rows than a tile.
        if code is not None and factor.application == "fused" and (not product or plan.stripe % code.TILE_ROWS == 0):
            self._product = code.square_product(factor.operand, mean)
            self.row_multiple, self._in_place = self._product.row_multiple, self._product.in_place
        elif code is not None and product and plan.stripe % code.TILE_ROWS == 0:
            self._product, self.row_multiple = code.factor_product(factor.operand, mean), code.TILE_ROWS
        else:
            self._in_place = False
        self.together = normals.together if self._in_place else min(normals.together, plan.noise_stripes)
        self._noise = np.empty(0, plan.dtype)

    def draw(self, first: int, out: FloatArray) -> None:
        noise = out if self._in_place else self._separate(*out.shape[:2])
        self._normals.draw(first, noise)
        if self._product is not None:
            self._product.apply(noise.reshape(-1, noise.shape[-1]), out.reshape(-1, out.shape[-1]))
            return
        # Stripe by stripe: `Plan.work_bytes` has room for what a factor needs for one.
        for z, rows in zip(noise, out, strict=True):
            np.add(self._factor.colorize(z, out=rows), self._mean, out=rows)

    def _separate(self, stripes: int, height: int) -> FloatArray:
        """Memory for normals that lie apart from the rows, shape (stripes, height, k)."""
        shape = stripes, height, self._factor.noise_ndim
        # The same for all stripes of a block, since the system gives new memory page by page, filled with zeros.
        if len(self._noise) < prod(shape):
            self._noise = np.empty(prod(shape), self._noise.dtype)
        return self._noise[: prod(shape)].reshape(shape)


def _stripe_drawer(factor: Factor, mean: FloatArray, plan: Plan, start: int, stop: int) -> _Stripes:
    if plan.points is not None:
        return _SeparateStripes(_PointNormals(plan.points, plan.stripe, start), factor, mean, plan)
    code = compiled_module("drawing")
    # SFC64 alone is written in compiled code: no other is worth it, since it is the default.
    if code is None or plan.root.bit_generator != "SFC64":
        return _SeparateStripes(_NumpyNormals(plan.root), factor, mean, plan)
    # The factor says how it is applied: whether one is square or small enough is not for the kernel to guess.
    if factor.application == "fused":
        return _CompiledStripes(code, plan, start, stop, factor.operand, mean)
    return _SeparateStripes(_CompiledStripes(code, plan, start, stop), factor, mean, plan)


def _fill(stripes: _Stripes, plan: Plan, rows: FloatArray, start: int) -> None:
    """Fill rows, at least one, with those of the sample from `start` on."""
    height, stop = plan.stripe, start + len(rows)
    stripe = start // height
    while stripe * height < stop:
        top = stripe * height
        # Whole stripes are drawn where the rows are to be, without a copy; those at both ends may reach over them.
        whole = min(stripes.together, (stop - top) // height) if top >= start else 0
        if whole:
            stripes.draw(stripe, rows[top - start : top - start + whole * height].reshape(whole, height, -1))
        else:
            _fill_part(stripes, plan, rows, start, stripe)
        stripe += max(1, whole)


def _fill_part(stripes: _Stripes, plan: Plan, rows: FloatArray, start: int, stripe: int) -> None:
    """Draw a stripe from its beginning as far as its rows are needed, and copy those that are."""
    top = stripe * plan.stripe
    # A stream is read from its beginning, so rows above the first are drawn as well; those below the last are not.
    first, last = max(top, start), min(top + plan.stripe, start + len(rows))
    needed = min(plan.stripe, -(-(last - top) // stripes.row_multiple) * stripes.row_multiple)
    drawn = np.empty((1, needed, plan.ndim), rows.dtype)
    stripes.draw(stripe, drawn)
    rows[first - start : last - start] = drawn[0, first - top : last - top]
