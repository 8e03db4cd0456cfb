"""Durable Zarr stores of lazy arrays; any dask array of numbers, whatever its distribution."""
