"""Covariances of some of the variables.

Input: a covariance, and the numbers of variables. Output: their covariance, in the same structure where it has one:
rows of a matrix, of variances, of loadings or of a factor, and rows and columns of bands or of a sparse matrix. Of
another structure, and of a precision, a matrix, which each factor knows how to find. Cost: a copy of what stays; of a
precision two solutions a variable.

References
----------
T. W. Anderson, An Introduction to Multivariate Statistical Analysis, 3rd ed., 2003, section 2.4.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from mvn_dask._typing import Float64Array
from mvn_dask.covariance.banded import Banded
from mvn_dask.covariance.base import Covariance
from mvn_dask.covariance.dense import Dense
from mvn_dask.covariance.diagonal import Diagonal
from mvn_dask.covariance.factored import Factored
from mvn_dask.covariance.low_rank import LowRank
from mvn_dask.covariance.scaled import Scaled
from mvn_dask.covariance.sparse import Sparse
from mvn_dask.errors import UnsupportedOperationError
from mvn_dask.readable import plural

Places = npt.NDArray[np.intp]
"""Numbers of variables, each once."""
MARGINAL_NDIM = 5000
"""Variables, at most, whose covariance is found as a matrix where the structure is not kept: 200 MB."""


def marginal(covariance: Covariance, places: Places) -> Covariance:
    """The covariance of some variables, in the order in which they are given, each once.

    Raises
    ------
    UnsupportedOperationError
        If they are more than `MARGINAL_NDIM`, and the structure is one that is not kept.

    Examples
    --------
    >>> marginal(LowRank([[1.0], [2.0], [0.0]], 1.0), np.array([2, 0]))
    LowRank(ndim=2, factors=1)
    >>> import mvn_dask
    >>> marginal(mvn_dask.covariance.Precision([[2.0, -1.0], [-1.0, 2.0]]), np.array([1])).to_dense().round(6)
    array([[0.666667]])
    """
    if np.array_equal(places, np.arange(covariance.ndim)):
        return covariance
    found = MARGINALS.get(type(covariance))
    return _as_matrix(covariance, places) if found is None else found(covariance, places)


def bands_between(bands: Float64Array, places: Places) -> Float64Array:
    """Bands in the lower form of the rows and columns of some variables, whose numbers rise.

    Variables come closer together where others are left out, so that no more bands are needed.

    Examples
    --------
    >>> bands_between(np.array([[4.0, 5.0, 6.0], [1.0, 2.0, 0.0]]), np.array([1, 2]))
    array([[5., 6.],
           [2., 0.]])
    """
    count = len(places)
    found = np.zeros((min(len(bands), count), count))
    for k, band in enumerate(found):
        columns = places[: count - k]
        distance = places[k:] - columns
        near = np.flatnonzero(distance < len(bands))
        band[near] = bands[distance[near], columns[near]]
    return found


def csc_of(matrix: Sparse) -> Any:
    """The matrix of a sparse covariance or precision, as scipy has it."""
    from scipy.sparse import csc_array

    columns = matrix.matrix
    return csc_array((columns.numbers, columns.rows, columns.starts), shape=(matrix.ndim, matrix.ndim))


def sparse_part(matrix: Sparse, places: Places) -> Sparse:
    """Rows and columns of a sparse matrix, with the same order of elimination where that is one by name."""
    return Sparse(csc_of(matrix)[:, places].tocsr()[places], ordering=matrix.ordering)


def _as_matrix(covariance: Covariance, places: Places) -> Dense:
    if len(places) > MARGINAL_NDIM:
        raise UnsupportedOperationError(
            f"the covariance of {plural(len(places), 'variable', ',')} out of {covariance!r} is a matrix, which is "
            f"found for {MARGINAL_NDIM:,} at most: take fewer variables"
        )
    variables = places.tolist()
    matrix = covariance.factorize().covariance_of(variables, variables)
    matrix = 0.5 * matrix + 0.5 * matrix.T
    np.fill_diagonal(matrix, covariance.variances()[places])
    return Dense(matrix)


def _of_dense(covariance: Dense, places: Places) -> Dense:
    part = covariance.matrix[np.ix_(places, places)]
    return Dense(part, method=covariance.method, check_valid=covariance.check_valid, tol=covariance.tol)


def _of_diagonal(covariance: Diagonal, places: Places) -> Diagonal:
    return Diagonal(covariance.diagonal[places], check_valid=covariance.check_valid)


def _of_low_rank(covariance: LowRank, places: Places) -> LowRank:
    return LowRank(covariance.loadings[places], covariance.own_variances[places])


def _of_factored(covariance: Factored, places: Places) -> Factored:
    return Factored(covariance.matrix[places])


def _of_scaled(covariance: Scaled, places: Places) -> Scaled:
    return Scaled(marginal(covariance.covariance, places), covariance.scale[places])


def _of_banded(covariance: Banded, places: Places) -> Covariance:
    if (np.diff(places) < 0).any():
        return _as_matrix(covariance, places)
    return Banded(bands_between(covariance.bands, places), lower=True)


MARGINALS: dict[type[Covariance], Callable[[Any, Places], Covariance]] = {
    Banded: _of_banded,
    Dense: _of_dense,
    Diagonal: _of_diagonal,
    Factored: _of_factored,
    LowRank: _of_low_rank,
    Scaled: _of_scaled,
    Sparse: sparse_part,
}
"""How the covariance of some variables is found in each structure that is kept."""
