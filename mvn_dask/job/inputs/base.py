"""The result of every reader, and its errors. Input: an array or a table; output: finite float64, names, origin."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mvn_dask._typing import FloatArray
from mvn_dask.errors import ArgumentError, InvalidDistributionError, JobFileError
from mvn_dask.job.toml_format import preview
from mvn_dask.labels import Axis, agreed_names
from mvn_dask.readable import plural

MATRIX_KEYS = ("cov", "correlation")
"""Keys that may hold a matrix."""


@dataclass(frozen=True)
class Origin:
    """Where an array comes from."""

    job: str
    """Label of the job in errors."""
    key: str
    """Key of the job's table ``distribution``."""
    path: str | None = None
    """Path or URL, as seen from the current folder; None for numbers in the job file itself."""

    def __str__(self) -> str:
        key = f"{self.job}: distribution.{self.key}"
        return key if self.path is None else f"{key}: {self.path}"

    def invalid(self, text: str, *, cell: str = "") -> InvalidDistributionError:
        """An error about the content."""
        return InvalidDistributionError(f"{self}{cell and f', {cell}'}: {text}")

    def missing(self, text: str) -> JobFileError:
        """An error about a file that is missing or of an unknown kind."""
        return JobFileError(f"{self}: {text}")


@dataclass(frozen=True, eq=False)
class InputArray:
    """An array that was read."""

    origin: Origin
    """Where it was read."""
    array: FloatArray
    """Its numbers, float64, finite, of shape (), (n,) or (n, m)."""
    axes: tuple[Axis, ...] = ()
    """Labels along its axes, which agree; default ones, which are no names, among them."""

    @property
    def names(self) -> tuple[str, ...] | None:
        """Names of the variables."""
        return agreed_names(self.axes)


def as_input_array(origin: Origin, array: object) -> InputArray:
    """An array without names. Raises InvalidDistributionError unless it is a scalar, vector or matrix, and finite."""
    found = np.asarray(array)
    check_kind(origin, found.dtype, found.shape)
    with np.errstate(over="ignore"):
        numbers = np.array(found, dtype=np.float64)
    refuse_entries(origin, numbers, ~np.isfinite(numbers), "must be finite")
    return InputArray(origin, numbers)


def first_index(bad: NDArray[np.bool_]) -> tuple[int, ...] | None:
    """Index of the first true entry."""
    return tuple(np.argwhere(bad)[0].tolist()) if bad.any() else None


def refuse_entries(origin: Origin, numbers: FloatArray, bad: NDArray[np.bool_], rule: str) -> None:
    """Raise InvalidDistributionError that names the first entry which is bad, if one is."""
    where = first_index(bad)
    if where is not None:
        index = f"[{', '.join(map(str, where))}]" if where else ""
        raise origin.invalid(f"{rule}: {origin.key}{index} is {numbers[where]}")


def check_kind(origin: Origin, dtype: np.dtype[Any], shape: tuple[int, ...]) -> None:
    """Raise InvalidDistributionError for a dtype or shape that is not of a scalar, vector or matrix of real numbers."""
    if dtype.kind not in "biuf":
        name = preview(str(dtype)).strip('"')
        raise origin.invalid(f"must hold real numbers, and its dtype is {name}")
    if len(shape) > 2:
        raise origin.invalid(f"must be a number, a vector or a matrix, and its shape is {shape}")
    if 0 in shape:
        raise origin.invalid(f"holds no numbers: its shape is {shape}")


def table_input(
    origin: Origin, numbers: FloatArray, columns: Sequence[str] | None, rows: Sequence[str] | None
) -> InputArray:
    """The vector or matrix in a table of finite numbers, shape (n, m), whose columns and rows may have names.

    A square table is a matrix, where a matrix may be; one row or column is a vector. Names beside a column name it.
    """
    count, width = numbers.shape
    if count == width and origin.key in MATRIX_KEYS and (count > 1 or rows is None or rows == columns):
        return labelled_input(origin, numbers, [("its rows", rows), ("its columns", columns)])
    if width == 1 and (count > 1 or rows is not None):
        return labelled_input(origin, numbers[:, 0].copy(), [("its rows", rows)])
    if count == 1:
        title = width == 1 and columns is not None and columns[0] in (origin.key, "value")
        return labelled_input(origin, numbers[0].copy(), [("its columns", None if title else columns)])
    wanted = "a square matrix, or one row or column" if origin.key in MATRIX_KEYS else "one row or one column"
    raise origin.invalid(f"must be {wanted}, and it has {plural(count, 'row')} of {plural(width, 'number')}")


def labelled_input(
    origin: Origin, numbers: FloatArray, labels: Iterable[tuple[str, Iterable[object] | None]]
) -> InputArray:
    """An array and the labels along each axis that has any, which must agree; each with a text that says where."""
    axes = tuple(Axis.of(where, found) for where, found in labels if found is not None)
    try:
        agreed_names(axes)
    except ArgumentError as error:
        raise origin.invalid(str(error)) from None
    return InputArray(origin, numbers, axes)
