"""Covariances of a job: from a table of some structure, or from a file of a sparse matrix.

Input: a value of the table ``[distribution.cov]`` or of one inside it. Output: a `Covariance`, not factorised yet, with
the labels of its files. Cost: reading, and that of constructing each structure.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from mvn_dask import covariance
from mvn_dask.covariance import Covariance, as_covariance
from mvn_dask.errors import ArgumentError, ArgumentTypeError, InvalidDistributionError, NotPositiveDefiniteError
from mvn_dask.job.inputs.base import InputArray, Origin
from mvn_dask.job.inputs.function_inputs import covariance_function
from mvn_dask.job.inputs.readers import local_file, read_inner
from mvn_dask.job.inputs.sparse_files import read_sparse
from mvn_dask.job.schema.array_values import FileTable, InlineArray
from mvn_dask.job.schema.covariance_table import OPTIONAL_KEYS, REQUIRED_KEYS, CovarianceTable
from mvn_dask.job.schema.job_spec import JobSpec

Value = CovarianceTable | FileTable | InlineArray

_INHERITED = ("method", "check_valid", "tol")
"""Keys that a table takes from ``[distribution]``, unless it has them itself."""
_CLASSES: dict[str, Callable[..., Covariance]] = {
    "dense": covariance.Dense,
    "diagonal": covariance.Diagonal,
    "factored": covariance.Factored,
    "low-rank": covariance.LowRank,
    "from-correlation": covariance.from_correlation,
    "scaled": covariance.Scaled,
    "kronecker": covariance.Kronecker,
    "block-diagonal": covariance.BlockDiagonal,
    "banded": covariance.Banded,
    "precision": covariance.Precision,
    "sparse": covariance.Sparse,
    "stationary-grid": covariance.StationaryGrid,
    "toeplitz": covariance.Toeplitz,
    "circulant": covariance.Circulant,
}


def structured_covariance(job: JobSpec, key: str, value: Value) -> Covariance | None:
    """The covariance in a table of some structure or in a file of a sparse matrix; None for plain numbers.

    `key` is that of the job's table ``distribution``, with those of the tables around it. Raises
    InvalidDistributionError, JobFileError and TransportError as `read_input`, and for arguments that are no covariance.
    """
    if isinstance(value, CovarianceTable):
        return _of_table(job, key, value)
    matrix = _sparse_matrix(job, key, value)
    if matrix is None:
        return None
    table = job.distribution
    with placed_errors(job, key):
        return as_covariance(matrix, 1, method=table.method, check_valid=table.check_valid, tol=table.tol)


def _of_table(job: JobSpec, key: str, table: CovarianceTable) -> Covariance:
    """The covariance of a table: each argument read or made, then the class called."""
    arguments: list[Any] = []
    arrays: list[InputArray] = []
    for name in REQUIRED_KEYS[table.kind]:
        for inner, value in _values(table, name):
            found = _argument(job, f"{key}.{inner}", table.kind, value)
            if isinstance(found, InputArray):
                arrays.append(found)
                found = _frozen(found)
            arguments.append(found)
    keywords = {name: getattr(job.distribution, name) for name in _INHERITED if name in OPTIONAL_KEYS[table.kind]}
    own: dict[str, Any] = {name: getattr(table, name) for name in OPTIONAL_KEYS[table.kind]}
    if table.null_space is not None:
        arrays.append(read_inner(job, f"{key}.null_space", table.null_space))
        own["null_space"] = _frozen(arrays[-1])
    keywords |= {name: value for name, value in own.items() if value is not None}
    axes = [axis for each in arrays for axis in each.placed_axes]
    with placed_errors(job, key):
        made = _CLASSES[table.kind](*arguments, **keywords)
        return made.with_axes(axes) if axes else made


def _values(table: CovarianceTable, name: str) -> Iterator[tuple[str, Any]]:
    """The values that a key gives, each with its own key: a list of members gives several."""
    value = getattr(table, name)
    if name == "members":
        yield from ((f"{name}.{number}", member) for number, member in enumerate(value))
    else:
        yield name, value


def _argument(job: JobSpec, key: str, kind: str, value: Any) -> Any:
    """The argument that a key stands for; an array with its labels as it was read."""
    name = key.rsplit(".", maxsplit=1)[-1]
    if kind == "stationary-grid":
        return covariance_function(job.place(f"distribution.{key}"), value) if name == "function" else value
    if kind == "sparse":
        return _only_sparse_matrix(job, key, value)
    if kind == "precision":
        return _precision(job, key, value)
    if kind in {"kronecker", "block-diagonal"} or name == "covariance":
        return _nested(job, key, value)
    return read_inner(job, key, value, "rows" if kind == "factored" else None)


def _precision(job: JobSpec, key: str, value: Value) -> Any:
    """A precision: of some structure, a sparse matrix, or an array with its labels."""
    if isinstance(value, CovarianceTable):
        return _of_table(job, key, value)
    matrix = _sparse_matrix(job, key, value)
    return read_inner(job, key, value) if matrix is None else matrix


def _nested(job: JobSpec, key: str, value: Value) -> Any:
    """A covariance inside another, from any value; one variance stays a number, for those who know how many it is."""
    found = structured_covariance(job, key, value)
    if found is not None or isinstance(value, CovarianceTable):
        return found
    numbers, table = read_inner(job, key, value), job.distribution
    if not numbers.array.ndim:
        return numbers.array
    with placed_errors(job, key):
        made = as_covariance(_frozen(numbers), 1, method=table.method, check_valid=table.check_valid, tol=table.tol)
        return made.with_axes(numbers.placed_axes) if numbers.axes else made


def _sparse_matrix(job: JobSpec, key: str, value: object) -> Any:
    """The sparse matrix in a file; None if the value is anything else."""
    path = local_file(job, value, ".npz")
    if path is None or not isinstance(value, FileTable):
        return None
    origin = Origin(job.label, key, job.locate(value.path), job.place(f"distribution.{key}"))
    return read_sparse(origin, path)


def _only_sparse_matrix(job: JobSpec, key: str, value: FileTable | InlineArray) -> Any:
    matrix = _sparse_matrix(job, key, value)
    if matrix is None:
        numbers = read_inner(job, key, value)  # which says what is wrong with the file itself, if anything is
        raise numbers.origin.invalid("must be a sparse matrix: a .npz file, as scipy.sparse.save_npz writes it")
    return matrix


def _frozen(found: InputArray) -> Any:
    """The numbers that were read, to which nobody can write, so that a covariance takes them without a copy."""
    numbers = np.ascontiguousarray(found.array) if found.array.ndim else found.array
    numbers.setflags(write=False)
    return numbers


@contextmanager
def placed_errors(job: JobSpec, key: str) -> Iterator[None]:
    """Name the job's file and key in errors about a covariance."""
    place = job.place(f"distribution.{key}")
    try:
        yield
    except NotPositiveDefiniteError as error:
        raise NotPositiveDefiniteError(f"{place}: {error.text}", advice=error.advice) from error
    except (ArgumentError, ArgumentTypeError) as error:
        raise InvalidDistributionError(f"{place}: {error.text}", advice=error.advice) from error
    except MemoryError as error:
        raise InvalidDistributionError(f"{place}: is too large for the memory of this machine") from error
