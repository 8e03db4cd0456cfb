"""Labels of what was cut out of samples and stores: those that xarray leaves of the whole."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import dask.array as da
import numpy as np
import pandas as pd
import pytest
import xarray as xr

import mvn_dask
from mvn_dask.errors import StorageError
from mvn_dask.origin_attributes import without_origin
from mvn_dask.store.array_labels import derived_labels

LEVELS = pd.MultiIndex.from_tuples([("coast", 1), ("coast", 2), ("hill", 1)], names=["region", "number"])
VECTOR = xr.DataArray(
    [1.0, 2.0, 3.0],
    dims="place",
    coords=xr.Coordinates.from_pandas_multiindex(LEVELS, "place").assign(
        height=("place", [3.0, 5.0, 400.0], {"units": "m"}), year=2026
    ),
    name="temperature",
    attrs={"units": "degC"},
)
FIELD = xr.DataArray(
    np.zeros((2, 3)),
    dims=("y", "x"),
    coords={"y": [10.0, 20.0], "lat": (("y", "x"), np.arange(6.0).reshape(2, 3)), "land": ("x", [True, False, True])},
    attrs={"units": "m"},
)
CUTS: list[Callable[[Any], Any]] = [
    lambda x: x[:, 1:],
    lambda x: x[10:20],
    lambda x: x[:, [1, 0]],
    lambda x: x[..., ::-1][3:5],
    lambda x: x[4],
    lambda x: x[..., 2],
    lambda x: x[:, 1][::2],
    lambda x: x.astype("float32"),
]


@pytest.mark.parametrize("mean", [VECTOR, FIELD], ids=["levels", "a field"])
@pytest.mark.parametrize("is_stored", [False, True])
def test_labels_are_those_that_xarray_leaves(mean: xr.DataArray, is_stored: bool, tmp_path: Path) -> None:
    sample = mvn_dask.MultivariateNormal(mean, np.ones(mean.size)).sample(30, seed=1, chunks=8)
    if is_stored:
        mvn_dask.to_zarr(sample, tmp_path)
        sample = mvn_dask.from_zarr(tmp_path)
    whole = mvn_dask.to_xarray(sample)
    for number, cut in enumerate(CUTS):
        found, expected = mvn_dask.to_xarray(cut(sample)), cut(whole)
        if "place" in expected.coords and "place" not in expected.dims:
            expected = expected.drop_vars("place")  # a pair, which is its levels
        assert without_origin(found.attrs) == without_origin(whole.attrs), number
        xr.testing.assert_identical(found.drop_attrs(deep=False), expected.drop_attrs(deep=False))


def test_other_chunks_and_axes_in_another_order_change_no_label() -> None:
    sample = mvn_dask.MultivariateNormal(VECTOR, np.eye(3)).sample(30, seed=1, chunks=(8, 2))
    found = mvn_dask.to_xarray(sample.rechunk((10, 3)))
    assert (found.name, found.units, found.chunks) == ("temperature", "degC", ((10, 10, 10), (3,)))
    assert found.indexes["place"].equals(LEVELS)
    xr.testing.assert_equal(mvn_dask.to_xarray(sample.T), mvn_dask.to_xarray(sample).T)


def test_numbers_that_are_computed_have_other_names_and_units() -> None:
    sample = mvn_dask.MultivariateNormal(VECTOR, 1.0).sample(30, seed=1)
    every: list[Any] = [sample**2, -sample[:, 1:], np.exp(sample), (sample > 0.0).astype("int8")]
    for computed in every:
        found = mvn_dask.to_xarray(computed)
        assert (found.name, without_origin(found.attrs)) == ("samples", {})
        assert found["height"].units == "m"
        assert found.dims == ("sample", "place")


def test_what_is_stored_of_a_part(tmp_path: Path) -> None:
    sample = mvn_dask.MultivariateNormal(VECTOR, 1.0).sample(30, seed=1, chunks=8)
    mvn_dask.to_zarr(sample[:, 1:], tmp_path)
    with xr.open_zarr(tmp_path) as found:
        assert found["temperature"].dims == ("sample", "place")
        assert found["height"].values.tolist() == [5.0, 400.0]
    again = mvn_dask.from_zarr(tmp_path)
    assert mvn_dask.to_xarray(again[:, 0])["region"].item() == "coast"
    assert mvn_dask.estimate(again, mvn_dask.statistics.Mean()).columns == ("('coast', 2)", "('hill', 1)")


def test_what_was_computed_is_stored_again_as_the_same(tmp_path: Path) -> None:
    doubled = mvn_dask.MultivariateNormal(VECTOR, 1.0).sample(30, seed=1, chunks=8) * np.arange(3.0)
    mvn_dask.to_zarr(doubled, tmp_path)
    mvn_dask.to_zarr(doubled, tmp_path)
    mvn_dask.to_zarr(mvn_dask.to_xarray(doubled), tmp_path)
    assert mvn_dask.to_xarray(mvn_dask.from_zarr(tmp_path))["height"].values.tolist() == [3.0, 5.0, 400.0]


def test_an_array_in_memory_is_not_written_over_the_store_that_it_was_read_from(tmp_path: Path) -> None:
    """As what the store holds beside it would be gone."""
    mvn_dask.to_zarr(mvn_dask.MultivariateNormal(VECTOR, 1.0).sample(30, seed=1), tmp_path / "store")
    held = mvn_dask.from_zarr(tmp_path / "store").persist()
    with pytest.raises(StorageError, match="which `overwrite` would delete: name another URL"):
        mvn_dask.to_zarr(held, tmp_path / "store", overwrite=True)
    mvn_dask.to_zarr(held, tmp_path / "copy")
    assert mvn_dask.extend(tmp_path / "copy", 5).after == (35, 3)


def test_new_axes_have_names_of_their_own(tmp_path: Path) -> None:
    sample = mvn_dask.MultivariateNormal([0.0, 1.0], 1.0).sample(6, seed=1)
    assert derived_labels(sample[:, None])[0].dimensions == ("sample", "dim_1", "variable")
    mvn_dask.to_zarr(sample.sum(axis=1), tmp_path)
    again = mvn_dask.from_zarr(tmp_path)
    assert derived_labels(again[None, :, None])[0].dimensions == ("dim_1", "dim_0", "dim_2")


def test_axes_of_a_draw_are_those_that_are_left() -> None:
    fields = mvn_dask.MultivariateNormal(FIELD, np.ones(6)).sample((4, 5), seed=1)
    cuts = (fields[1:], fields[..., 0], fields[0], fields[0, 0], fields[..., None], fields.transpose(2, 3, 0, 1))
    assert [derived_labels(each)[1] for each in cuts] == [2, 1, 2, 2, 0, 0]
    assert mvn_dask.to_xarray(fields[0, 1:], dim="draw").dims == ("draw", "y", "x")


def test_what_nobody_knows_has_no_labels() -> None:
    one, other = (mvn_dask.MultivariateNormal(VECTOR, 1.0).sample(6, seed=seed) for seed in (1, 2))
    of_blocks: Any = one.map_blocks
    for array in (one - other, of_blocks(np.sort), one.sum(axis=0), da.ones((2, 3))):
        labels, event_axes = derived_labels(array)
        assert (labels.dimensions, event_axes) == (tuple(f"dim_{axis}" for axis in range(array.ndim)), 1)
        assert not labels.description.coordinates
