"""The event of a distribution: the shape of one draw, and what its axes are called.

Input: arguments of a distribution, and what its mean and covariance say. Output: an `Event`. Cost: O(d) where there are
labels. One draw is a row of d numbers in memory whatever the shape; the shape and the labels decide no number.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import accumulate, pairwise
from math import prod
from operator import mul
from typing import Any

import numpy as np

from mvn_dask import checks
from mvn_dask.array_likes import is_instance
from mvn_dask.coordinates import Coordinate
from mvn_dask.description import NO_DESCRIPTION, Description, LabelArray, agreed, described
from mvn_dask.errors import ArgumentError, ArgumentTypeError
from mvn_dask.labels import Axis, label_difference
from mvn_dask.origin_attributes import MEAN, without_origin
from mvn_dask.packing import MISSING_MARKS
from mvn_dask.readable import plural, short_repr
from mvn_dask.typed_texts import TEXT

_SAMPLE_DIMENSION = re.compile(r"sample(_[0-9]+)?|samples")


@dataclass(frozen=True)
class Event:
    """The shape of one draw, with the names and labels of its axes."""

    shape: tuple[int, ...]
    """Lengths of the axes, whose product is d."""
    dims: tuple[str, ...]
    """Names of the axes."""
    coordinates: tuple[Coordinate | None, ...]
    """Labels along each axis, where it has any."""
    description: Description = field(default=NO_DESCRIPTION, compare=False, repr=False)
    """What is known of a draw beside these: its name, attributes, further coordinates, levels of a MultiIndex."""

    @classmethod
    def of_shape(cls, shape: tuple[int, ...]) -> "Event":
        """An event without labels, of axes with the names that they have by default.

        >>> Event.of_shape((2, 3)).dims
        ('variable_0', 'variable_1')
        """
        dims = ("variable",) if len(shape) == 1 else tuple(f"variable_{axis}" for axis in range(len(shape)))
        return cls(shape, dims, (None,) * len(shape))

    @classmethod
    def of_variables(
        cls, ndim: int, names: tuple[str, ...] | None = None, described: tuple[str | None, Description] | None = None
    ) -> "Event":
        """A vector of d variables, which may have names, and an axis with a name and a description."""
        coordinate = None if names is None else Coordinate(TEXT, names)
        dim, description = described or (None, NO_DESCRIPTION)
        return cls((ndim,), ("variable" if dim is None else dim,), (coordinate,), description)

    @property
    def ndim(self) -> int:
        """Number d of variables."""
        return prod(self.shape)

    @cached_property
    def names(self) -> tuple[str, ...] | None:
        """The labels of a vector's variables as text, unless they are the numbers 0, 1, … themselves; else None."""
        coordinate = self.coordinates[0] if len(self.shape) == 1 else None
        if coordinate is None:
            return None
        return None if coordinate.dtype != TEXT and _is_default(coordinate) else coordinate.labels

    @property
    def coords(self) -> dict[str, Coordinate]:
        """The labels, by the names of the axes that have any."""
        pairs = zip(self.dims, self.coordinates, strict=True)
        return {dim: coordinate for dim, coordinate in pairs if coordinate is not None}

    @cached_property
    def whole_description(self) -> Description:
        """What is known of a draw, with the labels along its axes."""
        coordinates = dict(self.description.coordinates)
        for dim, labels in self.coords.items():
            if dim in self.description.indexes:
                continue
            own = coordinates.get(dim)
            # Those that are the places themselves have given way to others.
            if own is None or Coordinate.of(dim, own.values).labels != labels.labels:
                attributes = {} if own is None else own.attributes
                coordinates[dim] = LabelArray((dim,), labels.values, attributes)
        return replace(self.description, coordinates=coordinates)

    def label(self, number: int) -> str | None:
        """What to call one of the d variables: its name, or its place along each of several axes; else None.

        >>> Event((2, 3), ("lat", "lon"), (Coordinate("float64", ("10.0", "20.5")), None)).label(4)
        'lat=20.5, lon=1'
        """
        if len(self.shape) == 1:
            return None if self.names is None else self.names[number]
        places = [int(place) for place in np.unravel_index(number, self.shape)]
        axes = zip(self.dims, self.coordinates, places, strict=True)
        return ", ".join(f"{dim}={place if each is None else each.labels[place]}" for dim, each, place in axes)

    def take(self, places: Sequence[int]) -> "Event":
        """The vector of some variables, with their labels; those of points are coordinates, one an axis."""
        if len(self.shape) != 1:
            vector = Event.of_variables(len(places))
            along = dict(zip(self.dims, np.unravel_index(np.asarray(places, np.intp), self.shape), strict=True))
            return replace(vector, description=self.whole_description.points(along, vector.dims[0]))
        (coordinate,) = self.coordinates
        labels = None if coordinate is None else coordinate.take(places)
        return Event((len(places),), self.dims, (labels,), self.description.take(self.dims[0], list(places)))


def axes_of_array(array: object) -> Event | None:
    """What a DataArray, or a frame of pandas, says of its axes, which are those of a draw; None of anything else."""
    given: Any = array
    if is_instance(array, "xarray", "DataArray"):
        labels = [Coordinate.of(str(dim), given.coords[dim]) if dim in given.coords else None for dim in given.dims]
        return Event(given.shape, tuple(map(str, given.dims)), tuple(labels), described(given))
    if is_instance(array, "pandas", "DataFrame"):
        found = (Coordinate.of("the index", given.index), Coordinate.of("the columns", given.columns))
        return Event(given.shape, Event.of_shape(given.shape).dims, found)
    return None


def event_of(
    mean_shape: tuple[int, ...],
    covariance: Event,
    *,
    known: Event | None = None,
    names: tuple[str, ...] | None = None,
    event_shape: object = None,
    dims: object = None,
    coords: object = None,
) -> Event:
    """The event of a distribution, from what its mean and covariance say, and from arguments, which must agree.

    Parameters
    ----------
    mean_shape : tuple of int
        Shape of the mean, of d numbers.
    covariance : Event
        That of the covariance, of d variables.
    known : Event, optional
        What the mean says of its axes, if it has names of them; it counts where the mean has the shape of a draw.
    names : tuple of str, optional
        Names of the variables, on which labels of mean and covariance agreed.
    event_shape, dims, coords
        The arguments.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If they make no sense, or disagree.
    """
    shape = _agreed_shape(mean_shape, covariance.shape, event_shape, has_names=names is not None)
    given = _given_coordinates(coords)
    # The labels of a vector that has names are those names, which agree already.
    sources = {"mean": known, "cov": covariance if len(shape) > 1 else None}
    events = {what: event for what, event in sources.items() if event is not None and event.shape == shape}
    default = Event.of_shape(shape).dims
    # Names that a covariance has of some axes alone, and those of a vector's, give way to any others.
    is_weak = dims is not None or bool({*covariance.dims} & {*default})
    found_dims = _dims(dims, {**events, "cov": Event.of_shape(shape)} if is_weak else events, given, shape)
    if shape == covariance.shape and dims is None and not given and found_dims == default:
        found_dims = _dims(None, {"cov": Event(shape, covariance.dims, (None,))}, {}, shape)
    if unknown := sorted(given.keys() - set(found_dims)):
        way_out = "" if dims is not None or "mean" in events else ": name them by `dims`"
        raise ArgumentError(f"`coords` names {unknown[0]!r}, and the axes of a draw are called {found_dims}{way_out}")
    chosen = []
    for axis, dim in enumerate(found_dims):
        _check_length(dim, shape[axis], given.get(dim))
        others = {what: event.coordinates[axis] for what, event in events.items()}
        chosen.append(_agreed_labels({"coords": given.get(dim), **others}, dim))
    if len(shape) == 1 and names is None and not given and chosen[0] is not None and chosen[0].dtype == TEXT:
        chosen = [None]  # 0, 1, … as texts, which are no names
    event = Event(shape, found_dims, tuple(chosen))
    return event if names is None else _named(event, names)


def describe(event: Event, mean: Any, covariance: Event) -> Event:
    """An event with what a mean and a covariance say of draws beside the labels of their axes.

    Raises ArgumentError if both have a coordinate of one name, and disagree.
    """
    is_draw = getattr(mean, "shape", None) == event.shape
    found = described(mean, event.dims if is_draw else None)
    name = None if found.name is not None and found.name.lower() == MEAN else found.name  # of itself, not of draws
    # Marks of what is missing have done their work: a sample has none of it.
    kept = {key: each for key, each in without_origin(found.attributes).items() if key not in MISSING_MARKS}
    own = replace(found if is_draw else found.along(()), name=name, attributes=kept)
    others = NO_DESCRIPTION
    if event.shape == covariance.shape:
        others = covariance.description.renamed(dict(zip(covariance.dims, event.dims, strict=True)))
    return replace(event, description=agreed({"mean": own, "cov": others}))


def refuse_other_axes(what: str, found: Event, event: Event) -> None:
    """Raise an `ArgumentError` if an array of the shape of an event has other names of axes, or other labels."""
    _dims(None, {what: found, "the distribution": event}, {}, event.shape)
    for dim, one, other in zip(event.dims, found.coordinates, event.coordinates, strict=True):
        _agreed_labels({what: one, "the distribution": other}, dim)


def _agreed_shape(
    mean: tuple[int, ...], covariance: tuple[int, ...], given: object, *, has_names: bool
) -> tuple[int, ...]:
    """The shape of a draw: the one that was given, the mean's or the covariance's, which must not contradict it."""
    ndim = prod(mean)
    shape = mean if len(mean) > 1 or has_names else covariance
    if given is not None:
        shape = checks.size(given, "event_shape")
        if not shape:
            raise ArgumentError(f"`event_shape` must have an axis at least: {short_repr(given)} has none")
        if prod(shape) != ndim:
            raise ArgumentError(
                f"`event_shape` must be the shape of {plural(ndim, 'variable')}: the product of {short_repr(given)} is "
                f"{prod(shape)}"
            )
    for what, other in (("mean", mean), ("cov", covariance)):
        # Axes may be divided or joined, but not begin and end amid one another, which would be another order.
        ends = [set(accumulate(each, mul)) - {1} for each in (shape, other)]
        if not (ends[0] <= ends[1] or ends[1] <= ends[0]):
            raise ArgumentError(f"a draw has the shape {shape}, and `{what}` is of the shape {other}: they must agree")
    return shape


def _named(event: Event, names: tuple[str, ...]) -> Event:
    """An event whose variables have names as well."""
    if len(event.shape) != 1:
        raise ArgumentError(
            f"names are those of single variables, and a draw has the shape {event.shape}: label its axes by `coords`, "
            f"or give event_shape={event.ndim}"
        )
    (coordinate,) = event.coordinates
    # Labels that are the places themselves are no names, and go with any.
    if coordinate is None or _is_default(coordinate):
        return Event(event.shape, event.dims, (Coordinate(TEXT, names),))
    _agreed_labels({"names": Coordinate(TEXT, names), "coords": coordinate}, event.dims[0])
    return event


def _is_default(coordinate: Coordinate) -> bool:
    return Axis("", coordinate.labels).is_default


def _agreed_labels(given: Mapping[str, Coordinate | None], dim: str) -> Coordinate | None:
    """The labels along an axis, from whoever has some; those that are the places themselves give way to others."""
    found = {what: labels for what, labels in given.items() if labels is not None}
    named = {what: labels for what, labels in found.items() if not _is_default(labels)} or found
    for (one, labels), (other, others) in pairwise(named.items()):
        if not labels.is_same(others):
            difference = label_difference(labels.labels, others.labels, "place")
            raise ArgumentError(f"labels of {dim!r} in {one} and {other} must agree: {difference}")
    return next(iter(named.values()), None)


def _given_coordinates(coords: object) -> dict[str, Coordinate]:
    if coords is None:
        return {}
    if not isinstance(coords, Mapping) or not all(isinstance(dim, str) for dim in coords):
        raise ArgumentTypeError(f"`coords` must be a dict of labels by dimensions, not {short_repr(coords)}")
    return {dim: Coordinate.of(f"coords[{dim!r}]", labels) for dim, labels in coords.items()}


def _dims(
    given: object, events: Mapping[str, Event], coords: Mapping[str, Coordinate], shape: tuple[int, ...]
) -> tuple[str, ...]:
    """Names of the axes: those given, or those of mean or covariance, which must agree."""
    default = Event.of_shape(shape).dims
    named = {what: event.dims for what, event in events.items() if event.dims != default}
    if given is not None:
        named = {"dims": (given,) if isinstance(given, str) else checks.texts("dims", given), **named}
    elif not named and len(shape) == len(coords) == 1:
        named = {"coords": tuple(coords)}
    for (one, dims), (other, others) in pairwise(named.items()):
        if dims != others:
            raise ArgumentError(f"names of the axes in {one} and {other} must agree: {dims} and {others}")
    dims = next(iter(named.values()), default)
    if any(not dim or _SAMPLE_DIMENSION.fullmatch(dim) for dim in dims):
        bad = next(dim for dim in dims if not dim or _SAMPLE_DIMENSION.fullmatch(dim))
        raise ArgumentError(f"an axis of a draw cannot be called {bad!r}, as those of a sample are: rename it")
    if len(dims) != len(shape) or len(set(dims)) != len(shape):
        raise ArgumentError(f"`dims` must name every axis of the shape {shape} once: it is {short_repr(dims)}")
    return dims


def _check_length(dim: str, length: int, labels: Coordinate | None) -> None:
    if labels is not None and len(labels) != length:
        raise ArgumentError(
            f"coords[{dim!r}] must label every place along its axis: there are {length}, and "
            f"{plural(len(labels), 'label')}"
        )
