"""The result of every reader, and its errors. Input: an array of any kind; output: finite float64, with its origin."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from mvn_dask._typing import FloatArray
from mvn_dask.errors import InvalidDistributionError, JobFileError
from mvn_dask.job.toml_format import preview


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
    names: tuple[str, ...] | None = None
    """Names of the variables."""


def as_input_array(origin: Origin, array: object) -> InputArray:
    """An array without names as an `InputArray`.

    Raises InvalidDistributionError if it holds anything but finite real numbers, none at all, or has more than two
    axes.
    """
    found = np.asarray(array)
    check_kind(origin, found.dtype, found.shape)
    with np.errstate(over="ignore"):
        numbers = np.array(found, dtype=np.float64)
    bad = np.argwhere(~np.isfinite(numbers))
    if len(bad):
        where = tuple(bad[0].tolist())
        index = f"[{', '.join(map(str, where))}]" if where else ""
        raise origin.invalid(f"must be finite: {origin.key}{index} is {numbers[where]}")
    return InputArray(origin, numbers)


def check_kind(origin: Origin, dtype: np.dtype[Any], shape: tuple[int, ...]) -> None:
    """Refuse, by dtype and shape alone, what cannot be a scalar, vector or matrix of real numbers.

    Raises InvalidDistributionError if it is none.
    """
    if dtype.kind not in "biuf":
        name = preview(str(dtype)).strip('"')
        raise origin.invalid(f"must hold real numbers, and its dtype is {name}")
    if len(shape) > 2:
        raise origin.invalid(f"must be a number, a vector or a matrix, and its shape is {shape}")
    if 0 in shape:
        raise origin.invalid(f"holds no numbers: its shape is {shape}")
