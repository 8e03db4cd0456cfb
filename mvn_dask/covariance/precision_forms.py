"""What is done with a precision in the form in which it is kept: a matrix, bands, or a sparse matrix.

Input: a `Dense`, `Banded` or `Sparse`. Output: another of the same form, or products. Cost: a copy, or a pass over it.
"""

from typing import Any

import numpy as np

from mvn_dask._typing import Float64Array, FloatArray
from mvn_dask.covariance.band_factors import BandPrecisionFactor
from mvn_dask.covariance.banded import Banded
from mvn_dask.covariance.base import Factor
from mvn_dask.covariance.blas import one_thread
from mvn_dask.covariance.dense import Dense
from mvn_dask.covariance.diagonal import ScaleFactor
from mvn_dask.covariance.marginal_covariance import Places, bands_between, csc_of, sparse_part
from mvn_dask.covariance.matrix_factors import MatrixFactor
from mvn_dask.covariance.row_product import multiply_rows
from mvn_dask.covariance.sparse import Sparse
from mvn_dask.covariance.sparse_factor import SparsePrecisionFactor

Structure = Banded | Dense | Sparse
"""Forms in which a precision is kept."""


def part(matrix: Structure, places: Places) -> Structure:
    """Rows and columns of some variables."""
    if isinstance(matrix, Banded):
        return Banded(bands_between(matrix.bands, places), lower=True)
    if isinstance(matrix, Sparse):
        return sparse_part(matrix, places)
    return Dense(matrix.matrix[np.ix_(places, places)])


def with_diagonal(matrix: Structure, added: Float64Array) -> Structure:
    """The matrix with more on its diagonal."""
    if isinstance(matrix, Banded):
        bands = matrix.bands.copy()
        bands[0] += added
        return Banded(bands, lower=True)
    if isinstance(matrix, Sparse):
        from scipy.sparse import diags_array

        return Sparse(csc_of(matrix) + diags_array(added), ordering=matrix.ordering)
    whole = matrix.matrix.copy()
    np.fill_diagonal(whole, np.diagonal(whole) + added)
    return Dense(whole)


@one_thread()
def product(matrix: Structure, vector: Float64Array) -> Float64Array:
    """The matrix times a vector."""
    if isinstance(matrix, Banded):
        found = matrix.bands[0] * vector
        for k, band in enumerate(matrix.bands[1:], 1):
            found[k:] += band[:-k] * vector[:-k]
            found[:-k] += band[:-k] * vector[k:]
        return np.asarray(found)
    if isinstance(matrix, Sparse):
        return np.asarray(csc_of(matrix) @ vector)
    return np.asarray(0.5 * (matrix.matrix @ vector) + 0.5 * (vector @ matrix.matrix))


def as_csc(matrix: Structure) -> Any:
    """The matrix as scipy's, by columns, without zeros."""
    from scipy.sparse import csc_array, dia_array

    if isinstance(matrix, Sparse):
        return csc_of(matrix)
    if isinstance(matrix, Dense):
        return csc_array(0.5 * matrix.matrix + 0.5 * matrix.matrix.T)
    d = matrix.ndim
    below: Any = dia_array((matrix.bands, -np.arange(len(matrix.bands))), shape=(d, d))
    above: Any = dia_array((matrix.bands[1:], -np.arange(1, len(matrix.bands))), shape=(d, d))
    found = csc_array(below + above.T)
    found.eliminate_zeros()
    return found


def covariance_times(factor: Factor, x: FloatArray) -> FloatArray:
    """The covariance times rows x, shape (n, d), in a fixed order of sums: for factors of precisions alone."""
    if isinstance(factor, BandPrecisionFactor | SparsePrecisionFactor):
        return factor.covariance_times(x)
    if isinstance(factor, ScaleFactor):
        return np.asarray(x * factor.variances())
    operand = factor.astype(np.float64).operand
    white = multiply_rows(x, np.ascontiguousarray(operand.T), np.empty((len(x), operand.shape[1])))
    return multiply_rows(white, operand, np.empty((len(x), len(operand))))


def is_of_precision(factor: Factor) -> bool:
    """Whether a factor is one that `covariance_times` takes."""
    return isinstance(factor, BandPrecisionFactor | SparsePrecisionFactor | ScaleFactor | MatrixFactor)
