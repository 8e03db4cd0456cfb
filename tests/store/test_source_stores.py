from pathlib import Path
from typing import Any

import dask.array as da
import numpy as np
import pytest
import xarray as xr
import zarr
from dask.base import optimize

import mvn_dask
from mvn_dask.errors import StorageError
from mvn_dask.store.source_stores import source_stores

ROWS = mvn_dask.MultivariateNormal([0.0, 1.0], 2.0).sample(100, seed=1, chunks=40)


def by_zarr(folder: Path, **options: Any) -> da.Array:
    array: da.Array = da.from_zarr(str(folder), component="samples", **options)
    return array


READERS: dict[str, Any] = {
    "ours": mvn_dask.from_zarr,
    "optimized": lambda folder: optimize(mvn_dask.from_zarr(folder) * 2)[0],
    "zarr": by_zarr,
    "zarr, inlined": lambda folder: by_zarr(folder, inline_array=True),
    "an array": lambda folder: da.from_array(zarr.open_array(folder / "samples", mode="r"), chunks=(40, 2)),
    "an array, inlined": lambda folder: da.from_array(
        zarr.open_array(folder / "samples", mode="r"), chunks=(40, 2), inline_array=True
    ),
    "xarray": lambda folder: xr.open_zarr(folder)["samples"].data,
    "xarray, labelled": lambda folder: xr.open_zarr(folder)["samples"].isel(sample=slice(0, 80)).data,
}


@pytest.mark.parametrize("reader", READERS)
def test_overwriting_what_is_read_is_refused_however_it_is_read(reader: str, tmp_path: Path) -> None:
    """It would be deleted before it is read, and NaN written in its place."""
    folder = tmp_path / "store"
    mvn_dask.to_zarr(ROWS, folder)
    array = READERS[reader](folder)
    for derived in (array, array * 2 + 1, (array - array.mean(axis=0))[::2].rechunk((10, 2))):
        assert list(source_stores(derived))
        for storage in (folder, folder / "samples"):
            with pytest.raises(StorageError, match=r"is read from .*, which `overwrite` would delete"):
                mvn_dask.to_zarr(derived, storage, overwrite=True)
    np.testing.assert_array_equal(mvn_dask.from_zarr(folder), ROWS)
    mvn_dask.to_zarr((array * 2).rechunk((40, 2)), tmp_path / "storehouse", overwrite=True)


def test_samples_are_read_from_nowhere() -> None:
    assert not list(source_stores(ROWS))
    assert not list(source_stores(da.exp(ROWS) @ np.ones(2)))
