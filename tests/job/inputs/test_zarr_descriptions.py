"""What a mean in a Zarr store says of itself, as xarray writes it, a job's store says too."""

from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
import zarr

from mvn_dask.job.inputs.distribution_inputs import distribution_inputs
from mvn_dask.origin_attributes import without_origin
from tests.support.job_inputs import job_in as inputs_in
from tests.support.jobs import job_in

MEAN = xr.DataArray(
    np.arange(6.0).reshape(2, 3),
    dims=("y", "x"),
    coords={
        "y": ("y", [10.0, 20.0], {"units": "km"}),
        "lat": (("y", "x"), np.arange(6.0).reshape(2, 3), {"units": "degrees_north"}),
        "land": ("x", [True, False, True]),
        "kind": ("x", np.array(["a", "b", "c"], dtype=object)),
        "day": np.datetime64("2026-01-02", "ns"),
        "lead": np.timedelta64(5, "h").astype("m8[ns]"),
        "level": ((), 500, {"long_name": "pressure level"}),
    },
    name="flow",
    attrs={"units": "m3 s-1", "valid_range": [0, 9]},
)


def drawn(mean: xr.DataArray, folder: Path, **distribution: Any) -> xr.DataArray:
    """The sample in the store of a job whose mean lies in a Zarr store."""
    mean.to_zarr(folder / "mean.zarr", consolidated=False)
    table = {"mean": {"path": "mean.zarr", "key": str(mean.name)}, "cov": 1.0, **distribution}
    job_in(folder, distribution=table).run()
    with xr.open_zarr(folder / "samples.zarr") as found:
        (name,) = found.data_vars.keys() - {"mean"}
        sample: xr.DataArray = found[name].load()
        return sample


def test_a_field_brings_all_that_xarray_wrote(tmp_path: Path) -> None:
    found = drawn(MEAN, tmp_path)
    assert (found.name, found.dims, without_origin(found.attrs)) == ("flow", ("sample", "y", "x"), MEAN.attrs)
    expected = xr.open_zarr(tmp_path / "mean.zarr", consolidated=False)["flow"].load()
    xr.testing.assert_identical(found.isel(sample=0).coords.to_dataset(), expected.coords.to_dataset())


def test_names_of_variables_and_what_lies_beside_them(tmp_path: Path) -> None:
    mean = xr.DataArray(
        [1.0, 2.0],
        dims="v",
        coords={"v": np.array(["a", "b"], dtype=object), "height": ("v", [3.0, 5.0])},
        name="t",
        attrs={"units": "K"},
    )
    found = drawn(mean, tmp_path)
    assert (found.name, found.units, found["v"].values.tolist()) == ("t", "K", ["a", "b"])
    assert found["height"].values.tolist() == [3.0, 5.0]


def test_what_no_store_keeps_is_left_out(tmp_path: Path) -> None:
    group = zarr.open_group(tmp_path / "mean.zarr", mode="w")
    array = group.create_array("air temperature", data=np.zeros(2), dimension_names=("v",))
    array.attrs.update({"units": "K", "coordinates": "gaps elsewhere ../x long", "scale_factor": 1.0})
    gaps = group.create_array("gaps", data=np.array([1, -9]), dimension_names=("v",))
    gaps.attrs["_FillValue"] = -9
    group.create_array("long", data=np.zeros(3), dimension_names=("v",))
    job = inputs_in(tmp_path, mean={"path": "mean.zarr", "key": "air temperature"}, cov=1.0)
    found = distribution_inputs(job).event.description
    assert (found.name, found.attributes, found.coordinates) == (None, {"units": "K"}, {})
