"""A covariance given as a whole matrix, and the three factors that numpy makes of it.

Input: a matrix, shape (d, d). Output: a factor of the same shape. Cost: O(d³) once, then 2 d² flops a row.

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

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar, Self

import numpy as np
import numpy.typing as npt

from mvn_dask import checks
from mvn_dask._typing import ArrayLike, Arrays, Float64Array, FloatArray
from mvn_dask.array_likes import real_array
from mvn_dask.checks import CheckValid, Method
from mvn_dask.covariance.base import Application, Covariance, Factor, log_product, report_invalid, single_array
from mvn_dask.covariance.blas import one_thread
from mvn_dask.covariance.diagonal import ScaleFactor
from mvn_dask.covariance.ordered_product import ordered_product
from mvn_dask.errors import ArgumentError, NotPositiveDefiniteError
from mvn_dask.hashing import digest

FUSED_NDIM = 320
"""Dimension up to which rows are made as their normals are drawn: a factor that stays in the second cache."""
NUMBERS_AT_ONCE = 2**22
"""Numbers of a factor that are converted to float64 at a time."""


@dataclass(frozen=True, eq=False)
class MatrixFactor(Factor):
    """A factor kept as its (d, k) matrix; subclasses add how it is inverted."""

    matrix: FloatArray
    """A, shape (d, k)."""

    @property
    def ndim(self) -> int:
        return int(self.matrix.shape[0])

    @property
    def noise_ndim(self) -> int:
        return int(self.matrix.shape[1])

    @property
    def flops(self) -> int:
        return 2 * self.ndim * self.noise_ndim

    @property
    def application(self) -> Application:
        # Rows are written over their own normals while they are drawn, so there must be as many of both.
        fused = self.ndim == self.noise_ndim and self.ndim <= FUSED_NDIM
        return "fused" if fused else "product"

    @property
    def operand(self) -> FloatArray:
        return self.matrix

    def colorize(self, z: FloatArray, out: FloatArray | None = None) -> FloatArray:
        """``z @ A.T``: 2 d k flops a row, half of that if A is triangular."""
        if out is None:
            out = np.empty((z.shape[0], self.ndim), np.result_type(z, self.matrix))
        return ordered_product(z, self.matrix, out)

    def variances(self) -> Float64Array:
        """Sums of squares of the rows of A, some rows at a time: 2 d k flops."""
        step = max(1, NUMBERS_AT_ONCE // self.noise_ndim)
        parts = (self._rows(slice(start, start + step)) for start in range(0, self.ndim, step))
        return np.concatenate([np.einsum("ij,ij->i", part, part) for part in parts])

    def covariance_of(self, rows: Sequence[int], columns: Sequence[int]) -> Float64Array:
        return np.asarray(self._rows(rows) @ self._rows(columns).T)

    def _rows(self, rows: Sequence[int] | slice) -> Float64Array:
        return self.matrix[rows].astype(np.float64, copy=False)

    def astype(self, dtype: npt.DTypeLike) -> Self:
        return type(self)(self.matrix.astype(dtype, copy=False))

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        return {"matrix": self.matrix}

    @classmethod
    def from_arrays(cls, arrays: Arrays) -> Self:
        return cls(single_array(arrays, "matrix", axes=2))


class OrthogonalFactor(MatrixFactor):
    """``u * sqrt(s)`` with orthonormal columns u: what svd and eigh give."""

    kind: ClassVar[str] = "orthogonal"

    @property
    def rank(self) -> int:
        return int(np.count_nonzero(self._column_variances()))

    @property
    def log_det(self) -> float:
        return log_product(self._column_variances()) if self.noise_ndim >= self.ndim else -np.inf

    def whiten(self, x: FloatArray) -> FloatArray:
        """``x @ A / s``, the pseudo-inverse: directions without variance give 0. 2 d k flops a row."""
        variances = self._column_variances()
        scale = np.divide(1.0, variances, out=np.zeros_like(variances), where=variances > 0)
        return np.asarray((x @ self._rows(slice(None))) * scale)

    def _column_variances(self) -> Float64Array:
        """Variances along the columns of u, shape (k,); 0 where rounding alone makes them."""
        # In float64: squares of float32 numbers overflow, and vanish, where the numbers themselves are far from it.
        squares = np.einsum("ij,ij->j", self.matrix, self.matrix, dtype=np.float64)
        limit = squares.max() * len(squares) * np.finfo(self.matrix.dtype).eps
        return np.where(squares <= limit, 0.0, squares)


class TriangularFactor(MatrixFactor):
    """A lower triangular factor: what Cholesky's method gives."""

    kind: ClassVar[str] = "triangular"

    @property
    def flops(self) -> int:
        return self.ndim * (self.ndim + 1)

    @property
    def rank(self) -> int:
        return int(np.count_nonzero(np.diagonal(self.matrix)))

    @property
    def log_det(self) -> float:
        return 2.0 * log_product(np.diagonal(self.matrix))

    def whiten(self, x: FloatArray) -> FloatArray:
        """Forward substitution: d² flops a row."""
        from scipy.linalg import solve_triangular

        return np.asarray(solve_triangular(self.matrix, x.T, lower=True, check_finite=False).T)

    @classmethod
    def from_arrays(cls, arrays: Arrays) -> Self:
        matrix = single_array(arrays, "matrix", axes=2)
        if matrix.shape[0] != matrix.shape[1]:
            raise ArgumentError(f"a triangular factor is square, and its shape is {matrix.shape}")
        return cls(matrix)


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

    matrix: Float64Array
    """The covariance, float64, shape (d, d)."""
    method: Method
    """How it is factorised."""
    check_valid: CheckValid
    """What to do if it is not symmetric and positive semidefinite."""
    tol: float
    """Tolerance of that check."""

    def __init__(
        self, matrix: ArrayLike, *, method: Method = "svd", check_valid: CheckValid = "warn", tol: float = 1e-8
    ) -> None:
        object.__setattr__(self, "method", checks.method(method))
        array = np.array(real_array("cov", matrix), order="C")
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
                self._check_close(self.matrix.T)
                factor = self._eigh() if self.method == "eigh" else self._cholesky()
        scale = np.diagonal(factor.matrix)
        diagonal = np.count_nonzero(factor.matrix) == np.count_nonzero(scale)
        return ScaleFactor(scale.copy()) if diagonal else factor

    def _svd(self) -> MatrixFactor:
        u, s, vh = np.linalg.svd(self.matrix)
        if self.check_valid != "ignore":
            self._check_close((vh.T * s) @ vh)
        return OrthogonalFactor(np.multiply(u, np.sqrt(s), order="C"))

    def _eigh(self) -> MatrixFactor:
        eigenvalues, u = np.linalg.eigh(self.matrix)
        if eigenvalues[0] < -self.tol * max(eigenvalues[-1], 0.0):
            report_invalid(self._describe(float(eigenvalues[0])), self.check_valid)
        return OrthogonalFactor(np.multiply(u, np.sqrt(np.abs(eigenvalues)), order="C"))

    def _cholesky(self) -> MatrixFactor:
        try:
            return TriangularFactor(np.linalg.cholesky(self.matrix))
        except np.linalg.LinAlgError as error:
            smallest = float(np.linalg.eigvalsh(self.matrix)[0])
            raise NotPositiveDefiniteError(
                f"{error}: the smallest eigenvalue of `cov` is {smallest:.3g}. "
                "Use method='svd' or 'eigh' for a singular covariance."
            ) from error

    def _check_close(self, other: FloatArray) -> None:
        """Report what is wrong with the matrix if it is not close to `other`, which a covariance would be."""
        if self.check_valid == "ignore" or self._close(other):
            return
        if self._close(self.matrix.T):
            fault = self._describe(float(np.linalg.eigvalsh(self.matrix)[0]))
        else:
            i, j = np.unravel_index(np.abs(self.matrix - self.matrix.T).argmax(), self.matrix.shape)
            fault = (
                f"`cov` must be symmetric: cov[{i}, {j}] is {self.matrix[i, j]:.6g}, "
                f"cov[{j}, {i}] is {self.matrix[j, i]:.6g} (tol {self.tol:g})."
            )
        report_invalid(fault, self.check_valid)

    def _close(self, other: FloatArray) -> bool:
        return np.allclose(other, self.matrix, rtol=self.tol, atol=self.tol)

    def _describe(self, smallest: float) -> str:
        return f"The smallest eigenvalue of `cov` is {smallest:.3g} (tol {self.tol:g})."

    def variances(self) -> Float64Array:
        return np.diagonal(self.matrix)

    def to_dense(self) -> Float64Array:
        return self.matrix

    def digest(self) -> str:
        return digest(self.matrix)

    def record(self) -> dict[str, object]:
        return {**super().record(), "method": self.method}
