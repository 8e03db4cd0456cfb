"""Jobs: what a ``job.toml`` says, and what comes of it."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mvn_dask.job.inputs.parameters import Parameters, distribution_of, parameters_of
    from mvn_dask.job.job import Job
    from mvn_dask.job.parts import part_of
    from mvn_dask.job.template import job_template

__all__ = ["Job", "Parameters", "distribution_of", "job_template", "parameters_of", "part_of"]

_HOMES = {
    "Job": "mvn_dask.job.job",
    "Parameters": "mvn_dask.job.inputs.parameters",
    "distribution_of": "mvn_dask.job.inputs.parameters",
    "parameters_of": "mvn_dask.job.inputs.parameters",
    "part_of": "mvn_dask.job.parts",
    "job_template": "mvn_dask.job.template",
}
"""Where each name is at home; it is imported when it is asked for, since pydantic takes its time."""


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
