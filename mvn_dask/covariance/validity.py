"""Whether a matrix is a covariance, judged in the units of its variables, and whether a factor is one of it.

Input: a matrix, shape (d, d), and its factor. Output: sentences about what is wrong. Cost: O(d²) for symmetry, O(d k)
for variances, and O(d³) for the covariances of factors by eigenvectors, a product beside some twenty that those take,
and for the smallest eigenvalue, where an eigenvalue of the matrix itself does not tell.

A covariance mixes units: an error that is nothing beside the largest variance may be a thousand times another one. So
every entry is measured in the product of its two standard deviations, and eigenvalues are those of the matrix that is
scaled to a unit diagonal.
"""

import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import combinations_with_replacement

import numpy as np

from mvn_dask._typing import Float64Array, FloatArray
from mvn_dask.advice import Advice, advising_warning
from mvn_dask.checks import CheckValid, caller_level, variable_label
from mvn_dask.covariance.blas import one_thread
from mvn_dask.covariance.matrix_factors import NUMBERS_AT_ONCE, MatrixFactor
from mvn_dask.errors import ArgumentError
from mvn_dask.escaping import printable

SYMMETRY = 1e-7
"""Asymmetry that is taken for the rounding of other software, at least, in products of standard deviations."""
VARIANCE_MISS = 1e-6
"""Relative difference between a variance of the factor and the one asked for that is let pass, at least."""
SQUARE = 128
"""Rows and columns of the squares that are compared across the diagonal."""
LARGEST_CORRELATION = 1e100
"""Where a covariance cannot be one, its entries are cut here, so that LAPACK gets finite numbers."""
ASYMMETRIC = {
    "auto": "the mean of both triangles",
    "svd": "the left singular vectors, as numpy does",
    "eigh": "its lower triangle",
    "cholesky": "its lower triangle",
}
"""What the factor of an asymmetric matrix comes from."""
INDEFINITE = {
    "auto": "negative eigenvalues cut to 0",
    "svd": "the absolute values of the eigenvalues, as numpy does",
    "eigh": "the absolute values of the eigenvalues, as numpy does",
    "cholesky": "method='svd'",
}
"""What the factor of a matrix with negative eigenvalues comes from."""


@dataclass
class Validity:
    """What is wrong with a covariance: an error at the first fault, or one warning about all of them."""

    check_valid: CheckValid
    """Whether to raise or to warn."""
    tol: float
    """Tolerance, in the units of each pair of variables."""
    invalid: list[str] = field(default_factory=list)
    """Why the matrix is no covariance, in whole sentences."""
    inaccurate: list[str] = field(default_factory=list)
    """How the factor misses what was asked for."""
    drawn: str = ""
    """What is drawn in place of what is no covariance."""
    cure: Advice | None = None
    """The way out of an inaccurate factor."""
    indefinite: bool = False
    """Whether a reason is a negative eigenvalue, and no variance."""

    def add_invalid(self, reason: str, drawn: str, *, indefinite: bool = False) -> None:
        """A reason why the matrix is no covariance, and what is drawn if that is ignored."""
        self.invalid.append(reason)
        self.indefinite = self.indefinite or indefinite
        self.drawn = self.drawn or drawn
        self._raise_if_asked()

    def add_inaccurate(self, text: str, cure: Advice | None = None) -> None:
        """How a factor misses the covariance, and the way out."""
        self.inaccurate.append(text)
        self.cure = cure
        self._raise_if_asked()

    def warn(self) -> None:
        """One warning about all faults, if there are any and that is asked for."""
        if self.check_valid == "warn" and (self.invalid or self.inaccurate):
            warning = advising_warning(RuntimeWarning, printable(str(self)), self._advice)
            warnings.warn(warning, stacklevel=caller_level())

    def _raise_if_asked(self) -> None:
        if self.check_valid == "raise":
            raise ArgumentError(str(self), advice=self._advice)

    @property
    def _advice(self) -> Advice | None:
        if not self.invalid:
            return self.cure
        # What is wrong besides has to be put right first.
        nearest = "{nearest_psd} for a covariance near it, or " if self.indefinite and len(self.invalid) == 1 else ""
        return Advice(f"Use {nearest}{{ignore}} to sample anyway, with {self.drawn}.")

    def __str__(self) -> str:
        # numpy's text comes first.
        if not self.invalid:
            return " ".join(self.inaccurate)
        head = "covariance is not symmetric positive-semidefinite."
        return " ".join([head, *self.invalid, *self.inaccurate])


def deviations_of(matrix: Float64Array) -> Float64Array:
    """Standard deviations, shape (d,): roots of the diagonal, 0 where it is not positive."""
    return np.sqrt(np.maximum(np.diagonal(matrix), 0.0))


def correlations_of(matrix: Float64Array, deviations: Float64Array) -> Float64Array:
    """The matrix scaled to a unit diagonal, shape (d, d); a variable without variance has no correlations."""
    divisors = np.where(deviations > 0, deviations, np.inf)
    with np.errstate(over="ignore"):
        # One after the other, since the product of two deviations may be too small or too large for float64.
        scaled = matrix / divisors[:, None]
        scaled /= divisors
    np.clip(scaled, -LARGEST_CORRELATION, LARGEST_CORRELATION, out=scaled)
    np.fill_diagonal(scaled, 1.0)
    return scaled


def check_constants(matrix: Float64Array, validity: Validity, drawn: str) -> None:
    """Find variances that are negative, and those that are 0 beside a covariance that is not."""
    variances = np.diagonal(matrix)
    lowest = int(variances.argmin())
    if variances[lowest] < 0:
        validity.add_invalid(f"The variance cov[{lowest}, {lowest}] is {variances[lowest]:.3g}.", drawn)
    for i in np.flatnonzero(variances == 0).tolist():
        for row, text in ((matrix[i], "cov[{0}, {1}]"), (matrix[:, i], "cov[{1}, {0}]")):
            if row.any():
                j = int(np.abs(row).argmax())
                reason = f"The variance cov[{i}, {i}] is 0, and {text.format(i, j)} is {row[j]:.3g}: what is constant"
                validity.add_invalid(f"{reason} has no covariances; set them to 0, or give it a variance.", drawn)
                return


def check_symmetry(matrix: Float64Array, deviations: Float64Array, validity: Validity, drawn: str) -> None:
    """Find the largest difference of two entries across the diagonal, in products of standard deviations."""
    limit = max(validity.tol, SYMMETRY)
    largest, (i, j) = largest_asymmetry(matrix, deviations)
    if largest <= limit:
        return
    difference = abs(matrix[i, j] - matrix[j, i])
    validity.add_invalid(
        f"`cov` must be symmetric: cov[{i}, {j}] and cov[{j}, {i}] differ by {difference:.3g}, which is {largest:.3g} "
        f"of the product of their standard deviations, and {limit:g} is taken for rounding. If it is rounding, use "
        "(cov + cov.T) / 2.",
        drawn,
    )


def largest_asymmetry(matrix: Float64Array, deviations: Float64Array) -> tuple[float, tuple[int, int]]:
    """The largest difference of two entries across the diagonal, in products of standard deviations, and where."""
    divisors = np.where(deviations > 0, deviations, np.inf)
    largest, where = 0.0, (0, 0)
    for rows, columns in _asymmetric_tiles(matrix):
        with np.errstate(over="ignore"):
            part = np.abs(matrix[rows, columns] - matrix[columns, rows].T)
            part /= divisors[rows, None]
            part /= divisors[columns]
        i, j = np.unravel_index(int(part.argmax()), part.shape)
        if part[i, j] > largest:
            largest, where = float(part[i, j]), (rows.start + int(i), columns.start + int(j))
    return largest, where


def is_symmetric(matrix: Float64Array) -> bool:
    """Whether entries across the diagonal are equal."""
    return next(_asymmetric_tiles(matrix), None) is None


def _asymmetric_tiles(matrix: Float64Array) -> Iterator[tuple[slice, slice]]:
    """Rows and columns of the squares, on the diagonal and above, that are not equal to those across the diagonal."""
    # Both squares stay in the caches, while whole columns would be read a line of the cache for each number.
    starts = range(0, len(matrix), SQUARE)
    for top, left in combinations_with_replacement(starts, 2):
        rows, columns = slice(top, top + SQUARE), slice(left, left + SQUARE)
        if not np.array_equal(matrix[rows, columns], matrix[columns, rows].T):
            yield rows, columns


def is_close(other: Float64Array, matrix: Float64Array, deviations: Float64Array, tol: float) -> bool:
    """Whether the entries differ as little as numpy's ``allclose`` asks, in products of standard deviations."""
    height = max(1, NUMBERS_AT_ONCE // len(matrix))
    for top in range(0, len(matrix), height):
        rows = slice(top, top + height)
        # Halves, since the sum of two numbers near 1e308 is too large for float64, and every limit would be infinite.
        limit = tol * ((0.5 * deviations[rows, None]) * deviations + 0.5 * np.abs(matrix[rows]))
        if not np.all(np.abs(0.5 * other[rows] - 0.5 * matrix[rows]) <= limit):
            return False
    return True


@one_thread()
def smallest_eigenvalue(matrix: Float64Array, deviations: Float64Array) -> float:
    """Smallest eigenvalue of the matrix scaled to a unit diagonal."""
    return float(np.linalg.eigvalsh(correlations_of(matrix, deviations))[0])


def describe_smallest(smallest: float, tol: float) -> str:
    """A sentence about the smallest eigenvalue of the scaled matrix."""
    return f"The smallest eigenvalue of `cov`, scaled to a unit diagonal, is {smallest:.3g} (tol {tol:g})."


def describe_indefinite(matrix: Float64Array, deviations: Float64Array, tol: float) -> str:
    """A sentence about why a matrix has no Cholesky factor: its lowest variance, or else the smallest eigenvalue."""
    variances = np.diagonal(matrix)
    lowest = int(variances.argmin())
    # Scaled to a unit diagonal is what varies alone: the rest would count as independent variables of variance 1.
    if variances[lowest] <= 0:
        return f"The variance cov[{lowest}, {lowest}] is {variances[lowest]:.3g}, and each must be positive."
    return describe_smallest(smallest_eigenvalue(matrix, deviations), tol)


def variance_misses(drawn: Float64Array, requested: Float64Array) -> Float64Array:
    """Relative differences between the variances of a factor and those asked for, shape (d,); infinite beside 0."""
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        return np.where(drawn == requested, 0.0, np.abs(drawn / requested - 1.0))


def check_factor(
    factor: MatrixFactor, matrix: Float64Array, method: str, names: tuple[str, ...] | None, validity: Validity
) -> None:
    """Find the variable whose variance the factor misses most, or, of numpy's methods, the pair whose covariance."""
    limit = max(VARIANCE_MISS, validity.tol)
    drawn, requested = factor.variances(), np.diagonal(matrix)
    misses = variance_misses(drawn, requested)
    i = int(misses.argmax())
    if misses[i] > limit:
        where, values = f"variance of {variable_label(i, names)}", (drawn[i], requested[i])
    elif method in {"svd", "eigh"} and not validity.invalid:
        # Eigenvectors are exact relative to the largest variance: with some LAPACKs all variances are met but no more.
        largest, i, j, covariance = _largest_covariance_miss(factor.matrix, matrix)
        if largest <= limit:
            return
        pair = f"{variable_label(i, names)} and {variable_label(j, names)}"
        where, values = f"covariance of {pair}", (covariance, matrix[i, j])
    else:
        return
    text = f"The {where} is {values[0]:.6g} as drawn by method={method!r}, and {values[1]:.6g} in `cov`"
    if validity.invalid:
        validity.add_inaccurate(f"{text}.")
    elif method in {"auto", "cholesky"}:
        validity.add_inaccurate(f"{text}: it is too small for float64. Use other units.")
    else:
        validity.add_inaccurate(
            f"{text}: this method is accurate relative to the largest variance only.",
            Advice("Use {auto}, or units in which the variances are alike."),
        )


@one_thread()
def _largest_covariance_miss(factor: FloatArray, matrix: Float64Array) -> tuple[float, int, int, float]:
    """The largest miss of A Aᵀ in products of standard deviations, its row and column, and what is drawn there."""
    deviations = deviations_of(matrix)
    divisors = np.where(deviations > 0, deviations, np.inf)
    height = max(1, NUMBERS_AT_ONCE // len(matrix))
    found = (0.0, 0, 0, 0.0)
    for top in range(0, len(matrix), height):
        rows = slice(top, top + height)
        with np.errstate(over="ignore", invalid="ignore"):
            drawn = factor[rows] @ factor.T
            misses = np.abs(drawn - matrix[rows]) / divisors[rows, None] / divisors
        i, j = np.unravel_index(int(misses.argmax()), misses.shape)
        if misses[i, j] > found[0]:
            found = float(misses[i, j]), top + int(i), int(j), float(drawn[i, j])
    return found
