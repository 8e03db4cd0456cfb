"""The sampler of the multivariate normal distribution: a mean and a factor in one precision.

Input: a plan. Output: rows ``mean + A z`` of independent standard normals z. Cost: 1.3 ns a normal, and the
multiplications of the factor.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
import numpy.typing as npt

from mvn_dask._typing import Arrays, Float64Array, FloatArray
from mvn_dask.covariance import Factor
from mvn_dask.covariance.base import factor_from, nested, unnested
from mvn_dask.errors import ArgumentError
from mvn_dask.sampling import kernel
from mvn_dask.sampling.plan import Plan
from mvn_dask.sampling.sampler import ReferenceLaws, Sampler, check_floating


@dataclass(frozen=True, eq=False)
class NormalSampler(Sampler):
    """Draws rows of a multivariate normal distribution."""

    kind: ClassVar[str] = "multivariate_normal"

    location: FloatArray
    """The mean, shape (d,)."""
    factor: Factor
    """A factor of the covariance, in the same precision."""
    covariance: Mapping[str, Any]
    """The record of the covariance that was factorised."""

    @property
    def ndim(self) -> int:
        return self.factor.ndim

    @property
    def noise_ndim(self) -> int:
        return self.factor.noise_ndim

    @property
    def rank(self) -> int:
        return self.factor.rank

    def record(self) -> dict[str, Any]:
        return {"kind": self.kind, "covariance": dict(self.covariance), "factor": {"kind": self.factor.kind}}

    def parameters(self) -> dict[str, npt.NDArray[Any]]:
        return {"mean": self.location, **nested("factor", self.factor.arrays())}

    @classmethod
    def from_parameters(cls, record: Mapping[str, Any], parameters: Arrays) -> Self:
        if record.keys() != {"kind", "covariance", "factor"} or not isinstance(record["covariance"], Mapping):
            raise ArgumentError(f"a multivariate normal has other fields than {sorted(record)}")
        arrays = unnested("factor", parameters)
        if len(parameters) != 1 + len(arrays) or "mean" not in parameters:
            raise ArgumentError(f"a multivariate normal has other parameters than {sorted(parameters)}")
        if not isinstance(record["factor"], Mapping):
            raise ArgumentError(f"{record['factor']!r} is no record of a factor")
        factor = factor_from(record["factor"].get("kind"), arrays)
        return cls(check_floating("mean", parameters["mean"], (factor.ndim,)), factor, record["covariance"])

    def draw(self, plan: Plan, start: int, stop: int) -> FloatArray:
        return kernel.draw_rows(self.factor, self.location, plan, start, stop)

    def mean(self) -> Float64Array:
        return self.location.astype(np.float64)

    def variances(self) -> Float64Array:
        return self.factor.variances()

    def covariance_of(self, rows: Sequence[int], columns: Sequence[int]) -> Float64Array:
        return self.factor.covariance_of(rows, columns)

    def whiten(self, x: FloatArray) -> FloatArray:
        return self.factor.whiten(x)

    def laws(self) -> ReferenceLaws:
        """Normal variables, and lengths whose squares are χ² distributed with as many degrees of freedom as the rank.

        References
        ----------
        T. W. Anderson, An Introduction to Multivariate Statistical Analysis, 3rd ed., 2003, section 3.3.
        """
        from scipy.special import chdtr, ndtr

        rank = self.rank

        def radial_cdf(lengths: Float64Array) -> Float64Array:
            return np.asarray(chdtr(rank, np.square(np.maximum(lengths, 0.0))), np.float64)

        return ReferenceLaws(ndtr, radial_cdf if rank else None, 0.0)
