"""The pseudo-inverse of a matrix, applied to rows: the shortest solutions of linear equations.

Input: a matrix A, shape (d, k). Output: its rank, the logarithm of its volume, and for rows x the shortest z with
``A z = x``. Cost: O(d k min(d, k)) once, then 6 d k flops a row; min(d, k)² numbers are kept.

Rows of A are scaled to a largest entry of 1 before anything is called small, since a covariance mixes units. A triangle
R with ``R.T @ R == A.T @ A``, or of A.T, comes from QR factorisations of some rows at a time, so that no square of a
small number is lost; solutions from its singular values get one step of refinement.

References
----------
Å. Björck, Stability analysis of the method of seminormal equations for linear least squares problems, Linear Algebra
and its Applications 88/89, 1987, doi:10.1016/0024-3795(87)90101-7.
"""

from collections.abc import Iterable, Iterator

import numpy as np

from mvn_dask._typing import Float64Array, FloatArray
from mvn_dask.covariance.log_product import log_product

QR_NUMBERS = 2**18
"""Numbers of a matrix that a QR factorisation takes at a time, at least."""


def triangle_of(parts: Iterable[Float64Array]) -> Float64Array:
    """R with ``R.T @ R == A.T @ A``, shape (min(n, k), k), of a matrix A that comes as rows, shape (n, k).

    Examples
    --------
    >>> abs(triangle_of([np.array([[3.0]]), np.array([[4.0]])]).round(12))
    array([[5.]])
    """
    triangle = np.empty((0, 0))
    for part in parts:
        rows = np.vstack([triangle, part]) if triangle.size else part
        # numpy's types take the result of this mode for that of another.
        triangle = np.asarray(np.linalg.qr(rows, mode="r"))
    return triangle


def row_parts(matrix: FloatArray) -> Iterator[slice]:
    """Rows of a matrix that are worked on together: some times as many as it has columns."""
    height = max(4 * matrix.shape[1], QR_NUMBERS // matrix.shape[1])
    return (slice(top, top + height) for top in range(0, len(matrix), height))


class PseudoInverse:
    """The pseudo-inverse of a matrix A, shape (d, k), whose array is not kept."""

    def __init__(self, matrix: FloatArray) -> None:
        self._wide = matrix.shape[0] < matrix.shape[1]
        self.scale = _row_scale(matrix)
        if self._wide:
            triangle = triangle_of((matrix[:, part] * self.scale[:, None]).T for part in row_parts(matrix.T))
        else:
            triangle = triangle_of(matrix[part] * self.scale[part, None] for part in row_parts(matrix))
        _, self.singular_values, vectors = np.linalg.svd(triangle, full_matrices=False)
        limit = self.singular_values[0] * max(matrix.shape) * np.finfo(matrix.dtype).eps
        self.rank = int(np.count_nonzero(self.singular_values > limit))
        # Right singular vectors of the scaled matrix, or of its transpose.
        self._vectors = vectors[: self.rank].T

    @property
    def log_volume(self) -> float:
        """Half the logarithm of the determinant of ``A @ A.T``; minus infinity if its rank is less than d."""
        if self.rank < len(self.scale):
            return -np.inf
        return log_product(self.singular_values) - log_product(self.scale)

    def null_space(self, matrix: FloatArray) -> Float64Array:
        """Orthonormal vectors z with ``A z = 0``, shape (k, k - rank), for small k; `matrix` is A."""
        k = matrix.shape[1]
        rows = self._vectors.T
        if self._wide:
            # Singular vectors of the transpose span the columns of A: A.T takes them to its rows.
            rows = (self._vectors.T * self.scale) @ matrix
        whole, _ = np.linalg.qr(np.hstack([rows.T, np.zeros((k, 0))]), mode="complete")
        return np.asarray(whole[:, self.rank :])

    def solve(self, matrix: FloatArray, x: FloatArray) -> Float64Array:
        """The shortest z with ``A z = x``, shape (n, d) to (n, k); in the sense of least squares if there is none.

        `matrix` is A.
        """
        scaled = x * self.scale
        z = self._approximate(matrix, scaled)
        # What rounding left of the squared singular values.
        return np.asarray(z + self._approximate(matrix, scaled - (z @ matrix.T) * self.scale))

    def _approximate(self, matrix: FloatArray, scaled: Float64Array) -> Float64Array:
        """The solution by seminormal equations."""
        if self._wide:
            return np.asarray((self._normal(scaled) * self.scale) @ matrix)
        return self._normal((scaled * self.scale) @ matrix)

    def _normal(self, rows: Float64Array) -> Float64Array:
        squares = np.square(self.singular_values[: self.rank])
        return np.asarray(((rows @ self._vectors) / squares) @ self._vectors.T)


def _row_scale(matrix: FloatArray) -> Float64Array:
    """Numbers that make the largest entry of each row 1, shape (d,); 1 for rows of zeros."""
    largest = np.concatenate([np.abs(matrix[part]).max(axis=1) for part in row_parts(matrix)]).astype(np.float64)
    return np.divide(1.0, largest, out=np.ones_like(largest), where=largest > 0)
