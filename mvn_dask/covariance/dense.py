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

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar, Self

import numpy as np
import numpy.typing as npt

from mvn_dask import checks
from mvn_dask._typing import Arrays, Float64Array, FloatArray
from mvn_dask.covariance.base import Application, Covariance, Factor, report_invalid, single_array
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
        parts = [self._rows(rows) for rows in _row_ranges(self.matrix)]
        return np.concatenate([np.einsum("ij,ij->i", part, part) for part in parts])

    def covariance_of(self, rows: Sequence[int], columns: Sequence[int]) -> Float64Array:
        product: Float64Array = self._rows(rows) @ self._rows(columns).T
        return product

    def _rows(self, rows: Sequence[int] | slice) -> Float64Array:
        return self.matrix[rows].astype(np.float64, copy=False)

    def astype(self, dtype: npt.DTypeLike) -> Self:
        return type(self)(self.matrix.astype(dtype, copy=False))

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        return {"matrix": self.matrix}

    @classmethod
    def from_arrays(cls, arrays: Arrays) -> Self:
        return cls(single_array(arrays, "matrix", axes=2))


def _row_ranges(matrix: FloatArray) -> Iterator[slice]:
    step = max(1, NUMBERS_AT_ONCE // matrix.shape[1])
    return (slice(start, start + step) for start in range(0, len(matrix), step))


class OrthogonalFactor(MatrixFactor):
    """``u * sqrt(s)`` with orthonormal columns u: what svd and eigh give."""

    kind: ClassVar[str] = "orthogonal"

    @property
    def rank(self) -> int:
        return int(np.count_nonzero(self._column_variances()))

    @property
    def log_det(self) -> float:
        with np.errstate(divide="ignore"):
            return float(np.log(self._squares()).sum())

    def whiten(self, x: FloatArray) -> FloatArray:
        """``x @ A / s``, the pseudo-inverse: directions without variance give 0. 2 d k flops a row."""
        variances = self._column_variances()
        scale = np.divide(1.0, variances, out=np.zeros_like(variances), where=variances > 0)
        white: FloatArray = (x @ self.matrix) * scale
        return white

    def _squares(self) -> FloatArray:
        squares: FloatArray = np.einsum("ij,ij->j", self.matrix, self.matrix)
        return squares

    def _column_variances(self) -> FloatArray:
        """Variances along the columns of u, shape (k,); 0 where rounding alone makes them."""
        squares = self._squares()
        limit = squares.max() * len(squares) * np.finfo(squares.dtype).eps
        return np.where(squares <= limit, 0.0, squares).astype(squares.dtype)


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
        return 2.0 * float(np.log(np.diagonal(self.matrix)).sum())

    def whiten(self, x: FloatArray) -> FloatArray:
        """Forward substitution: d² flops a row."""
        from scipy.linalg import solve_triangular

        white: FloatArray = solve_triangular(self.matrix, x.T, lower=True, check_finite=False).T
        return white

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

    def _svd(self) -> MatrixFactor:
        u, s, vh = np.linalg.svd(self.matrix)
        if self.check_valid != "ignore" and not self._close((vh.T * s) @ vh):
            self._report_fault()
        return OrthogonalFactor(np.multiply(u, np.sqrt(s), order="C"))

    def _eigh(self) -> MatrixFactor:
        eigenvalues, u = np.linalg.eigh(self.matrix)
        largest = max(eigenvalues[-1], 0.0)
        if self.check_valid != "ignore" and eigenvalues[0] < -self.tol * largest:
            report_invalid(self._describe(float(eigenvalues[0])), self.check_valid)
        return OrthogonalFactor(np.multiply(u, np.sqrt(np.abs(eigenvalues)), order="C"))

    def _cholesky(self) -> MatrixFactor:
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
            self._report_fault()

    def _close(self, other: FloatArray) -> bool:
        return np.allclose(other, self.matrix, rtol=self.tol, atol=self.tol)

    def _report_fault(self) -> None:
        """Say what is wrong with a matrix that is not close to what it should be."""
        if self._close(self.matrix.T):
            fault = self._describe(float(np.linalg.eigvalsh(self.matrix)[0]))
        else:
            i, j = np.unravel_index(np.abs(self.matrix - self.matrix.T).argmax(), self.matrix.shape)
            fault = (
                f"`cov` must be symmetric: cov[{i}, {j}] is {self.matrix[i, j]:.6g}, "
                f"cov[{j}, {i}] is {self.matrix[j, i]:.6g} (tol {self.tol:g})."
            )
        report_invalid(fault, self.check_valid)

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
