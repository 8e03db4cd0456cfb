"""Conditional covariances of variables whose precision is known.

Input: a precision, as a matrix, as bands or sparse, and observations. Output: what the mean changes by, and a precision
of the same form. Given exact values, the precision of the other variables is that with rows and columns left out; given
values with errors, each observation adds the inverse of its error's variance to the diagonal. Cost: a copy of the
precision, its factorisation, and one solution.

References
----------
H. Rue and L. Held, Gaussian Markov Random Fields, 2005, doi:10.1201/9780203492024, sections 2.2.5 and 2.3.3.
"""

from typing import Any

import numpy as np

from mvn_dask._typing import Float64Array
from mvn_dask.checks import variable_label
from mvn_dask.covariance.band_factors import BandPrecisionFactor
from mvn_dask.covariance.banded import Banded
from mvn_dask.covariance.base import Factor
from mvn_dask.covariance.blas import one_thread
from mvn_dask.covariance.dense import Dense
from mvn_dask.covariance.diagonal import ScaleFactor
from mvn_dask.covariance.marginal_covariance import Places, bands_between, csc_of, sparse_part
from mvn_dask.covariance.observations import Conditional, Observations
from mvn_dask.covariance.precision import Precision
from mvn_dask.covariance.sparse import Sparse
from mvn_dask.covariance.sparse_factor import SparsePrecisionFactor
from mvn_dask.errors import ArgumentError

Structure = Banded | Dense | Sparse
"""Forms in which a precision is kept."""


def conditional_of_precision(covariance: Precision, observed: Observations) -> Conditional:
    """What is left of variables with a precision, given observations: the form of the precision is kept."""
    matrix: Any = covariance.precision
    places, kept = observed.places, observed.kept(covariance.ndim)
    whole = np.zeros(covariance.ndim)
    if observed.noise is None:
        left = Precision(_part(matrix, kept))
        whole[places] = observed.differences
        right = -_product(matrix, whole)[kept]
    else:
        added = np.zeros(covariance.ndim)
        added[places] = _inverse(observed.noise, observed)
        left = Precision(_with_diagonal(matrix, added))
        whole[places] = observed.differences
        right = added * whole
    return Conditional(_covariance_times(left.factorize(), right), left)


def _inverse(noise: Float64Array, observed: Observations) -> Float64Array:
    with np.errstate(over="ignore"):
        found = 1.0 / noise
    if not np.isfinite(found).all():
        label = variable_label(int(observed.places[np.isinf(found).argmax()]), observed.names)
        raise ArgumentError(f"the `noise` of {label} is too small for float64: give 0, or use other units")
    return np.asarray(found)


def _part(matrix: Structure, places: Places) -> Structure:
    """Rows and columns of some variables."""
    if isinstance(matrix, Banded):
        return Banded(bands_between(matrix.bands, places), lower=True)
    if isinstance(matrix, Sparse):
        return sparse_part(matrix, places)
    return Dense(matrix.matrix[np.ix_(places, places)])


def _with_diagonal(matrix: Structure, added: Float64Array) -> Structure:
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
def _product(matrix: Structure, vector: Float64Array) -> Float64Array:
    if isinstance(matrix, Banded):
        found = matrix.bands[0] * vector
        for k, band in enumerate(matrix.bands[1:], 1):
            found[k:] += band[:-k] * vector[:-k]
            found[:-k] += band[:-k] * vector[k:]
        return np.asarray(found)
    if isinstance(matrix, Sparse):
        return np.asarray(csc_of(matrix) @ vector)
    return np.asarray(0.5 * (matrix.matrix @ vector) + 0.5 * (vector @ matrix.matrix))


@one_thread()
def _covariance_times(factor: Factor, vector: Float64Array) -> Float64Array:
    """The product of the covariance and a vector: a solution with the precision."""
    if isinstance(factor, BandPrecisionFactor | SparsePrecisionFactor):
        return np.asarray(factor.covariance_times(vector[None])[0])
    if isinstance(factor, ScaleFactor):
        return np.asarray(vector * factor.variances())
    matrix = factor.operand
    return np.asarray(matrix @ (vector @ matrix))
