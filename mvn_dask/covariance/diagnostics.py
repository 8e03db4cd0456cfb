"""How well a factor has the variances that were asked for, and how well conditioned is the covariance that it has.

Input: a factor, and the variances asked for, shape (d,). Output: `Diagnostics`. Cost: O(d k), and O(d² k) for the
eigenvalues of at most 1,000 variables.
"""

from dataclasses import dataclass
from math import isfinite, sqrt
from typing import Literal

import numpy as np

from mvn_dask._typing import Float64Array
from mvn_dask.covariance.base import Factor
from mvn_dask.covariance.validity import VARIANCE_MISS, variance_misses
from mvn_dask.display.one_line import OneLine

MAX_NDIM = 1000
"""Variables of which eigenvalues are computed, at most."""
SERIOUS_MISS = 0.01
"""Relative miss of a variance that is a fault, however few rows there are."""

Grade = Literal["ok", "warning", "NOT ok"]
"""What is drawn is what was asked for; differs by less than its rows can show; or by more."""


@dataclass(frozen=True, repr=False)
class Diagnostics(OneLine):
    """The variances of a factor beside those asked for, and the eigenvalues of its correlations."""

    largest_variance_miss: float
    """Largest relative difference between a variance of the factor and the one asked for; infinite where that is 0."""
    variable: int
    """The variable that has it."""
    drawn: float
    """Its variance, as the factor has it."""
    requested: float
    """Its variance, as it was asked for."""
    condition_number: float | None
    """Largest eigenvalue of the covariance that is drawn, scaled to a unit diagonal, divided by the smallest: infinite
    if that is singular, None where it is not known, or nothing varies."""
    smallest_eigenvalue: float | None
    """Smallest eigenvalue of the same matrix: 0 where it is singular to rounding, and never negative, whatever matrix
    was asked for."""

    def grade(self, rows: int) -> Grade:
        """Whether the largest miss matters to a sample of so many rows.

        It is a warning beyond 1e-6, and a fault beyond a standard error of the variance of so many rows, which is
        ``sqrt(2 / (rows - 1))``, or beyond 0.01.
        """
        if self.largest_variance_miss <= VARIANCE_MISS:
            return "ok"
        error = sqrt(2.0 / (rows - 1)) if rows > 1 else SERIOUS_MISS
        return "warning" if self.largest_variance_miss <= min(SERIOUS_MISS, error) else "NOT ok"

    def as_dict(self) -> dict[str, float | None]:
        """What is shown of it, JSON-able; None stands for what is not known or not finite."""
        shown = ("largest_variance_miss", "condition_number", "smallest_eigenvalue")
        values = {name: getattr(self, name) for name in shown}
        return {name: value if value is not None and isfinite(value) else None for name, value in values.items()}

    def __str__(self) -> str:
        if self.largest_variance_miss <= VARIANCE_MISS:
            return f"every variance is the one asked for, to {self.largest_variance_miss:.1g} of it"
        return f"the variance of variable {self.variable} is {self.drawn:.6g}, and {self.requested:.6g} was asked for"


def diagnose(factor: Factor, drawn: Float64Array, requested: Float64Array) -> Diagnostics:
    """Compare the variances that are drawn with a factor with those asked for, both of shape (d,).

    Examples
    --------
    >>> from mvn_dask.covariance import Dense
    >>> cov = Dense([[4.0, 1.0], [1.0, 1.0]])
    >>> found = diagnose(cov.factorize(), cov.factorize().variances(), cov.variances())
    >>> round(found.smallest_eigenvalue, 12), round(found.condition_number, 12), found.grade(10**6)
    (0.5, 3.0, 'ok')
    """
    misses = variance_misses(drawn, requested)
    worst = int(misses.argmax())
    seen = (float(misses[worst]), worst, float(drawn[worst]), float(requested[worst]))
    return Diagnostics(*seen, *_conditioning(factor))


def _conditioning(factor: Factor) -> tuple[float | None, float | None]:
    """Condition number and smallest eigenvalue of the correlations that the factor draws, of what varies."""
    variances = factor.variances()
    varying = np.flatnonzero(variances > 0)
    if not len(varying):
        return None, None
    if factor.application == "fused" and factor.operand.ndim == 1:
        return 1.0, 1.0
    if len(varying) > MAX_NDIM:
        return None, None
    deviations = np.sqrt(variances[varying])
    correlations = factor.covariance_of(varying.tolist(), varying.tolist()) / deviations[:, None] / deviations
    eigenvalues = np.linalg.eigvalsh(correlations)
    smallest, largest = float(eigenvalues[0]), float(eigenvalues[-1])
    eps = max(float(np.finfo(array.dtype).eps) for array in factor.arrays().values() if array.dtype.kind == "f")
    if smallest <= len(varying) * eps * largest:
        return np.inf, 0.0
    return largest / smallest, smallest
