"""Vectors that a precision takes to 0: those that precisions usually have, those of a matrix, and whether others are.

Input: a symmetric matrix of scipy by columns, shape (d, d). Output: groups of variables that are not connected, and
vectors of the null space within them. Cost: some products with the matrix; eigenvectors of a matrix take 10 d³
operations.

Differences of a series take polynomials to 0: steps of a random walk constants, second differences straight lines, and
the differences between neighbours in a graph are 0 where each of its connected parts is constant. They are recognised
by a product, to rounding, however close to singular the precision is otherwise.

References
----------
H. Rue and L. Held, Gaussian Markov Random Fields, 2005, doi:10.1201/9780203492024, sections 3.3 and 3.4.
"""

from typing import Any, NamedTuple

import numpy as np

from mvn_dask._typing import Float64Array
from mvn_dask.covariance.blas import one_thread
from mvn_dask.covariance.null_space import Indices, orthonormal

MAX_DEGREE = 3
"""Degree of the polynomials that are tried, at most."""
ROUNDINGS_OF_SUM = 8
"""Roundings of a sum that is 0, beside one for each of its terms."""


class SymmetricMatrix(NamedTuple):
    """A positive semidefinite precision in units in which its diagonal is 1, or 0."""

    matrix: Any
    """The precision in the units in which it was given, as scipy has it."""
    scaled: Any
    """The precision in the other units."""
    units: Float64Array
    """Roots of the diagonal, 1 in place of 0: a vector of the null space times these is one of the scaled matrix."""


def scaled_matrix(matrix: Any) -> SymmetricMatrix:
    """A precision, and the same with a unit diagonal."""
    from scipy.sparse import diags_array

    diagonal = matrix.diagonal()
    units = np.sqrt(np.where(diagonal > 0.0, diagonal, 1.0))
    inverse = diags_array(1.0 / units)
    return SymmetricMatrix(matrix, (inverse @ matrix @ inverse).tocsc(), units)


def connected_groups(matrix: Any) -> Indices:
    """Group of each variable: variables that entries connect are in one; counted by their first variables.

    Examples
    --------
    >>> import scipy.sparse
    >>> connected_groups(scipy.sparse.csc_array([[1.0, 0.0, 2.0], [0.0, 1.0, 0.0], [2.0, 0.0, 5.0]]))
    array([0, 1, 0], dtype=int32)
    """
    from scipy.sparse.csgraph import connected_components

    _, found = connected_components(matrix, directed=False)
    _, first, numbers = np.unique(found, return_index=True, return_inverse=True)
    ranks = np.empty(len(first), np.int32)
    ranks[np.argsort(first)] = np.arange(len(first))
    return np.asarray(ranks[numbers])


def residuals(precision: SymmetricMatrix, vector: Float64Array, groups: Indices) -> Float64Array:
    """What the precision makes of a vector, shape (d,).

    It is in units of the variables, relative to the largest entry of the vector in each group.
    """
    scaled = vector * precision.units
    largest = np.zeros(int(groups.max()) + 1)
    np.maximum.at(largest, groups, np.abs(scaled))
    scaled = scaled / np.where(largest > 0.0, largest, 1.0)[groups]
    return np.asarray(np.abs(precision.scaled @ scaled))


def roundings(precision: SymmetricMatrix) -> Float64Array:
    """What rounding may leave of `residuals` that are 0, shape (d,)."""
    terms = np.diff(precision.scaled.indptr)
    sizes = abs(precision.scaled) @ np.ones(len(terms))
    return np.asarray(np.finfo(np.float64).eps * (ROUNDINGS_OF_SUM + terms) * sizes)


def polynomials(precision: SymmetricMatrix, groups: Indices) -> Float64Array:
    """Polynomials in the order of the variables of each group that the precision takes to 0, shape (d, q).

    Those of a degree are tried where those of all lower ones do; a group that has none has zeros.
    """
    count = int(groups.max()) + 1
    sizes = np.bincount(groups, minlength=count)
    # From -1 to 1 in each group, so that powers stay of one size.
    order = np.argsort(groups, kind="stable")
    places = np.empty(len(groups))
    places[order] = np.arange(len(groups)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    places = (2.0 * places - (sizes - 1)[groups]) / np.maximum(sizes - 1, 1)[groups]
    found = np.ones((len(groups), 0))
    holds, limits = np.ones(count, np.bool_), roundings(precision)
    for degree in range(MAX_DEGREE + 1):
        holds &= sizes > degree
        power = np.where(holds[groups], places**degree if degree else 1.0, 0.0)
        basis = orthonormal(np.column_stack([found, power]), groups)
        np.logical_and.at(holds, groups, residuals(precision, basis[:, -1], groups) <= limits)
        if not holds.any():
            break
        found = np.column_stack([found, np.where(holds[groups], basis[:, -1], 0.0)])
    return found


@one_thread()
def eigenvectors(precision: SymmetricMatrix) -> tuple[float, Float64Array]:
    """Smallest eigenvalue of the scaled matrix, and vectors to eigenvalues that are 0 to rounding, shape (d, q).

    Their bits are LAPACK's.
    """
    eigenvalues, vectors = np.linalg.eigh(precision.scaled.toarray())
    rounding = len(eigenvalues) * np.finfo(np.float64).eps * max(1.0, float(eigenvalues[-1]))
    null = vectors[:, np.abs(eigenvalues) <= rounding] / precision.units[:, None]
    return float(eigenvalues[0]), np.asarray(null)
