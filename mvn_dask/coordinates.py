"""The labels along one axis of an array: texts, numbers, points in time, or spans of time.

Input: labels as users hold them, or texts in a file. Output: a `Coordinate`, whose labels are texts and which says what
they stand for. Cost: O(n), a second for a million times. As texts, labels are compared with those of other libraries,
and written into JSON, without loss; arrays of them are made again where they are needed.
"""

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from mvn_dask import checks
from mvn_dask.array_likes import is_instance
from mvn_dask.display.previews import preview
from mvn_dask.errors import ArgumentError
from mvn_dask.labels import label_text
from mvn_dask.readable import short_repr
from mvn_dask.typed_texts import LABEL_DTYPES, TEXT, array_of, in_known_unit, texts_of


@dataclass(frozen=True)
class Coordinate:
    """The labels along one axis."""

    dtype: str
    """What they stand for: "text", or numpy's name of a type of numbers, of points in time or of spans of time."""
    labels: tuple[str, ...]
    """The labels as texts, which are distinct; none is missing."""

    def __post_init__(self) -> None:
        _check_texts("labels", self.labels)
        if self.dtype == TEXT:
            return
        if self.dtype not in LABEL_DTYPES:
            raise ArgumentError(f"labels of the type {short_repr(self.dtype)} are not known")
        values = self.values
        if self.labels != texts_of(values) or not _are_finite(values).all():
            raise ArgumentError(f"labels {short_repr(self.labels[:3])} are not spelt as {self.dtype} is")

    @classmethod
    def of(cls, name: str, labels: Any) -> "Coordinate":
        """The labels in a one-dimensional array-like, which errors call `name`, or a coordinate as it is.

        Integers, floats and numpy's times keep their type; whatever else there is becomes text.

        Raises
        ------
        ArgumentError
            If labels are missing, not finite, empty or not distinct, or times finer than nanoseconds.

        Examples
        --------
        >>> Coordinate.of("lat", [10.0, 20.5])
        Coordinate(dtype='float64', labels=('10.0', '20.5'))
        >>> Coordinate.of("time", np.array(["2026-01", "2026-02"], "datetime64[M]"))
        Coordinate(dtype='datetime64[s]', labels=('2026-01-01 00:00:00', '2026-02-01 00:00:00'))
        """
        if isinstance(labels, Coordinate):
            return labels
        array = _array(name, labels)
        if array.ndim != 1:
            raise ArgumentError(f"`{name}` must be 1 dimensional: its shape is {array.shape}")
        if array.dtype.kind in "mM":
            array = in_known_unit(name, array)
        if array.dtype.name in LABEL_DTYPES:
            good = _are_finite(array)
            if not good.all():
                place = int(good.argmin())
                raise ArgumentError(f"`{name}` must hold finite labels: {name}[{place}] is {array[place]}")
            dtype, texts = array.dtype.name, texts_of(array)
        else:
            dtype, texts = TEXT, tuple(_text_of(name, place, label) for place, label in enumerate(array.tolist()))
        _check_texts(f"`{name}`", texts)
        return cls._checked(dtype, texts)

    @classmethod
    def _checked(cls, dtype: str, labels: tuple[str, ...]) -> "Coordinate":
        """A coordinate without the checks of `__post_init__`, which reads all labels back."""
        found = cls.__new__(cls)
        object.__setattr__(found, "dtype", dtype)
        object.__setattr__(found, "labels", labels)
        return found

    @property
    def values(self) -> npt.NDArray[Any]:
        """The labels as an array of their type, of objects where they are texts. Raises ArgumentError if some are none.

        >>> Coordinate("float64", ("10.0", "20.5")).values
        array([10. , 20.5])
        """
        return array_of(self.dtype, self.labels)

    def __len__(self) -> int:
        return len(self.labels)

    def take(self, places: Sequence[int]) -> "Coordinate":
        """Some of the labels, each once."""
        return self._checked(self.dtype, tuple(self.labels[place] for place in places))

    def places_of(self, name: str, labels: Any) -> npt.NDArray[np.intp]:
        """Where some labels stand, as users hold them; errors call them `name`.

        Numbers and times are compared as such, whatever their types; a time may be a text. Raises ArgumentError if some
        are none of these labels.

        >>> Coordinate("float64", ("10.0", "20.5")).places_of("lat", [20.5, 10])
        array([1, 0])
        """
        # Tuples are labels of several levels, and no rows of an array.
        is_listed = self.dtype == TEXT and isinstance(labels, list)
        own, given = self.values, _objects(labels) if is_listed else _array(name, labels)
        if given.ndim != 1:
            raise ArgumentError(f"`{name}` must be 1 dimensional: its shape is {given.shape}")
        shown = given.tolist()
        if self.dtype == TEXT:
            given = _objects([_text_of(name, place, label) for place, label in enumerate(shown)])
        elif own.dtype.kind in "mM":
            own, given = _in_one_unit(name, own, given)
        known = {label: place for place, label in enumerate(own.tolist())}
        # True is equal to 1, and is none of any labels here.
        found = [known.get(label, -1) for label in given.tolist()] if given.dtype.kind != "b" else [-1]
        if -1 in found:
            place = found.index(-1)
            raise ArgumentError(
                f"`{name}` must hold labels along that axis, {preview(self.labels)}: {name}[{place}] is "
                f"{short_repr(shown[place])}"
            )
        return np.array(found, dtype=np.intp)

    def is_same(self, other: "Coordinate") -> bool:
        """Whether both label alike: as texts, or as numbers of any type."""
        if self.labels == other.labels:
            return True
        kinds = {LABEL_DTYPES[each.dtype].kind if each.dtype != TEXT else TEXT for each in (self, other)}
        return kinds <= set("iuf") and np.array_equal(self.values, other.values)


def _array(name: str, labels: Any) -> npt.NDArray[Any]:
    if isinstance(labels, (str, bytes, Set, Mapping)):
        raise ArgumentError(f"`{name}` must be a sequence of labels, not {short_repr(labels)}")
    if is_instance(labels, "xarray", "DataArray") and labels.ndim == 1:
        # As pandas gives them: a MultiIndex as pairs, and dates of other calendars as objects.
        labels = labels.to_index()
    if is_instance(labels, "pandas", "MultiIndex"):
        return _objects(labels.tolist())
    if np.ma.isMaskedArray(labels):
        raise ArgumentError(f"`{name}` must hold a label for each place, and is a masked array: fill it")
    if isinstance(labels, Iterable) and not hasattr(labels, "__array__") and not isinstance(labels, Sequence):
        labels = list(labels)  # an iterator
    try:
        array = np.asarray(labels)
    except ValueError:  # rows of different lengths
        return _objects(list(labels))
    if array.ndim == 1 and array.dtype.kind in "US":
        return _objects(list(labels))  # not as texts of numpy, which would make texts of numbers among them
    return array


def _in_one_unit(name: str, own: npt.NDArray[Any], given: npt.NDArray[Any]) -> list[npt.NDArray[Any]]:
    """Times of an axis, and given ones, as integers of the finer one of their units."""
    try:
        times = given if given.dtype.kind == own.dtype.kind else given.astype(own.dtype)
    except (TypeError, ValueError) as error:
        raise ArgumentError(f"`{name}` must hold times: {error}") from None
    unit = np.promote_types(own.dtype, times.dtype)
    return [each.astype(unit).astype(np.int64) for each in (own, times)]


def _objects(labels: list[Any]) -> npt.NDArray[Any]:
    array = np.empty(len(labels), dtype=object)
    array[:] = labels
    return array


def _text_of(name: str, place: int, label: object) -> str:
    # NaN, NaT and their like are equal to nothing.
    if label is None or (not isinstance(label, (str, tuple)) and label != label):  # noqa: PLR0124
        raise ArgumentError(f"`{name}` must hold a label for each place: {name}[{place}] is {label}")
    return label_text(label)


def _check_texts(what: str, texts: tuple[str, ...]) -> None:
    checks.distinct_texts(
        what,
        texts,
        empty="must not be empty texts: the one at place {0} is",
        twice="must differ: those at the places {0} and {1} are {2}",
    )


def _are_finite(array: npt.NDArray[Any]) -> npt.NDArray[np.bool_]:
    return np.asarray(~np.isnat(array) if array.dtype.kind in "mM" else np.isfinite(array))
