"""The labels along one axis of an array: texts, numbers or points in time.

Input: labels as users hold them, or texts in a file. Output: a `Coordinate`, whose labels are texts and which says what
they stand for. Cost: O(n). As texts, labels are compared with those of other libraries, and written into JSON, without
loss; arrays of them are made again where they are needed.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from mvn_dask import checks
from mvn_dask.array_likes import is_instance
from mvn_dask.errors import ArgumentError
from mvn_dask.labels import label_text
from mvn_dask.readable import short_repr

TEXT = "text"
"""The type of labels that are texts."""
_NUMBERS = ["int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "float32", "float64"]
TIME_UNITS = {"s": "seconds", "ms": "milliseconds", "us": "microseconds", "ns": "nanoseconds"}
"""Units of points in time, by numpy's names."""
LABEL_DTYPES = {name: np.dtype(name) for name in (*_NUMBERS, *(f"datetime64[{unit}]" for unit in TIME_UNITS))}
"""Types of labels that are no texts, by their names."""


@dataclass(frozen=True)
class Coordinate:
    """The labels along one axis."""

    dtype: str
    """What they stand for: "text", or numpy's name of a type of numbers or of points in time."""
    labels: tuple[str, ...]
    """The labels as texts: distinct where they are texts, finite where they are numbers."""

    def __post_init__(self) -> None:
        if self.dtype == TEXT:
            checks.variable_names(self.labels)
        elif self.dtype not in LABEL_DTYPES:
            raise ArgumentError(f"labels of the type {short_repr(self.dtype)} are not known")
        elif self.labels != _texts(self.values) or not _are_finite(self.values).all():
            raise ArgumentError(f"labels {short_repr(self.labels[:3])} are not spelt as {self.dtype} is")

    @classmethod
    def of(cls, name: str, labels: Any) -> "Coordinate":
        """The labels in a one-dimensional array-like, which errors call `name`.

        Integers, floats and numpy's points in time keep their type; whatever else there is becomes text.

        Examples
        --------
        >>> Coordinate.of("lat", [10.0, 20.5])
        Coordinate(dtype='float64', labels=('10.0', '20.5'))
        >>> Coordinate.of("time", np.array(["2026-01", "2026-02"], "datetime64[M]"))
        Coordinate(dtype='datetime64[s]', labels=('2026-01-01 00:00:00', '2026-02-01 00:00:00'))
        """
        array = _array(name, labels)
        if array.ndim != 1:
            raise ArgumentError(f"`{name}` must be 1 dimensional: its shape is {array.shape}")
        if array.dtype.kind == "M":
            if np.datetime_data(array.dtype)[0] not in TIME_UNITS:
                array = array.astype("datetime64[s]")
            array = array.astype(f"datetime64[{np.datetime_data(array.dtype)[0]}]")
        if array.dtype.name not in LABEL_DTYPES:
            return cls(TEXT, tuple(map(label_text, array.tolist())))
        good = _are_finite(array)
        if not good.all():
            place = int(good.argmin())
            raise ArgumentError(f"`{name}` must hold finite labels: {name}[{place}] is {array[place]}")
        return cls(array.dtype.name, _texts(array))

    @property
    def values(self) -> npt.NDArray[Any]:
        """The labels as an array of their type, of objects where they are texts. Raises ArgumentError if some are none.

        >>> Coordinate("float64", ("10.0", "20.5")).values
        array([10. , 20.5])
        """
        if self.dtype == TEXT:
            return np.array(self.labels, dtype=object)
        dtype = LABEL_DTYPES[self.dtype]
        try:
            if dtype.kind == "M":
                return np.array(self.labels, dtype=dtype)
            return np.array([float(each) if dtype.kind == "f" else int(each) for each in self.labels], dtype)
        except (ValueError, OverflowError) as error:
            raise ArgumentError(f"labels of the type {self.dtype} cannot be read: {error}") from error

    def __len__(self) -> int:
        return len(self.labels)

    def take(self, places: Sequence[int]) -> "Coordinate":
        """Some of the labels."""
        return Coordinate(self.dtype, tuple(self.labels[place] for place in places))


def _array(name: str, labels: Any) -> npt.NDArray[Any]:
    if is_instance(labels, "xarray", "DataArray") and labels.ndim == 1:
        # As pandas gives them: a MultiIndex as pairs, and dates of other calendars as objects.
        labels = labels.to_index()
    if isinstance(labels, str | bytes):
        raise ArgumentError(f"`{name}` must be a sequence of labels, not {short_repr(labels)}")
    if is_instance(labels, "pandas", "MultiIndex"):
        return _objects(labels.tolist())
    try:
        array = np.asarray(labels)
    except ValueError:  # rows of different lengths
        return _objects(list(labels))
    if array.ndim == 1 and array.dtype.kind in "US":
        return _objects(list(labels))  # not as texts of numpy, which would make texts of numbers among them
    return array


def _objects(labels: list[Any]) -> npt.NDArray[Any]:
    array = np.empty(len(labels), dtype=object)
    array[:] = labels
    return array


def _are_finite(array: npt.NDArray[Any]) -> npt.NDArray[np.bool_]:
    return np.asarray(~np.isnat(array) if array.dtype.kind == "M" else np.isfinite(array))


def _texts(array: npt.NDArray[Any]) -> tuple[str, ...]:
    """Numbers as Python writes them; points in time as pandas does, without the parts of a second that are zero."""
    if array.dtype.kind != "M":
        return tuple(map(str, array.tolist()))
    return tuple(map(_time_text, np.datetime_as_string(array).tolist()))


def _time_text(text: str) -> str:
    day, _, time = text.partition("T")
    second, _, fraction = time.partition(".")
    digits = fraction.ljust(9, "0")
    shown = "" if not int(digits) else digits if int(digits[6:]) else digits[:6]
    return f"{day} {second}.{shown}".removesuffix(".")
