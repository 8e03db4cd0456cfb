"""Durable Zarr stores of lazy arrays. It knows no distribution: any dask array goes in."""

from mvn_dask.store.reading import from_zarr
from mvn_dask.store.writing import to_zarr

__all__ = ["from_zarr", "to_zarr"]
