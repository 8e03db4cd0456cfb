"""The correlation matrix that is nearest to a symmetric matrix, in the sum of squares.

Input: a symmetric matrix G, shape (d, d). Output: the positive semidefinite X with a unit diagonal for which X - G has
the smallest Frobenius norm. Cost: 5 to 10 eigendecompositions, and products of d × d matrices.

Alternating projections with Dykstra's correction find the same matrix, linearly. This is Newton's method for the dual
problem: X is the positive part of G + diag(y) for the y that minimises ``|(G + diag(y))₊|² / 2 - sum(y)``, which is
convex, and whose gradient is the diagonal of that part, less 1.

References
----------
N. J. Higham, Computing the nearest correlation matrix: a problem from finance, IMA J. Numer. Anal. 22, 2002,
doi:10.1093/imanum/22.3.329. H. Qi and D. Sun, A quadratically convergent Newton method for computing the nearest
correlation matrix, SIAM J. Matrix Anal. Appl. 28, 2006, doi:10.1137/050624509.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from mvn_dask._typing import Float64Array
from mvn_dask.errors import ArgumentError

PRECISION = 1e-13
"""Error of the diagonal, as a part of d times the largest eigenvalue, at which Newton's method ends."""
POOR_PRECISION = 1e-3
"""Error of the diagonal that is scaled away where rounding ends it sooner."""
MAX_STEPS = 100
MAX_HALVINGS = 30
MAX_CONJUGATE_STEPS = 200
SUFFICIENT_DECREASE = 1e-4
"""Part of the decrease along the gradient that a step must make (Armijo's rule)."""


@dataclass(frozen=True)
class _Point:
    """The dual problem at y."""

    y: Float64Array
    eigenvalues: Float64Array
    """Those of G + diag(y), shape (d,), from small to large."""
    vectors: Float64Array
    """Its eigenvectors, the columns, shape (d, d)."""

    @classmethod
    def at(cls, matrix: Float64Array, y: Float64Array) -> "_Point":
        shifted = matrix.copy()
        shifted.flat[:: len(y) + 1] += y
        return cls(y, *np.linalg.eigh(shifted))

    @property
    def positive(self) -> Float64Array:
        return np.maximum(self.eigenvalues, 0.0)

    @property
    def value(self) -> float:
        return float(0.5 * self.positive @ self.positive - self.y.sum())

    @property
    def gradient(self) -> Float64Array:
        return np.asarray(np.square(self.vectors) @ self.positive - 1.0)

    @property
    def scale(self) -> float:
        """What rounding errors are proportional to."""
        return len(self.y) * max(1.0, float(np.abs(self.eigenvalues).max()))


def nearest_correlation(matrix: Float64Array) -> Float64Array:
    """The nearest correlation matrix, shape (d, d), its diagonal exactly 1.

    Raises
    ------
    ArgumentError
        If rounding errors keep Newton's method from the solution, as where entries are far beyond ±1.

    Examples
    --------
    >>> nearest_correlation(np.array([[1.0, 1.0, 0.0], [1.0, 1.0, 1.0], [0.0, 1.0, 1.0]])).round(4)
    array([[1.    , 0.7607, 0.1573],
           [0.7607, 1.    , 0.7607],
           [0.1573, 0.7607, 1.    ]])
    """
    point = _Point.at(matrix, 1.0 - np.diagonal(matrix))
    for _ in range(MAX_STEPS):
        gradient = point.gradient
        if np.linalg.norm(gradient) <= PRECISION * point.scale:
            break
        step = _conjugate_gradients(*_hessian(point), gradient)
        found = _search(matrix, point, step, float(gradient @ step))
        if found is None:
            break
        point = found
    if not np.abs(point.gradient).max() <= POOR_PRECISION:
        raise ArgumentError(
            "the nearest correlation matrix is lost in rounding errors, as entries are far beyond ±1: the methods "
            "'clip' and 'shrink' take them"
        )
    return unit_diagonal(np.asarray((point.vectors * point.positive) @ point.vectors.T))


def unit_diagonal(matrix: Float64Array) -> Float64Array:
    """A positive semidefinite matrix scaled to a unit diagonal, which is positive; it is exactly symmetric."""
    roots = np.sqrt(np.diagonal(matrix))
    scaled = np.asarray(0.5 * (matrix + matrix.T) / np.outer(roots, roots))
    np.fill_diagonal(scaled, 1.0)
    return scaled


def _search(matrix: Float64Array, point: _Point, step: Float64Array, slope: float) -> _Point | None:
    """The first point along the step, halved again and again, that is low enough; None where there is none."""
    length = 1.0
    for _ in range(MAX_HALVINGS):
        found = _Point.at(matrix, point.y + length * step)
        # Near the solution rounding hides a decrease, while the gradient still shows it.
        if found.value <= point.value + SUFFICIENT_DECREASE * length * slope or (
            length == 1.0 and np.linalg.norm(found.gradient) <= 0.1 * np.linalg.norm(point.gradient)
        ):
            return found
        length *= 0.5
    return None


def _hessian(point: _Point) -> tuple[Callable[[Float64Array], Float64Array], Float64Array]:
    """A generalised Hessian, as the function that multiplies it with a vector, and its diagonal, shape (d,).

    For eigenvectors P and Q of positive and other eigenvalues p and q, and ``w[i, j] = p[i] / (p[i] - q[j])``, it takes
    h to the diagonal of ``P (P' H P) P' + 2 P (w * (P' H Q)) Q'`` with ``H = diag(h)``; what is left of h itself is
    the same with P and Q exchanged and 1 - w. The product with fewer vectors is computed.
    """
    is_positive = point.eigenvalues > 0
    p, q = point.vectors[:, is_positive], point.vectors[:, ~is_positive]
    above, below = point.eigenvalues[is_positive], point.eigenvalues[~is_positive]
    weights = above[:, None] / (above[:, None] - below)
    diagonal = np.square(np.square(p).sum(axis=1)) + 2.0 * _dots(np.square(p) @ weights, np.square(q))
    if p.shape[1] <= q.shape[1]:
        return (lambda h: _restricted(p, q, weights, h)), diagonal
    others = np.ascontiguousarray(1.0 - weights.T)
    return (lambda h: h - _restricted(q, p, others, h)), diagonal


def _restricted(p: Float64Array, q: Float64Array, weights: Float64Array, h: Float64Array) -> Float64Array:
    """The diagonal of ``P (P' H P) P' + 2 P (w * (P' H Q)) Q'``, shape (d,)."""
    columns = p.T * h
    return _dots(p @ (columns @ p), p) + 2.0 * _dots(p @ (weights * (columns @ q)), q)


def _dots(one: Float64Array, other: Float64Array) -> Float64Array:
    """Products of rows with rows, shape (d,)."""
    return np.asarray(np.einsum("ij,ij->i", one, other))


def _conjugate_gradients(
    multiply: Callable[[Float64Array], Float64Array], diagonal: Float64Array, gradient: Float64Array
) -> Float64Array:
    """Newton's step, to a part of the gradient that shrinks with it, so that convergence is quadratic."""
    norm = float(np.linalg.norm(gradient))
    limit = norm * min(0.05, 0.1 * norm)
    divisors = np.maximum(diagonal, 1e-8)
    step, residual = np.zeros_like(gradient), -gradient
    direction = scaled = residual / divisors
    product = float(residual @ scaled)
    for _ in range(MAX_CONJUGATE_STEPS):
        if np.linalg.norm(residual) <= limit:
            break
        # The Hessian may be singular to rounding.
        curved = multiply(direction) + 1e-10 * direction
        curvature = float(direction @ curved)
        if not curvature > 0.0:
            break
        length = product / curvature
        step, residual = step + length * direction, residual - length * curved
        scaled = residual / divisors
        previous, product = product, float(residual @ scaled)
        direction = scaled + product / previous * direction
    return step if step.any() else -gradient
