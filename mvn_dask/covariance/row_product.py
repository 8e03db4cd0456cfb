"""Products of rows with a matrix whose sums have a fixed order, by compiled code where there is some.

Input: rows, shape (n, k), and a matrix, shape (d, k). Output: ``z @ matrix.T``, with the bits of `ordered_product`, in
which -0.0 is 0.0. Cost: that of `compiled.matrix_product`, which keeps the matrix once more, packed; without compiled
code that of `ordered_product`.
"""

import numpy as np

from mvn_dask._typing import FloatArray
from mvn_dask.compiled import compiled_module
from mvn_dask.covariance.ordered_product import ordered_product


def multiply_rows(z: FloatArray, matrix: FloatArray, out: FloatArray) -> FloatArray:
    """``z @ matrix.T``, shape (n, k) and (d, k) to (n, d); the matrix becomes read-only.

    Each row has the same bits whatever rows are beside it. `out` must not share memory with `z`.

    Examples
    --------
    >>> multiply_rows(np.array([[1.0, 2.0]]), np.array([[3.0, 0.0], [4.0, 5.0]]), np.empty((1, 2)))
    array([[ 3., 14.]])
    """
    code = compiled_module("drawing")
    if code is None or not z.dtype == matrix.dtype == out.dtype or matrix.dtype.char not in "fd":
        ordered_product(z, matrix, out)
        # Sums of compiled code end with the mean, here 0.0, and never are -0.0.
        return np.add(out, 0.0, out=out)
    product, height = code.product_without_mean(matrix), code.TILE_ROWS
    whole = len(z) - len(z) % height
    if whole:
        rows = out[:whole] if out.flags.c_contiguous else np.empty((whole, len(matrix)), out.dtype)
        product.apply(np.ascontiguousarray(z[:whole]), rows)
        if rows.base is not out:
            out[:whole] = rows
    if whole < len(z):
        # Tiles are written whole: the rest of the last one are rows of zeros.
        last = np.zeros((height, z.shape[1]), z.dtype)
        last[: len(z) - whole] = z[whole:]
        rows = np.empty((height, len(matrix)), out.dtype)
        product.apply(last, rows)
        out[whole:] = rows[: len(z) - whole]
    return out
