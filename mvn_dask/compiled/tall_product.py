"""Products with a factor of far more variables than normals, which is read once and never copied.

Input: a factor of shape (d, k), and a few rows of normals. Output: rows of d numbers. Cost: that of `matrix_product`,
or of reading the factor, 0.8 GB at d = 10⁶ and k = 100, once for all rows; 2**15 numbers of memory.

`matrix_product` packs the factor, which takes as much memory again. Here factor and normals change places: the normals
of all rows are packed, and the factor's rows are what is multiplied with them. A product does not depend on the order
of its two numbers, and sums keep that of the normals, so the bits are the same.
"""

from typing import Any

import numpy as np
from numba import types

from mvn_dask._typing import FloatArray
from mvn_dask.compiled.compilation import CompiledFunction
from mvn_dask.compiled.llvm import subroutine
from mvn_dask.compiled.matrix_product import TILE_ROWS, multiply, pack, vector_columns

CACHED_NUMBERS = 2**15
"""Numbers of the factor, and of the product, that are worked on at once: they stay in the second cache."""

_multiply = subroutine(types.void)(multiply)


def _multiply_and_add(
    loadings: Any, packed: Any, panels: Any, zeros: Any, z: Any, scale: Any, product: Any, out: Any
) -> None:
    """Rows ``z[:, :k] @ loadings.T``, and ``z[:, k:] * scale`` if that is not empty, added.

    `packed` holds the former normals, `product` is memory.
    """
    d, k = loadings.shape
    for top in range(0, d, len(product)):
        count = min(len(product), d - top)
        whole = count - count % TILE_ROWS
        if whole:
            _multiply(loadings[top : top + whole], whole, k, zeros, packed, panels, product)
        for row in range(len(z)):
            for place in range(whole, count):
                total = loadings[top + place, 0] * z[row, 0]
                for normal in range(1, k):
                    total += loadings[top + place, normal] * z[row, normal]
                product[place, row] = total + 0.0
            if len(scale) == 0:
                for place in range(count):
                    out[row, top + place] = product[place, row]
            else:
                for place in range(count):
                    # One after the other and without fast-math: LLVM must not fuse them.
                    out[row, top + place] = product[place, row] + z[row, k + top + place] * scale[top + place]


_apply = CompiledFunction(_multiply_and_add)


def multiply_tall(z: FloatArray, loadings: FloatArray, scale: FloatArray, out: FloatArray) -> None:
    """Fill `out`, shape (n, d), with ``z[:, :k] @ loadings.T + z[:, k:] * scale``.

    `z`, shape (n, k + d), `loadings`, (d, k), and `scale`, (d,), are of one precision, all C-contiguous, and share no
    memory with `out`. Of an empty scale, `z` has the shape (n, k).
    """
    d, k = loadings.shape
    # Compiled code checks no bounds.
    if scale.shape not in ((d,), (0,)) or z.shape[1:] != (k + len(scale),) or out.shape != (len(z), d):
        raise ValueError(f"shapes {z.shape}, {loadings.shape}, {scale.shape} and {out.shape} do not fit")
    if not all(each.flags.c_contiguous and each.dtype == out.dtype for each in (z, loadings, scale, out)):
        raise ValueError("arrays must be C-contiguous and of one precision")
    if not len(z):
        return
    width = max(len(z), vector_columns(len(z), z.itemsize))
    height = max(1, CACHED_NUMBERS // max(width, k) // TILE_ROWS) * TILE_ROWS
    product, zeros = np.empty((height, width), z.dtype), np.zeros(width, z.dtype)
    _apply(_read_only(loadings), *pack(z[:, :k]), zeros, z, _read_only(scale), product, out)


def _read_only(array: FloatArray) -> FloatArray:
    """The array as a type that numba knows already, whether it can be written to or not."""
    view = array.view(np.ndarray)
    view.setflags(write=False)
    return view
