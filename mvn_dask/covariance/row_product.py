"""Products of rows with a matrix whose sums have a fixed order, by compiled code where there is some.

Input: rows, shape (n, k), and a matrix, shape (d, k). Output: ``z @ matrix.T``, with the bits of `ordered_product`, in
which -0.0 is 0.0. Cost: that of `compiled.matrix_product`, which keeps the matrix once more, packed, or of
`compiled.tall_product`, which reads a very tall one where it lies; without compiled code that of `ordered_product`.
"""

from types import ModuleType

import numpy as np

from mvn_dask._typing import FloatArray
from mvn_dask.compiled import compiled_module
from mvn_dask.covariance.ordered_product import ordered_product

PACKED_NDIM = 2**13
"""Rows of a matrix up to which it is packed whatever its columns."""
PACKED_RATIO = 8
"""Rows for each column from which on a matrix of more rows is not packed: that would take longer than hundreds of
products, and memory that may not be there."""


def multiply_rows(z: FloatArray, matrix: FloatArray, out: FloatArray) -> FloatArray:
    """``z @ matrix.T``, shape (n, k) and (d, k) to (n, d); the matrix becomes read-only.

    Each row has the same bits whatever rows are beside it. `out` must not share memory with `z`.

    Examples
    --------
    >>> multiply_rows(np.array([[1.0, 2.0]]), np.array([[3.0, 0.0], [4.0, 5.0]]), np.empty((1, 2)))
    array([[ 3., 14.]])
    """
    drawing, tall_product = compiled_module("drawing"), compiled_module("tall_product")
    alike = z.dtype == matrix.dtype == out.dtype and matrix.dtype.char in "fd"
    if drawing is None or tall_product is None or not alike:
        ordered_product(z, matrix, out)
        # Sums of compiled code end with the mean, here 0.0, and never are -0.0.
        return np.add(out, 0.0, out=out)
    z, rows = np.ascontiguousarray(z), out if out.flags.c_contiguous else np.empty(out.shape, out.dtype)
    if is_packed(matrix):
        _multiply_packed(drawing, z, matrix, rows)
    else:
        tall_product.multiply_tall(z, np.ascontiguousarray(matrix), np.empty(0, z.dtype), rows)
    if rows is not out:
        out[:] = rows
    return out


def is_packed(matrix: FloatArray) -> bool:
    """Whether compiled code keeps a matrix once more, packed: all but very tall ones.

    >>> is_packed(np.empty((1000, 2))), is_packed(np.empty((10**5, 2)))
    (True, False)
    """
    return len(matrix) <= PACKED_NDIM or len(matrix) < PACKED_RATIO * matrix.shape[1]


def _multiply_packed(code: ModuleType, z: FloatArray, matrix: FloatArray, out: FloatArray) -> None:
    product, height = code.product_without_mean(matrix), code.TILE_ROWS
    whole = len(z) - len(z) % height
    product.apply(z[:whole], out[:whole])
    if whole < len(z):
        # Tiles are written whole: the rest of the last one are rows of zeros.
        last, rows = np.zeros((height, z.shape[1]), z.dtype), np.empty((height, len(matrix)), out.dtype)
        last[: len(z) - whole] = z[whole:]
        product.apply(last, rows)
        out[whole:] = rows[: len(z) - whole]
