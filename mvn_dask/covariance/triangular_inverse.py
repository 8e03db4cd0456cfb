"""The inverse of a lower triangular matrix, summed in a fixed order.

Input: a lower triangular matrix, shape (d, d). Output: its inverse, with the same bits on every processor. Cost: d³/6
multiply-adds, by compiled code with as many threads as BLAS has, and by numpy for small matrices and where there is no
compiled code.

References
----------
N. J. Higham, Accuracy and Stability of Numerical Algorithms, 2nd ed., 2002, doi:10.1137/1.9780898718027, section 14.2.
"""

import numpy as np

from mvn_dask._typing import Float64Array
from mvn_dask.compiled import compiled_module
from mvn_dask.covariance.blas import thread_count
from mvn_dask.covariance.cholesky import COLUMNS, COMPILED_NDIM


def triangular_inverse(matrix: Float64Array) -> Float64Array:
    """The inverse of a lower triangular matrix whose pivots are positive.

    A line is that of the identity, less the products with the lines above it, one after the other, each rounded by
    itself, then divided by the pivot.

    Examples
    --------
    >>> triangular_inverse(np.array([[2.0, 0.0], [1.0, 4.0]]))
    array([[ 0.5  ,  0.   ],
           [-0.125,  0.25 ]])
    """
    code = compiled_module("triangular_inversion") if len(matrix) >= COMPILED_NDIM else None
    if code is not None:
        inverse: Float64Array = code.invert(np.ascontiguousarray(matrix), thread_count())
        return inverse
    inverse = np.eye(len(matrix))
    for first in range(0, len(matrix), COLUMNS):
        # Some columns at a time, which are zero above the diagonal.
        columns = inverse[:, first : first + COLUMNS]
        for j in range(first, len(matrix)):
            columns[j] /= matrix[j, j]
            columns[j + 1 :] -= matrix[j + 1 :, j, None] * columns[j]
    return inverse
