"""Covariances in objects of other libraries that are no arrays: scipy.stats, scipy.sparse, scikit-learn.

Input: an object that was given as `cov`. Output: a `Covariance`, or None if it is no such object. Cost: that of the
structure; 4 d³ / 3 flops for an object of scipy.stats whose factor is no triangle. No library is imported.
"""

from typing import Any, TypedDict

import numpy as np

from mvn_dask import checks, labels
from mvn_dask._typing import Float64Array
from mvn_dask.array_likes import is_instance
from mvn_dask.covariance.base import Covariance
from mvn_dask.covariance.blas import one_thread
from mvn_dask.covariance.dense import Dense
from mvn_dask.covariance.diagonal import Diagonal
from mvn_dask.covariance.factored import Factored
from mvn_dask.covariance.sparse import Sparse
from mvn_dask.covariance.sparse_matrix import is_sparse, summed_columns
from mvn_dask.errors import ArgumentError, ArgumentTypeError


class DenseOptions(TypedDict):
    """Arguments of `Dense` beside the matrix."""

    method: checks.Method
    check_valid: checks.CheckValid
    tol: float


def covariance_of_object(cov: Any, options: DenseOptions) -> Covariance | None:
    """The covariance in an object of scipy.stats, scipy.sparse or scikit-learn; None for anything else.

    Examples
    --------
    >>> import scipy.stats
    >>> given = scipy.stats.Covariance.from_cholesky([[2.0, 0.0], [1.0, 3.0]])
    >>> covariance_of_object(given, {"method": "auto", "check_valid": "warn", "tol": 1e-8}).to_dense()
    array([[ 4.,  2.],
           [ 2., 10.]])
    """
    if is_instance(cov, "scipy.stats", "Covariance"):
        return _of_scipy(cov, options)
    if is_sparse(cov):
        return _of_sparse(cov, options)
    return _of_estimator(cov, options) if is_estimator(cov) else None


def _of_scipy(cov: Any, options: DenseOptions) -> Covariance:
    """An object of `scipy.stats.Covariance`, with the factor that it has, where that is regular."""
    if type(cov).__name__ == "CovViaDiagonal":
        return Diagonal(np.diagonal(cov.covariance), check_valid=options["check_valid"])
    triangle = _triangle(cov)
    return Dense(cov.covariance, **options) if triangle is None else Factored(triangle)


def _triangle(cov: Any) -> Float64Array | None:
    """Cholesky's factor of the covariance, from the factor in the object; None if it has none, or is singular."""
    if cov.rank < cov.shape[0]:
        return None
    try:
        factor = np.asarray(cov.colorize(np.eye(cov.shape[0])), dtype=np.float64).T
    except AttributeError:  # what scipy makes of a plain matrix
        return None
    checks.finite("cov", factor)
    if np.triu(factor, 1).any():
        # A A^T = R^T R, without the squares, whose condition number would be that of A squared.
        with one_thread():
            factor = np.asarray(np.linalg.qr(factor.T, mode="r")).T
        factor = np.tril(factor * np.where(np.diagonal(factor) < 0, -1.0, 1.0))
    return factor if np.diagonal(factor).all() else None


def _of_sparse(cov: Any, options: DenseOptions) -> Covariance:
    """A sparse matrix or array of scipy: a `Diagonal` where nothing is off the diagonal."""
    if len(cov.shape) != 2 or cov.shape[0] != cov.shape[1]:
        raise ArgumentError(f"cov must be 2 dimensional and square: the shape of `cov` is {cov.shape}")
    matrix = summed_columns("cov", cov)
    entries = matrix.tocoo()
    if np.any((entries.row != entries.col) & (entries.data != 0)):
        return Sparse(cov)
    return Diagonal(matrix.diagonal(), check_valid=options["check_valid"])


def is_estimator(value: Any) -> bool:
    """Whether a value is an estimator as scikit-learn has them, fitted or not."""
    # An attribute of a frame may be the column of that name.
    kind = type(value)
    return not hasattr(kind, "__array__") and (hasattr(kind, "fit") or hasattr(value, "covariance_"))


def _of_estimator(cov: Any, options: DenseOptions) -> Covariance:
    matrix = fitted("cov", cov, "covariance_")
    dense = Dense(matrix, **options)
    names = getattr(cov, "feature_names_in_", None)
    return dense.with_axes(labels.given_names(names, dense.ndim, "the `feature_names_in_` of `cov`"))


def fitted(name: str, estimator: Any, attribute: str) -> Any:
    """What an estimator found by being fitted; `name` is the argument's in errors."""
    try:
        return getattr(estimator, attribute)
    except AttributeError:
        kind = type(estimator)
        library = kind.__module__.partition(".")[0]
        cure = f": call {name}.fit(X) first, if it estimates one" if hasattr(kind, "fit") else ""
        raise ArgumentTypeError(f"`{name}` is {kind.__name__} ({library}) and has no `{attribute}`{cure}") from None
