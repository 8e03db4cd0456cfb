"""What of a job's distribution is known before its covariance is factorised, to compare it with that of a store.

Input: a job and its parameters. Output: fields of the record, and digests of parameter arrays. Cost: O(d²).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

import numpy as np

from mvn_dask.distribution.copula_sampler import GaussianCopulaSampler
from mvn_dask.distribution.gaussian_copula import grouped_marginals
from mvn_dask.distribution.multivariate_t import MultivariateTSampler
from mvn_dask.distribution.normal_sampler import NormalSampler
from mvn_dask.hashing import digest
from mvn_dask.job.inputs.distribution_inputs import DistributionInputs, covariance_of_job, marginal_laws_of
from mvn_dask.job.schema.job_spec import JobSpec


@dataclass(frozen=True)
class DistributionIdentity:
    """What a store of a job's sample must say of the distribution."""

    record: Mapping[str, Any]
    """Fields of the sampler's record."""
    digests: Mapping[str, str]
    """Digests of parameter arrays, by their names."""
    marginals: tuple[Any, ...] | None = None
    """Marginals of a copula, as `marginal_identity` gives them; tables of them may be another machine's."""

    def is_of(self, record: Mapping[str, Any], digests: Mapping[str, str]) -> bool:
        """Whether the record and the parameters of a store, which may be hostile, are of this distribution."""
        if any(record.get(key) != value for key, value in self.record.items()):
            return False
        if any(digests.get(name) != sha256 for name, sha256 in self.digests.items()):
            return False
        return self.marginals is None or self.marginals == marginal_identity(record.get("marginals"))


def known_identity(job: JobSpec, inputs: DistributionInputs, dtype: np.dtype[np.floating[Any]]) -> DistributionIdentity:
    """The identity of a job's distribution in the precision of its sample."""
    covariance = covariance_of_job(job, inputs).record()
    with np.errstate(over="ignore"):
        location = digest(inputs.mean.astype(dtype) + 0.0)
    if job.distribution.kind == "t":
        record = {"kind": MultivariateTSampler.kind, "covariance": covariance, "df": job.distribution.df}
        return DistributionIdentity(record, {"location": location})
    if job.distribution.kind == "normal":
        return DistributionIdentity({"kind": NormalSampler.kind, "covariance": covariance}, {"mean": location})
    families, table, locations, scales = grouped_marginals(marginal_laws_of(job), len(inputs.mean))
    arrays = {"table": table, "location": locations, "scale": scales}
    return DistributionIdentity(
        {"kind": GaussianCopulaSampler.kind, "covariance": covariance, "exact": job.distribution.exact},
        {name: digest(array) for name, array in arrays.items()},
        tuple((each.name, each.shapes) for each in families),
    )


def marginal_identity(recorded: object) -> tuple[Any, ...] | None:
    """The marginals of a record, which may be hostile: names and shape parameters."""
    try:
        return tuple((each["name"], tuple(each["shapes"])) for each in cast(Any, recorded))
    except (TypeError, KeyError):
        return None
