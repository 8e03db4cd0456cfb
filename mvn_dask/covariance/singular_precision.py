"""Intrinsic fields: factors of covariances whose inverse is singular, in the form in which it is kept.

Input: a positive semidefinite precision, as a matrix, as bands or sparse, and its null space, if it is known. Output: a
factor of its pseudo-inverse. Cost: that of the free variables' precision, and some products; a factorisation more for
each vector that is neither given nor a polynomial, or, of a matrix, its eigenvectors.

A null space of dimension r lets r variables be pinned to 0: those that are left have a regular precision, with the form
of the whole. Which vectors are in the null space is decided by products with them, which are 0 to rounding, since a
field may vary by 10¹² times more along one vector than along another and still be none along the null space alone.

References
----------
H. Rue and L. Held, Gaussian Markov Random Fields, 2005, doi:10.1201/9780203492024, chapter 3.
"""

from collections.abc import Sequence

import numpy as np

from mvn_dask._typing import Float64Array
from mvn_dask.checks import variable_label
from mvn_dask.covariance.base import Factor
from mvn_dask.covariance.dense import Dense
from mvn_dask.covariance.intrinsic_factor import IntrinsicFactor
from mvn_dask.covariance.null_space import Indices, NullSpace
from mvn_dask.covariance.null_vectors import (
    SymmetricMatrix,
    connected_groups,
    eigenvectors,
    polynomials,
    residuals,
    scaled_matrix,
)
from mvn_dask.covariance.precision_factors import FACTORIZATIONS, check_symmetric
from mvn_dask.covariance.precision_forms import Structure, as_csc, covariance_times, part
from mvn_dask.errors import ArgumentError, NotPositiveDefiniteError
from mvn_dask.readable import plural

NULL_RESIDUAL = 1e-10
"""What a precision makes of a vector of its null space, at most, in units of the variables."""
MOST_FOUND = 64
"""Vectors of a null space, at most, that are found one after the other by pivots that are 0."""
SINGULAR = 16 * np.finfo(np.float64).eps
"""An eigenvalue of a precision scaled to a unit diagonal that is below it may be all rounding."""
STEPS = 4
"""Steps of inverse iteration."""


def intrinsic_factor(matrix: Structure, names: tuple[str, ...] | None, given: Float64Array | None) -> Factor:
    """A factor of the pseudo-inverse of a precision; that of its inverse if it is regular.

    `given` spans its null space, shape (d, r); None where it is to be found.

    Raises
    ------
    ArgumentError
        If `given` does not span it, or if a matrix is not symmetric, or zero.
    NotPositiveDefiniteError
        If the precision has a negative eigenvalue, or if its null space cannot be distinguished from rounding.
    """
    if isinstance(matrix, Dense):
        check_symmetric(matrix.matrix)
    precision = scaled_matrix(as_csc(matrix))
    _check_diagonal(precision)
    if given is not None:
        space = _given_space(precision, given)
        return _factor_with(matrix, names, space)
    groups = connected_groups(precision.matrix)
    vectors = polynomials(precision, groups)
    if isinstance(matrix, Dense):
        smallest, others = eigenvectors(precision)
        if smallest < -len(groups) * np.finfo(np.float64).eps:
            raise _indefinite(f"its smallest eigenvalue, scaled to a unit diagonal, is {smallest:.3g}")
        if others.shape[1] != _dimension(vectors, groups):
            groups, vectors = np.zeros_like(groups), others
        if not vectors.shape[1]:
            return FACTORIZATIONS[Dense](matrix, names)
        return _factor_with(matrix, names, NullSpace.spanned_by(vectors, groups, precision.units))
    return _factor_of_pivots(matrix, names, precision, groups, vectors)


def _dimension(vectors: Float64Array, groups: Indices) -> int:
    return sum(len(np.unique(groups[vector != 0.0])) for vector in vectors.T)


def _given_space(precision: SymmetricMatrix, given: Float64Array) -> NullSpace:
    """The null space that is spanned by vectors, shape (d, r), which must be in it."""
    groups = np.zeros(len(given), np.int32)
    for k, vector in enumerate(given.T):
        left = residuals(precision, vector, groups)
        worst = int(left.argmax())
        if not vector.any() or left[worst] > NULL_RESIDUAL:
            raise ArgumentError(
                f"column {k} of `null_space` is not in the null space of the precision: their product is "
                f"{left[worst]:.3g} in row {worst}, relative to the roots of the diagonal and to the column's largest "
                f"entry, and at most {NULL_RESIDUAL:g} is taken for rounding"
            )
    return NullSpace.spanned_by(given, groups, precision.units)


def _factor_with(matrix: Structure, names: tuple[str, ...] | None, space: NullSpace) -> IntrinsicFactor:
    """The factor, where the null space is known."""
    if len(space.pins) == space.ndim:
        raise ArgumentError("`precision` is zero, so that no field goes with it")
    try:
        inner = _free_factor(matrix, names, space.free)
    except NotPositiveDefiniteError as error:
        where = "" if error.variable is None else f" in {variable_label(int(space.free[error.variable]), names)}"
        raise NotPositiveDefiniteError(
            f"beside a null space of {plural(len(space.pins), 'dimension')}, the precision is singular to rounding, or "
            f"negative,{where}: all vectors that span the null space must be in `null_space`"
        ) from error
    return IntrinsicFactor(inner, space)


def _free_factor(matrix: Structure, names: tuple[str, ...] | None, free: Indices) -> Factor:
    if len(free) == matrix.ndim:
        return FACTORIZATIONS[type(matrix)](matrix, names)
    left = None if names is None else tuple(names[i] for i in free)
    return FACTORIZATIONS[type(matrix)](part(matrix, free), left)


def _factor_of_pivots(
    matrix: Structure, names: tuple[str, ...] | None, precision: SymmetricMatrix, groups: Indices, vectors: Float64Array
) -> Factor:
    """The factor, where more vectors of the null space than those known may show in pivots that are 0."""
    known = NullSpace.spanned_by(vectors, groups, precision.units).pins if vectors.shape[1] else np.empty(0, np.intp)
    free, added = np.delete(np.arange(len(groups)), known), list[int]()
    while True:
        if not len(free):
            raise ArgumentError("`precision` is zero, so that no field goes with it")
        try:
            inner = _free_factor(matrix, names, free)
            break
        except NotPositiveDefiniteError as error:
            if error.variable is None or len(added) == MOST_FOUND:
                raise _indefinite(error.text) from error
            added.append(int(free[error.variable]))
            free = np.delete(free, error.variable)
    _check_regular(precision, inner, free)
    if added:
        vectors = np.column_stack([vectors, _solutions(precision, groups, added, free, inner)])
    elif not vectors.shape[1]:
        return inner
    space = NullSpace.spanned_by(vectors, groups, precision.units)
    return IntrinsicFactor(inner, space) if np.array_equal(space.free, free) else _factor_with(matrix, names, space)


def _solutions(
    precision: SymmetricMatrix, groups: Indices, added: Sequence[int], free: Indices, inner: Factor
) -> Float64Array:
    """Vectors of the null space, each 1 in one variable and 0 in the others that are not free, shape (d, added)."""
    found = np.zeros((len(groups), len(added)))
    found[added, np.arange(len(added))] = 1.0
    right = -precision.matrix[:, added].toarray()[free].T
    found[free] = covariance_times(inner, np.ascontiguousarray(right)).T
    for variable, vector in zip(added, found.T, strict=True):
        left = residuals(precision, vector, groups)
        if left.max() > NULL_RESIDUAL:
            seen = f"along a vector that ends in variable {variable} it is not 0, to rounding, and not positive"
            raise _indefinite(seen)
    return found


def _check_regular(precision: SymmetricMatrix, inner: Factor, free: Indices) -> None:
    """Find what rounding made regular, by inverse iteration: the smallest eigenvalue that is left."""
    units = precision.units[free]
    # Numbers of no pattern.
    row = np.modf(0.6180339887498949 * np.arange(1, len(free) + 1))[0] - 0.5
    smallest = 1.0
    for _ in range(STEPS):
        row /= np.sqrt(np.square(row).sum())
        row = units * covariance_times(inner, (units * row)[None])[0]
        smallest = min(smallest, 1.0 / float(np.sqrt(np.square(row).sum())))
    if smallest < SINGULAR:
        known = plural(precision.matrix.shape[0] - len(free), "dimension")
        raise NotPositiveDefiniteError(
            f"beside a null space of {known}, the smallest eigenvalue of the precision, scaled to a unit diagonal, is "
            f"about {smallest:.2g}, which may be rounding: give all vectors that span the null space as `null_space`"
        )


def _check_diagonal(precision: SymmetricMatrix) -> None:
    """Refuse a negative number on the diagonal, and a 0 beside a number that is not."""
    diagonal = precision.matrix.diagonal()
    lowest = int(diagonal.argmin())
    if diagonal[lowest] < 0.0:
        raise _indefinite(f"precision[{lowest}, {lowest}] is {diagonal[lowest]:.3g}, and none may be negative")
    beside = np.diff(precision.matrix.indptr) > 0
    bad = np.flatnonzero((diagonal == 0.0) & beside)
    if len(bad):
        raise _indefinite(f"precision[{bad[0]}, {bad[0]}] is 0, and other numbers of its row are not")


def _indefinite(reason: str) -> NotPositiveDefiniteError:
    return NotPositiveDefiniteError(f"the precision is not positive semidefinite: {reason}")
