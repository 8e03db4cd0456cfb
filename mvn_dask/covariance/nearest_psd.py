"""A covariance from a matrix that is none, as estimates pair by pair often are: variances kept, correlations changed.

Input: a symmetric matrix, shape (d, d), with variances that are not negative. Output: a positive semidefinite matrix
with the same variances, and a report of what was changed. Cost: an eigendecomposition, O(d³); "higham" takes 5 to 10.

References
----------
N. J. Higham, Computing the nearest correlation matrix: a problem from finance, IMA J. Numer. Anal. 22, 2002,
doi:10.1093/imanum/22.3.329. On shrinking: N. J. Higham, N. Strabić and V. Šego, Restoring definiteness via shrinking,
with an application to correlation matrices with a fixed block, SIAM Review 58, 2016, doi:10.1137/140996112.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple, cast, get_args

import numpy as np

from mvn_dask import checks, labels
from mvn_dask._typing import ArrayLike, Float64Array
from mvn_dask.array_likes import compute_together, is_column_frame, is_instance, real_array
from mvn_dask.covariance.blas import one_thread
from mvn_dask.covariance.nearest_correlation import nearest_correlation, unit_diagonal
from mvn_dask.covariance.validity import SYMMETRY, correlations_of, deviations_of, is_symmetric, largest_asymmetry
from mvn_dask.display.one_line import OneLine
from mvn_dask.errors import ArgumentError
from mvn_dask.readable import plural, short_repr
from mvn_dask.signatures import short_signature

NearestMethod = Literal["higham", "clip", "shrink"]
"""How correlations are changed; see `nearest_psd`."""
_Method = Callable[[Float64Array, Float64Array, Float64Array], Float64Array]
"""From correlations, their eigenvalues and their eigenvectors to correlations that are positive semidefinite."""


@dataclass(frozen=True, repr=False)
class Changes(OneLine):
    """What was changed, in the correlations, which have no units.

    See Also
    --------
    mvn_dask.covariance.nearest_psd : Gives it.

    Examples
    --------
    >>> print(nearest_psd([[1.0, 2.0], [2.0, 1.0]]).report)
    1 negative eigenvalue cut: correlations changed by up to 1, by 1.41 in all
    """

    largest_change: float
    """The largest change of a correlation; infinite where a variable without variance had covariances."""
    distance: float
    """The root of the sum of squares of all changes: the Frobenius norm."""
    eigenvalues_cut: int
    """How many eigenvalues of the correlations were negative, beyond rounding; 0 where nothing was changed for them."""

    def __str__(self) -> str:
        cut = plural(self.eigenvalues_cut, "negative eigenvalue")
        return f"{cut} cut: correlations changed by up to {self.largest_change:.3g}, by {self.distance:.3g} in all"


class NearestPSD(NamedTuple):
    """A covariance, and how far it is from the matrix that was given.

    See Also
    --------
    mvn_dask.covariance.nearest_psd : Gives it.

    Examples
    --------
    >>> matrix, report = nearest_psd([[1.0, 0.5], [0.5, 1.0]])
    >>> matrix.round(3), report.eigenvalues_cut
    (array([[1. , 0.5],
           [0.5, 1. ]]), 0)
    """

    matrix: Any
    """The covariance, shape (d, d): a frame or DataArray with the same labels where `cov` was one, else an array."""
    report: Changes
    """What was changed."""


@short_signature
def nearest_psd(cov: ArrayLike, method: NearestMethod = "higham") -> NearestPSD:
    """A positive semidefinite matrix near a symmetric one, with the same variances.

    Parameters
    ----------
    cov : array_like, shape (d, d)
        A symmetric matrix with variances that are not negative, on any scale. Its labels stay.
    method : {"higham", "clip", "shrink"}
        On the correlations: "higham" finds the matrix with the smallest sum of squares of all changes; "clip" cuts
        negative eigenvalues to 0 and scales back to a unit diagonal, which is faster and nearly as close; "shrink"
        multiplies all of them by the largest factor that is enough, which keeps their signs and proportions.

    Returns
    -------
    NearestPSD
        A named tuple ``matrix, report``. The matrix is exactly symmetric, has the given variances bit for bit, and is
        singular where anything was changed. What is a covariance already, to rounding, comes back as it is. A variable
        without variance has no covariances.

    Raises
    ------
    ArgumentError
        If `cov` is not square, empty, not finite, or not symmetric to 1e-7 of the standard deviations, if a variance is
        negative, if `method` is another, or if "higham" fails for rounding, as where correlations are far beyond ±1.
    ArgumentTypeError
        If it does not hold real numbers.

    See Also
    --------
    mvn_dask.covariance.Dense : Checks a matrix, and repairs nothing.
    mvn_dask.covariance.from_correlation : A covariance from correlations and standard deviations.

    Notes
    -----
    With eigenvalues ``w`` and eigenvectors ``u`` of the correlations R, "clip" is ``u max(w, 0) u'`` scaled to a unit
    diagonal, and "shrink" is ``I + t (R - I)`` with ``t = 1 / (1 - min(w))``. Nothing in this package calls it: a
    covariance that is not positive semidefinite is an error or a warning.

    References
    ----------
    N. J. Higham, IMA J. Numer. Anal. 22, 2002, doi:10.1093/imanum/22.3.329. N. J. Higham, N. Strabić and V. Šego, SIAM
    Review 58, 2016, doi:10.1137/140996112.

    Examples
    --------
    >>> matrix, report = nearest_psd([[4.0, 2.0, 0.0], [2.0, 1.0, 3.0], [0.0, 3.0, 9.0]])
    >>> matrix.round(3)
    array([[4.   , 1.521, 0.944],
           [1.521, 1.   , 2.282],
           [0.944, 2.282, 9.   ]])
    >>> report.eigenvalues_cut, round(report.largest_change, 4), round(report.distance, 4)
    (1, 0.2393, 0.5278)
    """
    changed = _METHODS[_method(method)]
    (cov,) = compute_together(cov)
    array = real_array("cov", cov)
    labels.agreed_names(labels.axes_of("cov", cov))
    deviations = _checked_deviations(array)
    matrix, report = _nearest(array, deviations, changed)
    return NearestPSD(_like(cov, matrix), report)


def _method(value: object) -> NearestMethod:
    known = get_args(NearestMethod)
    if not isinstance(value, str) or value not in known:
        raise ArgumentError(f"method must be one of {{{', '.join(map(repr, known))}}}: `method` is {short_repr(value)}")
    return cast(NearestMethod, value)


def _checked_deviations(array: Float64Array) -> Float64Array:
    """Standard deviations of a matrix that may be made a covariance, shape (d,)."""
    checks.square(array)
    if not array.size:
        raise ArgumentError("`cov` must not be empty")
    checks.finite("cov", array)
    lowest = int(np.diagonal(array).argmin())
    if array[lowest, lowest] < 0:
        raise ArgumentError(
            f"the variance cov[{lowest}, {lowest}] is {array[lowest, lowest]:.3g}, and variances are kept: give it one "
            "that is not negative"
        )
    deviations = deviations_of(array)
    asymmetry, (i, j) = largest_asymmetry(array, deviations)
    if asymmetry > SYMMETRY:
        raise ArgumentError(
            f"`cov` must be symmetric: cov[{i}, {j}] is {array[i, j]:.6g}, and cov[{j}, {i}] is {array[j, i]:.6g}; if "
            "that is meant, give (cov + cov.T) / 2"
        )
    return deviations


@one_thread()
def _nearest(array: Float64Array, deviations: Float64Array, changed: _Method) -> tuple[Float64Array, Changes]:
    """The covariance, and what was changed."""
    varying = np.flatnonzero(deviations)
    matrix = np.zeros_like(array)
    matrix[np.ix_(varying, varying)] = array[np.ix_(varying, varying)]
    lost = bool(np.any(matrix != array))
    if not is_symmetric(matrix):
        matrix = 0.5 * matrix + 0.5 * matrix.T
    changes = Changes(np.inf if lost else 0.0, np.inf if lost else 0.0, 0)
    if not len(varying):
        return matrix, changes
    scale = deviations[varying]
    given = correlations_of(matrix[np.ix_(varying, varying)], scale)
    given = 0.5 * (given + given.T)
    eigenvalues, vectors = np.linalg.eigh(given)
    # Of a singular matrix, rounding makes those that are 0 negative as often as positive.
    negative = int(np.count_nonzero(eigenvalues < -4 * len(given) * np.finfo(np.float64).eps * eigenvalues[-1]))
    if not negative:
        return matrix, changes
    found = changed(given, eigenvalues, vectors)
    difference = np.abs(found - given)
    whole = found * np.outer(scale, scale)
    np.fill_diagonal(whole, np.diagonal(array)[varying])
    matrix[np.ix_(varying, varying)] = whole
    if not lost:
        changes = Changes(float(difference.max()), float(np.linalg.norm(difference)), 0)
    return matrix, Changes(changes.largest_change, changes.distance, negative)


def _higham(given: Float64Array, _eigenvalues: Float64Array, _vectors: Float64Array) -> Float64Array:
    return nearest_correlation(given)


def _clip(_given: Float64Array, eigenvalues: Float64Array, vectors: Float64Array) -> Float64Array:
    return unit_diagonal(np.asarray((vectors * np.maximum(eigenvalues, 0.0)) @ vectors.T))


def _shrink(given: Float64Array, eigenvalues: Float64Array, _vectors: Float64Array) -> Float64Array:
    shrunk = np.asarray(given / (1.0 - eigenvalues[0]))
    np.fill_diagonal(shrunk, 1.0)
    return shrunk


_METHODS: dict[NearestMethod, _Method] = {"higham": _higham, "clip": _clip, "shrink": _shrink}


def _like(cov: Any, matrix: Float64Array) -> Any:
    """The matrix as the kind of labelled array that was given."""
    if is_instance(cov, "pandas", "DataFrame"):
        return type(cov)(matrix, index=cov.index, columns=cov.columns)
    if is_instance(cov, "xarray", "DataArray"):
        return cov.copy(data=matrix)
    if is_column_frame(cov):
        names = list(getattr(cov, "column_names", None) or cov.columns)
        columns = dict(zip(names, np.ascontiguousarray(matrix.T), strict=True))
        return type(cov)(columns) if is_instance(cov, "polars", "DataFrame") else type(cov).from_pydict(columns)
    return matrix
