"""Drawing whole stripes: numpy in, numpy out, the compiled code between.

numba compiles on the first call, in about 2 s for each precision, and keeps the code beside this package, in the
user's cache, or in ``NUMBA_CACHE_DIR``. Where none of them can be written, every process compiles for itself.
"""

import math
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from numba import config, njit

from mvn_dask._typing import FloatArray
from mvn_dask.compiled.instructions import LANES
from mvn_dask.compiled.normals import GROUP, LIST, ROOM
from mvn_dask.compiled.product import DEEP, HIGH, TALL, cut, multiply, reach, tile_width
from mvn_dask.compiled.stripes import NOISE, ROWS, SCALE, draw_stripes
from mvn_dask.compiled.ziggurat import tables
from mvn_dask.hashing import fingerprint
from mvn_dask.random.sfc64 import States

USABLE = not config.DISABLE_JIT and sys.byteorder == "little"
"""Whether there is compiled code to run: ``NUMBA_DISABLE_JIT=1`` leaves everything to numpy."""

FUSED = 320
"""Dimension up to which rows are made as their normals are drawn: a factor that stays in the second cache."""


@cache
def _sources() -> str:
    """A digest of this folder's code."""
    return fingerprint([file.read_text() for file in sorted(Path(__file__).parent.glob("*.py"))])[:16]


class _Compiled:
    """A function that is compiled when it is first called."""

    def __init__(self, function: Callable[..., None]) -> None:
        # numba asks only whether the function's own file has changed: its name in the cache stands for them all.
        function.__qualname__ = f"{function.__name__}-{_sources()}"
        self._function = function
        try:
            self._run = self._compile(cached=True)
        except RuntimeError:
            # numba found no folder that it may write to.
            self._run = self._compile(cached=False)

    def _compile(self, *, cached: bool) -> Callable[..., None]:
        run: Callable[..., None] = njit(nogil=True, error_model="numpy", cache=cached)(self._function)
        return run

    def __call__(self, *args: Any) -> None:
        try:
            self._run(*args)
        except OSError:
            # The cache's folder was there but could not be written; nothing has run yet.
            self._run = self._compile(cached=False)
            self._run(*args)


_draw_stripes, _multiply = _Compiled(draw_stripes), _Compiled(multiply)


class Drawing:
    """Stripes of samples, drawn again and again in the same memory. Not for two threads at a time.

    Parameters
    ----------
    dtype : dtype
        Precision, float64 or float32.
    entries : ndarray, shape (d, d) or (d,), optional
        The factor, or its diagonal, in that precision, where normals are to be transformed as they are drawn.
    mean : ndarray, shape (d,), optional
        Added then.
    """

    def __init__(self, dtype: npt.DTypeLike, entries: FloatArray | None = None, mean: FloatArray | None = None) -> None:
        dtype = np.dtype(dtype)
        self._form, self._d, room = NOISE, 1, 0
        self._affine: tuple[FloatArray, FloatArray, npt.NDArray[np.int64]]
        self._affine = np.zeros(0, dtype), np.zeros(0, dtype), np.zeros(1, np.int64)
        if entries is not None and mean is not None:
            self._d = len(mean)
            if entries.ndim == 1:
                self._form, self._affine = SCALE, _scaling(entries, mean)
            else:
                tiles = cut(entries, mean)
                self._form, self._affine = ROWS, (tiles.shift, tiles.lines, tiles.places)
                room = HIGH * self._d + LIST
        self._tables = tables(dtype.name)
        self._space = (
            np.empty(LANES * ROOM + GROUP, np.uint64),
            np.empty(4 * LIST + 2 * LANES, np.int64),
            np.empty(2 * LIST + LANES * room, dtype),
        )

    def draw(self, states: States, out: FloatArray) -> None:
        """Draw stripes that follow each other.

        Parameters
        ----------
        states : ndarray of uint64, shape (4, stripes)
            State of each stripe's SFC64.
        out : ndarray, C-contiguous
            All their rows, in the precision of this drawing.
        """
        stripes = states.shape[1]
        count = out.size // stripes
        flat = out.reshape(-1)
        for first in range(0, stripes, LANES):
            some = min(LANES, stripes - first)
            state = np.zeros((4, LANES), np.uint64)
            state[:, :some] = states[:, first : first + some]
            place = first * count
            _draw_stripes(state, some, count, flat, place, self._form, self._d, self._affine, self._tables, self._space)


def _scaling(scale: FloatArray, mean: FloatArray) -> tuple[FloatArray, FloatArray, npt.NDArray[np.int64]]:
    """Shift and scale, repeated so that a group can be read wherever it begins."""
    period = len(mean) * math.ceil(GROUP / len(mean))
    return np.resize(mean, period + GROUP), np.resize(scale, period + GROUP), np.array([period])


class Product:
    """Rows of normals to samples, again and again in the same memory. Not for two threads at a time.

    Parameters
    ----------
    entries : ndarray, shape (d, k)
        The factor.
    mean : ndarray, shape (d,)
        In the same precision.
    """

    def __init__(self, entries: FloatArray, mean: FloatArray) -> None:
        self._matrix, self._d = np.ascontiguousarray(entries), len(mean)
        width = tile_width(self._d, mean.itemsize)
        self._reaches = np.array([reach(entries[first : first + width]) for first in range(0, self._d, width)])
        self._shift = np.zeros(len(self._reaches) * width, mean.dtype)
        self._shift[: self._d] = mean
        self._lines = np.zeros(DEEP * width, mean.dtype)
        self._made = np.empty((TALL, len(self._shift)), mean.dtype)

    def place(self, z: FloatArray, out: FloatArray) -> None:
        """Multiply, and add the mean.

        Parameters
        ----------
        z : ndarray, shape (n, k), C-contiguous
            Normals; n must be a multiple of 8.
        out : ndarray, shape (n, d)
            May be `z` itself.
        """
        for top in range(0, len(z), TALL):
            noise = z[top : top + TALL]
            made = self._made[: len(noise)]
            _multiply(noise, self._matrix.ctypes.data, self._d, self._reaches, self._shift, self._lines, made)
            out[top : top + TALL] = made[:, : self._d]
