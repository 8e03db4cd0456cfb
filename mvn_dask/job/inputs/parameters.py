"""Mean, covariance and names of a job, from wherever they lie."""

from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np

from mvn_dask._typing import FloatArray
from mvn_dask.errors import ArgumentError, ArgumentTypeError, InvalidDistributionError
from mvn_dask.job.inputs.base import Input
from mvn_dask.job.inputs.correlations import covariance_of
from mvn_dask.job.inputs.sources import read_input
from mvn_dask.job.inputs.tables import difference
from mvn_dask.job.schema.specification import Specification

if TYPE_CHECKING:
    from mvn_dask.distribution import MultivariateNormal


@dataclass(frozen=True, eq=False)
class Parameters:
    """Mean and covariance."""

    mean: FloatArray
    """Mean, shape (d,)."""
    cov: FloatArray
    """Covariance: a matrix, shape (d, d), a vector of variances, shape (d,), or one variance, shape ()."""
    names: tuple[str, ...] | None
    """Names of the d variables."""


def parameters_of(job: Specification) -> Parameters:
    """Read what a job says about its distribution. A scalar mean is that of every variable.

    Raises
    ------
    InvalidDistributionError
        If what is found is no mean and no covariance: text where a number should be, NaN, pickled objects, shapes
        or names that disagree. Whether the covariance is positive semidefinite is not asked here.
    JobFileError
        If a file is missing, or of a kind that is not known.
    TransportError
        If an object store answers with an error, or not at all.
    """
    mean = read_input(job, "mean")
    if job.distribution.cov is not None:
        cov = read_input(job, "cov")
        sources = [mean, cov]
        array = cov.array
    else:
        correlation, deviations = read_input(job, "correlation"), read_input(job, "standard_deviations")
        sources = [mean, correlation, deviations]
        array = covariance_of(correlation, deviations)
        cov = correlation
    _refuse_other_names(sources)
    _refuse_other_shapes(mean, cov)
    ndim = len(array) if array.ndim else mean.array.size
    names = next((source.names for source in sources if source.names), None)
    return Parameters(np.broadcast_to(mean.array, (ndim,)).copy(), array, names)


def distribution_of(job: Specification) -> "MultivariateNormal":
    """The distribution of a job, checked and factorised.

    Raises
    ------
    InvalidDistributionError
        As `parameters_of`, and if the covariance is none: under ``check_valid = "raise"`` where it is not positive
        semidefinite, and with ``method = "cholesky"`` where it is not positive definite.
    JobFileError, TransportError
        As `parameters_of`.

    Warns
    -----
    RuntimeWarning
        Under ``check_valid = "warn"``, if the covariance is not symmetric and positive semidefinite.
    """
    from mvn_dask.distribution import MultivariateNormal

    found, table = parameters_of(job), job.distribution
    try:
        return MultivariateNormal(
            found.mean,
            found.cov,
            method=table.method,
            check_valid=table.check_valid,
            tol=table.tol,
            names=found.names,
        )
    except (ArgumentError, ArgumentTypeError) as error:
        raise InvalidDistributionError(f"{job.place}: distribution: {error}") from error


def _refuse_other_names(sources: list[Input]) -> None:
    named = [(source, source.names) for source in sources if source.names is not None]
    for (one, names), (other, others) in combinations(named, 2):
        text = difference(names, others)
        if text:
            msg = f"the variables must have the same names in the same order as in {other.origin.key}: {text}"
            raise one.origin.invalid(msg)


def _refuse_other_shapes(mean: Input, cov: Input) -> None:
    if mean.array.ndim > 1:
        raise mean.origin.invalid(f"must be a number or a vector, and its shape is {mean.array.shape}")
    shape = cov.array.shape
    if len(shape) == 2 and shape[0] != shape[1]:
        raise cov.origin.invalid(f"must be a square matrix, and its shape is {shape}")
    if mean.array.ndim and shape and mean.array.size != shape[0]:
        raise mean.origin.invalid(f"has {mean.array.size} variables, and {cov.origin.key} has {shape[0]}")
