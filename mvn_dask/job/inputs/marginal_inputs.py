"""Marginal laws of a job. Input: a job; output: frozen distributions of scipy. Cost: its import."""

from typing import Any

from mvn_dask.errors import ArgumentError, InvalidDistributionError
from mvn_dask.job.schema.job_spec import JobSpec
from mvn_dask.job.schema.marginal_table import MarginalTable


def marginals_of(job: JobSpec) -> list[Any]:
    """A frozen distribution for each of a job's tables. Raises InvalidDistributionError where scipy has none such."""
    tables = job.distribution.marginals or ()
    return [_frozen(job.place(f"distribution.marginals.{number}"), table) for number, table in enumerate(tables)]


def _frozen(place: str, table: MarginalTable) -> Any:
    from scipy import stats

    from mvn_dask.distribution.marginal_laws import MARGINAL_NAMES, marginal_law

    name, parameters = table.name, table.parameters
    dist = getattr(stats, name, None) if name in MARGINAL_NAMES else None
    if dist is None:
        raise InvalidDistributionError(f"{place}: {name!r} is no continuous distribution of scipy.stats")
    takes = [*(dist.shapes or "").replace(" ", "").split(","), "loc", "scale"]
    unknown = [key for key in parameters if key not in takes]
    missing = [key for key in takes[:-2] if key and key not in parameters]
    if unknown or missing:
        what = f"it takes {', '.join(filter(None, takes))}" + (f", and {missing[0]} is missing" if missing else "")
        raise InvalidDistributionError(f"{place}: {name} has other parameters than {', '.join(parameters)}: {what}")
    try:
        frozen = dist(**parameters)
        marginal_law("marginal", frozen)
    except ArgumentError as error:
        raise InvalidDistributionError(f"{place}: {error.text.removeprefix('`marginal` ')}") from None
    return frozen
