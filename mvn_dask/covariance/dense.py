"""A covariance given as a whole matrix, and how it is factorised.

Input: a matrix, shape (d, d). Output: a factor of the same shape. Cost: O(d³) once, then 2 d² flops a row, or d² where
the factor is triangular.

=============  ============================  ===================================================
method         factor A                      notes
=============  ============================  ===================================================
``auto``       ``s * L`` of correlations,    the default: right in any units; the fastest where
               else ``s * u * sqrt(w)``      it is regular, and singular matrices work
``svd``        ``u * sqrt(s)``               numpy's default; singular matrices work
``eigh``       ``u * sqrt(abs(w))``          about 3 times as fast; singular matrices work
``cholesky``   ``L``, lower triangular       about 30 times as fast, and half the cost for every
                                             row drawn; needs a positive definite matrix
=============  ============================  ===================================================

"auto" scales the matrix to a unit diagonal by its standard deviations s, takes Cholesky's factor L of the correlations,
or, where there is none, their eigenvectors and eigenvalues, and scales back. svd and eigh keep numpy's values: they pay
for a full product, and are accurate relative to the largest variance only. A factor that is diagonal by itself, as that
of an identity is, costs a multiplication and an addition a number, whatever the method.

References
----------
G. H. Golub and C. F. Van Loan, Matrix Computations, 4th ed., 2013, sections 2.4, 4.2 and 8.1. On scaling: N. J. Higham,
Accuracy and Stability of Numerical Algorithms, 2nd ed., 2002, section 10.1.1.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from mvn_dask import checks, labels
from mvn_dask._typing import ArrayLike, Float64Array, FloatArray, Texts
from mvn_dask.advice import Advice
from mvn_dask.array_likes import compute_together, real_array
from mvn_dask.checks import CheckValid, Method
from mvn_dask.covariance.base import Covariance, Factor
from mvn_dask.covariance.blas import one_thread
from mvn_dask.covariance.cholesky import cholesky
from mvn_dask.covariance.diagonal import ScaleFactor
from mvn_dask.covariance.frozen_array import frozen_array
from mvn_dask.covariance.matrix_factors import MatrixFactor, OrthogonalFactor, ScaledOrthogonalFactor, TriangularFactor
from mvn_dask.covariance.shown_structures import ShownMatrix
from mvn_dask.covariance.validity import (
    ASYMMETRIC,
    INDEFINITE,
    Validity,
    check_constants,
    check_factor,
    check_symmetry,
    correlations_of,
    describe_indefinite,
    describe_smallest,
    deviations_of,
    is_close,
    is_symmetric,
    smallest_eigenvalue,
)
from mvn_dask.description import described_variables
from mvn_dask.errors import ArgumentError, NotPositiveDefiniteError
from mvn_dask.hashing import digest
from mvn_dask.memory_limit import refuse_beyond_memory
from mvn_dask.readable import plural
from mvn_dask.signatures import short_signature

MATRICES = {"auto": 3, "svd": 5, "eigh": 3, "cholesky": 2}
"""Arrays of the size of the matrix that factorising takes, itself included, at least."""


@short_signature
@dataclass(frozen=True, init=False, eq=False, repr=False)
class Dense(ShownMatrix, Covariance):
    """A covariance given as a matrix.

    Parameters
    ----------
    matrix : array_like, shape (d, d)
        Symmetric, positive semidefinite. It is copied, unless it is a numpy array of float64 in C order to which nobody
        can write; large matrices of dask, Zarr and HDF5 are read in pieces.
    method : {"auto", "svd", "eigh", "cholesky"}
        How it is factorised.
    check_valid : {"warn", "raise", "ignore"}
        What to do if it is not symmetric and positive semidefinite, or if the factor misses a variance.
    tol : float
        Tolerance of that check. Every entry is measured in the product of its two standard deviations, and
        eigenvalues are those of the matrix scaled to a unit diagonal. Symmetry is judged to ``max(tol, 1e-7)``,
        which other software's rounding takes, and variances of the factor to ``max(tol, 1e-6)`` of each.
    names : sequence of str, optional
        Names of the d variables; by default the labels of `matrix`, as `MultivariateNormal` takes them.

    Raises
    ------
    ArgumentError
        If it is not square, empty or not finite, and from `factorize` under ``check_valid="raise"``.
    ArgumentTypeError
        If it does not hold real numbers.
    FactorTooLargeError
        From `factorize`, if that takes more memory than this process may have.
    NotPositiveDefiniteError
        From `factorize` by "cholesky", if it has no Cholesky factor.

    Warns
    -----
    RuntimeWarning
        From `factorize` under ``check_valid="warn"``: one, which says all that is wrong.

    See Also
    --------
    mvn_dask.covariance.from_correlation : A matrix from correlations and standard deviations.
    mvn_dask.covariance.nearest_psd : A covariance near a matrix that is none.
    mvn_dask.covariance.Sparse : A matrix with few entries.
    mvn_dask.MultivariateNormal : Takes it in place of a matrix.

    Notes
    -----
    Cholesky's factor has the same bits on every machine, and is made by as many threads as BLAS would use. LAPACK
    finds eigenvectors and singular vectors with one BLAS thread: with more, they differ by about 1e-11 from one
    number of cores to another, and then the samples would.

    Examples
    --------
    >>> cov = Dense([[4.0, 2.0], [2.0, 3.0]])
    >>> cov.factorize().matrix
    array([[2.        , 0.        ],
           [1.        , 1.41421356]])
    """

    kind: ClassVar[str] = "dense"

    matrix: Float64Array
    """The covariance, float64, shape (d, d)."""
    method: Method
    """How it is factorised."""
    check_valid: CheckValid
    """What to do if it is not symmetric and positive semidefinite, or if the factor misses a variance."""
    tol: float
    """Tolerance of that check."""
    names: tuple[str, ...] | None
    """Names of the variables, if there are any."""

    def __init__(
        self,
        matrix: ArrayLike,
        *,
        method: Method = "auto",
        check_valid: CheckValid = "warn",
        tol: float = 1e-8,
        names: Texts | None = None,
    ) -> None:
        object.__setattr__(self, "method", checks.method(method))
        (matrix,) = compute_together(matrix)
        array = real_array("cov", matrix)
        checks.square(array)
        if not array.size:
            raise ArgumentError("`cov` must not be empty")
        object.__setattr__(self, "check_valid", checks.check_valid(check_valid))
        object.__setattr__(self, "tol", checks.tolerance(tol))
        array = frozen_array("cov", array, axes=2)
        axes = (*labels.axes_of("cov", matrix), *labels.given_names(names, len(array), "the `names` of `cov`"))
        object.__setattr__(self, "names", labels.agreed_names(axes))
        object.__setattr__(self, "axes", axes)
        object.__setattr__(self, "described", described_variables(matrix))
        object.__setattr__(self, "matrix", array)

    def _arguments(self) -> list[str]:
        return [f"ndim={self.ndim}", f"method={self.method!r}"]

    @property
    def ndim(self) -> int:
        return int(self.matrix.shape[0])

    def factorize(self) -> Factor:
        return self._factor

    @cached_property
    def _factor(self) -> Factor:
        refuse_beyond_memory(
            f"factorising `cov` of {plural(self.ndim, 'variable', ',')} by method={self.method!r}",
            MATRICES[self.method] * self.matrix.nbytes,
            "take fewer variables, or a structure that is no whole matrix, as LowRank, Sparse or StationaryGrid",
        )
        validity = Validity(self.check_valid, self.tol)
        if self._checked:
            check_constants(self.matrix, validity, "such a variable constant" if self.method == "auto" else self._drawn)
            check_symmetry(self.matrix, self._deviations, validity, ASYMMETRIC[self.method])
        factorized = {"auto": self._auto, "svd": self._svd, "eigh": self._eigh, "cholesky": self._cholesky}
        factor, smallest = factorized[self.method]()
        # LAPACK leaves rounding where a variable is constant, which is nothing beside the others, and all of its own.
        factor.matrix[~(self.matrix.any(axis=0) | self.matrix.any(axis=1))] = 0.0
        if self._checked:
            if smallest < -self.tol:
                validity.add_invalid(describe_smallest(smallest, self.tol), self._drawn, indefinite=True)
            check_factor(factor, self.matrix, self.method, self.names, validity)
        validity.warn()
        scale = np.diagonal(factor.matrix)
        diagonal = np.count_nonzero(factor.matrix) == np.count_nonzero(scale)
        return ScaleFactor(scale.copy()) if diagonal else factor

    @property
    def _checked(self) -> bool:
        return self.check_valid != "ignore"

    @property
    def _deviations(self) -> Float64Array:
        return deviations_of(self.matrix)

    @property
    def _drawn(self) -> str:
        return INDEFINITE[self.method]

    # Each of these gives its factor, and the smallest eigenvalue of the scaled matrix where it may be negative, else 0.

    def _auto(self) -> tuple[MatrixFactor, float]:
        deviations = self._deviations
        varying = np.flatnonzero(deviations)
        # Where nothing is constant, no part is copied.
        part = self.matrix if len(varying) == self.ndim else self.matrix[np.ix_(varying, varying)]
        if not is_symmetric(part):
            part = 0.5 * part + 0.5 * part.T
        correlations = correlations_of(part, deviations[varying])
        scale = deviations[varying][:, None]
        try:
            triangle = cholesky(correlations)
        except np.linalg.LinAlgError:
            with one_thread():
                eigenvalues, u = np.linalg.eigh(correlations)
        else:
            triangle *= scale
            return TriangularFactor(self._with_constants(triangle, varying)), 0.0
        # Of a singular matrix, rounding makes those that are 0 positive as often as negative.
        rounding = len(eigenvalues) * np.finfo(np.float64).eps * eigenvalues[-1]
        roots = np.sqrt(np.where(eigenvalues > rounding, eigenvalues, 0.0))
        matrix = np.multiply(u, roots, order="C") * scale
        return ScaledOrthogonalFactor(self._with_constants(matrix, varying), deviations), float(eigenvalues[0])

    def _with_constants(self, factor: FloatArray, varying: npt.NDArray[np.intp]) -> FloatArray:
        """A factor of the variables that vary, with rows of zeros for the others; shape (d, d)."""
        if len(varying) == self.ndim:
            return factor
        whole = np.zeros_like(self.matrix)
        whole[np.ix_(varying, varying)] = factor
        return whole

    @one_thread()
    def _svd(self) -> tuple[MatrixFactor, float]:
        u, s, vh = np.linalg.svd(self.matrix)
        # Where numpy's check passes, as it does for most, no eigenvalues are needed. Near 1e308 `s` may be infinite, or
        # the product: then it does not pass.
        with np.errstate(over="ignore", invalid="ignore"):
            valid = not self._checked or is_close((vh.T * s) @ vh, self.matrix, self._deviations, self.tol)
        return OrthogonalFactor(np.multiply(u, np.sqrt(s), order="C")), 0.0 if valid else self._smallest()

    @one_thread()
    def _eigh(self) -> tuple[MatrixFactor, float]:
        eigenvalues, u = np.linalg.eigh(self.matrix)
        # The smallest eigenvalue of the scaled matrix is at least that of the matrix, if that is negative, divided by
        # the smallest variance. LAPACK's are exact to about d eps of the largest.
        error = self.ndim * np.finfo(np.float64).eps * np.abs(eigenvalues).max()
        valid = not self._checked or eigenvalues[0] - error >= -self.tol * max(0.0, self.variances().min())
        factor = OrthogonalFactor(np.multiply(u, np.sqrt(np.abs(eigenvalues)), order="C"))
        return factor, 0.0 if valid else self._smallest()

    def _cholesky(self) -> tuple[MatrixFactor, float]:
        try:
            return TriangularFactor(cholesky(self.matrix)), 0.0
        except np.linalg.LinAlgError as error:
            text = describe_indefinite(self.matrix, self._deviations, self.tol)
            # No method draws from a negative variance.
            singular = self.variances().min() >= 0
            cures = "For a singular covariance use {singular}; {nearest_psd} makes one of an indefinite matrix."
            advice = Advice(cures) if singular else None
            raise NotPositiveDefiniteError(f"{error}. {text}", advice=advice) from error

    def _smallest(self) -> float:
        return smallest_eigenvalue(self.matrix, self._deviations)

    def variances(self) -> Float64Array:
        return np.diagonal(self.matrix)

    def to_dense(self) -> Float64Array:
        return self.matrix

    def digest(self) -> str:
        return digest(self.matrix)

    def record(self) -> dict[str, object]:
        return {**super().record(), "method": self.method}
