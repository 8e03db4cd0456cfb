"""The covariance of a stationary field on a grid, given observations of some of its points.

Input: the field's covariance, and observations. Output: the change of the mean by simple kriging, and a covariance of
the whole grid, whose rows are drawn by Matheron's rule. Cost, for m observations and d points: m³/2 multiply-adds, and
d m² for the variances; memory for m² numbers. Nothing of size d × d is ever built.

References
----------
J.-P. Chilès and P. Delfiner, Geostatistics: Modeling Spatial Uncertainty, 2nd ed., 2012, sections 3.2 and 7.3.1,
doi:10.1002/9781118136188.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

import numpy as np

from mvn_dask._typing import Float64Array
from mvn_dask.covariance.base import Covariance
from mvn_dask.covariance.blas import one_thread
from mvn_dask.covariance.circulant_factor import CirculantFactor
from mvn_dask.covariance.kriged_factor import LARGEST_ERROR, KrigedFactor
from mvn_dask.covariance.observations import Conditional, Observations, observed_triangle
from mvn_dask.covariance.stationary_grid import StationaryGrid
from mvn_dask.covariance.triangular_inverse import triangular_inverse
from mvn_dask.errors import ArgumentError
from mvn_dask.event import Event
from mvn_dask.hashing import digest, fingerprint

MAX_OBSERVATIONS = 5000
"""Observations, at most, whose covariance has an inverse of 200 MB."""
MAX_MULTIPLICATIONS = 2**45
"""Multiplications of the variances, at most."""


@dataclass(frozen=True, eq=False, repr=False)
class ConditionedGrid(Covariance):
    """The covariance of a field on a grid, given observations: what `MultivariateNormal.condition` makes of one.

    See Also
    --------
    mvn_dask.MultivariateNormal.condition : Makes it.
    mvn_dask.covariance.StationaryGrid : The covariance before anything was observed.

    Examples
    --------
    >>> import mvn_dask
    >>> from mvn_dask.covariance import StationaryGrid, matern
    >>> field = mvn_dask.MultivariateNormal(0.0, StationaryGrid(matern(length=2.0, nu=0.5), shape=(10, 20)))
    >>> covariance = field.condition([(3, 4)], [1.5]).covariance
    >>> covariance.event_shape, covariance.variances().reshape(10, 20)[3, 3:6].round(2)
    ((10, 20), array([0.63, 0.  , 0.63]))
    """

    kind: ClassVar[str] = "conditioned_grid"

    grid: StationaryGrid
    """The covariance if nothing is observed."""
    observed: Observations
    """What was observed."""
    weights: Float64Array
    """The inverse of the observations' covariance, shape (m, m)."""

    def _arguments(self) -> list[str]:
        return [self.grid._text(), f"observations={len(self.observed.places)}"]

    def _facts(self) -> dict[str, str]:
        noise = "exact" if self.observed.noise is None else "with errors"
        return {"observations": f"{len(self.observed.places):,}, {noise}"}

    def _inner(self) -> Sequence[tuple[str, Covariance]]:
        return [("grid before they were made", self.grid)]

    @property
    def ndim(self) -> int:
        return self.grid.ndim

    @property
    def event(self) -> Event:
        """The axes of the grid."""
        return self.grid.event

    def factorize(self) -> KrigedFactor:
        return self._factor

    @cached_property
    def _factor(self) -> KrigedFactor:
        field = self.grid.factorize()
        assert isinstance(field, CirculantFactor)  # noqa: S101 what circulant embedding makes
        noise = self.observed.noise
        scale = np.zeros(len(self.observed.places)) if noise is None else np.sqrt(noise)
        return KrigedFactor(field, self.observed.places.astype(np.int64), self.weights, scale)

    def variances(self) -> Float64Array:
        return self._factor.variances()

    def to_dense(self) -> Float64Array:
        everything = range(self.ndim)
        found = self._factor.covariance_of(everything, everything)
        np.fill_diagonal(found, self.variances())
        return found

    def digest(self) -> str:
        noise = self.observed.noise
        own = [digest(self.observed.places), None if noise is None else digest(noise)]
        return fingerprint([self.grid.record(), *own])

    def record(self) -> dict[str, object]:
        return {**super().record(), "grid": self.grid.record()}


def conditional_of_grid(covariance: StationaryGrid, observed: Observations) -> Conditional:
    """What is left of a field, given observations: the whole grid, of which points observed exactly are constants.

    Raises
    ------
    ArgumentError
        If there are too many observations.
    NotPositiveDefiniteError
        If exact observations determine one another.
    """
    count = len(observed.places)
    if count > MAX_OBSERVATIONS or count * count * covariance.ndim > MAX_MULTIPLICATIONS:
        most = min(MAX_OBSERVATIONS, int((MAX_MULTIPLICATIONS / covariance.ndim) ** 0.5))
        raise ArgumentError(
            f"a field of {covariance.ndim:,} points can be conditioned on {most:,} observations at most, and there are "
            f"{count:,}: take fewer, or a Precision, which takes any number"
        )
    places = observed.places.tolist()
    variance = float(covariance.variances()[0])
    noise = np.zeros(count) if observed.noise is None else observed.noise
    # Units in which the observations, errors included, have a variance of 1.
    units = np.sqrt(variance + noise)
    units[units == 0] = 1.0
    block = covariance.factorize().covariance_of(places, places) + np.diag(noise)
    inverse = triangular_inverse(observed_triangle(block / units[:, None] / units, observed)) / units
    with one_thread():
        weights = np.asarray(inverse.T @ inverse)
    weights = 0.5 * weights + 0.5 * weights.T
    weights.setflags(write=False)
    found = ConditionedGrid(covariance, observed, weights)
    if found.factorize().error_of(np.float64) > LARGEST_ERROR[8]:
        raise observed.dependent(int(np.argmax(np.diagonal(weights) * np.square(units))))
    shift = found.factorize().covariance_times((inverse.T @ (inverse @ observed.differences))[None])[0]
    if observed.noise is None:
        shift[observed.places] = observed.differences
    return Conditional(np.asarray(shift, np.float64), found)
