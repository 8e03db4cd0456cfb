"""Cholesky's factor, summed in a fixed order.

Input: a symmetric matrix, shape (d, d). Output: its lower triangular factor, with the same bits on every processor,
whatever LAPACK numpy has. Cost: d³/6 multiply-adds; compiled code takes about as long as LAPACK, with as many threads
as BLAS has, and numpy, for small matrices and where there is no compiled code, about 1 ns for each of them.
"""

import numpy as np

from mvn_dask._typing import Float64Array
from mvn_dask.compiled import compiled_module
from mvn_dask.covariance.blas import thread_count

COMPILED_NDIM = 400
"""Dimension from which on compiled code factorises; for a smaller one, compiling it would take longer."""
COLUMNS = 64
"""Columns that are subtracted from at once."""


def cholesky(matrix: Float64Array) -> Float64Array:
    """The lower triangular L with ``L @ L.T == matrix``, of which the lower triangle is read.

    Raises LinAlgError, as numpy does, if a pivot is not positive.

    Examples
    --------
    >>> cholesky(np.array([[4.0, 2.0], [2.0, 3.0]]))
    array([[2.        , 0.        ],
           [1.        , 1.41421356]])
    """
    code = compiled_module("blocked_cholesky") if len(matrix) >= COMPILED_NDIM else None
    factor = _factorize(matrix) if code is None else code.factorize(matrix, thread_count())
    if factor is None:
        raise np.linalg.LinAlgError("Matrix is not positive definite")
    return factor


def _factorize(matrix: Float64Array) -> Float64Array | None:
    """The factor, or None if a pivot is not positive."""
    # Columns lie side by side as rows, so that numpy reads and writes whole lines.
    columns = np.triu(matrix.T)
    with np.errstate(over="ignore", invalid="ignore"):
        for k, column in enumerate(columns):
            # Not a number is not positive either.
            if not column[k] > 0.0:
                return None
            column[k] = np.sqrt(column[k])
            column[k + 1 :] /= column[k]
            # From the lower triangle of what is left, some columns at a time: less than all of the square.
            for left in range(k + 1, len(columns), COLUMNS):
                entries = column[left:]
                columns[left : left + COLUMNS, left:] -= entries[:COLUMNS, None] * entries
    return np.tril(columns.T)
