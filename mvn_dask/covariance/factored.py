"""A covariance given by a factor of it.

Input: a matrix A, shape (d, k), any k. Output: that matrix as the factor, triangular or diagonal where it is. Cost:
2 d k flops a row, half of that if A is triangular, 2 d if it is diagonal. Nothing is factorised until a rank or an
inverse is asked for: O(d k min(d, k)).
"""

from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

import numpy as np

from mvn_dask import labels
from mvn_dask._typing import ArrayLike, Float64Array, FloatArray, Texts
from mvn_dask.array_likes import compute_together
from mvn_dask.checks import variable_label
from mvn_dask.covariance.base import Covariance, Factor
from mvn_dask.covariance.diagonal import ScaleFactor
from mvn_dask.covariance.frozen_array import frozen_array
from mvn_dask.covariance.matrix_factors import MatrixFactor, TriangularFactor, squares_of_rows
from mvn_dask.covariance.pseudo_inverse import PseudoInverse
from mvn_dask.covariance.shown_structures import Indices
from mvn_dask.errors import ArgumentError
from mvn_dask.hashing import digest
from mvn_dask.readable import readable_bytes
from mvn_dask.signatures import short_signature


class GivenFactor(MatrixFactor):
    """A factor of any shape, of which nothing is known but its entries."""

    kind: ClassVar[str] = "given"

    @property
    def rank(self) -> int:
        return self._inverse.rank

    @property
    def log_det(self) -> float:
        return 2.0 * self._inverse.log_volume

    def whiten(self, x: FloatArray) -> FloatArray:
        """The pseudo-inverse: 6 d k flops a row, after O(d k min(d, k)) for the first."""
        return self._inverse.solve(self.matrix, x)

    @cached_property
    def _inverse(self) -> PseudoInverse:
        return PseudoInverse(self.matrix)


@short_signature
@dataclass(frozen=True, init=False, eq=False, repr=False)
class Factored(Covariance):
    """A covariance ``A @ A.T``, given by A.

    Parameters
    ----------
    matrix : array_like, shape (d, k)
        The factor A, of d variables and k normals. It is copied, unless it is a numpy array of float64 in C order to
        which nobody can write.
    names : sequence of str, optional
        Names of the d variables; by default the labels of the rows of `matrix`.

    Raises
    ------
    ArgumentError
        If `matrix` is not a matrix, empty or not finite, or if a variance is too large or too small for float64.
    ArgumentTypeError
        If it does not hold real numbers.

    See Also
    --------
    mvn_dask.covariance.LowRank : A factor, and a variance of its own for each variable.
    mvn_dask.MultivariateNormal : Takes it in place of a matrix.

    Notes
    -----
    Rows are ``mean + A @ z`` with k independent standard normals z. A lower triangular matrix without zeros on its
    diagonal is recognised, and takes half the time; a diagonal one takes that of `Diagonal`. With k < d the
    covariance is singular: `LowRank` adds a diagonal.

    References
    ----------
    T. W. Anderson, An Introduction to Multivariate Statistical Analysis, 3rd ed., 2003, section 2.4.

    Examples
    --------
    >>> cov = Factored([[2.0, 0.0], [1.0, 1.0], [0.0, 3.0]])
    >>> cov.to_dense()
    array([[4., 2., 0.],
           [2., 2., 3.],
           [0., 3., 9.]])
    >>> cov.factorize().rank
    2
    """

    kind: ClassVar[str] = "factored"

    matrix: Float64Array
    """A, float64, shape (d, k)."""
    names: tuple[str, ...] | None
    """Names of the variables, if there are any."""

    def __init__(self, matrix: ArrayLike, *, names: Texts | None = None) -> None:
        (matrix,) = compute_together(matrix)
        array = frozen_array("matrix", matrix, axes=2)
        axes = (
            *labels.row_axes_of("matrix", matrix),
            *labels.given_names(names, len(array), "the `names` of `matrix`"),
        )
        object.__setattr__(self, "names", labels.agreed_names(axes))
        object.__setattr__(self, "axes", axes)
        object.__setattr__(self, "matrix", array)
        check_representable("matrix", array, self.variances(), self.names)

    def _arguments(self) -> list[str]:
        return [f"ndim={self.ndim}", f"noise_ndim={self.matrix.shape[1]}"]

    def _facts(self) -> dict[str, str]:
        return {"normals a row": f"{self.matrix.shape[1]:,}", "memory": readable_bytes(self.matrix.nbytes)}

    @property
    def ndim(self) -> int:
        return int(self.matrix.shape[0])

    def factorize(self) -> Factor:
        return self._factor

    @cached_property
    def _factor(self) -> Factor:
        diagonal = np.diagonal(self.matrix)
        if self.matrix.shape[0] == self.matrix.shape[1]:
            if np.count_nonzero(self.matrix) == np.count_nonzero(diagonal):
                return ScaleFactor(diagonal.copy())
            if diagonal.all() and _is_lower(self.matrix):
                return TriangularFactor(self.matrix)
        return GivenFactor(self.matrix)

    def variances(self) -> Float64Array:
        return self._variances

    @cached_property
    def _variances(self) -> Float64Array:
        with np.errstate(over="ignore", under="ignore"):
            variances = squares_of_rows(self.matrix)
        variances.setflags(write=False)
        return variances

    def _entries(self, places: Indices) -> Float64Array:
        return self.matrix[places] @ self.matrix[places].T

    def to_dense(self) -> Float64Array:
        dense = np.asarray(self.matrix @ self.matrix.T)
        # One number in both places, though BLAS adds in another order.
        np.fill_diagonal(dense, self.variances())
        return dense

    def digest(self) -> str:
        return self._digest

    @cached_property
    def _digest(self) -> str:
        return digest(self.matrix)


def check_representable(name: str, matrix: FloatArray, variances: Float64Array, names: tuple[str, ...] | None) -> None:
    """Raise an `ArgumentError` if the sum of squares of a row is infinite, or 0 beside entries that are not."""
    for wrong, what in ((~np.isfinite(variances), "large"), (variances == 0, "small")):
        places = np.flatnonzero(wrong)
        # Rows of zeros are variables without variance.
        places = places[matrix[places].any(axis=1)]
        if len(places):
            i = int(places[0])
            raise ArgumentError(
                f"`{name}` is too {what} for float64: the variance of {variable_label(i, names)} is {variances[i]:g}, "
                f"and the largest entry of its row is {np.abs(matrix[i]).max():.3g}. Use other units"
            )


def _is_lower(matrix: Float64Array) -> bool:
    """Whether a square matrix is zero above its diagonal."""
    return not any(row[place:].any() for place, row in enumerate(matrix, 1))
