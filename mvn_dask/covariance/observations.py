"""What was observed of some variables, and the covariance that is left of the others.

Input: numbers of variables, what their values differ from the mean by, and variances of errors. Output: both as one
value, and the triangle of the observed block, by Cholesky: m³/6 multiply-adds.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from mvn_dask._typing import Float64Array
from mvn_dask.checks import variable_label
from mvn_dask.covariance.base import Covariance
from mvn_dask.covariance.cholesky import cholesky
from mvn_dask.covariance.marginal_covariance import Places
from mvn_dask.errors import NotPositiveDefiniteError


@dataclass(frozen=True)
class Observations:
    """Observed values of m variables of a distribution of d."""

    places: Places
    """Numbers of the variables, each once, shape (m,)."""
    differences: Float64Array
    """Observed values less the mean, shape (m,)."""
    noise: Float64Array | None
    """Variances of the errors of the observations, all positive, shape (m,); None where the values are exact."""
    names: tuple[str, ...] | None
    """Names of all variables, for errors."""

    def kept(self, ndim: int) -> Places:
        """Variables of what is left: those that were not observed exactly, in their order."""
        if self.noise is not None:
            return np.arange(ndim)
        return np.delete(np.arange(ndim), self.places)

    def dependent(self, number: int) -> NotPositiveDefiniteError:
        """The error for an observation that has no variance, given those before it."""
        label = variable_label(int(self.places[number]), self.names)
        if number == 0:
            reason = f"{label} has no variance"
        else:
            reason = f"{label} has no variance, to rounding, given the variables before it in `which`"
        cure = "" if self.noise is not None else ", or give the variance of its error as `noise`"
        return NotPositiveDefiniteError(f"{reason}: leave it out{cure}")


class Conditional(NamedTuple):
    """What is left of a covariance, given observations."""

    shift: Float64Array
    """What the mean of the variables that are left changes by."""
    covariance: Covariance
    """Their covariance."""


def observed_triangle(block: Float64Array, observed: Observations) -> Float64Array:
    """Cholesky's factor of a matrix with a unit diagonal; an error names the first variable that has no pivot."""
    limit = len(block) * np.finfo(np.float64).eps
    try:
        triangle = cholesky(block)
    except np.linalg.LinAlgError:
        # The largest leading block that has a factor, by halving.
        low, high = 0, len(block) - 1
        while low < high:
            middle = (low + high) // 2
            try:
                cholesky(block[: middle + 1, : middle + 1])
            except np.linalg.LinAlgError:
                high = middle
            else:
                low = middle + 1
        raise observed.dependent(low) from None
    small = np.flatnonzero(np.square(np.diagonal(triangle)) <= limit)
    if len(small):
        raise observed.dependent(int(small[0]))
    return triangle
