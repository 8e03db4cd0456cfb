"""The event of a distribution: the shape of one draw, and what its axes are called.

Input: arguments of a distribution, and what its mean and covariance say. Output: an `Event`. Cost: O(d) where there are
labels. One draw is a row of d numbers in memory whatever the shape; the shape and the labels decide no number.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import prod
from typing import Any

import numpy as np

from mvn_dask import checks
from mvn_dask.array_likes import is_instance
from mvn_dask.coordinates import TEXT, Coordinate
from mvn_dask.errors import ArgumentError, ArgumentTypeError
from mvn_dask.labels import Axis
from mvn_dask.readable import plural, short_repr

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

    @classmethod
    def of_shape(cls, shape: tuple[int, ...]) -> "Event":
        """An event without labels, of axes with the names that they have by default.

        >>> Event.of_shape((2, 3)).dims
        ('variable_0', 'variable_1')
        """
        dims = ("variable",) if len(shape) == 1 else tuple(f"variable_{axis}" for axis in range(len(shape)))
        return cls(shape, dims, (None,) * len(shape))

    @classmethod
    def of_variables(cls, ndim: int, names: tuple[str, ...] | None = None) -> "Event":
        """A vector of d variables, which may have names."""
        coordinate = None if names is None else Coordinate(TEXT, names)
        return cls((ndim,), ("variable",), (coordinate,))

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
        is_default = coordinate.dtype != TEXT and Axis("", coordinate.labels).is_default
        return None if is_default else coordinate.labels

    @property
    def coords(self) -> dict[str, Coordinate]:
        """The labels, by the names of the axes that have any."""
        pairs = zip(self.dims, self.coordinates, strict=True)
        return {dim: coordinate for dim, coordinate in pairs if coordinate is not None}

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
        """The vector of some variables, with their labels where this is a vector."""
        if len(self.shape) != 1:
            return Event.of_variables(len(places))
        (coordinate,) = self.coordinates
        return Event((len(places),), self.dims, (None if coordinate is None else coordinate.take(places),))


def axes_of_array(array: object) -> Event | None:
    """What a DataArray says of its axes, which are those of a draw; None of anything else."""
    if not is_instance(array, "xarray", "DataArray"):
        return None
    mean: Any = array
    labels = [Coordinate.of(str(dim), mean.coords[dim]) if dim in mean.coords else None for dim in mean.dims]
    return Event(mean.shape, tuple(map(str, mean.dims)), tuple(labels))


def event_of(
    mean_shape: tuple[int, ...],
    covariance: Event,
    *,
    known: "Event | None" = None,
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
    of_mean = known if known is not None and known.shape == shape else None
    labels = {} if of_mean is None else of_mean.coords
    given = _given_coordinates(coords)
    found_dims = _dims(dims, None if of_mean is None else of_mean.dims, given, shape) or Event.of_shape(shape).dims
    if unknown := sorted(given.keys() - set(found_dims)):
        raise ArgumentError(f"`coords` names {unknown[0]!r}, which is none of the dimensions {found_dims}")
    for dim in given.keys() & labels.keys():
        if given[dim].labels != labels[dim].labels:
            raise ArgumentError(f"`coords` and the coordinate {dim!r} of `mean` must agree, and have other labels")
    chosen = [given.get(dim) or labels.get(dim) for dim in found_dims]
    if shape == covariance.shape and len(shape) > 1:
        chosen = [other if one is None else one for one, other in zip(chosen, covariance.coordinates, strict=True)]
    if len(shape) == 1 and names is None and not given and chosen[0] is not None and chosen[0].dtype == TEXT:
        chosen = [None]  # 0, 1, … as texts, which are no names
    event = Event(shape, found_dims, tuple(chosen))
    _check_lengths(event)
    return event if names is None else _named(event, names)


def _agreed_shape(
    mean: tuple[int, ...], covariance: tuple[int, ...], given: object, *, has_names: bool
) -> tuple[int, ...]:
    """The shape of a draw: the one that was given, the mean's or the covariance's, which must not contradict it."""
    ndim = prod(mean)
    shape = mean if len(mean) > 1 or has_names else covariance
    if given is not None:
        shape = checks.size(given, "event_shape")
        if not shape or prod(shape) != ndim:
            raise ArgumentError(
                f"`event_shape` must be the shape of {plural(ndim, 'variable')}: the product of {short_repr(given)} is "
                f"{prod(shape)}"
            )
    for what, other in (("mean", mean), ("cov", covariance)):
        if len(other) > 1 and len(shape) > 1 and other != shape:
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
    if coordinate is None or Axis("", coordinate.labels).is_default:
        return Event(event.shape, event.dims, (Coordinate(TEXT, names),))
    if coordinate.labels != names:
        raise ArgumentError(f"names and the coordinate {event.dims[0]!r} must agree, and have other labels")
    return event


def _given_coordinates(coords: object) -> dict[str, Coordinate]:
    if coords is None:
        return {}
    if not isinstance(coords, Mapping) or not all(isinstance(dim, str) for dim in coords):
        raise ArgumentTypeError(f"`coords` must be a dict of labels by dimensions, not {short_repr(coords)}")
    return {dim: Coordinate.of(f"coords[{dim!r}]", labels) for dim, labels in coords.items()}


def _dims(
    given: object, known: tuple[str, ...] | None, coords: Mapping[str, Coordinate], shape: tuple[int, ...]
) -> tuple[str, ...] | None:
    """Names of the axes: those given, those of the mean, or those of as many coordinates; None if there are none."""
    dims = known
    if given is not None:
        dims = (given,) if isinstance(given, str) else checks.texts("dims", given)
        if known is not None and dims != known:
            raise ArgumentError(f"`dims` and the dimensions of `mean` must agree: {dims} and {known}")
    elif known is None and coords and len(coords) == len(shape):
        dims = tuple(coords)
    if dims is None:
        return None
    if len(dims) != len(shape) or len(set(dims)) != len(shape):
        raise ArgumentError(f"`dims` must name every axis of the shape {shape} once: it is {short_repr(dims)}")
    for dim in dims:
        if not dim or _SAMPLE_DIMENSION.fullmatch(dim):
            raise ArgumentError(f"a dimension of a draw cannot be called {dim!r}, as those of a sample are: rename it")
    return dims


def _check_lengths(event: Event) -> None:
    for dim, length, coordinate in zip(event.dims, event.shape, event.coordinates, strict=True):
        if coordinate is not None and len(coordinate) != length:
            raise ArgumentError(
                f"the coordinate {dim!r} must label every place along its axis: there are {length}, and "
                f"{plural(len(coordinate), 'label')}"
            )
