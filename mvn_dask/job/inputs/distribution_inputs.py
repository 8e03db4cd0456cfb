"""Parameters and names of variables of a job's distribution, read and compared with each other.

Input: a job. Output: its parameters, and its distribution. Cost: reading, O(d²), and that of the distribution.
"""

import logging
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from mvn_dask._typing import FloatArray
from mvn_dask.checks import variable_names
from mvn_dask.covariance import Covariance, as_covariance
from mvn_dask.covariance.correlations import check_correlations, check_deviations, scale_correlations
from mvn_dask.errors import ArgumentError, ArgumentTypeError, InvalidDistributionError, NotPositiveDefiniteError
from mvn_dask.event import Event, event_of
from mvn_dask.job.inputs.base import InputArray
from mvn_dask.job.inputs.covariance_inputs import structured_covariance
from mvn_dask.job.inputs.label_files import read_labels
from mvn_dask.job.inputs.marginal_inputs import marginals_of
from mvn_dask.job.inputs.readers import read_input
from mvn_dask.job.schema.job_spec import JobSpec
from mvn_dask.labels import Axis, agreed_names
from mvn_dask.readable import plural
from mvn_dask.slow_steps import name_if_slow

if TYPE_CHECKING:
    from mvn_dask.distribution import Distribution
    from mvn_dask.job.inputs.data_estimates import DataEstimate

log = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class DistributionInputs:
    """Parameters of a job's distribution, before they are validated."""

    mean: FloatArray
    """Mean, or location of a t distribution, shape (d,); 0 of a copula."""
    cov: FloatArray | Covariance
    """Covariance, shape matrix or correlations: a matrix, shape (d, d), a vector of variances, shape (d,), one
    variance, shape (), or a structure."""
    event: Event
    """Shape of a draw, with the names and labels of its axes."""
    estimated: "DataEstimate | None" = None
    """How mean and covariance were estimated, where they were."""


def distribution_inputs(job: JobSpec) -> DistributionInputs:
    """Read location and covariance. A scalar mean is that of every variable; it may have the shape of a draw.

    Raises InvalidDistributionError, JobFileError and TransportError as `read_input`, and for shapes or names that
    disagree. Whether the covariance is positive semidefinite is not checked here.
    """
    if job.distribution.data is not None:
        return _estimated_inputs(job)
    if job.distribution.kind == "gaussian-copula":
        return _copula_inputs(job)
    location, key = ("location", "shape") if job.distribution.kind == "t" else ("mean", "cov")
    mean, given = read_input(job, location), getattr(job.distribution, key)
    structure = None if given is None else structured_covariance(job, key, given)
    if structure is not None:
        return _structured_inputs(job, mean, key, structure)
    if given is not None:
        cov = read_input(job, key)
        arrays, array = [mean, cov], cov.array
    else:
        cov, deviations = read_input(job, "correlation"), read_input(job, "standard_deviations")
        arrays, array = [mean, cov, deviations], covariance_from_correlation(cov, deviations)
    names = _names(job, (axis for each in arrays for axis in each.placed_axes))
    if cov.array.ndim:
        _require_square(cov, vector=True)
    may_have_axes = job.distribution.event_shape is not None or mean.event is not None
    _require_size(mean, cov.origin.key, len(cov.array) if cov.array.ndim else None, may_have_axes=may_have_axes)
    ndim = len(array) if array.ndim else mean.array.size
    event = _event(job, mean, names, Event.of_variables(ndim))
    return DistributionInputs(_mean_of(mean, ndim), array, event)


def _copula_inputs(job: JobSpec) -> DistributionInputs:
    found = read_input(job, "correlation")
    with _input_errors(found):
        check_correlations(found.origin.key, found.array)
    names, ndim = _names(job, found.placed_axes), len(found.array)
    event = _event(job, None, names, Event.of_variables(ndim))
    return DistributionInputs(np.zeros(ndim), found.array, event)


def _estimated_inputs(job: JobSpec) -> DistributionInputs:
    # Imports all statistics, which other jobs do without.
    from mvn_dask.job.inputs.data_readers import estimate_of_job

    found, df = estimate_of_job(job), job.distribution.df
    if found.names is not None:
        try:
            variable_names(found.names)
        except ArgumentError as error:
            raise found.origin.invalid(error.text) from None
    where = f"the columns of data ({found.origin.path})"
    names = _names(job, () if found.names is None else [Axis.of(where, found.names)])
    event = _event(job, None, names, Event.of_variables(len(found.mean)))
    # The covariance of a t distribution is df / (df - 2) times its shape.
    cov = found.cov if df is None else found.cov * (1.0 - 2.0 / df)
    return DistributionInputs(found.mean + 0.0, cov, event, found)


def _structured_inputs(job: JobSpec, mean: InputArray, key: str, covariance: Covariance) -> DistributionInputs:
    _require_size(mean, key, covariance.ndim, may_have_axes=True)
    names = _names(job, (*mean.placed_axes, *covariance.label_axes()))
    event = _event(job, mean, names, covariance.event)
    return DistributionInputs(_mean_of(mean, covariance.ndim), covariance, event)


def _mean_of(mean: InputArray, ndim: int) -> FloatArray:
    """The mean of every variable. Adding 0.0 turns -0.0 into 0.0: both are one mean, and one fingerprint."""
    return np.broadcast_to(mean.array.reshape(-1) if mean.array.ndim else mean.array, (ndim,)) + 0.0


def _names(job: JobSpec, axes: Iterable[Axis]) -> tuple[str, ...] | None:
    """Names of the variables, from the labels of all arrays."""
    with _label_errors(job):
        return agreed_names(axes)


def _event(job: JobSpec, mean: InputArray | None, names: tuple[str, ...] | None, covariance: Event) -> Event:
    """Shape of a draw and its labels, from those of all arrays, and from keys of the job."""
    table, shape = job.distribution, (() if mean is None else mean.array.shape) or (covariance.ndim,)
    given = {"event_shape": table.event_shape, "dims": table.dims, "coords": _coordinates(job)}
    known = None if mean is None else mean.event
    with _label_errors(job):
        event = event_of(shape, covariance, known=known, names=names, **given)
    if known is None or known.shape != event.shape:
        return event
    return replace(event, description=known.description.renamed(dict(zip(known.dims, event.dims, strict=True))))


def _coordinates(job: JobSpec) -> dict[str, object] | None:
    """The labels that a job gives along axes: numbers or texts, or those in files."""
    given = job.distribution.coords
    if given is None:
        return None
    return {dim: read_labels(job, dim, each) if isinstance(each, str) else each for dim, each in given.items()}


def covariance_from_correlation(correlation: InputArray, deviations: InputArray) -> FloatArray:
    """The covariance of correlations, shape (d, d), and standard deviations, shape (d,) or ().

    Raises InvalidDistributionError by the rules of `mvn_dask.covariance.from_correlation`.
    """
    with _input_errors(correlation):
        check_correlations(correlation.origin.key, correlation.array)
    with _input_errors(deviations):
        check_deviations(deviations.origin.key, deviations.array, correlation.origin.key, len(correlation.array))
    return scale_correlations(correlation.array, deviations.array)


@contextmanager
def _input_errors(each: InputArray) -> Iterator[None]:
    """Name the file or key in errors about an array."""
    try:
        yield
    except ArgumentError as error:
        raise each.origin.invalid(error.text.removeprefix(f"`{each.origin.key}` ")) from None


def _require_square(each: InputArray, *, vector: bool = False) -> None:
    shape = each.array.shape
    if not (len(shape) == 2 and shape[0] == shape[1]) and not (vector and len(shape) == 1):
        raise each.origin.invalid(f"must be a square matrix, and its shape is {shape}")


def _require_size(mean: InputArray, other: str, ndim: int | None, *, may_have_axes: bool) -> None:
    """Refuse a mean that is no number, and has not as many numbers as variables lie at another key, if it has any."""
    if mean.array.ndim > 1 and not may_have_axes:
        raise mean.origin.invalid(f"must be a number or a vector, and its shape is {mean.array.shape}")
    if mean.array.ndim and ndim is not None and mean.array.size != ndim:
        raise mean.origin.invalid(f"has {plural(mean.array.size, 'variable')}, and {other} has {ndim}")


def covariance_of_job(job: JobSpec, inputs: DistributionInputs) -> Covariance:
    """The covariance of a job, not factorised yet. Raises InvalidDistributionError if it is none."""
    table = job.distribution
    if isinstance(inputs.cov, Covariance):
        return inputs.cov
    with _label_errors(job):
        return as_covariance(
            inputs.cov, len(inputs.mean), method=table.method, check_valid=table.check_valid, tol=table.tol
        )


def distribution_of(job: JobSpec, inputs: DistributionInputs | None = None) -> "Distribution":
    """The distribution of a job, checked and factorised, of the inputs where they have been read already.

    Raises as `distribution_inputs`; NotPositiveDefiniteError with ``method = "cholesky"``; under ``check_valid`` warns
    or raises InvalidDistributionError if the covariance is not symmetric and positive semidefinite.
    """
    from mvn_dask.distribution import GaussianCopula, MultivariateNormal, MultivariateT

    inputs = distribution_inputs(job) if inputs is None else inputs
    covariance = covariance_of_job(job, inputs)
    step = f"checking and factorising the covariance of {plural(len(inputs.mean), 'variable')}"
    event, table = inputs.event, job.distribution
    axes: dict[str, Any] = {"event_shape": event.shape, "dims": event.dims, "coords": event.coords}
    marginals = marginal_laws_of(job) if table.kind == "gaussian-copula" else None
    with _label_errors(job), name_if_slow(log, step):
        if marginals is not None:
            return GaussianCopula(covariance, marginals, exact=table.exact, **axes)
        if table.kind == "t" and table.df is not None:
            return MultivariateT(inputs.mean, covariance, table.df, **axes)
        return MultivariateNormal(inputs.mean, covariance, **axes)


def marginal_laws_of(job: JobSpec) -> Any:
    """The marginal of each variable, or one for all."""
    found = marginals_of(job)
    return found[0] if len(found) == 1 else found


@contextmanager
def _label_errors(job: JobSpec) -> Iterator[None]:
    """Name the job's file in errors about its distribution."""
    try:
        yield
    except NotPositiveDefiniteError as error:
        raise NotPositiveDefiniteError(f"{job.place('distribution')}: {error.text}", advice=error.advice) from error
    except (ArgumentError, ArgumentTypeError) as error:
        raise InvalidDistributionError(f"{job.place('distribution')}: {error.text}", advice=error.advice) from error
