"""Durable Zarr stores of lazy arrays. It knows no distribution: any dask array goes in."""
