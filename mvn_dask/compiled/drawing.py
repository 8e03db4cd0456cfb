"""Drawing stripes and applying factors: the compiled code with numpy's arrays on both sides.

Input: a factor and a mean, then states of SFC64 or rows of normals. Output: rows, in memory that the caller gives.
Cost: that of `stripes` and `matrix_product`; no lock of Python's is held. Normals, scaled normals and rows are compiled
apart, in 1 to 2 s for each precision.
"""

import math
from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from mvn_dask._typing import FloatArray
from mvn_dask.compiled import matrix_product
from mvn_dask.compiled.compilation import CompiledFunction
from mvn_dask.compiled.kept import made_by_thread, made_once
from mvn_dask.compiled.llvm import LANES, MAX_VECTOR_LENGTH
from mvn_dask.compiled.matrix_product import (
    INTERLEAVED,
    PANEL_FIELDS,
    ROW_BLOCK,
    TILE_ROWS,
    Packed,
    pack,
    pack_interleaved,
    pad,
    spaced_columns,
)
from mvn_dask.compiled.normals import BATCH_CAPACITY, STREAM_STEPS, tables
from mvn_dask.compiled.stripes import draw_stripes, transform_normals
from mvn_dask.errors import ArgumentError
from mvn_dask.random.sfc64 import States
from mvn_dask.readable import plural

_Affine = tuple[FloatArray, FloatArray, npt.NDArray[np.int64]]
"""A mean, what is multiplied, and how it is laid out."""

_NO_LAYOUT = np.empty(0, np.int64)
_NO_FACTOR: _Affine = np.empty(0), np.empty(0), _NO_LAYOUT
_draw_stripes, _multiply = CompiledFunction(draw_stripes), CompiledFunction(matrix_product.multiply)
_transform_normals = CompiledFunction(transform_normals)


class StripeDrawer:
    """Draws stripes of samples, again and again with the same buffers. Not for two threads at a time.

    With a square factor, shape (d, d), or its diagonal, shape (d,), and a mean, shape (d,), normals are transformed as
    they are drawn; without, normals are drawn. Raises ArgumentError for shapes and precisions that do not match.
    """

    def __init__(
        self, dtype: npt.DTypeLike, factor_entries: FloatArray | None = None, mean: FloatArray | None = None
    ) -> None:
        self._dtype, self._multiple = np.dtype(dtype), 1
        self._period: int | None = None
        self._product: tuple[int, int] | None = None
        affine, lane_capacity = _NO_FACTOR, 0
        if factor_entries is not None and mean is not None:
            # One count serves the normals that are drawn and the numbers that are written: that needs k == d.
            _check_factor(factor_entries, mean, self._dtype, len(mean))
            affine, self._period, self._product = _square(factor_entries, mean)
            self._multiple = len(mean) if self._product is None else TILE_ROWS * len(mean)
            lane_capacity = 0 if self._product is None else TILE_ROWS * len(mean) + BATCH_CAPACITY
        layers, table = tables(self._dtype.name)
        # Kept, since compiled code gets addresses.
        self._arrays: Sequence[npt.NDArray[Any]] = (
            np.empty(LANES * STREAM_STEPS + MAX_VECTOR_LENGTH, np.uint64),
            np.empty(4 * BATCH_CAPACITY + 2 * LANES, np.int64),
            np.empty(2 * BATCH_CAPACITY + LANES * lane_capacity, self._dtype),
            layers, table, *affine,
        )  # fmt: skip
        self._addresses = np.array([array.ctypes.data for array in self._arrays], np.int64)

    def draw(self, states: States, out: FloatArray) -> None:
        """Draw stripes that follow each other, from the beginning of each, to `out`, C-contiguous.

        `states`, shape (4, stripes), are those of each stripe's SFC64, and not changed. With a matrix, the rows of each
        stripe must be a multiple of `TILE_ROWS`. Raises ArgumentError if `out` does not fit.
        """
        stripes = states.shape[1]
        count = out.size // max(1, stripes)
        _check_memory("out", out, self._dtype)
        if count * stripes != out.size or count % self._multiple:
            raise ArgumentError(
                f"`out` must hold {plural(stripes, 'stripe')} of a multiple of {plural(self._multiple, 'number')}: "
                f"its shape is {out.shape}"
            )
        for first in range(0, stripes, LANES):
            lanes = min(LANES, stripes - first)
            # Not np.pad, which takes as long as 20,000 normals.
            state = np.zeros((4, LANES), np.uint64)
            state[:, :lanes] = states[:, first : first + lanes]
            _draw_stripes(
                out.reshape(-1), first * count, count, lanes, state, self._addresses, self._period, self._product
            )


class SquareProduct:
    """Turns normals into rows as a `StripeDrawer` does, of a factor of shape (d, d), or of its diagonal, shape (d,).

    Raises ArgumentError for shapes and precisions that do not match.
    """

    def __init__(self, factor_entries: FloatArray, mean: FloatArray) -> None:
        _check_factor(factor_entries, mean, factor_entries.dtype, len(mean))
        self._d = len(mean)
        affine, self._period, self._product = _square(factor_entries, mean)
        self.row_multiple = 1 if self._product is None else TILE_ROWS
        overflow = np.empty(TILE_ROWS * self._d + MAX_VECTOR_LENGTH, factor_entries.dtype)
        # Kept, since compiled code gets addresses.
        self._arrays = *affine, overflow
        self._addresses = np.array([array.ctypes.data for array in self._arrays], np.int64)

    @property
    def in_place(self) -> bool:
        """Whether rows take the place of their normals: of a diagonal they do, of a matrix they must not."""
        return self._product is None

    def apply(self, z: FloatArray, out: FloatArray) -> None:
        """Turn normals `z` into rows `out`, both of shape (n, d), n a multiple of `row_multiple`, C-contiguous.

        If `in_place`, they are the same array; else they share no memory. Raises ArgumentError if they do not fit.
        """
        for name, array in (("z", z), ("out", out)):
            _check_memory(name, array, self._arrays[0].dtype)
            if array.shape != (len(out), self._d) or len(out) % self.row_multiple:
                rows = plural(self.row_multiple, "row")
                raise ArgumentError(
                    f"`{name}` must be a multiple of {rows} of {plural(self._d, 'number')}: its shape is {array.shape}"
                )
        _transform_normals(z.reshape(-1), out.reshape(-1), self._addresses, self._period, self._product)


class FactorProduct:
    """Turns rows of normals into samples, again and again with the same buffers. Not for two threads at a time.

    Of a factor, shape (d, k), and a mean, shape (d,). Raises ArgumentError for shapes and precisions that do not match.
    """

    def __init__(self, matrix: FloatArray, mean: FloatArray) -> None:
        if matrix.ndim != 2:
            raise ArgumentError(f"`matrix` must have shape (d, k): its shape is {matrix.shape}")
        _check_factor(matrix, mean, matrix.dtype, matrix.shape[1])
        self._k, self._d = matrix.shape[1], len(mean)
        self._affine = pad(mean), *_packed(matrix)
        self._normals = np.empty((ROW_BLOCK, spaced_columns(self._k, matrix.itemsize)), matrix.dtype)
        # Rows of less than a vector run over, so they are made elsewhere too.
        width = len(self._affine[0])
        self._rows = np.empty((ROW_BLOCK, width), matrix.dtype) if width > self._d else None

    def apply(self, z: FloatArray, out: FloatArray) -> None:
        """Turn normals `z`, shape (n, k), C-contiguous, n a multiple of `TILE_ROWS`, into samples `out`, shape (n, d).

        If k == d, `out` may be `z` itself; else they must not share memory. Raises ArgumentError if they do not fit.
        """
        _check_memory("z", z, self._normals.dtype)
        if z.ndim != 2 or z.shape[1] != self._k or len(z) % TILE_ROWS:
            raise ArgumentError(
                f"`z` must be a multiple of {TILE_ROWS} rows of {plural(self._k, 'number')}: its shape is {z.shape}"
            )
        if out.shape != (len(z), self._d):
            raise ArgumentError(f"`out` must have shape {(len(z), self._d)}: its shape is {out.shape}")
        _check_memory("out", out, self._normals.dtype)
        for top in range(0, len(z), ROW_BLOCK):
            normals, rows = z[top : top + ROW_BLOCK], out[top : top + ROW_BLOCK]
            # Elsewhere, since samples may take the place of their normals.
            self._normals[: len(normals), : self._k] = normals
            product = rows if self._rows is None else self._rows
            _multiply(self._normals, len(normals), self._k, *self._affine, product)
            if self._rows is not None:
                rows[:] = self._rows[: len(rows), : self._d]


def stripe_drawer(dtype: npt.DTypeLike, factor_entries: FloatArray, mean: FloatArray) -> StripeDrawer:
    """This thread's `StripeDrawer` of a factor and a mean, which become read-only."""
    make = partial(StripeDrawer, dtype, factor_entries, mean)
    return made_by_thread("drawer", factor_entries, mean, make)


def square_product(factor_entries: FloatArray, mean: FloatArray) -> SquareProduct:
    """This thread's `SquareProduct` of a factor and a mean, which become read-only."""
    return made_by_thread("square product", factor_entries, mean, partial(SquareProduct, factor_entries, mean))


def factor_product(matrix: FloatArray, mean: FloatArray) -> FactorProduct:
    """This thread's `FactorProduct` of a factor and a mean, which become read-only."""
    return made_by_thread("product", matrix, mean, partial(FactorProduct, matrix, mean))


def product_without_mean(matrix: FloatArray) -> FactorProduct:
    """This thread's `FactorProduct` of a factor, which becomes read-only, and a mean of zeros."""
    zeros = made_once("zeros", matrix, partial(np.zeros, len(matrix), matrix.dtype))
    return made_by_thread("product without mean", matrix, zeros, partial(FactorProduct, matrix, zeros))


def _square(entries: FloatArray, mean: FloatArray) -> tuple[_Affine, int | None, tuple[int, int] | None]:
    """A mean and a square factor, or its diagonal, with the period or the product that `draw_stripes` takes."""
    if entries.ndim == 1:
        affine, period = _repeat_scale(entries, mean)
        return affine, period, None
    if len(mean) in INTERLEAVED:
        shift, packed = pack_interleaved(entries, mean)
    else:
        shift, packed = pad(mean), _packed(entries)
    return (shift, *packed), None, (len(mean), len(packed[1]) // PANEL_FIELDS)


def _packed(matrix: FloatArray) -> Packed:
    return made_once("packed", matrix, partial(pack, matrix))


def _repeat_scale(scale: FloatArray, mean: FloatArray) -> tuple[_Affine, int]:
    """Mean and scale, repeated so that a vector can be read from any column on, and the length without the overlap."""
    period = len(mean) * math.ceil(MAX_VECTOR_LENGTH / len(mean))
    overlapping = period + MAX_VECTOR_LENGTH
    return (np.resize(mean, overlapping), np.resize(scale, overlapping), _NO_LAYOUT), period


# Compiled code checks no bounds: what does not fit would be read or written beyond its end, without a word.
def _check_factor(entries: FloatArray, mean: FloatArray, dtype: np.dtype[Any], k: int) -> None:
    """A factor of shape (d, k), or its diagonal, and a mean of shape (d,), of one precision."""
    d = len(mean)
    if entries.shape not in ((d, k), (d,)) or mean.shape != (d,):
        raise ArgumentError(
            f"the factor must have shape {(d, k)} for a mean of shape {mean.shape}: its shape is {entries.shape}"
        )
    if not entries.dtype == mean.dtype == dtype:
        raise ArgumentError(f"factor and mean must be {dtype}: they are {entries.dtype} and {mean.dtype}")


def _check_memory(name: str, array: FloatArray, dtype: np.dtype[Any]) -> None:
    """An array of one precision without gaps."""
    if array.dtype != dtype or not array.flags.c_contiguous:
        layout = "C-contiguous" if array.flags.c_contiguous else "not C-contiguous"
        raise ArgumentError(f"`{name}` must be C-contiguous and {dtype}: it is {layout} and {array.dtype}")
