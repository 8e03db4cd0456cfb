from typing import Any

import numpy as np
import pytest
import xarray as xr

from mvn_dask.coordinates import Coordinate
from mvn_dask.errors import ArgumentError, ArgumentTypeError
from mvn_dask.event import Event, axes_of_array, event_of
from mvn_dask.typed_texts import TEXT

FIELD = xr.DataArray(np.zeros((2, 3)), dims=("lat", "lon"), coords={"lat": [50.0, 51.0]})
GRID = Event.of_shape((2, 3))
LABELLED = Event((2, 3), GRID.dims, (Coordinate("int64", ("1", "2")), None))
VECTOR = Event.of_variables(6)


def of(mean: Any, covariance: Event = VECTOR, **arguments: Any) -> Event:
    return event_of(np.shape(mean), covariance, known=axes_of_array(mean), **arguments)


def test_the_shape_is_the_one_given_or_the_means_or_the_covariances() -> None:
    assert of(np.zeros(6)).shape == (6,)
    assert of(np.zeros(6), GRID).shape == (2, 3)
    assert of(np.zeros((3, 2))).shape == (3, 2)
    assert of(np.zeros(6), event_shape=[3, 2]).shape == (3, 2)
    assert of(np.zeros(6), GRID, event_shape=6).shape == (6,), "flat on request"
    assert of(np.zeros((2, 3)), GRID, event_shape=6).shape == (6,)
    assert of(np.zeros(6), GRID, names=tuple("abcdef")).shape == (6,), "variables with names are a vector"


def test_axes_may_be_divided_and_joined() -> None:
    assert of(np.zeros(24), Event.of_shape((2, 12)), event_shape=(2, 3, 4)).shape == (2, 3, 4)
    assert of(np.zeros((2, 12)), Event.of_shape((2, 3, 4)), event_shape=(1, 2, 12)).shape == (1, 2, 12)


def test_equal_numbers_of_another_type_are_the_same_labels() -> None:
    assert of(FIELD, GRID, coords={"lat": [50, 51]}).coords["lat"].dtype == "int64"
    assert of(FIELD, GRID, coords={"lat": np.array([50, 51], "float32")}).coords["lat"].dtype == "float32"


def test_axes_have_names_and_labels() -> None:
    event = of(FIELD, GRID)
    assert event.dims == ("lat", "lon")
    assert event.coords == {"lat": Coordinate("float64", ("50.0", "51.0"))}
    assert of(FIELD, GRID, coords={"lon": list("abc")}).coords["lon"] == Coordinate(TEXT, ("a", "b", "c"))
    assert of(np.zeros(6), GRID, dims=("y", "x")).dims == ("y", "x")
    assert of(np.zeros(6), GRID).dims == ("variable_0", "variable_1")
    assert of(np.zeros(6), dims="time", coords={"time": range(6)}).coords["time"].dtype == "int64"
    members = Event((2, 3), GRID.dims, (None, Coordinate(TEXT, ("a", "b", "c"))))
    assert of(np.zeros(6), members, dims=("y", "x")).coords == {"x": Coordinate(TEXT, ("a", "b", "c"))}


def test_names_are_labels_of_a_vector() -> None:
    assert of(np.zeros(2), Event.of_variables(2), names=("oil", "gas")).names == ("oil", "gas")
    assert Event.of_variables(2, ("0", "1")).names == ("0", "1"), "chosen"
    assert of(np.zeros(2), Event.of_variables(2), dims="x", coords={"x": [0, 1]}).names is None, "a place is no name"
    assert of(np.zeros(2), Event.of_variables(2), dims="x", coords={"x": [10, 20]}).names == ("10", "20")
    assert GRID.names is None


def test_what_a_variable_is_called() -> None:
    assert Event.of_variables(2).label(1) is None
    assert Event.of_variables(2, ("oil", "gas")).label(1) == "gas"
    assert of(FIELD, GRID).label(5) == "lat=51.0, lon=2"


def test_some_of_the_variables_are_a_vector() -> None:
    assert Event.of_variables(3, ("a", "b", "c")).take([2, 0]) == Event.of_variables(2, ("c", "a"))
    assert of(FIELD, GRID).take([5, 1, 2]) == Event.of_variables(3)


@pytest.mark.parametrize(
    ("mean", "arguments", "words"),
    [
        (np.zeros(6), {"event_shape": (2, 4)}, "must be the shape of 6 variables: the product of .* is 8"),
        (np.zeros(6), {"event_shape": ()}, "must have an axis at least"),
        (np.zeros(6), {"event_shape": -6}, "negative dimensions are not allowed: `event_shape`"),
        (np.zeros((3, 2)), {"covariance": GRID}, r"`cov` is of the shape \(2, 3\): they must agree"),
        (np.zeros((2, 3)), {"event_shape": (3, 2)}, r"`mean` is of the shape \(2, 3\): they must agree"),
        (np.zeros((2, 3)), {"names": tuple("abcdef")}, "label its axes by `coords`, or give event_shape=6"),
        (np.zeros(6), {"covariance": GRID, "dims": ("x",)}, r"must name every axis of the shape \(2, 3\) once"),
        (np.zeros(6), {"covariance": GRID, "dims": ("x", "x")}, "once"),
        (np.zeros(6), {"covariance": GRID, "dims": ("sample", "x")}, "cannot be called 'sample'"),
        (np.zeros(6), {"covariance": GRID, "dims": ("x", "sample_0")}, "cannot be called 'sample_0'"),
        (np.zeros(6), {"covariance": GRID, "dims": ("x", "")}, "cannot be called ''"),
        (FIELD, {"dims": ("y", "x")}, "names of the axes in dims and mean must agree"),
        (
            FIELD,
            {"coords": {"lat": [50.0, 2.0]}},
            "labels of 'lat' in coords and mean must agree: place 1 is '2.0' in one",
        ),
        (FIELD, {"coords": {"height": [1.0, 2.0]}}, "`coords` names 'height', and the axes of a draw are called"),
        (FIELD, {"coords": {"lon": [1.0, 2.0]}}, "there are 3, and 2 labels"),
        (FIELD, {"coords": {"lat": []}}, "there are 2, and 0 labels"),
        (np.zeros(6), {"covariance": GRID, "coords": {"y": [1, 2], "x": [1, 2, 3]}}, "called .*: name them by `dims`"),
        (np.zeros((2, 3)), {"covariance": LABELLED, "coords": {"y": [1, 3]}, "dims": ("y", "x")}, "in coords and cov"),
        (FIELD, {"covariance": LABELLED}, "labels of 'lat' in mean and cov must agree"),
        (np.zeros(6), {"coords": {"variable": range(1, 7)}, "names": tuple("abcdef")}, "must agree: place 0 is"),
    ],
)
def test_what_disagrees_is_refused(mean: Any, arguments: dict[str, Any], words: str) -> None:
    with pytest.raises(ArgumentError, match=words):
        of(mean, **arguments)


@pytest.mark.parametrize(
    "arguments",
    [
        {"dims": 3},
        {"dims": {"x": 1}},
        {"coords": ["x"]},
        {"coords": {1: [1]}},
        {"event_shape": 2.5},
        {"event_shape": True},
    ],
)
def test_arguments_of_other_types(arguments: dict[str, Any]) -> None:
    with pytest.raises(ArgumentTypeError):
        of(np.zeros(6), **arguments)
