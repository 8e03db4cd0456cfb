"""The sampler of the multivariate normal distribution.

Input: a mean and a factor A of the covariance. Output: rows ``mean + A z`` of independent standard normals z. Cost: 1.3
ns a normal and the multiplications of the factor.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
import numpy.typing as npt

from mvn_dask._typing import Arrays, Float64Array, FloatArray
from mvn_dask.covariance import Factor
from mvn_dask.covariance.base import factor_of_record, single_array
from mvn_dask.distribution.reference_laws import normal_laws
from mvn_dask.errors import ArgumentError
from mvn_dask.readable import plural, short_repr
from mvn_dask.sampling import kernel
from mvn_dask.sampling.plan import Plan
from mvn_dask.sampling.sampler import ReferenceLaws, Sampler


@dataclass(frozen=True, eq=False)
class NormalSampler(Sampler):
    """Draws rows of a multivariate normal distribution."""

    kind: ClassVar[str] = "multivariate_normal"
    is_made_of_normals: ClassVar[bool] = True

    location: FloatArray
    """The mean, shape (d,)."""
    factor: Factor
    """A factor of the covariance, in the same precision."""
    requested: Float64Array
    """Variances that were asked for, float64, shape (d,); those of the factor may differ."""
    covariance: Mapping[str, Any]
    """The record of the covariance that was factorised."""

    def __post_init__(self) -> None:
        # Numbers too small for float32 become -0.0, and a sum with -0.0 keeps the sign of a zero, which depends on
        # the order of sums: compiled products begin with 0.0, numpy's with the first product.
        object.__setattr__(self, "location", self.location + 0.0)

    def record(self) -> dict[str, Any]:
        return {"kind": self.kind, "covariance": dict(self.covariance), "factor": self.factor.record()}

    def parameters(self) -> dict[str, npt.NDArray[Any]]:
        own = {"mean": self.location, "variances": self.requested}
        return {**own, **{f"factor.{name}": array for name, array in self.factor.arrays().items()}}

    @classmethod
    def from_parameters(cls, record: Mapping[str, Any], parameters: Arrays) -> Self:
        if record.keys() != {"kind", "covariance", "factor"}:
            raise ArgumentError(f"a multivariate normal has other fields than {sorted(record)}")
        if not isinstance(record["covariance"], Mapping):
            raise ArgumentError(f"{short_repr(record['covariance'])} is no record of a covariance")
        arrays = {name.removeprefix("factor."): parameters[name] for name in parameters if name.startswith("factor.")}
        factor = factor_of_record(record["factor"], arrays)
        others = {name: array for name, array in parameters.items() if not name.startswith("factor.")}
        requested = single_array(
            {name: others.pop(name) for name in others.keys() & {"variances"}}, "variances", axes=1
        )
        mean = single_array(others, "mean", axes=1)
        if not len(mean) == len(requested) == factor.ndim:
            raise ArgumentError(
                f"there are {plural(len(mean), 'mean')}, {plural(len(requested), 'variance')}, and a factor of "
                f"{plural(factor.ndim, 'variable')}"
            )
        precisions = {array.dtype for array in (mean, *arrays.values()) if array.dtype.kind == "f"}
        if len(precisions) > 1 or requested.dtype != np.float64:
            raise ArgumentError(f"mean and factor are of {precisions}, and variances of {requested.dtype}")
        return cls(mean, factor, requested.astype(np.float64, copy=False), record["covariance"])

    def draw(self, plan: Plan, start: int, stop: int) -> FloatArray:
        return kernel.draw_rows(self.factor, self.location, plan, start, stop)

    def mean(self) -> Float64Array:
        return self.location.astype(np.float64)

    def requested_variances(self) -> Float64Array:
        return self.requested

    def laws(self) -> ReferenceLaws:
        return normal_laws(self.rank)
