"""Mean, covariance and names of variables of a job, read and compared with each other. Cost: reading, O(d²)."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np

from mvn_dask._typing import FloatArray
from mvn_dask.covariance import Covariance, as_covariance
from mvn_dask.errors import ArgumentError, ArgumentTypeError, InvalidDistributionError, NotPositiveDefiniteError
from mvn_dask.job.inputs.base import InputArray
from mvn_dask.job.inputs.correlations import covariance_from_correlation
from mvn_dask.job.inputs.readers import read_input
from mvn_dask.job.inputs.tables import name_difference
from mvn_dask.job.schema.job_spec import JobSpec

if TYPE_CHECKING:
    from mvn_dask.distribution import MultivariateNormal


@dataclass(frozen=True, eq=False)
class DistributionInputs:
    """Mean and covariance of a job, before they are validated."""

    mean: FloatArray
    """Mean, shape (d,)."""
    cov: FloatArray
    """Covariance: a matrix, shape (d, d), a vector of variances, shape (d,), or one variance, shape ()."""
    names: tuple[str, ...] | None
    """Names of the d variables."""


def distribution_inputs(job: JobSpec) -> DistributionInputs:
    """Read mean and covariance. A scalar mean is that of every variable.

    Raises InvalidDistributionError if there is text in place of a number, NaN, a pickled object, or shapes or names
    disagree. Whether the covariance is positive semidefinite is not checked here; JobFileError if a file is missing, or
    of an unknown kind; TransportError if an object store answers with an error, or not at all.
    """
    mean = read_input(job, "mean")
    if job.distribution.cov is not None:
        cov = read_input(job, "cov")
        arrays = [mean, cov]
        array = cov.array
    else:
        correlation, deviations = read_input(job, "correlation"), read_input(job, "standard_deviations")
        arrays = [mean, correlation, deviations]
        array = covariance_from_correlation(correlation, deviations)
        cov = correlation
    _refuse_other_names(arrays)
    _refuse_other_shapes(mean, cov)
    ndim = len(array) if array.ndim else mean.array.size
    names = next((each.names for each in arrays if each.names), None)
    # Adding 0.0 turns -0.0 into 0.0: both are one mean, and must not give two fingerprints.
    return DistributionInputs(np.broadcast_to(mean.array, (ndim,)) + 0.0, array, names)


def covariance_of_job(job: JobSpec, inputs: DistributionInputs) -> Covariance:
    """The covariance of a job, not factorised yet.

    Raises InvalidDistributionError if its shape or a number in it is not that of a covariance.
    """
    table = job.distribution
    with _label_errors(job):
        return as_covariance(
            inputs.cov, len(inputs.mean), method=table.method, check_valid=table.check_valid, tol=table.tol
        )


def distribution_of(job: JobSpec, inputs: DistributionInputs | None = None) -> "MultivariateNormal":
    """The distribution of a job, checked and factorised.

    Parameters
    ----------
    job : JobSpec
        The job.
    inputs : DistributionInputs, optional
        Its mean and covariance, where they have been read already.

    Raises
    ------
    InvalidDistributionError
        As `distribution_inputs`; under ``check_valid = "raise"`` also if the covariance is not positive semidefinite.
    NotPositiveDefiniteError
        With ``method = "cholesky"``, if the covariance is not positive definite.
    JobFileError, TransportError
        As `distribution_inputs`.

    Warns
    -----
    RuntimeWarning
        Under ``check_valid = "warn"``, if the covariance is not symmetric and positive semidefinite.
    """
    from mvn_dask.distribution import MultivariateNormal

    inputs = distribution_inputs(job) if inputs is None else inputs
    table, covariance = job.distribution, covariance_of_job(job, inputs)
    with _label_errors(job):
        return MultivariateNormal(
            inputs.mean,
            covariance,
            method=table.method,
            check_valid=table.check_valid,
            tol=table.tol,
            names=inputs.names,
        )


@contextmanager
def _label_errors(job: JobSpec) -> Iterator[None]:
    """Name the job's file in errors about its distribution."""
    try:
        yield
    except NotPositiveDefiniteError as error:
        raise NotPositiveDefiniteError(f"{job.label}: distribution: {error}") from error
    except (ArgumentError, ArgumentTypeError) as error:
        raise InvalidDistributionError(f"{job.label}: distribution: {error}") from error


def _refuse_other_names(arrays: list[InputArray]) -> None:
    named = [(each, each.names) for each in arrays if each.names is not None]
    for (one, names), (other, others) in combinations(named, 2):
        text = name_difference(names, others)
        if text:
            msg = f"the variables must have the same names in the same order as in {other.origin.key}: {text}"
            raise one.origin.invalid(msg)


def _refuse_other_shapes(mean: InputArray, cov: InputArray) -> None:
    if mean.array.ndim > 1:
        raise mean.origin.invalid(f"must be a number or a vector, and its shape is {mean.array.shape}")
    shape = cov.array.shape
    if len(shape) == 2 and shape[0] != shape[1]:
        raise cov.origin.invalid(f"must be a square matrix, and its shape is {shape}")
    if mean.array.ndim and shape and mean.array.size != shape[0]:
        raise mean.origin.invalid(f"has {mean.array.size} variables, and {cov.origin.key} has {shape[0]}")
