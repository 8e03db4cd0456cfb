"""A covariance from correlations and standard deviations, and the rules for both.

Input: correlations R, shape (d, d), and standard deviations s, shape (d,) or (). Output: the covariance
``diag(s) R diag(s)``. Cost: O(d²), and one copy.
"""

import numpy as np
import numpy.typing as npt

from mvn_dask import checks, labels
from mvn_dask._typing import ArrayLike, Float64Array, FloatArray, Texts
from mvn_dask.array_likes import compute_together, real_array
from mvn_dask.covariance.dense import Dense
from mvn_dask.description import described_variables
from mvn_dask.errors import ArgumentError
from mvn_dask.readable import plural
from mvn_dask.signatures import short_signature

TOLERANCE = 1e-8
"""Rounding error allowed in the diagonal of a correlation matrix, and beyond ±1 elsewhere."""
SMALLEST_DEVIATION = float(np.sqrt(np.finfo(np.float64).tiny))
"""Standard deviation whose square is the smallest normal float64."""

NUMBERS_SCALED = 2**18
"""Entries whose products of standard deviations are held at a time."""


@short_signature
def from_correlation(
    correlation: ArrayLike,
    std: ArrayLike,
    *,
    method: checks.Method = "auto",
    check_valid: checks.CheckValid = "warn",
    tol: float = 1e-8,
    names: Texts | None = None,
) -> Dense:
    """The covariance of a correlation matrix and standard deviations.

    Parameters
    ----------
    correlation : array_like, shape (d, d)
        Correlations R: ones on the diagonal, and nothing beyond ±1, to a rounding error of 1e-8.
    std : array_like, shape (d,) or ()
        Standard deviations, or one for all variables; 0 for a variable that is constant.
    method : {"auto", "svd", "eigh", "cholesky"}
        How the matrix is factorised; as in `Dense`.
    check_valid : {"warn", "raise", "ignore"}
        What to do if it is not positive semidefinite; as in `Dense`.
    tol : float
        Tolerance of that check; as in `Dense`.
    names : sequence of str, optional
        Names of the d variables; by default the labels of both arguments, which must agree, in their order.

    Returns
    -------
    Dense
        Entry (i, j) is ``R[i, j] * (std[i] * std[j])``, exactly symmetric where R is. Whether it is positive
        semidefinite is checked when it is factorised.

    Raises
    ------
    ArgumentError
        If `correlation` holds no correlations, if `std` is negative or of another length, if a variance would be too
        large for float64, or too small, and if labels disagree.
    ArgumentTypeError
        If they do not hold real numbers.

    See Also
    --------
    mvn_dask.covariance.Scaled : Another unit for any covariance.
    mvn_dask.covariance.nearest_psd : Correlations near a matrix that is none.

    Examples
    --------
    >>> from_correlation([[1.0, 0.5], [0.5, 1.0]], [2.0, 3.0]).to_dense()
    array([[4., 3.],
           [3., 9.]])
    """
    correlation, std = compute_together(correlation, std)
    matrix, deviations = real_array("correlation", correlation), real_array("std", std)
    checks.finite("correlation", matrix)
    checks.finite("std", deviations)
    check_correlations("correlation", matrix)
    check_deviations("std", deviations, "correlation", len(matrix))
    cov = scale_correlations(matrix, deviations)
    cov.setflags(write=False)  # so that it is not copied
    axes = [
        *labels.axes_of("correlation", correlation),
        *labels.axes_of("std", std),
        *labels.given_names(names, len(matrix), "the `names` of `cov`"),
    ]
    found = Dense(cov, method=method, check_valid=check_valid, tol=tol).with_axes(axes)
    object.__setattr__(found, "described", described_variables(correlation))
    return found


def check_correlations(name: str, matrix: FloatArray) -> None:
    """A correlation matrix: square, ones on its diagonal, and no entry beyond ±1; `name` is the argument's in errors.

    It must be finite. Whether it is symmetric and positive semidefinite is not looked at.
    """
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1]:
        raise ArgumentError(f"`{name}` must be a square matrix, and its shape is {matrix.shape}")
    if not matrix.size:
        raise ArgumentError(f"`{name}` must not be empty")
    off_one = np.abs(np.diagonal(matrix) - 1) > TOLERANCE
    if off_one.any():
        _refuse(name, matrix, np.diag(off_one), "must have ones on its diagonal")
    # The entry is looked for where there is one alone, so that a good matrix takes no memory.
    if max(matrix.max(), -matrix.min()) > 1 + TOLERANCE:
        _refuse(name, matrix, np.abs(matrix) > 1 + TOLERANCE, "must lie between -1 and 1")


def check_deviations(name: str, deviations: FloatArray, other: str, ndim: int) -> None:
    """Standard deviations, or one for all, of as many variables as the argument `other` has.

    They must be finite. The squares of those that are not 0 must be normal numbers of float64.
    """
    if deviations.ndim > 1:
        raise ArgumentError(f"`{name}` must be a number or a vector, and its shape is {deviations.shape}")
    if deviations.ndim and len(deviations) != ndim:
        raise ArgumentError(f"`{name}` has {plural(len(deviations), 'variable')}, and {other} has {ndim}")
    _refuse(name, deviations, deviations < 0, "must not be negative")
    # A variance that becomes 0 would make a constant of what varies, and one that is subnormal has lost its digits.
    lost = (deviations > 0) & (deviations < SMALLEST_DEVIATION)
    rule = f"must be 0, or at least {SMALLEST_DEVIATION:.2g}, so that its square is a normal float64; use other units"
    _refuse(name, deviations, lost, rule)
    with np.errstate(over="ignore"):
        if not np.isfinite(np.square(deviations.max())):
            raise ArgumentError(f"`{name}` is too large: the square of {deviations.max()} is no float64")


def scale_correlations(matrix: FloatArray, deviations: FloatArray) -> Float64Array:
    """``R[i, j] * (s[i] * s[j])``, shape (d, d); exactly symmetric where R is."""
    vector = np.broadcast_to(deviations, (len(matrix),))
    cov = np.empty(matrix.shape)
    height = max(1, NUMBERS_SCALED // len(matrix))
    for top in range(0, len(matrix), height):
        rows = slice(top, top + height)
        with np.errstate(over="ignore"):  # an entry of 1 + 1e-9 beside the largest variance; it is refused by its place
            np.multiply(matrix[rows], np.outer(vector[rows], vector), out=cov[rows])
        cov[rows] += 0.0  # a zero has one sign, as it must for one digest
    return cov


def _refuse(name: str, numbers: FloatArray, bad: npt.NDArray[np.bool_], rule: str) -> None:
    """Raise an error that names the first bad entry, if there is one."""
    if bad.any():
        index = tuple(np.argwhere(bad)[0].tolist())
        place = f"{name}{list(index)}" if index else name
        raise ArgumentError(f"`{name}` {rule}: {place} is {numbers[index]}")
