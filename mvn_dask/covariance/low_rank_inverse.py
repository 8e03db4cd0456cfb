"""Rank, determinant and inverse of ``F @ F.T + diag(s**2)`` by Woodbury's identity, s with zeros or without.

Input: loadings F, shape (d, k), and a scale s, shape (d,). Output: the rank, the logarithm of the determinant, and for
rows x the shortest z with ``F @ z[:k] + s * z[k:] == x``. Cost: O(d k²) once, then 6 d k flops a row; k² numbers are
kept.

Where s > 0, ``z[k:]`` is what ``F @ z[:k]`` leaves of x, divided by s, so that ``z[:k]`` minimises
``|z[:k]|² + |y - G @ z[:k]|²`` with ``y = x / s`` and ``G = F / s``: Woodbury's identity as least squares, whose
triangle comes from QR factorisations, without squares of F. Where s is 0, ``F @ z[:k] == x`` must hold: ``z[:k]`` is
the shortest solution p, and a vector of the null space of these rows of F.

References
----------
N. J. Higham, Accuracy and Stability of Numerical Algorithms, 2nd ed., 2002, chapters 20 and 21,
doi:10.1137/1.9780898718027.
"""

from collections.abc import Iterator
from functools import cached_property
from itertools import chain

import numpy as np
import numpy.typing as npt

from mvn_dask._typing import Float64Array, FloatArray
from mvn_dask.covariance.log_product import log_product
from mvn_dask.covariance.pseudo_inverse import PseudoInverse, row_parts, triangle_of
from mvn_dask.memory_limit import refuse_beyond_memory
from mvn_dask.readable import plural

SQUARES = 4
"""Arrays of k² numbers that are needed at once, at least."""
Indices = npt.NDArray[np.intp]
"""Numbers of variables."""


class LowRankInverse:
    """The inverse of loadings, shape (d, k), and a scale, shape (d,)."""

    def __init__(self, loadings: FloatArray, scale: FloatArray) -> None:
        refuse_beyond_memory(
            f"inverting a covariance of {plural(loadings.shape[1], 'common factor', ',')}",
            SQUARES * 8 * loadings.shape[1] ** 2,
            "take fewer of them, or draw without `whiten` and `log_det`",
        )
        self._loadings, self._scale = loadings, scale
        self._exact = np.flatnonzero(scale == 0)
        self._free = np.eye(loadings.shape[1])
        self.rank = len(scale) - len(self._exact)
        if len(self._exact):
            rows = loadings[self._exact]
            self._constraints = PseudoInverse(rows)
            self.rank += self._constraints.rank
            self._free = self._constraints.null_space(rows)

    @cached_property
    def _triangle(self) -> Float64Array:
        """R with ``R.T @ R == I + G.T @ G``."""
        return triangle_of(chain([np.eye(self._loadings.shape[1])], (part for _, part in self._scaled())))

    @cached_property
    def _free_triangle(self) -> Float64Array:
        """The same within the null space of the rows that are exact."""
        return triangle_of([self._triangle @ self._free])

    @property
    def log_det(self) -> float:
        """Logarithm of the determinant; minus infinity if the rank is less than d."""
        if self.rank < len(self._scale):
            return -np.inf
        free = log_product(self._scale[self._scale != 0]) + log_product(np.diagonal(self._triangle))
        if not len(self._exact):
            return 2.0 * free
        # det(F₀ C⁻¹ F₀ᵀ) with the rows F₀ without variance of their own, and C = I + Gᵀ G.
        rows = self._loadings[self._exact].astype(np.float64, copy=False)
        return 2.0 * (free + PseudoInverse(np.linalg.solve(self._triangle.T, rows.T).T).log_volume)

    def solve(self, x: FloatArray) -> Float64Array:
        """The shortest z with ``F @ z[:k] + s * z[k:] == x``, shape (n, d) to (n, k + d)."""
        ndim, count = self._loadings.shape
        common = np.zeros((len(x), count))
        if len(self._exact):
            common = self._constraints.solve(self._loadings[self._exact], x[:, self._exact])
        # Twice, since seminormal equations leave rounding of the squared singular values.
        for _ in range(2):
            gradient = -common
            for rows, part in self._scaled():
                gradient += self._left(rows, part, x, common) @ part
            common += self._step(gradient)
        z = np.zeros((len(x), count + ndim))
        z[:, :count] = common
        for rows, part in self._scaled():
            z[:, count + rows] = self._left(rows, part, x, common)
        return z

    def _step(self, gradient: Float64Array) -> Float64Array:
        """What the gradient adds to the common part, within the null space of the rows that are exact."""
        if not self._free.shape[1]:
            return np.zeros_like(gradient)
        half = np.linalg.solve(self._free_triangle.T, (gradient @ self._free).T)
        return np.asarray((self._free @ np.linalg.solve(self._free_triangle, half)).T)

    def _left(self, rows: Indices, part: Float64Array, x: FloatArray, common: Float64Array) -> Float64Array:
        """What the common part leaves of some variables, in their own standard deviations."""
        return np.asarray(x[:, rows] / self._scale[rows].astype(np.float64) - common @ part.T)

    def _scaled(self) -> Iterator[tuple[Indices, Float64Array]]:
        """Rows with a variance of their own, some at a time: their numbers, and ``loadings / scale``."""
        for part in row_parts(self._loadings):
            rows = part.start + np.flatnonzero(self._scale[part])
            if len(rows):
                yield rows, self._loadings[rows] / self._scale[rows, None].astype(np.float64)
