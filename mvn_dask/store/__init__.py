"""Durable Zarr stores of lazy arrays. It knows no distribution: any dask array goes in."""

from mvn_dask.store.labelling import to_xarray
from mvn_dask.store.reading import from_zarr
from mvn_dask.store.status import Status, status
from mvn_dask.store.verification import Verification
from mvn_dask.store.writing import to_zarr

__all__ = ["Status", "Verification", "from_zarr", "status", "to_xarray", "to_zarr"]
