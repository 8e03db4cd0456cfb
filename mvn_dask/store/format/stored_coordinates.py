"""Coordinates as a manifest holds them: labels as texts with their type, along some axes of the array.

Input: labels as users hold them, or fields of a manifest, which may be hostile. Output: a `StoredCoordinate`, or its
labels. Cost: O(labels).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np
import numpy.typing as npt

from mvn_dask.coordinates import Coordinate
from mvn_dask.description import LabelArray
from mvn_dask.errors import ArgumentError
from mvn_dask.labels import label_text
from mvn_dask.readable import plural, short_repr
from mvn_dask.store.format.stored_attributes import checked_attributes, json_attributes
from mvn_dask.typed_texts import BOOLEAN, LABEL_DTYPES, NOT_A_TIME, TEXT, array_of, in_known_unit, texts_of

TIME_ATTRIBUTES = ("units", "calendar", "dtype")
"""Attributes by which the conventions of CF say that integers are times."""


@dataclass(frozen=True)
class StoredCoordinate:
    """A coordinate of a stored array."""

    dims: tuple[str, ...]
    """Names of its axes, which are axes of the array."""
    dtype: str
    """What the labels are: "text", "bool", or numpy's name of a type of numbers, of points or of spans of time."""
    labels: tuple[str, ...]
    """The labels as texts, in C order; of other types than text, some may be missing."""
    attributes: Mapping[str, Any]
    """Its attributes."""

    def __post_init__(self) -> None:
        checked_attributes(self.attributes, TIME_ATTRIBUTES if self.is_of_times else ())
        if self.dtype == TEXT:
            return
        if self.dtype != BOOLEAN and self.dtype not in LABEL_DTYPES:
            raise ValueError(f"labels of the type {short_repr(self.dtype)} are not known")
        if texts_of(array_of(self.dtype, self.labels)) != self.labels:
            raise ValueError(f"labels {short_repr(self.labels[:3])} are not spelt as {self.dtype} is")

    @classmethod
    def of(cls, name: str, given: LabelArray, index: str | None = None) -> "StoredCoordinate":
        """A coordinate of an array that is to be stored; it may be a level of the MultiIndex of an axis, `index`.

        Raises
        ------
        ArgumentError
            If a store cannot hold its labels, or one of its attributes: the message says which, and the way out.
        """
        array = _plain_labels(name, given, _way_out(name, index))
        if array.dtype.kind == "O":
            dtype, texts = TEXT, tuple(array.reshape(-1).tolist())
            _refuse_bad_text(name, texts)
        else:
            dtype, texts = array.dtype.name, texts_of(array)
        times = TIME_ATTRIBUTES if array.dtype.kind in "mM" else ()
        attributes = json_attributes(f"the coordinate {name!r} of `array`", given.attributes, times)
        found = cls.__new__(cls)
        fields = {"dims": given.dims, "dtype": dtype, "labels": texts, "attributes": attributes}
        for field, value in fields.items():
            object.__setattr__(found, field, value)  # without the checks of a manifest, which read all labels back
        return found

    @classmethod
    def of_axis(cls, dim: str, coordinate: Coordinate) -> "StoredCoordinate":
        """The labels along an axis, without attributes."""
        return cls((dim,), coordinate.dtype, coordinate.labels, {})

    @property
    def is_of_times(self) -> bool:
        """Whether the labels are points in time, or spans of time."""
        return self.dtype in LABEL_DTYPES and LABEL_DTYPES[self.dtype].kind in "mM"

    def array(self, shape: Sequence[int]) -> LabelArray:
        """The labels as an array of their type, of a shape whose product is their number."""
        return LabelArray(self.dims, array_of(self.dtype, self.labels).reshape(shape), dict(self.attributes))

    def shape_in(self, lengths: Mapping[str, int]) -> tuple[int, ...]:
        """Its shape, by the lengths of the axes. Raises ValueError unless there are so many labels."""
        shape = tuple(lengths.get(dim, -1) for dim in self.dims)
        if min(shape, default=0) < 0 or prod(shape) != len(self.labels) or len(set(self.dims)) < len(shape):
            raise ValueError(
                f"axes of the lengths {dict(lengths)} do not go with {plural(len(self.labels), 'label')} along "
                f"{', '.join(map(repr, self.dims)) or 'none'}"
            )
        return shape

    def axis_labels(self) -> Coordinate | None:
        """The labels of one axis as names of its places; None if some are missing or alike, or it has more axes."""
        if len(self.dims) != 1 or "" in self.labels or len(set(self.labels)) < len(self.labels):
            return None
        if {NOT_A_TIME, "nan", "inf", "-inf"}.intersection(self.labels) and self.dtype != TEXT:
            return None
        return Coordinate(TEXT if self.dtype == BOOLEAN else self.dtype, self.labels)


def level_labels(levels: Sequence[StoredCoordinate]) -> Coordinate | None:
    """The labels of an axis with several levels: tuples as texts; None if two are the same."""
    columns = [[label if each.dtype == TEXT else _Plain(label) for label in each.labels] for each in levels]
    texts = tuple(map(label_text, zip(*columns, strict=True)))
    return Coordinate(TEXT, texts) if len(set(texts)) == len(texts) else None


class _Plain:
    """A label that is no text, and whose text is known."""

    def __init__(self, text: str) -> None:
        self.text = text

    def __str__(self) -> str:
        return self.text


def _plain_labels(name: str, given: LabelArray, way_out: str) -> npt.NDArray[Any]:
    """Labels of one of the types that a store keeps; of objects where they are texts."""
    if not isinstance(given.values, np.ndarray):
        # Texts in pandas' own type are texts; categories and the like would come back as something else.
        if given.values.dtype.kind == "O" and given.values.dtype.name.startswith(("string", "str")):
            return _texts(name, np.asarray(given.values, dtype=object), way_out)
        raise ArgumentError(
            f"the coordinate {name!r} of `array` is of the type {given.values.dtype}, which no store keeps: {way_out}"
        )
    array = given.values
    if array.dtype.kind in "UTO":
        return _texts(name, array, way_out)
    if array.dtype.kind in "mM":
        return in_known_unit(name, array)
    if array.dtype.name != BOOLEAN and array.dtype.name not in LABEL_DTYPES:
        raise ArgumentError(
            f"the coordinate {name!r} of `array` is of the type {array.dtype}, and a store keeps texts, truth values, "
            f"integers, float32, float64 and times: {way_out}"
        )
    return array


def _way_out(name: str, index: str | None) -> str:
    first = "" if index is None else f"array = array.reset_index({index!r}) makes a coordinate of each level, then "
    return (
        f"{first}array.assign_coords({name}=array[{name!r}].astype(str)) makes texts of it, array.drop_vars({name!r}) "
        "leaves it out"
    )


def _texts(name: str, array: npt.NDArray[Any], way_out: str) -> npt.NDArray[Any]:
    found = array.astype(object)
    for label in found.flat:
        if not isinstance(label, str):
            raise ArgumentError(
                f"the coordinate {name!r} of `array` must hold texts, truth values, numbers or times, and "
                f"{short_repr(label)} is of the type {type(label).__name__}: {way_out}"
            )
    return np.array([str(label) for label in found.flat], dtype=object).reshape(found.shape)


def _refuse_bad_text(name: str, texts: tuple[str, ...]) -> None:
    try:
        "".join(texts).encode()
    except UnicodeEncodeError as error:
        raise ArgumentError(f"the coordinate {name!r} of `array` must be text that UTF-8 can hold: {error}") from error
