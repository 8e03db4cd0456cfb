"""The result of every reader, and its errors. Input: an array or a table; output: finite float64, names, origin."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from mvn_dask._typing import FloatArray
from mvn_dask.errors import ArgumentError, InvalidDistributionError, JobFileError, MvnDaskError
from mvn_dask.event import Event
from mvn_dask.job.toml_format import preview
from mvn_dask.labels import Axis, agreed_names
from mvn_dask.readable import plural

Form = Literal["vector", "draw", "square", "rows", "columns"]
"""What an array may be: a vector, an array of the shape of a draw, a vector or a square matrix, or a matrix whose rows
or columns are the variables."""
_FORMS: dict[str, Form] = {
    **dict.fromkeys(("cov", "shape", "correlation", "matrix", "members", "covariance", "precision"), "square"),
    "mean": "draw",
    "location": "draw",
    "loadings": "rows",
    "null_space": "rows",
    "bands": "columns",
}
"""Forms of the keys that may hold more than a vector."""


@dataclass(frozen=True)
class Origin:
    """Where an array comes from."""

    job: str
    """Label of the job in errors."""
    key: str
    """Key of the job's table ``distribution``, with those of the tables inside it."""
    path: str | None = None
    """Path or URL, as seen from the current folder; None for numbers in the job file itself."""
    place: str | None = None
    """Job and key as errors name them, where they have a line."""
    given_form: Form | None = None
    """What the array may be, where its key does not say it."""

    def __str__(self) -> str:
        key = self.place or f"{self.job}: distribution.{self.key}"
        return key if self.path is None else f"{key}: {self.path}"

    @property
    def name(self) -> str:
        """The innermost key that is no number of a member."""
        return next(step for step in reversed(self.key.split(".")) if not step.isdigit())

    @property
    def form(self) -> Form:
        """What the array may be."""
        return self.given_form or _FORMS.get(self.name, "vector")

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
    """Its numbers, float64, finite, of shape (), (n,) or (n, m); a mean may have more axes."""
    axes: tuple[Axis, ...] = ()
    """Labels along its axes, which agree; default ones, which are no names, among them."""
    event: Event | None = None
    """Of a mean, names and labels of its axes, where its file names them."""

    @property
    def names(self) -> tuple[str, ...] | None:
        """Names of the variables."""
        return agreed_names(self.axes)

    @property
    def placed_axes(self) -> tuple[Axis, ...]:
        """The same labels, each with the key and the file in the text that says where it stands."""
        place = f"{self.origin.key} ({self.origin.path})"
        return tuple(replace(axis, where=f"{axis.where.replace('its ', 'the ', 1)} of {place}") for axis in self.axes)


def as_input_array(origin: Origin, array: object) -> InputArray:
    """An array without names. Raises InvalidDistributionError unless it is a scalar, vector or matrix, and finite."""
    found = np.asarray(array)
    check_kind(origin, found.dtype, found.shape)
    with np.errstate(over="ignore"):
        numbers = np.array(found, dtype=np.float64)
    # What lies in the corners of bands, outside of the matrix, may be anything.
    if origin.form != "columns":
        refuse_entries(origin, numbers, ~np.isfinite(numbers), "must be finite")
    return InputArray(origin, numbers)


@contextmanager
def refuse_unreadable(origin: Origin) -> Iterator[None]:
    """Inside the body, errors of the system are JobFileErrors about a file that is missing, or cannot be read."""
    try:
        yield
    except MvnDaskError:  # some of which are errors of the system as well
        raise
    except (FileNotFoundError, NotADirectoryError):
        raise origin.missing("there is no such file") from None
    except OSError as error:
        raise origin.missing(f"cannot be read: {error.strerror or error}") from None


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
    if len(shape) > 2 and origin.form != "draw":
        raise origin.invalid(f"must be a number, a vector or a matrix, and its shape is {shape}")
    if 0 in shape:
        raise origin.invalid(f"holds no numbers: its shape is {shape}")


def table_input(
    origin: Origin, numbers: FloatArray, columns: Sequence[str] | None, rows: Sequence[str] | None
) -> InputArray:
    """The vector or matrix in a table of finite numbers, shape (n, m), whose columns and rows may have names.

    A square table is a matrix, where a matrix may be; one row or column is a vector. Names beside a column name it. A
    matrix of any shape keeps it, and the names of its variables.
    """
    if origin.form == "rows":
        return labelled_input(origin, numbers, [("its rows", rows)])
    if origin.form == "columns":
        return labelled_input(origin, numbers, [("its columns", columns)])
    count, width = numbers.shape
    is_square = origin.form == "square"
    if count == width and is_square and (count > 1 or rows is None or rows == columns):
        return labelled_input(origin, numbers, [("its rows", rows), ("its columns", columns)])
    if width == 1 and (count > 1 or rows is not None):
        return labelled_input(origin, numbers[:, 0].copy(), [("its rows", rows)])
    if count == 1:
        title = width == 1 and columns is not None and columns[0] in (origin.name, "value")
        return labelled_input(origin, numbers[0].copy(), [("its columns", None if title else columns)])
    wanted = "a square matrix, or one row or column" if is_square else "one row or one column"
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
