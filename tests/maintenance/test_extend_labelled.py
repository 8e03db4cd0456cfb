"""Stores of samples with coordinates, as they are extended."""

from pathlib import Path

import numpy as np
import pytest
import xarray as xr

import mvn_dask
from mvn_dask.errors import ArgumentError

MEAN = xr.DataArray(
    [0.0, 1.0], dims="place", coords={"height": ("place", [3.0, 5.0]), "year": 2026}, name="flow", attrs={"units": "m"}
)
NORMAL = mvn_dask.MultivariateNormal(MEAN, 1.0)


def test_coordinates_along_other_axes_stay(tmp_path: Path) -> None:
    mvn_dask.to_zarr(NORMAL.sample(10, seed=1, chunks=4, as_xarray=True), tmp_path)
    mvn_dask.extend(tmp_path, 7)
    longer = NORMAL.sample(17, seed=1, chunks=4, as_xarray=True)
    xr.testing.assert_identical(mvn_dask.to_xarray(mvn_dask.from_zarr(tmp_path)), longer)
    with xr.open_zarr(tmp_path) as found:
        xr.testing.assert_equal(found["flow"].load(), longer.load())
    assert (tmp_path / "flow/c/4/0").is_file()


def test_rows_with_labels_are_not_extended(tmp_path: Path) -> None:
    labelled = NORMAL.sample(10, seed=1, chunks=4, as_xarray=True).assign_coords(day=("sample", np.arange(10)))
    mvn_dask.to_zarr(labelled, tmp_path)
    before = (tmp_path / ".mvn_dask/manifest.json").read_bytes()
    with pytest.raises(
        ArgumentError, match="labels along 'sample', in the coordinate 'day', and new rows would have none"
    ):
        mvn_dask.extend(tmp_path, 5)
    assert (tmp_path / ".mvn_dask/manifest.json").read_bytes() == before
    mvn_dask.to_zarr(labelled.drop_vars("day"), tmp_path / "without")
    mvn_dask.extend(tmp_path / "without", 5)
