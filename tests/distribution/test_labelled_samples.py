"""Samples as arrays of xarray, with what mean and covariance say of themselves."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from scipy import stats

import mvn_dask
from mvn_dask.errors import ArgumentError, ArgumentTypeError
from mvn_dask.origin_attributes import without_origin

LEVELS = pd.MultiIndex.from_tuples([("coast", 1), ("coast", 2), ("hill", 1)], names=["region", "station"])
MEAN = xr.DataArray(
    [1.0, 2.0, 3.0],
    dims="place",
    coords=xr.Coordinates.from_pandas_multiindex(LEVELS, "place").assign(
        height=("place", [3.0, 5.0, 400.0], {"units": "m"}), year=2026
    ),
    name="temperature",
    attrs={"units": "degC", "long_name": "Air temperature", "_FillValue": -999.0},
)
FIELD = xr.DataArray(
    np.zeros((2, 3)),
    dims=("y", "x"),
    coords={"y": [10.0, 20.0], "lat": (("y", "x"), np.arange(6.0).reshape(2, 3)), "land": ("x", [True, False, True])},
    attrs={"units": "m"},
)


def expected(mean: xr.DataArray, sample: Any) -> xr.DataArray:
    """The sample with everything that the mean says, as xarray's own arithmetic gives it."""
    found = mean.expand_dims(sample=sample.shape[0]).copy(data=sample)
    return found.rename("samples" if mean.name is None else mean.name).drop_attrs(deep=False)


@pytest.mark.parametrize("mean", [MEAN, FIELD], ids=["levels", "a field"])
@pytest.mark.parametrize("kind", ["normal", "t"])
def test_a_mean_says_what_its_samples_are(mean: xr.DataArray, kind: str, tmp_path: Any) -> None:
    normal = mvn_dask.MultivariateNormal(mean, np.ones(mean.size))
    t = mvn_dask.MultivariateT(mean, np.ones(mean.size), df=5)
    distribution = normal if kind == "normal" else t
    found = distribution.sample(10, seed=1, as_xarray=True)
    assert found.chunks is not None, "lazy"
    plain = distribution.sample(10, seed=1)
    xr.testing.assert_identical(found, mvn_dask.to_xarray(plain))
    xr.testing.assert_identical(found.drop_attrs(deep=False), expected(mean, plain))
    assert without_origin(found.attrs) == {key: mean.attrs[key] for key in mean.attrs if key != "_FillValue"}
    mvn_dask.to_zarr(plain, tmp_path)
    xr.testing.assert_identical(mvn_dask.to_xarray(mvn_dask.from_zarr(tmp_path)), found)
    with xr.open_zarr(tmp_path) as stored:
        assert stored[found.name].attrs["units"] == mean.attrs["units"]


def test_a_covariance_names_the_variables() -> None:
    labelled = xr.DataArray(
        np.eye(2), dims=("asset", "other"), coords={"asset": ["oil", "gas"], "sector": ("asset", ["e", "u"])}
    )
    for array in (
        mvn_dask.MultivariateNormal([0.0, 1.0], labelled).sample(5, seed=1, as_xarray=True),
        mvn_dask.GaussianCopula(labelled, stats.norm()).sample(5, seed=1, as_xarray=True),
    ):
        assert array.dims == ("sample", "asset")
        assert array["sector"].values.tolist() == ["e", "u"]
        assert array.sel(asset="gas").shape == (5,)
    frame = pd.DataFrame(np.eye(3), index=LEVELS, columns=LEVELS)
    by_levels = mvn_dask.MultivariateNormal([0.0, 1.0, 2.0], frame).sample(5, seed=1, as_xarray=True)
    assert by_levels.sel(region="coast").shape == (5, 2)
    assert by_levels.indexes["variable"].equals(LEVELS)
    both = mvn_dask.MultivariateNormal(pd.Series([0.0, 1.0, 2.0], LEVELS), frame).sample(5, seed=1, as_xarray=True)
    xr.testing.assert_identical(both, by_levels)


def test_some_of_the_variables_keep_what_is_theirs() -> None:
    normal = mvn_dask.MultivariateNormal(MEAN, np.eye(3))
    found = normal.marginal([2, 0]).sample(5, seed=1, as_xarray=True)
    assert found["height"].values.tolist() == [400.0, 3.0]
    assert (found.name, found.attrs["units"]) == ("temperature", "degC")
    assert found.indexes["place"].tolist() == [("hill", 1), ("coast", 1)]
    given = normal.condition([0], [1.0]).sample(5, seed=1, as_xarray=True)
    assert given["region"].values.tolist() == ["coast", "hill"]


def test_what_does_not_go_together() -> None:
    with pytest.raises(ArgumentError, match="the coordinate 'height' of `mean` and that of `cov` must be the same"):
        mvn_dask.MultivariateNormal(
            MEAN, xr.DataArray(np.ones(3), dims="place", coords={"height": ("place", [1, 2, 3])})
        )
    with pytest.raises(ArgumentTypeError, match="`as_xarray` must be True or False, not 'yes'"):
        mvn_dask.MultivariateNormal(MEAN, 1.0).sample(5, seed=1, as_xarray="yes")  # type: ignore[call-overload]


def test_points_of_a_field_keep_their_labels() -> None:
    """As of xarray's own, but that what is the same for all points stays a label of each."""
    rows = np.array([0, 1, 1])
    found = mvn_dask.MultivariateNormal(FIELD, np.ones(6)).marginal([[0, 2], [1, 0], [1, 2]])
    expected = FIELD.isel(y=xr.DataArray(rows, dims="variable"), x=xr.DataArray([2, 0, 2], dims="variable"))
    array = found.sample(4, seed=1, as_xarray=True)
    assert (array.dims, array.units) == (("sample", "variable"), "m")
    xr.testing.assert_identical(array.drop_attrs().isel(sample=0).coords.to_dataset(), expected.coords.to_dataset())
    left = mvn_dask.MultivariateNormal(FIELD, np.eye(6)).condition([[0, 0]], [1.0]).sample(4, seed=1, as_xarray=True)
    assert left["lat"].values.tolist() == [1.0, 2.0, 3.0, 4.0, 5.0]


def test_a_product_of_labelled_matrices_has_their_axes() -> None:
    def labelled(dim: str, labels: Any) -> xr.DataArray:
        other = f"{dim}_too"
        return xr.DataArray(np.eye(len(labels)), dims=(dim, other), coords={dim: labels, other: labels})

    days = pd.date_range("2026-01-01", periods=2)
    assets = labelled("asset", ["oil", "gas", "coal"]).assign_coords(sector=("asset", ["e", "e", "f"]))
    product = mvn_dask.covariance.Kronecker(labelled("time", days), assets)
    found = mvn_dask.MultivariateNormal(0.0, product).sample(4, seed=1, as_xarray=True)
    assert found.dims == ("sample", "time", "asset")
    assert found.sel(time="2026-01-02").shape == (4, 3)
    assert found["sector"].dims == ("asset",)
    other = mvn_dask.MultivariateNormal(0.0, product, dims=("day", "name")).sample(4, seed=1, as_xarray=True)
    assert (other.dims, other["sector"].dims) == (("sample", "day", "name"), ("name",))
    twice = mvn_dask.MultivariateNormal(0.0, mvn_dask.covariance.Kronecker(assets, assets))
    assert (twice.dims, [*twice.coords]) == (("variable_0", "variable_1"), ["variable_0", "variable_1"])
    mean = xr.DataArray(np.zeros((2, 3)), dims=("t", "k"))
    with pytest.raises(ArgumentError, match="names of the axes in mean and cov must agree"):
        mvn_dask.MultivariateNormal(mean, product)
    assert mvn_dask.MultivariateNormal(mean, mvn_dask.covariance.Kronecker(np.eye(2), assets)).dims == ("t", "k")
