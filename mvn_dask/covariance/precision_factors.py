"""Factors of covariances whose inverse is known: of a precision as bands, as a matrix, or sparse.

Input: a positive definite precision in its structure, and the names of the variables for errors. Output: a factor of
its inverse. Cost: of a matrix d³/3 multiply-adds, of bands d u² / 2, of a sparse matrix that given in `sparse`.

What is not sparse is ``W.T @ W`` with W lower triangular, and the factor is the inverse of W: lower triangular with a
positive diagonal, it is Cholesky's factor of the covariance. W is Cholesky's factor of the precision whose variables
are counted from the last to the first.

References
----------
H. Rue and L. Held, Gaussian Markov Random Fields, 2005, doi:10.1201/9780203492024, sections 2.3 and 2.4. On the factor
of the inverse: M. Pourahmadi, Biometrika 86 (3), 1999, doi:10.1093/biomet/86.3.677.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from mvn_dask import checks
from mvn_dask._typing import Float64Array
from mvn_dask.covariance.band_factors import BandPrecisionFactor
from mvn_dask.covariance.band_triangle import PivotError, factorize_band, reversed_band
from mvn_dask.covariance.banded import Banded, describe_pivot
from mvn_dask.covariance.base import Covariance, Factor
from mvn_dask.covariance.cholesky import cholesky
from mvn_dask.covariance.dense import Dense
from mvn_dask.covariance.diagonal import ScaleFactor
from mvn_dask.covariance.matrix_factors import TriangularFactor
from mvn_dask.covariance.sparse import SINGULAR_PRECISION, Sparse, factor_of_precision
from mvn_dask.covariance.triangular_inverse import triangular_inverse
from mvn_dask.covariance.validity import SYMMETRY, deviations_of, is_symmetric, largest_asymmetry, smallest_eigenvalue
from mvn_dask.errors import ArgumentError, NotPositiveDefiniteError
from mvn_dask.memory_limit import refuse_beyond_memory
from mvn_dask.readable import plural

MATRICES_OF_PRECISION = 4
"""Arrays of the size of a precision that factorising it takes, itself included, at least."""


def _factor_of_bands(precision: Banded, names: tuple[str, ...] | None) -> Factor:  # noqa: ARG001 Banded has its own
    precision.check_memory("precision")
    try:
        bands = factorize_band(reversed_band(precision.bands))
    except PivotError as error:
        variable = precision.ndim - 1 - error.variable
        reason = describe_pivot(precision, variable, "precision", "after")
        text = f"the precision is not positive definite: {reason}. {SINGULAR_PRECISION}"
        raise NotPositiveDefiniteError.of_variable(variable, text) from error
    return BandPrecisionFactor(reversed_band(bands))


def _factor_of_matrix(precision: Dense, names: tuple[str, ...] | None) -> Factor:
    matrix = precision.matrix
    refuse_beyond_memory(
        f"factorising `precision` of {plural(len(matrix), 'variable', ',')}",
        MATRICES_OF_PRECISION * matrix.nbytes,
        "take fewer variables, or a precision that is Banded or sparse",
    )
    diagonal = np.diagonal(matrix)
    lowest = int(diagonal.argmin())
    if diagonal[lowest] <= 0:
        raise NotPositiveDefiniteError(
            f"the precision is not positive definite: precision[{lowest}, {lowest}] is {diagonal[lowest]:.3g}, and "
            "each on the diagonal must be positive"
        )
    # Scaled by powers of two, which changes no bit, so that units may differ as they like.
    units = np.ldexp(1.0, -(np.frexp(diagonal)[1] // 2))
    with np.errstate(over="ignore"):
        scaled = (matrix * units) * units[:, None]
    if not is_symmetric(scaled):
        check_symmetric(matrix)
        scaled = 0.5 * scaled + 0.5 * scaled.T
    try:
        # Counted from the last variable, so that what is inverted is the factor of the covariance, transposed.
        triangle = cholesky(np.ascontiguousarray(scaled[::-1, ::-1]))
    except np.linalg.LinAlgError as error:
        raise _not_definite(matrix) from error
    pivots = np.square(np.diagonal(triangle))[::-1]
    singular = np.flatnonzero(pivots <= len(pivots) * np.finfo(np.float64).eps * np.diagonal(scaled))
    if len(singular):
        label = checks.variable_label(int(singular[-1]), names)
        raise NotPositiveDefiniteError(
            f"the precision is not positive definite: of the {diagonal[singular[-1]]:.3g} of {label} nothing is left, "
            f"to rounding, given the variables after it. {SINGULAR_PRECISION}"
        )
    factor = triangular_inverse(triangle)[::-1, ::-1].T * units[:, None]
    scale = np.diagonal(factor)
    if np.count_nonzero(factor) == len(scale):
        return ScaleFactor(scale.copy())
    return TriangularFactor(np.ascontiguousarray(factor))


def check_symmetric(matrix: Float64Array) -> None:
    """Raise an `ArgumentError` for a precision that is not symmetric, in units of its diagonal."""
    largest, (i, j) = largest_asymmetry(matrix, deviations_of(matrix))
    if largest > SYMMETRY:
        raise ArgumentError(
            f"`precision` must be symmetric: precision[{i}, {j}] and precision[{j}, {i}] differ by "
            f"{abs(matrix[i, j] - matrix[j, i]):.3g}. If it is rounding, use (precision + precision.T) / 2"
        )


def _not_definite(matrix: Float64Array) -> NotPositiveDefiniteError:
    smallest = smallest_eigenvalue(matrix, deviations_of(matrix))
    return NotPositiveDefiniteError(
        f"the precision is not positive definite: its smallest eigenvalue, scaled to a unit diagonal, is "
        f"{smallest:.3g}. {SINGULAR_PRECISION}"
    )


FACTORIZATIONS: dict[type[Covariance], Callable[[Any, tuple[str, ...] | None], Factor]] = {
    Banded: _factor_of_bands,
    Dense: _factor_of_matrix,
    Sparse: factor_of_precision,
}
"""How a precision of each structure is factorised, with the names of the variables for errors."""
