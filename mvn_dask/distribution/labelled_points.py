"""Which points of a draw are meant by the labels along its axes.

Input: labels by the names of axes, a label or several of each. Output: numbers of variables. Cost: O(n) for an axis of
n labels, O(m) for m points.
"""

from collections.abc import Iterable, Mapping
from typing import Any, TypeAlias

import numpy as np

from mvn_dask.array_likes import is_instance
from mvn_dask.covariance.marginal_covariance import Places
from mvn_dask.distribution.variables import variable_numbers
from mvn_dask.errors import ArgumentError
from mvn_dask.event import Event
from mvn_dask.readable import plural

PointLabels: TypeAlias = Mapping[str, Any]
"""Labels of points by the names of axes, one or m of each; labels of an axis that has none are its places."""


def as_point_labels(which: object) -> PointLabels | None:
    """The argument `which`, if it is a mapping from axes to labels, or a frame of pandas with a column an axis."""
    given: Any = which
    if is_instance(which, "pandas", "DataFrame"):
        return {name: given[name].array for name in given.columns}
    return given if isinstance(which, Mapping) else None


def point_numbers(which: PointLabels, event: Event) -> Places:
    """The numbers of the points of a draw that have some labels: the i-th label along each axis is one of point i.

    Raises
    ------
    ArgumentError
        If an axis is missing or unknown, a label is none of an axis, the numbers of labels differ, or a point is given
        twice or not at all.

    Examples
    --------
    >>> from mvn_dask.coordinates import Coordinate
    >>> event = Event((2, 3), ("lat", "lon"), (Coordinate("float64", ("10.0", "20.5")), None))
    >>> point_numbers({"lat": [20.5, 10.0], "lon": 2}, event)
    array([5, 2])
    """
    if set(which) != set(event.dims):
        raise ArgumentError(
            f"`which` must have labels along {' and '.join(map(repr, event.dims))}: it has some along "
            f"{' and '.join(map(repr, which)) or 'no axis'}"
        )
    axes = zip(event.dims, event.shape, event.coordinates, strict=True)
    places = {}
    for dim, length, coordinate in axes:
        name = f"which[{dim!r}]"
        if coordinate is None:
            places[dim] = _numbers(name, _listed(which[dim]), length)
        else:
            places[dim] = coordinate.places_of(name, _listed(which[dim]))
    counts = {dim: len(each) for dim, each in places.items() if len(each) != 1}
    if len(set(counts.values())) > 1:
        found = ", ".join(f"{plural(count, 'label')} along {dim!r}" for dim, count in counts.items())
        raise ArgumentError(f"`which` must have a label of every point along each axis, or one for all: it has {found}")
    numbers = np.ravel_multi_index(np.broadcast_arrays(*places.values()), event.shape)
    return variable_numbers(numbers, event.ndim, event.names)


def _numbers(name: str, given: Any, length: int) -> Places:
    """Places along an axis without labels."""
    array = np.asarray(given)
    if array.ndim != 1 or array.dtype.kind not in "iu":
        raise ArgumentError(f"`{name}` must hold places from 0 to {length - 1}, since that axis has no labels")
    bad = (array < 0) | (array >= length)
    if bad.any():
        place = int(bad.argmax())
        raise ArgumentError(f"`{name}` must hold places from 0 to {length - 1}: {name}[{place}] is {array[place]}")
    places: Places = array.astype(np.intp)
    return places


def _listed(labels: Any) -> Any:
    """One label as a list of it; a tuple is a label of several levels."""
    is_one = isinstance(labels, (str, bytes, tuple)) or not isinstance(labels, Iterable)
    return [labels] if is_one or getattr(labels, "ndim", 1) == 0 else labels
