"""Conditional covariances of factor models: posteriors of the normals that all variables share.

Input: loadings F, shape (d, k), variances of the variables' own, and observations of m variables. Output: loadings and
variances of what is left. Cost: 2 m k² + 2 d k² flops, and k³ times a small number; where m variables without a
variance of their own are observed exactly, another k³. Nothing of size d × d or m × m is ever built.

The common normals f minimise ``|f|² + |(y - F f) / s|²``, with s² the variances of the observed variables' own and of
their errors: least squares, whose triangle R, ``R.T @ R == I + G.T @ G`` with ``G = F / s``, comes from QR
factorisations, without squares of F. What is left of f has the covariance ``inv(R.T @ R)``, so that the loadings become
``F @ inv(R)``. Where s is 0, ``F f == y`` holds: f is the shortest solution, and a vector of the null space of these
rows of F.

References
----------
T. W. Anderson, An Introduction to Multivariate Statistical Analysis, 3rd ed., 2003, sections 2.5 and 14.7. Å. Björck,
Numerical Methods for Least Squares Problems, 1996, chapter 2, doi:10.1137/1.9781611971484.
"""

from collections.abc import Iterator

import numpy as np

from mvn_dask._typing import Float64Array
from mvn_dask.covariance.base import Covariance
from mvn_dask.covariance.blas import one_thread
from mvn_dask.covariance.diagonal import Diagonal
from mvn_dask.covariance.factored import Factored
from mvn_dask.covariance.low_rank import LowRank
from mvn_dask.covariance.matrix_factors import squares_of_rows
from mvn_dask.covariance.observations import Conditional, Observations
from mvn_dask.covariance.pseudo_inverse import PseudoInverse, row_parts, triangle_of
from mvn_dask.errors import NotPositiveDefiniteError
from mvn_dask.readable import plural


def conditional_of_low_rank(covariance: LowRank, observed: Observations) -> Conditional:
    """What is left of a factor model, given observations: a factor model."""
    own = covariance.own_variances
    shift, loadings, own = _posterior(covariance.loadings, own, observed)
    if loadings.shape[1] == 0:
        return Conditional(shift, Diagonal(own))
    return Conditional(shift, LowRank(loadings, own))


def conditional_of_factored(covariance: Factored, observed: Observations) -> Conditional:
    """What is left of a covariance that is given by a factor, given observations: a factor."""
    matrix = covariance.matrix
    shift, loadings, own = _posterior(matrix, np.zeros(len(matrix)), observed)
    left: Covariance = Diagonal(own) if loadings.shape[1] == 0 else Factored(loadings)
    return Conditional(shift, left)


@one_thread()
def _posterior(
    loadings: Float64Array, own: Float64Array, observed: Observations
) -> tuple[Float64Array, Float64Array, Float64Array]:
    """What the mean of the variables that are left changes by, their loadings, and the variances of their own."""
    places, kept = observed.places, observed.kept(len(own))
    if observed.noise is None:
        center, spread = _common(loadings[places], own[places], observed)
        return loadings[kept] @ center, _without_rounding(loadings[kept], spread), own[kept]
    total = own[places] + observed.noise
    center, spread = _common(loadings[places], total, observed)
    shift, left, own = loadings @ center, _without_rounding(loadings, spread), own.copy()
    # Of what an observation differs by from the common part, a variable's own part is this share, and the rest error.
    share = own[places] / total
    shift[places] = (1.0 - share) * shift[places] + share * observed.differences
    left[places] *= (observed.noise / total)[:, None]
    own[places] = share * observed.noise
    return shift, left, own


def _common(rows: Float64Array, total: Float64Array, observed: Observations) -> tuple[Float64Array, Float64Array]:
    """Mean of the common normals, shape (k,), and a factor of their covariance, shape (k, k - exact rows).

    `rows` are loadings of the observed variables, and `total` the variances of their own and of their errors.
    """
    differences = observed.differences
    center, free = np.zeros(rows.shape[1]), np.eye(rows.shape[1])
    exact = np.flatnonzero(total == 0)
    if len(exact):
        constraints = PseudoInverse(rows[exact])
        if constraints.rank < len(exact):
            raise NotPositiveDefiniteError(
                f"the {plural(len(exact), 'variable', ',')} in `which` without a variance of their own determine one "
                f"another: the rank of their covariance is {constraints.rank:,}. Leave some out, or give the "
                "variance of their errors as `noise`"
            )
        center = constraints.solve(rows[exact], differences[None, exact])[0]
        free = constraints.null_space(rows[exact])
    if not free.shape[1] or len(exact) == len(total):
        return center, np.asarray(free)
    triangle = triangle_of(_equations(rows, np.sqrt(total), differences - rows @ center, free))
    # The last column is that of the right-hand side, multiplied with the same orthogonal matrices.
    root, right = triangle[:-1, :-1], triangle[:-1, -1]
    spread = np.linalg.solve(root.T, free.T).T
    return center + np.asarray(spread @ right), np.asarray(spread)


def _equations(
    rows: Float64Array, scale: Float64Array, differences: Float64Array, free: Float64Array
) -> Iterator[Float64Array]:
    """The equations of least squares, with their right-hand side as the last column, some at a time."""
    yield np.eye(free.shape[1], free.shape[1] + 1)
    for part in row_parts(rows):
        some = part.start + np.flatnonzero(scale[part])
        if len(some):
            yield np.column_stack([rows[some] @ free, differences[some]]) / scale[some, None]


def _without_rounding(loadings: Float64Array, spread: Float64Array) -> Float64Array:
    """Loadings times what is left of the common normals, 0 where that is rounding of what was there."""
    left = loadings @ spread
    if left.size:
        rounding = np.square(loadings.shape[1] * np.finfo(np.float64).eps) * squares_of_rows(loadings)
        left[squares_of_rows(left) <= rounding] = 0.0
    return left
