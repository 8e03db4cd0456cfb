"""A normal distribution whose rows have one of two scales: a mixing variable per row, from a stream of its own."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
import numpy.typing as npt
from scipy.special import chdtr, ndtr

from mvn_dask._typing import ArrayLike, Arrays, Float64Array, FloatArray
from mvn_dask.covariance import as_covariance
from mvn_dask.distribution import Distribution
from mvn_dask.distribution.normal_sampler import NormalSampler
from mvn_dask.errors import ArgumentError
from mvn_dask.event import Event
from mvn_dask.sampling.plan import Plan
from mvn_dask.sampling.sampler import ReferenceLaws, Sampler

SCALES = np.array([0.25, 1.75])
"""Factors of the covariance, with a mean of 1; each row has one of them, with equal probability."""


@dataclass(frozen=True, eq=False)
class MixtureSampler(Sampler):
    """Draws normal rows about zero, scales each, and adds the mean."""

    kind: ClassVar[str] = "two-scales"

    normal: NormalSampler
    """Of mean zero."""
    location: FloatArray
    """The mean, shape (d,)."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "factor", self.normal.factor)

    def record(self) -> dict[str, Any]:
        return {"kind": self.kind, "normal": self.normal.record()}

    def parameters(self) -> dict[str, npt.NDArray[Any]]:
        return {**self.normal.parameters(), "mean": self.location}

    @classmethod
    def from_parameters(cls, record: Mapping[str, Any], parameters: Arrays) -> Self:
        if record.keys() != {"kind", "normal"}:
            raise ArgumentError(f"a mixture has other fields than {sorted(record)}")
        normal = NormalSampler.from_parameters(record["normal"], parameters)
        zero = np.zeros_like(normal.location)
        return cls(NormalSampler(zero, normal.factor, normal.requested, normal.covariance), normal.location)

    def draw(self, plan: Plan, start: int, stop: int) -> FloatArray:
        rows = self.normal.draw(plan, start, stop)
        for stripe, of_stripe, of_rows in plan.stripes_between(start, stop):
            mixing = plan.root.child(stripe).child(0).generator().integers(0, 2, plan.stripe)
            rows[of_rows] *= np.sqrt(SCALES[mixing[of_stripe]]).astype(rows.dtype)[:, None]
        rows += self.location
        return rows

    def mean(self) -> Float64Array:
        return self.location.astype(np.float64)

    def laws(self) -> ReferenceLaws:
        def marginal_cdf(x: Float64Array) -> Float64Array:
            return np.asarray(sum(ndtr(np.asarray(x) / np.sqrt(scale)) for scale in SCALES) / 2)

        def radial_cdf(r: Float64Array) -> Float64Array:
            return np.asarray(sum(chdtr(self.rank, np.square(np.maximum(r, 0.0)) / scale) for scale in SCALES) / 2)

        return ReferenceLaws(marginal_cdf, radial_cdf, float(np.square(SCALES).mean() - 1.0))


class Mixture(Distribution):
    """A mixture of two normals of one mean, whose covariances are multiples of one another."""

    def __init__(self, mean: ArrayLike, cov: ArrayLike) -> None:
        self._mean = np.asarray(mean, np.float64)
        self.event = Event.of_variables(len(self._mean))
        self._covariance = as_covariance(cov, len(self._mean))

    def sampler(self, dtype: np.dtype[np.floating[Any]]) -> MixtureSampler:
        mean = self._mean.astype(dtype)
        factor = self._covariance.factorize().astype(dtype)
        variances, record = self._covariance.variances(), self._covariance.record()
        return MixtureSampler(NormalSampler(np.zeros_like(mean), factor, variances, record), mean)
