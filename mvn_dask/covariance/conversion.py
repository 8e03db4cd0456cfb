"""From array-likes to a `Covariance`.

Input: a matrix, a vector of variances, a scalar variance, an object of another library that holds one of these, or a
`Covariance`. Output: a `Covariance`. Cost: a copy.
"""

from typing import Any

import numpy as np

from mvn_dask import checks
from mvn_dask._typing import CovarianceLike
from mvn_dask.array_likes import compute_together, real_array
from mvn_dask.covariance.base import Covariance
from mvn_dask.covariance.dense import Dense
from mvn_dask.covariance.diagonal import Diagonal
from mvn_dask.covariance.foreign_objects import covariance_of_object
from mvn_dask.description import is_labelled
from mvn_dask.errors import ArgumentError
from mvn_dask.signatures import short_signature


@short_signature
def as_covariance(
    cov: CovarianceLike | Covariance,
    ndim: int,
    *,
    method: checks.Method = "auto",
    check_valid: checks.CheckValid = "warn",
    tol: float = 1e-8,
) -> Covariance:
    """A covariance from a matrix, a vector of variances, a scalar variance, or what holds a covariance.

    Parameters
    ----------
    cov : array_like of shape (d, d), (d,) or (), Covariance, or an object of another library
        As for ``scipy.stats.multivariate_normal``: a vector is a diagonal, a scalar is isotropic. Of other
        libraries: ``scipy.stats.Covariance``, with its own factor where that is regular; sparse matrices and arrays
        of scipy, as `Sparse`, or as `Diagonal` where nothing else is in them; fitted estimators of scikit-learn, and
        whatever else has a ``covariance_``.
    ndim : int
        Dimension d of the mean, which a scalar `cov` takes on.
    method : {"auto", "svd", "eigh", "cholesky"}
        As in `Dense`. A diagonal is factorised in one way only, so there `method` and `tol` say nothing. A
        `Covariance` brings its own: then only the same values, or the defaults, may be given.
    check_valid : {"warn", "raise", "ignore"}
        As in `Dense`.
    tol : float
        As in `Dense`.

    Returns
    -------
    Covariance
        Its dimension may still differ from `ndim`.

    Raises
    ------
    ArgumentError
        If a `Covariance` and an argument contradict each other, and whatever the types raise.

    See Also
    --------
    mvn_dask.covariance.Covariance : What it gives.
    mvn_dask.MultivariateNormal : Converts its `cov` by it.

    Examples
    --------
    >>> as_covariance(2.0, ndim=3).variances()
    array([2., 2., 2.])
    >>> as_covariance([[1.0, 0.5], [0.5, 1.0]], ndim=2)
    Dense(ndim=2, method='auto')
    """
    checks.method(method)
    if isinstance(cov, Covariance):
        given = {"method": method, "check_valid": checks.check_valid(check_valid), "tol": checks.tolerance(tol)}
        for (name, value), default in zip(given.items(), ("auto", "warn", 1e-8), strict=True):
            own = getattr(cov, name, value)
            if value not in (own, default):
                raise ArgumentError(f"`{name}` is {value!r}, but {cov!r} carries {name}={own!r}: give it there")
        return cov
    (cov,) = compute_together(cov)
    known = covariance_of_object(cov, {"method": method, "check_valid": check_valid, "tol": tol})
    if known is not None:
        return known
    array = real_array("cov", cov)
    if array.ndim == 0:
        array = np.full(ndim, array)
    if array.ndim > 1:
        checks.square(array)
    # What has labels goes on as it is, so that the covariance keeps those that are no names as well.
    labelled: Any = cov if array.ndim and is_labelled(cov) else array
    if array.ndim == 1:
        checks.tolerance(tol)
        return Diagonal(labelled, check_valid=check_valid)
    return Dense(labelled, method=method, check_valid=check_valid, tol=tol)
