"""Jobs. Input: a ``job.toml``; output: a Zarr store, written in parts, on threads, processes or a Dask cluster."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mvn_dask.job.inputs.distribution_inputs import DistributionInputs, distribution_inputs, distribution_of
    from mvn_dask.job.job import Job
    from mvn_dask.job.parts import part_of
    from mvn_dask.job.template import job_template

__all__ = ["DistributionInputs", "Job", "distribution_inputs", "distribution_of", "job_template", "part_of"]

_MODULES = {
    "DistributionInputs": "mvn_dask.job.inputs.distribution_inputs",
    "Job": "mvn_dask.job.job",
    "distribution_inputs": "mvn_dask.job.inputs.distribution_inputs",
    "distribution_of": "mvn_dask.job.inputs.distribution_inputs",
    "job_template": "mvn_dask.job.template",
    "part_of": "mvn_dask.job.parts",
}
"""Module of every name. Each is imported on first use, since importing pydantic takes 0.1 s."""


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_MODULES[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
