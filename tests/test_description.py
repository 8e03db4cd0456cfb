from typing import Any

import dask.array as da
import numpy as np
import pandas as pd
import pytest
import xarray as xr

import mvn_dask
from mvn_dask.description import (
    Description,
    LabelArray,
    agreed,
    data_array,
    described,
    described_variables,
    is_labelled,
    is_same,
    texts_along,
)
from mvn_dask.errors import ArgumentError

LEVELS = pd.MultiIndex.from_tuples([("a", 1), ("a", 2), ("b", 1)], names=["site", "depth"])
ARRAY = xr.DataArray(
    np.arange(6.0).reshape(2, 3),
    dims=("time", "place"),
    coords=xr.Coordinates.from_pandas_multiindex(LEVELS, "place").assign(
        time=("time", [2020, 2021], {"long_name": "Year"}),
        height=((), 2.0, {"units": "m"}),
        lat=(("time", "place"), np.ones((2, 3))),
        kind=("place", pd.Categorical(["x", "y", "x"])),
    ),
    name="flow",
    attrs={"units": "m3 s-1", "made": np.datetime64("2026-01-01", "ns")},
)


def test_an_array_of_xarray_is_made_again_of_what_it_says() -> None:
    again = data_array(ARRAY.data, ARRAY.dims, described(ARRAY), {"provenance": "[]", "units": "none"})  # type: ignore[arg-type]
    assert again.attrs.pop("provenance") == "[]"
    xr.testing.assert_identical(again, ARRAY)
    assert again["kind"].dtype == "category"


def test_parts_are_those_of_xarray() -> None:
    whole = described(ARRAY)
    places: list[tuple[dict[str, Any], tuple[str, ...]]] = [
        ({"time": 1}, ("place",)),
        ({"place": 0}, ("time",)),
        ({"place": [2, 0]}, ("time", "place")),
        ({"place": slice(1, 3), "time": 0}, ("place",)),
    ]
    for places_of_part, dims in places:
        part = whole
        for dim, chosen in places_of_part.items():
            part = part.take(dim, chosen)
        expected = ARRAY.isel(places_of_part)
        found = data_array(expected.data, dims, part, {})
        if "place" not in dims:
            expected = expected.drop_vars("place")  # a pair, which is its levels
        xr.testing.assert_identical(found, expected)


def test_axes_may_be_renamed_and_left_without_labels() -> None:
    found = described(ARRAY, ("t", "p"))
    assert (found.indexes, found.coordinates["lat"].dims) == ({"p": ("site", "depth")}, ("t", "p"))
    assert set(found.without_axis_labels("p").coordinates) == {"t", "height", "lat", "kind"}
    assert set(found.along(["p"]).coordinates) == {"site", "depth", "height", "kind"}
    assert texts_along(found, "p") == ("('a', 1)", "('a', 2)", "('b', 1)")
    assert (texts_along(found, "t"), texts_along(found, "x")) == (("2020", "2021"), None)


def test_levels_may_miss_numbers() -> None:
    levels = pd.MultiIndex.from_arrays([["a", "b", "c"], [1.0, np.nan, 3.0]], names=["site", "depth"])
    array = xr.DataArray(np.zeros(3), dims="place", coords=xr.Coordinates.from_pandas_multiindex(levels, "place"))
    array.coords["depth"].attrs["units"] = "m"
    found = described(array)
    np.testing.assert_array_equal(found.coordinates["depth"].values, [1.0, np.nan, 3.0])
    assert found.coordinates["depth"].attributes == {"units": "m"}
    assert data_array(array.data, array.dims, found, {}).indexes["place"].equals(levels)  # type: ignore[arg-type]


def test_levels_of_pandas() -> None:
    frame = pd.DataFrame(np.eye(3), index=LEVELS, columns=LEVELS.set_names([None, None]))
    dim, found = described_variables(frame)
    assert (dim, found.indexes) == (None, {"variable": ("site", "depth")})
    assert described(pd.Series(1.0, LEVELS.set_names([None, None])), ["v"]).indexes == {"v": ("v_level_0", "v_level_1")}
    assert not described(pd.Series([1.0, 2.0], ["a", "b"]), ["v"]).indexes
    with pytest.raises(ArgumentError, match="levels of a MultiIndex must have different names"):
        described(pd.Series(1.0, LEVELS.set_names(["a", "a"])), ["v"])


def test_a_covariance_says_what_its_variables_are() -> None:
    matrix = xr.DataArray(np.eye(2), dims=("a", "b"), coords={"sector": ("a", ["x", "y"]), "t": 1, "u": ("b", [1, 2])})
    dim, found = described_variables(matrix)
    assert (dim, set(found.coordinates)) == ("a", {"sector", "t"})
    assert described_variables(xr.DataArray(np.eye(2)))[0] is None
    assert described_variables(np.eye(2))[1].coordinates == {}
    assert is_labelled(matrix)
    assert not is_labelled(np.eye(2))


def test_coordinates_of_one_name_must_agree() -> None:
    one, other = (Description(None, {}, {"x": LabelArray(("v",), np.array(each))}) for each in ([1, 2], [1, 3]))
    assert set(agreed({"mean": one, "cov": one}).coordinates) == {"x"}
    with pytest.raises(ArgumentError, match=r"'x' of `mean` and that of `cov` must be the same: cov.drop_vars\('x'\)"):
        agreed({"mean": one, "cov": other})
    missing = LabelArray(("v",), np.array(["NaT", "2026"], "M8[ns]"))
    assert is_same(missing, missing)
    assert not is_same(missing, LabelArray(("w",), missing.values))


def test_a_name_that_dask_gave_is_none() -> None:
    array = da.zeros((2, 2), chunks=1) + 1
    assert described(xr.DataArray(array)).name is None
    assert described(xr.DataArray(array, name="x")).name == "x"
    assert mvn_dask.to_xarray(array).name == "samples"
