"""How distributions show themselves: their variables, correlations of a few, and the structure behind them.

Input: the parts of a distribution. Output: HTML of bounded size. Cost: at most some milliseconds, whatever the
dimension: see `mvn_dask.covariance.shown_structures`.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np

from mvn_dask._typing import Float64Array
from mvn_dask.coordinates import Coordinate
from mvn_dask.covariance import Covariance
from mvn_dask.covariance.marginal_covariance import Places
from mvn_dask.display.fragments import beside, picture, section, table
from mvn_dask.display.markup import Content, Html, element
from mvn_dask.display.number_columns import NumberTable
from mvn_dask.display.previews import listed_places, names_arguments, preview
from mvn_dask.event import Event
from mvn_dask.readable import number, plural

Column = Callable[[Places], list[str]]
"""Texts of some variables, one each."""
MAP_CELLS = 48
"""Cells along an axis of a map, at most."""


def event_arguments(event: Event, usual: tuple[int, ...]) -> list[str]:
    """Shape and names of a draw, as they stand in a `repr`; `usual` is the shape that follows from the structure."""
    found = [f"ndim={event.ndim}" if event.shape == usual else f"event_shape={event.shape}"]
    if len(event.shape) > 1 and event.dims != Event.of_shape(event.shape).dims:
        found.append(f"dims={event.dims}")
    return [*found, *names_arguments(event.names)]


def event_summary(event: Event) -> str:
    """Shape of a draw in words.

    >>> event_summary(Event.of_variables(3)), event_summary(Event.of_shape((2, 3)))
    ('3 variables', 'draws of the shape (variable_0: 2, variable_1: 3)')
    """
    if len(event.shape) == 1:
        return plural(event.ndim, "variable", ",")
    axes = ", ".join(f"{dim}: {length:,}" for dim, length in zip(event.dims, event.shape, strict=True))
    return f"draws of the shape ({axes})"


def distribution_view(
    event: Event, columns: Mapping[str, Column], mean: Float64Array | None, covariance: Covariance, what: str
) -> Iterator[Html]:
    """Variables with numbers of each, or axes and a map of the mean; correlations; and the structure, called `what`."""
    correlations = covariance._picture(event)
    if len(event.shape) == 1:
        yield beside(variables_table(event, columns), correlations)
    else:
        yield beside(axes_table(event), *mean_map(mean), correlations)
    yield section(what, covariance._structure(), covariance._text())


def variables_table(event: Event, columns: Mapping[str, Column]) -> Html:
    """The first variables and the last, with texts of each."""
    places = np.array(listed_places(event.ndim))
    found = [column(places) for column in columns.values()]
    shown = {name: texts for name, texts in zip(columns, found, strict=True) if texts}
    labels = [event.label(place) or str(place) for place in places.tolist()]
    tabled = tuple((name, tuple(texts)) for name, texts in shown.items())
    return NumberTable(event.dims[0], tuple(labels), tabled, tuple(places.tolist()), event.ndim).html


def axes_table(event: Event) -> Html:
    """Axes of a draw, with their labels."""
    axes = zip(event.dims, event.shape, event.coordinates, strict=True)
    rows: list[list[Content]] = [
        [dim, f"{length:,}", "" if labels is None else element("td", preview(_texts(labels)), class_="mvn-gap")]
        for dim, length, labels in axes
    ]
    return table(["axis", "length", "labels"], rows)


def _texts(labels: Coordinate) -> Sequence[str]:
    """Labels as they are shown: a few digits of numbers."""
    return [number(float(each), 6) for each in labels.labels] if "float" in labels.dtype else labels.labels


def mean_map(mean: Float64Array | None) -> Iterator[Html]:
    """A map of the mean along two axes, or of the first part of it where there are more, if it varies."""
    if mean is None:
        return
    plane = mean.reshape(-1, *mean.shape[-2:])[0]
    steps = [-(-length // MAP_CELLS) for length in plane.shape]
    part = plane[:: steps[0], :: steps[1]]
    low, high = float(part.min()), float(part.max())
    if low < high:
        half = high / 2 - low / 2
        title = "Mean" + (f", of {' × '.join(map(str, part.shape))} of its points" if part.size < mean.size else "")
        yield picture(part - (low + half), half, title, (number(low), number(high)))


def numbers_of(array: Float64Array) -> Column:
    """A column of numbers, which all variables have."""
    flat = array.reshape(-1)
    return lambda places: [number(value) for value in flat[places].tolist()]


def deviations_of(covariance: Covariance) -> Column:
    """A column of standard deviations, empty where they take long."""

    def texts(places: Places) -> list[str]:
        part = covariance._known_entries(places)
        return [] if part is None else [number(value) for value in np.sqrt(np.diagonal(part)).tolist()]

    return texts
