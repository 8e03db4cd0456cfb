"""Points by the labels of their axes, against xarray's."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
import xarray as xr

import mvn_dask
from mvn_dask.covariance import Kronecker, StationaryGrid, exponential
from mvn_dask.distribution.labelled_points import as_point_labels, point_numbers
from mvn_dask.errors import ArgumentError, ArgumentTypeError

TIMES = pd.date_range("2026-01-01", periods=2)
NUMBERS = xr.DataArray(
    np.arange(24).reshape(3, 2, 4), dims=("lat", "time", "x"), coords={"lat": [10.0, 20.0, 30.0], "time": TIMES}
)
EVENT = mvn_dask.MultivariateNormal(NUMBERS.astype(float), np.ones(24)).event


@pytest.mark.parametrize(
    "which",
    [
        {"lat": [30.0, 10.0], "time": TIMES[[0, 1]], "x": [3, 0]},
        {"x": np.array([1, 2]), "lat": 20, "time": ["2026-01-02", "2026-01-01"]},
        {"lat": np.float32(10.0), "time": np.datetime64("2026-01-02", "D"), "x": range(4)},
        {"lat": xr.DataArray([30, 20], dims="station"), "time": TIMES[1], "x": 0},
        pd.DataFrame({"x": [0, 1], "time": TIMES, "lat": [10, 30]}),
    ],
)
def test_they_are_the_points_that_xarray_takes(which: Any) -> None:
    given = as_point_labels(which)
    assert given is not None
    indexers = {
        dim: xr.DataArray(np.asarray(each, "M8[ns]" if dim == "time" else float), dims="point")
        if np.ndim(each)
        else each
        for dim, each in given.items()
    }
    indexers["x"] = indexers["x"].astype(int) if isinstance(indexers["x"], xr.DataArray) else indexers["x"]
    assert point_numbers(given, EVENT).tolist() == NUMBERS.sel(indexers).values.reshape(-1).tolist()


@pytest.mark.parametrize(
    ("which", "words"),
    [
        ({"lat": 10.0, "x": 0}, "must have labels along 'lat' and 'time' and 'x': it has some along 'lat' and 'x'"),
        ({}, "it has some along no axis"),
        ({"lat": 10.0, "time": TIMES, "y": 0}, "some along 'lat' and 'time' and 'y'"),
        ({"lat": [10.0, 11.0], "time": TIMES, "x": 0}, r"10\.0, 20\.0, 30\.0: which\['lat'\]\[1\] is 11\.0"),
        ({"lat": "10", "time": TIMES, "x": 0}, r"which\['lat'\]\[0\] is '10'"),
        ({"lat": [True, False, True], "time": TIMES, "x": 0}, r"which\['lat'\]\[0\] is True"),
        ({"lat": [[10.0]], "time": TIMES, "x": 0}, r"which\['lat'\]` must be 1 dimensional: its shape is \(1, 1\)"),
        ({"lat": 10.0, "time": "soon", "x": 0}, r"which\['time'\]` must hold times: Error parsing datetime"),
        ({"lat": 10.0, "time": "2027-01-01", "x": 0}, r"which\['time'\]\[0\] is '2027-01-01'"),
        ({"lat": 10.0, "time": TIMES, "x": [0, 4]}, r"must hold places from 0 to 3: which\['x'\]\[1\] is 4"),
        ({"lat": 10.0, "time": TIMES, "x": -1}, r"must hold places from 0 to 3: which\['x'\]\[0\] is -1"),
        ({"lat": 10.0, "time": TIMES, "x": "a"}, r"must hold places from 0 to 3, since that axis has no labels"),
        ({"lat": [10.0] * 3, "time": TIMES, "x": 0}, "it has 3 labels along 'lat', 2 labels along 'time'"),
        ({"lat": [], "time": TIMES[0], "x": 0}, "must not be empty"),
        ({"lat": [10.0] * 2, "time": TIMES[0], "x": 0}, "must hold each variable once"),
    ],
)
def test_labels_that_are_none(which: Any, words: str) -> None:
    with pytest.raises(ArgumentError, match=words):
        point_numbers(which, EVENT)


def test_labels_of_a_vector() -> None:
    levels = pd.MultiIndex.from_tuples([("coast", 1), ("coast", 2), ("hill", 1)])
    normal = mvn_dask.MultivariateNormal(pd.Series([0.0, 1.0, 2.0], levels), 1.0)
    assert normal.marginal({"variable": [("hill", 1), ("coast", 1)]}).mean.tolist() == [2.0, 0.0]
    heights = mvn_dask.MultivariateNormal(xr.DataArray([0.0, 1.0], dims="height", coords={"height": [10, 20]}), 1.0)
    assert heights.condition({"height": 20.0}, 3.0).coords["height"].tolist() == [10]
    assert as_point_labels([0, 1]) is None
    with pytest.raises(ArgumentTypeError, match="give a list"):
        heights.marginal({10, 20})  # type: ignore[arg-type]


def test_a_field_is_conditioned_by_labels() -> None:
    """Its mean keeps the shape of the field, and its samples the labels."""
    coords = {"lat": [50.0, 51.0, 52.0], "lon": ["a", "b", "c", "d"]}
    grid = StationaryGrid(exponential(0.5), (3, 4))
    field = mvn_dask.MultivariateNormal(0.0, grid, dims=("lat", "lon"), coords=coords)
    given = field.condition({"lat": [50.0, 52.0], "lon": ["b", "c"]}, [1.0, 2.0])
    assert given == field.condition([[0, 1], [2, 2]], [1.0, 2.0])
    mean = xr.DataArray(given.mean, given.coords, given.dims)
    assert [float(mean.sel(lat=lat, lon=lon)) for lat, lon in ((50.0, "b"), (52.0, "c"))] == [1.0, 2.0]
    rows = given.sample((), seed=1, as_xarray=True)
    assert rows.dims == ("lat", "lon")
    np.testing.assert_allclose(rows.sel(lat=52.0, lon="c"), 2.0)
    product = mvn_dask.MultivariateNormal(xr.zeros_like(mean), Kronecker(np.eye(3), np.eye(4)))
    assert product.marginal({"lat": 51.0, "lon": ["a", "d"]}).covariance.to_dense().tolist() == np.eye(2).tolist()
