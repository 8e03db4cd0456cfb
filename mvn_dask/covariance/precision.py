"""A covariance given by its inverse, the precision.

Input: a precision, as a matrix, shape (d, d), as bands, shape (u + 1, d), or sparse. Output: a factor of its inverse,
which is built of a dense matrix alone. Cost: of a matrix d³/3 multiply-adds once, then d² flops a row; of bands
d u² / 2 once, then 2 (u + 1) d a row, and d u² for the variances; of a sparse matrix that given in `sparse`.

What is not sparse is ``W.T @ W`` with W lower triangular, and the factor is the inverse of W: lower triangular with a
positive diagonal, it is Cholesky's factor of the covariance. So rows are those that the covariance as a matrix would
give, but for rounding, and variable i depends on the variables before it: a process comes in the order of time. W is
Cholesky's factor of the precision whose variables are counted from the last to the first.

References
----------
H. Rue and L. Held, Gaussian Markov Random Fields, 2005, doi:10.1201/9780203492024, sections 2.3 and 2.4. On the factor
of the inverse: M. Pourahmadi, Biometrika 86 (3), 1999, doi:10.1093/biomet/86.3.677.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

import numpy as np

from mvn_dask import checks, labels
from mvn_dask._typing import ArrayLike, Float64Array, FloatArray, Texts
from mvn_dask.array_likes import compute_together, real_array
from mvn_dask.covariance.band_factors import BandPrecisionFactor
from mvn_dask.covariance.band_triangle import PivotError, factorize_band, reversed_band
from mvn_dask.covariance.banded import Banded, describe_pivot
from mvn_dask.covariance.base import Covariance, Factor
from mvn_dask.covariance.cholesky import cholesky
from mvn_dask.covariance.dense import Dense
from mvn_dask.covariance.diagonal import ScaleFactor
from mvn_dask.covariance.matrix_factors import MatrixFactor, TriangularFactor
from mvn_dask.covariance.sparse import Sparse, factor_of_precision, sparse_precision
from mvn_dask.covariance.sparse_matrix import SparseMatrix, is_sparse
from mvn_dask.covariance.triangular_inverse import triangular_inverse
from mvn_dask.covariance.validity import SYMMETRY, deviations_of, is_symmetric, largest_asymmetry, smallest_eigenvalue
from mvn_dask.errors import ArgumentError, ArgumentTypeError, NotPositiveDefiniteError
from mvn_dask.readable import short_repr

LINES_AT_ONCE = 1024
"""Lines of a matrix whose squares are added at once."""


@dataclass(frozen=True, init=False, eq=False, repr=False)
class Precision(Covariance):
    """The covariance whose inverse is a precision.

    Parameters
    ----------
    precision : array_like or sparse matrix of scipy, shape (d, d), or Banded, Dense or Sparse
        The inverse of the covariance, symmetric and positive definite; `Sparse` takes an order of elimination.
        Rounding across the diagonal, to 1e-7 of the product of the roots of both diagonal entries, is taken for the
        mean of both.
    names : sequence of str, optional
        Names of the d variables; by default those of a `Banded`, and the labels of a matrix.

    Raises
    ------
    ArgumentError
        If it is not square, empty or not finite, and from `factorize`, if it is not symmetric.
    ArgumentTypeError
        If it does not hold real numbers, or is a covariance of another kind than `Banded` and `Dense`.
    NotPositiveDefiniteError
        From `factorize`, if it is not positive definite, or singular to rounding.

    Notes
    -----
    The factor is Cholesky's of the covariance. Of a matrix it is kept as such, and applied like that of `Dense`; of
    bands its inverse is kept, which has bands too, and solved with for every row. Both have the same bits on every
    machine. A precision that is close to singular enlarges the rounding of its bands: that of an autoregression with a
    coefficient of 0.9999 has variances that are wrong by about 1e-4 in float32.

    Examples
    --------
    An autoregression, ``x[t] = 0.8 x[t - 1] + e[t]``, stationary: its covariance is full, and its precision has three
    bands.

    >>> import numpy as np
    >>> rho, d = 0.8, 1000
    >>> diagonal = np.full(d, 1.0 + rho**2)
    >>> diagonal[[0, -1]] = 1.0
    >>> cov = Precision(Banded([diagonal, np.full(d, -rho)], lower=True))
    >>> cov
    Precision(Banded(ndim=1000, bandwidth=1))
    >>> cov.variances()[[0, 500, 999]].round(6), round(1.0 / (1.0 - rho**2), 6)
    (array([2.777778, 2.777778, 2.777778]), 2.777778)
    >>> cov.factorize().covariance_of([500], [500, 501, 502]).round(6)
    array([[2.777778, 2.222222, 1.777778]])

    A random walk from 0, ``x[t] = x[t - 1] + e[t]``, of a million steps:

    >>> diagonal = np.full(10**6, 2.0)
    >>> diagonal[-1] = 1.0
    >>> walk = Precision(Banded([diagonal, np.full(10**6, -1.0)], lower=True))
    >>> walk.variances()[[0, 1, -1]]
    array([1.e+00, 2.e+00, 1.e+06])

    A field on a grid of 20 × 20 points, each of which goes with the four beside it:

    >>> import scipy.sparse
    >>> line = scipy.sparse.diags_array([-1.0, 2.0, -1.0], offsets=[-1, 0, 1], shape=(20, 20))
    >>> field = Precision(scipy.sparse.kronsum(line, line) + 0.1 * scipy.sparse.eye_array(400))
    >>> field
    Precision(Sparse(ndim=400, entries=1920))
    >>> field.variances()[[0, 210]].round(6)
    array([0.290014, 0.453945])

    A matrix:

    >>> Precision([[2.0, -1.0], [-1.0, 2.0]]).to_dense().round(6)
    array([[0.666667, 0.333333],
           [0.333333, 0.666667]])
    """

    kind: ClassVar[str] = "precision"

    precision: Covariance
    """The precision, in the structure in which it is known."""
    names: tuple[str, ...] | None
    """Names of the variables, if there are any."""

    def __init__(
        self, precision: ArrayLike | SparseMatrix | Banded | Dense | Sparse, *, names: Texts | None = None
    ) -> None:
        matrix, axes = _structure(precision)
        if type(matrix) not in FACTORIZATIONS:
            raise ArgumentTypeError(
                f"`precision` must be a matrix, Banded, Dense or Sparse, not {short_repr(matrix)}: of another give "
                "precision.to_dense(), or the covariance"
            )
        axes = (*axes, *labels.given_names(names, matrix.ndim, "the `names` of `cov`"))
        object.__setattr__(self, "names", labels.agreed_names(axes))
        object.__setattr__(self, "axes", axes)
        object.__setattr__(self, "precision", matrix)

    def __repr__(self) -> str:
        return f"Precision({self.precision!r})"

    @property
    def ndim(self) -> int:
        return self.precision.ndim

    def factorize(self) -> Factor:
        return self._factor

    @cached_property
    def _factor(self) -> Factor:
        return FACTORIZATIONS[type(self.precision)](self.precision, self.names)

    def variances(self) -> Float64Array:
        return self._variances

    @cached_property
    def _variances(self) -> Float64Array:
        factor = self._factor
        variances = _row_squares(factor.matrix) if isinstance(factor, MatrixFactor) else factor.variances()
        variances.setflags(write=False)
        return variances

    def to_dense(self) -> Float64Array:
        everything = range(self.ndim)
        found = self._factor.covariance_of(everything, everything)
        np.fill_diagonal(found, self.variances())
        return found

    def digest(self) -> str:
        return self.precision.digest()

    def record(self) -> dict[str, object]:
        return {**self.precision.record(), **super().record(), "precision": self.precision.kind}


def _structure(precision: Any) -> tuple[Covariance, tuple[labels.Axis, ...]]:
    """A precision in its structure, and the labels that it was made of."""
    if isinstance(precision, Covariance):
        return precision, precision.axes
    if is_sparse(precision):
        return sparse_precision(precision), ()
    (precision,) = compute_together(precision)
    return Dense(_square(precision)), tuple(labels.axes_of("precision", precision))


def _square(precision: Any) -> Float64Array:
    array = real_array("precision", precision)
    if array.ndim != 2 or array.shape[0] != array.shape[1] or not array.size:
        cure = ": independent variables are Diagonal(1 / precision)" if array.ndim == 1 else ""
        raise ArgumentError(
            f"`precision` must be 2 dimensional, square and not empty: its shape is {array.shape}{cure}"
        )
    checks.finite("precision", array)
    return array


def _factor_of_bands(precision: Banded, names: tuple[str, ...] | None) -> Factor:  # noqa: ARG001 Banded has its own
    try:
        bands = factorize_band(reversed_band(precision.bands))
    except PivotError as error:
        reason = describe_pivot(precision, precision.ndim - 1 - error.variable, "precision", "after")
        raise NotPositiveDefiniteError(f"the precision is not positive definite: {reason}. {_SINGULAR}") from error
    return BandPrecisionFactor(reversed_band(bands))


def _factor_of_matrix(precision: Dense, names: tuple[str, ...] | None) -> Factor:
    matrix = precision.matrix
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
        _check_symmetric(matrix)
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
            f"to rounding, given the variables after it. {_SINGULAR}"
        )
    factor = triangular_inverse(triangle)[::-1, ::-1].T * units[:, None]
    scale = np.diagonal(factor)
    if np.count_nonzero(factor) == len(scale):
        return ScaleFactor(scale.copy())
    return TriangularFactor(np.ascontiguousarray(factor))


_SINGULAR = (
    "A singular precision belongs to no covariance: give a variance to what it leaves free, by adding to its diagonal"
)


def _check_symmetric(matrix: Float64Array) -> None:
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
        f"{smallest:.3g}. {_SINGULAR}"
    )


def _row_squares(matrix: FloatArray) -> Float64Array:
    """Sums of squares of the lines of a matrix, in the order of the columns: the same bits on every processor."""
    sums = np.zeros(len(matrix))
    for top in range(0, len(matrix), LINES_AT_ONCE):
        for column in np.ascontiguousarray(matrix[top : top + LINES_AT_ONCE].T):
            sums[top : top + LINES_AT_ONCE] += column * column
    return sums


FACTORIZATIONS: dict[type[Covariance], Callable[[Any, tuple[str, ...] | None], Factor]] = {
    Banded: _factor_of_bands,
    Dense: _factor_of_matrix,
    Sparse: factor_of_precision,
}
"""How a precision of each structure is factorised, with the names of the variables for errors."""
