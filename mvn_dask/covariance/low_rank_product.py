"""Rows of a low-rank covariance in a fixed order of sums, by compiled code where there is some.

Input: rows of normals, shape (n, k + d), loadings F, shape (d, k), and a scale s, shape (d,). Output: rows
``z[:, :k] @ F.T + z[:, k:] * s``. Cost: 2 d (k + 1) flops a row, or reading F once for all rows of a stripe.
Very tall loadings are read where they lie, and take no memory a second time; others are packed, as matrices are.
"""

from mvn_dask._typing import FloatArray
from mvn_dask.compiled import compiled_module
from mvn_dask.covariance.row_product import is_packed, multiply_rows

PRODUCT_NUMBERS = 2**16
"""Numbers that are worked on at once: they stay in the second cache."""


def add_low_rank(z: FloatArray, loadings: FloatArray, scale: FloatArray, out: FloatArray) -> FloatArray:
    """``z[:, :k] @ loadings.T + z[:, k:] * scale``, shape (n, k + d) to (n, d): the sum of the former comes first.

    Each row has the same bits whatever rows are beside it. `out` must not share memory with `z`.

    Examples
    --------
    >>> import numpy as np
    >>> add_low_rank(np.array([[2.0, 1.0, 1.0]]), np.array([[1.0], [3.0]]), np.array([0.5, 0.0]), np.empty((1, 2)))
    array([[2.5, 6. ]])
    """
    d, k = loadings.shape
    code = None if is_packed(loadings) else compiled_module("tall_product")
    arrays = (z, loadings, scale, out)
    alike = {each.dtype.char for each in arrays} in ({"f"}, {"d"}) and all(each.flags.c_contiguous for each in arrays)
    if code is not None and alike:
        code.multiply_tall(z, loadings, scale, out)
        return out
    height = max(8, PRODUCT_NUMBERS // d)
    for top in range(0, len(z), height):
        rows, normals = out[top : top + height], z[top : top + height]
        multiply_rows(normals[:, :k], loadings, rows)
        rows += normals[:, k:] * scale
    return out
