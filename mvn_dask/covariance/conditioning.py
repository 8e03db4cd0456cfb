"""Conditional covariances, given observed values of some variables.

Input: a covariance, and observations, exact ones or with errors. Output: what the mean of the other variables, or of
all, changes by, and their covariance: of a matrix a matrix, of variances variances, of a factor model a factor model,
of a precision a precision, and none is made dense. Cost, of d variables of which m are observed: of a matrix
m³/3 + m² d + m d² multiply-adds; of the others that given in `factor_conditioning`, `precision_conditioning` and
`conditioned_grid`.

A matrix loses the Schur complement of the observed block, which is factorised by Cholesky, in units in which all
variances are 1. What LAPACK multiplies, it does with one thread, so that bits do not depend on the number of cores.

References
----------
T. W. Anderson, An Introduction to Multivariate Statistical Analysis, 3rd ed., 2003, section 2.5. C. E. Rasmussen and
C. K. I. Williams, Gaussian Processes for Machine Learning, 2006, section 2.2, doi:10.7551/mitpress/3206.001.0001.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from mvn_dask._typing import Float64Array
from mvn_dask.checks import variable_label
from mvn_dask.covariance.base import Covariance
from mvn_dask.covariance.blas import one_thread
from mvn_dask.covariance.conditioned_grid import conditional_of_grid
from mvn_dask.covariance.dense import Dense
from mvn_dask.covariance.diagonal import Diagonal
from mvn_dask.covariance.factor_conditioning import conditional_of_factored, conditional_of_low_rank
from mvn_dask.covariance.factored import Factored
from mvn_dask.covariance.low_rank import LowRank
from mvn_dask.covariance.observations import Conditional, Observations, observed_triangle
from mvn_dask.covariance.precision import Precision
from mvn_dask.covariance.precision_conditioning import conditional_of_precision
from mvn_dask.covariance.scaled import Scaled
from mvn_dask.covariance.stationary_grid import StationaryGrid
from mvn_dask.errors import NotPositiveDefiniteError, UnsupportedOperationError


def conditional(covariance: Covariance, observed: Observations) -> Conditional:
    """What is left of a covariance, given observations.

    Raises
    ------
    NotPositiveDefiniteError
        If observed variables determine one another.
    UnsupportedOperationError
        If the structure is one whose conditional covariance is a matrix of all variables.

    Examples
    --------
    >>> observed = Observations(np.array([0]), np.array([2.0]), None, None)
    >>> shift, left = conditional(Dense([[4.0, 2.0], [2.0, 3.0]]), observed)
    >>> shift, left.to_dense()
    (array([1.]), array([[2.]]))
    """
    found = CONDITIONALS.get(type(covariance))
    if found is None:
        known = ", ".join(sorted(kind.__name__ for kind in CONDITIONALS))
        raise UnsupportedOperationError(
            f"the conditional covariance of {covariance!r} has no such structure: `condition` takes {known}; where "
            "there are few variables, give Dense(cov.to_dense())"
        )
    return found(covariance, observed)


def _of_dense(covariance: Dense, observed: Observations) -> Conditional:
    matrix, places, kept = covariance.matrix, observed.places, observed.kept(covariance.ndim)
    deviations = _deviations(covariance, observed)
    block = _in_units(matrix, places, places, deviations)
    own = deviations[places]
    if observed.noise is not None:
        # Units in which the observations, errors included, have a variance of 1.
        total = np.sqrt(np.square(own) + observed.noise)
        block = block * (own / total)[:, None] * (own / total)
        np.fill_diagonal(block, 1.0)
    else:
        total = own
    triangle = observed_triangle(block, observed)
    with one_thread():
        across = _in_units(matrix, places, kept, deviations) * (own / total)[:, None]
        solved = _solve(triangle, np.column_stack([across, observed.differences / total]))
        across, differences = solved[:, :-1], solved[:, -1]
        left = _in_units(matrix, kept, kept, deviations) - across.T @ across
        shift = (differences @ across) * deviations[kept]
    # What the observations determine has rounding in the place of its variance.
    determined = np.diagonal(left) <= len(matrix) * np.finfo(np.float64).eps
    left[determined] = left[:, determined] = 0.0
    left = left * deviations[kept][:, None] * deviations[kept]
    left = 0.5 * left + 0.5 * left.T
    method = "auto" if covariance.method == "cholesky" and determined.any() else covariance.method
    # The whole covariance was checked when it was factorised.
    return Conditional(shift, Dense(left, method=method, check_valid="ignore", tol=covariance.tol))


def _deviations(covariance: Dense, observed: Observations) -> Float64Array:
    """Standard deviations of all variables, 1 in place of 0."""
    variances = covariance.variances()
    lowest = int(variances.argmin())
    if variances[lowest] < 0:
        label = variable_label(lowest, observed.names)
        raise NotPositiveDefiniteError(
            f"the variance of {label} is {variances[lowest]:.3g}: only a covariance can be conditioned"
        )
    deviations = np.sqrt(variances)
    return np.where(deviations > 0, deviations, 1.0)


def _in_units(matrix: Float64Array, rows: Any, columns: Any, deviations: Float64Array) -> Float64Array:
    """Some correlations, the mean of both triangles."""
    both = 0.5 * matrix[np.ix_(rows, columns)] + 0.5 * matrix[np.ix_(columns, rows)].T
    return np.asarray(both / deviations[rows][:, None] / deviations[columns])


def _solve(triangle: Float64Array, columns: Float64Array) -> Float64Array:
    from scipy.linalg import solve_triangular

    return np.asarray(solve_triangular(triangle, columns, lower=True, check_finite=False))


def _of_diagonal(covariance: Diagonal, observed: Observations) -> Conditional:
    places, kept = observed.places, observed.kept(covariance.ndim)
    # As they are drawn: a negative one was warned of, or asked for.
    variances = np.abs(covariance.diagonal)
    if observed.noise is None:
        _check_constants(variances[places], observed)
        return Conditional(np.zeros(len(kept)), Diagonal(variances[kept]))
    weights = variances[places] / (variances[places] + observed.noise)
    shift, left = np.zeros(covariance.ndim), variances.copy()
    shift[places] = weights * observed.differences
    left[places] = weights * observed.noise
    return Conditional(shift, Diagonal(left))


def _of_scaled(covariance: Scaled, observed: Observations) -> Conditional:
    scale, kept = covariance.scale[observed.places], covariance.scale[observed.kept(covariance.ndim)]
    _check_constants(scale, observed)
    noise = None if observed.noise is None else observed.noise / scale / scale
    inner = Observations(observed.places, observed.differences / scale, noise, observed.names)
    shift, left = conditional(covariance.covariance, inner)
    return Conditional(shift * kept, Scaled(left, kept))


def _check_constants(scale: Float64Array, observed: Observations) -> None:
    if not scale.all():
        label = variable_label(int(observed.places[(scale == 0).argmax()]), observed.names)
        raise NotPositiveDefiniteError(f"{label} has no variance: leave it out of `which`")


CONDITIONALS: dict[type[Covariance], Callable[[Any, Observations], Conditional]] = {
    Dense: _of_dense,
    Diagonal: _of_diagonal,
    Factored: conditional_of_factored,
    LowRank: conditional_of_low_rank,
    Precision: conditional_of_precision,
    Scaled: _of_scaled,
    StationaryGrid: conditional_of_grid,
}
"""How each structure is conditioned."""
