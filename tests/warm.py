"""Imported once by the server that tests fork processes from: what each of them would load for itself."""

import dask
import numpy as np
import xarray as xr
import zarr

import mvn_dask

with dask.config.set(scheduler="synchronous"):
    mvn_dask.MultivariateNormal([0.0, 0.0], np.eye(2) + 0.5).sample(2, seed=1).compute()
    mvn_dask.MultivariateNormal([0.0, 0.0], 1.0).sample(2, seed=1).compute()

__all__ = ["xr", "zarr"]
