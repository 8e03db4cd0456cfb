"""Conditional covariances of variables whose precision is known.

Input: a precision, as a matrix, as bands or sparse, and observations. Output: what the mean changes by, and a precision
of the same form. Given exact values, the precision of the other variables is that with rows and columns left out; given
values with errors, each observation adds the inverse of its error's variance to the diagonal. Cost: a copy of the
precision, its factorisation, and one solution.

References
----------
H. Rue and L. Held, Gaussian Markov Random Fields, 2005, doi:10.1201/9780203492024, sections 2.2.5 and 2.3.3.
"""

from typing import Any

import numpy as np

from mvn_dask._typing import Float64Array
from mvn_dask.checks import variable_label
from mvn_dask.covariance.observations import Conditional, Observations
from mvn_dask.covariance.precision import Precision
from mvn_dask.covariance.precision_forms import covariance_times, part, product, with_diagonal
from mvn_dask.errors import ArgumentError, UnsupportedOperationError


def conditional_of_precision(covariance: Precision, observed: Observations) -> Conditional:
    """What is left of variables with a precision, given observations: the form of the precision is kept."""
    if covariance.singular != "raise":
        raise UnsupportedOperationError(
            f"the conditional covariance of {covariance!r} has no such structure, since rows are projected: given "
            "observations with errors of variances v, the field without projection is Precision(P) with 1 / v added to "
            "the diagonal of P"
        )
    matrix: Any = covariance.precision
    places, kept = observed.places, observed.kept(covariance.ndim)
    whole = np.zeros(covariance.ndim)
    if observed.noise is None:
        left = Precision(part(matrix, kept))
        whole[places] = observed.differences
        right = -product(matrix, whole)[kept]
    else:
        added = np.zeros(covariance.ndim)
        added[places] = _inverse(observed.noise, observed)
        left = Precision(with_diagonal(matrix, added))
        whole[places] = observed.differences
        right = added * whole
    return Conditional(covariance_times(left.factorize(), right[None])[0], left)


def _inverse(noise: Float64Array, observed: Observations) -> Float64Array:
    with np.errstate(over="ignore"):
        found = 1.0 / noise
    if not np.isfinite(found).all():
        label = variable_label(int(observed.places[np.isinf(found).argmax()]), observed.names)
        raise ArgumentError(f"the `noise` of {label} is too small for float64: give 0, or use other units")
    return np.asarray(found)
