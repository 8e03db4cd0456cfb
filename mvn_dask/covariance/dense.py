"""A covariance given as a whole matrix, and the three factors that numpy makes of it.

=============  ==========================  =====================================================
method         factor A                    notes
=============  ==========================  =====================================================
``svd``        ``u * sqrt(s)``             numpy's default; singular matrices work
``eigh``       ``u * sqrt(abs(lambda))``   about 3 times as fast; singular matrices work
``cholesky``   ``L``, lower triangular     about 30 times as fast, and half the cost for every row
                                           drawn; needs a positive definite matrix
=============  ==========================  =====================================================

svd and eigh keep numpy's values and pay for a full product. A factor that is diagonal by itself, as that of an
identity is, costs a multiplication and an addition a number, whatever the method.

References
----------
G. H. Golub and C. F. Van Loan, Matrix Computations, 4th ed., 2013, sections 2.4, 4.2 and 8.1.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar, Self

import numpy as np
import numpy.typing as npt

from mvn_dask import checks
from mvn_dask._typing import FloatArray
from mvn_dask.covariance.base import Covariance, Factor
from mvn_dask.covariance.blas import one_thread
from mvn_dask.covariance.diagonal import ScaleFactor
from mvn_dask.covariance.ordered_product import ordered_product
from mvn_dask.covariance.validity import object_to
from mvn_dask.errors import NotPositiveDefiniteError
from mvn_dask.hashing import digest


@dataclass(frozen=True, eq=False)
class _MatrixFactor(Factor):
    """A factor kept as its (d, d) matrix."""

    matrix: FloatArray
    """A, shape (d, d)."""

    @property
    def ndim(self) -> int:
        return int(self.matrix.shape[0])

    @property
    def noise_ndim(self) -> int:
        return int(self.matrix.shape[1])

    @property
    def entries(self) -> FloatArray:
        return self.matrix

    def colorize(self, z: FloatArray, out: FloatArray | None = None) -> FloatArray:
        """``z @ A.T``: 2 d k flops a row, half of that if A is triangular."""
        if out is None:
            out = np.empty((z.shape[0], self.ndim), np.result_type(z, self.matrix))
        return ordered_product(z, self.matrix, out)

    def astype(self, dtype: npt.DTypeLike) -> Self:
        return type(self)(self.matrix.astype(dtype, copy=False))

    def arrays(self) -> dict[str, FloatArray]:
        return {"factor": self.matrix}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, FloatArray]) -> Self:
        return cls(arrays["factor"])


class OrthogonalFactor(_MatrixFactor):
    """``u * sqrt(s)`` with orthonormal columns u: what svd and eigh give."""

    @property
    def log_det(self) -> float:
        with np.errstate(divide="ignore"):
            return float(np.log(self._variances()).sum())

    def whiten(self, x: FloatArray) -> FloatArray:
        """``x @ A / s``, the pseudo-inverse: directions without variance give 0. 2 d² flops a row."""
        variances = self._variances()
        lost = variances <= variances.max() * len(variances) * np.finfo(variances.dtype).eps
        scale = np.where(lost, 0.0, 1.0 / np.where(lost, 1.0, variances))
        white: FloatArray = (x @ self.matrix) * scale
        return white

    def _variances(self) -> FloatArray:
        variances: FloatArray = np.einsum("ij,ij->j", self.matrix, self.matrix)
        return variances


class TriangularFactor(_MatrixFactor):
    """A lower triangular factor: what Cholesky's method gives."""

    @property
    def log_det(self) -> float:
        return 2.0 * float(np.log(np.diagonal(self.matrix)).sum())

    def whiten(self, x: FloatArray) -> FloatArray:
        """Forward substitution: d² flops a row."""
        from scipy.linalg import solve_triangular

        white: FloatArray = solve_triangular(self.matrix, x.T, lower=True, check_finite=False).T
        return white


@dataclass(frozen=True, init=False, eq=False, repr=False)
class Dense(Covariance):
    """A covariance given as a matrix.

    Parameters
    ----------
    matrix : array_like, shape (d, d)
        Symmetric, positive semidefinite.
    method : {"svd", "eigh", "cholesky"}
        How it is factorised.
    check_valid : {"warn", "raise", "ignore"}
        What to do if it is not symmetric and positive semidefinite.
    tol : float
        Tolerance of that check. For symmetry and for ``svd`` it is numpy's: absolute and relative, entry
        by entry. For ``eigh`` it is relative to the largest eigenvalue.

    Raises
    ------
    ArgumentError
        If it is not square or not finite, and from `factorize` under ``check_valid="raise"``.
    ArgumentTypeError
        If it does not hold real numbers.
    NotPositiveDefiniteError
        From `factorize`, if it has no Cholesky factor.

    Notes
    -----
    It is factorised with one BLAS thread: with more, the eigenvectors that LAPACK finds differ by about
    1e-11 from one number of cores to another, and then the samples would.

    Examples
    --------
    >>> cov = Dense([[4.0, 2.0], [2.0, 3.0]], method="cholesky")
    >>> cov.factorize().matrix
    array([[2.        , 0.        ],
           [1.        , 1.41421356]])
    """

    kind: ClassVar[str] = "dense"

    matrix: FloatArray
    """The covariance, float64, shape (d, d)."""
    method: checks.Method
    """How it is factorised."""
    check_valid: checks.CheckValid
    """What to do if it is not symmetric and positive semidefinite."""
    tol: float
    """Tolerance of that check."""

    def __init__(
        self,
        matrix: object,
        *,
        method: checks.Method = "svd",
        check_valid: checks.CheckValid = "warn",
        tol: float = 1e-8,
    ) -> None:
        object.__setattr__(self, "method", checks.method(method))
        array = np.array(checks.real_array("cov", matrix), order="C")
        checks.square(array)
        object.__setattr__(self, "check_valid", checks.check_valid(check_valid))
        object.__setattr__(self, "tol", checks.tolerance(tol))
        checks.finite("cov", array)
        array.setflags(write=False)
        object.__setattr__(self, "matrix", array)

    def __repr__(self) -> str:
        return f"Dense(ndim={self.ndim}, method={self.method!r})"

    @property
    def ndim(self) -> int:
        return int(self.matrix.shape[0])

    def factorize(self) -> Factor:
        return self._factor

    @cached_property
    def _factor(self) -> Factor:
        with one_thread():
            if self.method == "svd":
                factor = self._svd()
            else:
                self._check_symmetry()
                factor = self._eigh() if self.method == "eigh" else self._cholesky()
        scale = np.diagonal(factor.matrix)
        diagonal = np.count_nonzero(factor.matrix) == np.count_nonzero(scale)
        return ScaleFactor(scale.copy()) if diagonal else factor

    def _svd(self) -> _MatrixFactor:
        u, s, vh = np.linalg.svd(self.matrix)
        if self.check_valid != "ignore" and not self._close((vh.T * s) @ vh):
            self._object()
        return OrthogonalFactor(np.multiply(u, np.sqrt(s), order="C"))

    def _eigh(self) -> _MatrixFactor:
        eigenvalues, u = np.linalg.eigh(self.matrix)
        largest = max(eigenvalues[-1], 0.0)
        if self.check_valid != "ignore" and eigenvalues[0] < -self.tol * largest:
            object_to(self._describe(float(eigenvalues[0])), self.check_valid)
        return OrthogonalFactor(np.multiply(u, np.sqrt(np.abs(eigenvalues)), order="C"))

    def _cholesky(self) -> _MatrixFactor:
        try:
            return TriangularFactor(np.linalg.cholesky(self.matrix))
        except np.linalg.LinAlgError as error:
            smallest = float(np.linalg.eigvalsh(self.matrix)[0])
            msg = (
                f"{error}: the smallest eigenvalue of `cov` is {smallest:.3g}. "
                "Use method='svd' or 'eigh' for a singular covariance."
            )
            raise NotPositiveDefiniteError(msg) from error

    def _check_symmetry(self) -> None:
        if self.check_valid != "ignore" and not self._close(self.matrix.T):
            self._object()

    def _close(self, other: FloatArray) -> bool:
        return np.allclose(other, self.matrix, rtol=self.tol, atol=self.tol)

    def _object(self) -> None:
        """Say what is wrong with a matrix that is not close to what it should be."""
        if self._close(self.matrix.T):
            fault = self._describe(float(np.linalg.eigvalsh(self.matrix)[0]))
        else:
            i, j = np.unravel_index(np.abs(self.matrix - self.matrix.T).argmax(), self.matrix.shape)
            fault = (
                f"`cov` must be symmetric: cov[{i}, {j}] is {self.matrix[i, j]:.6g}, "
                f"cov[{j}, {i}] is {self.matrix[j, i]:.6g} (tol {self.tol:g})."
            )
        object_to(fault, self.check_valid)

    def _describe(self, smallest: float) -> str:
        return f"The smallest eigenvalue of `cov` is {smallest:.3g} (tol {self.tol:g})."

    def diagonal(self) -> FloatArray:
        return np.diagonal(self.matrix)

    def to_dense(self) -> FloatArray:
        return self.matrix

    def digest(self) -> str:
        return digest(self.matrix)

    def record(self) -> dict[str, object]:
        return {**super().record(), "method": self.method}
