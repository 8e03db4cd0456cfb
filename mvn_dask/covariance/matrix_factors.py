"""Factors that are kept as their matrix: orthogonal, orthogonal with rows scaled, and triangular.

Input: a matrix A, shape (d, k). Output: rows, their covariances, and what inverts them. Cost: 2 d k flops a row, half
of that where A is triangular.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
import numpy.typing as npt

from mvn_dask._typing import Arrays, Float64Array, FloatArray
from mvn_dask.covariance.base import Application, Factor, single_array
from mvn_dask.covariance.log_product import log_product
from mvn_dask.covariance.row_product import is_packed, multiply_rows
from mvn_dask.errors import ArgumentError
from mvn_dask.signatures import short_signature

FUSED_NDIM = 320
"""Dimension up to which rows are made as their normals are drawn: a factor that stays in the second cache."""
NUMBERS_AT_ONCE = 2**22
"""Numbers of a matrix that are converted or compared at a time."""
LINES_AT_ONCE = 1024
"""Lines of a matrix whose squares are added at once."""


@short_signature
@dataclass(frozen=True, eq=False, repr=False)
class MatrixFactor(Factor):
    """A factor kept as its (d, k) matrix; subclasses add how it is inverted.

    See Also
    --------
    mvn_dask.covariance.Factor : What every factor has.

    Examples
    --------
    >>> from mvn_dask import covariance
    >>> factor = covariance.Dense([[4.0, 2.0], [2.0, 3.0]], method="cholesky").factorize()
    >>> isinstance(factor, covariance.MatrixFactor), factor.matrix.round(3).tolist()
    (True, [[2.0, 0.0], [1.0, 1.414]])
    """

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
        if not is_packed(self.matrix):
            return "colorize"
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
        return multiply_rows(z, self.matrix, out)

    def variances(self) -> Float64Array:
        """Sums of squares of the rows of A: 2 d k flops."""
        return squares_of_rows(self.matrix)

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


def squares_of_rows(matrix: FloatArray) -> Float64Array:
    """Sums of squares of the rows of a matrix, shape (d, k) to (d,), in float64, some rows at a time.

    >>> squares_of_rows(np.array([[3.0, 4.0], [0.0, 1.0]]))
    array([25.,  1.])
    """
    step = max(1, NUMBERS_AT_ONCE // matrix.shape[1])
    starts = range(0, len(matrix), step)
    parts = (matrix[start : start + step].astype(np.float64, copy=False) for start in starts)
    return np.concatenate([np.einsum("ij,ij->i", part, part) for part in parts])


def ordered_variances(factor: Factor) -> Float64Array:
    """Variances of a factor with the same bits on every processor: of a matrix in the order of its columns.

    That takes three times the time of its own `variances`.
    """
    if not isinstance(factor, MatrixFactor):
        return factor.variances()
    matrix = factor.operand
    sums = np.zeros(len(matrix))
    for top in range(0, len(matrix), LINES_AT_ONCE):
        for column in np.ascontiguousarray(matrix[top : top + LINES_AT_ONCE].T, np.float64):
            sums[top : top + LINES_AT_ONCE] += column * column
    return sums


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

    def rescaled(self, scale: Float64Array) -> "ScaledOrthogonalFactor | None":
        return ScaledOrthogonalFactor(self.matrix * scale[:, None], scale) if scale.all() else None

    def _column_variances(self) -> Float64Array:
        """Variances along the columns of u, shape (k,); 0 where rounding alone makes them."""
        # In float64: squares of float32 numbers overflow, and vanish, where the numbers themselves are far from it.
        squares = np.einsum("ij,ij->j", self.matrix, self.matrix, dtype=np.float64)
        limit = squares.max() * len(squares) * np.finfo(self.matrix.dtype).eps
        return np.where(squares <= limit, 0.0, squares)


@dataclass(frozen=True, eq=False, repr=False)
class ScaledOrthogonalFactor(MatrixFactor):
    """``s[:, None] * u * sqrt(w)``: standard deviations s, and an orthogonal factor of the correlations."""

    kind: ClassVar[str] = "scaled_orthogonal"

    scale: FloatArray
    """s, shape (d,); 0 for a variable without variance."""

    @property
    def rank(self) -> int:
        return min(self._correlations.rank, int(np.count_nonzero(self.scale)))

    @property
    def log_det(self) -> float:
        return self._correlations.log_det + 2.0 * log_product(self.scale)

    def whiten(self, x: FloatArray) -> FloatArray:
        """``(x / s) @ u / sqrt(w)``: directions without variance give 0. 2 d k flops a row."""
        return self._correlations.whiten(self._unscaled(x))

    def rescaled(self, scale: Float64Array) -> Self | None:
        # A row of zeros beside an orthogonal factor of all variables would be whitened as a direction of its own.
        return type(self)(self.matrix * scale[:, None], self.scale * scale) if scale.all() else None

    @property
    def _correlations(self) -> OrthogonalFactor:
        return OrthogonalFactor(self._unscaled(self.matrix.T).T)

    def _unscaled(self, rows: FloatArray) -> FloatArray:
        return np.asarray(np.divide(rows, self.scale, out=np.zeros_like(rows), where=self.scale != 0))

    def astype(self, dtype: npt.DTypeLike) -> Self:
        return type(self)(self.matrix.astype(dtype, copy=False), self.scale.astype(dtype, copy=False))

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        return {"matrix": self.matrix, "scale": self.scale}

    @classmethod
    def from_arrays(cls, arrays: Arrays) -> Self:
        others = {name: array for name, array in arrays.items() if name != "scale"}
        matrix = single_array(others, "matrix", axes=2)
        scale = single_array({name: arrays[name] for name in arrays if name == "scale"}, "scale", axes=1)
        if scale.shape != matrix.shape[:1] or scale.dtype != matrix.dtype:
            raise ArgumentError(f"a scale {scale.shape} of {scale.dtype} for a matrix {matrix.shape} of {matrix.dtype}")
        return cls(matrix, scale)


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
        """Forward substitution: d² flops a row. The noise of a variable that is constant is 0.

        Raises UnsupportedOperationError where other variables depend on that noise.
        """
        from scipy.linalg import solve_triangular

        constant = np.diagonal(self.matrix) == 0
        if not constant.any():
            return np.asarray(solve_triangular(self.matrix, x.T, lower=True, check_finite=False).T)
        if self.matrix[:, constant].any():
            raise self._unsupported("cannot be inverted cheaply where noise of a constant is in other variables")
        varying = np.flatnonzero(~constant)
        white = np.zeros_like(x)
        if len(varying):
            part = self.matrix[np.ix_(varying, varying)]
            white[:, varying] = solve_triangular(part, x[:, varying].T, lower=True, check_finite=False).T
        return white

    def rescaled(self, scale: Float64Array) -> Self:
        return type(self)(self.matrix * scale[:, None])

    @classmethod
    def from_arrays(cls, arrays: Arrays) -> Self:
        matrix = single_array(arrays, "matrix", axes=2)
        if matrix.shape[0] != matrix.shape[1]:
            raise ArgumentError(f"a triangular factor is square, and its shape is {matrix.shape}")
        return cls(matrix)
