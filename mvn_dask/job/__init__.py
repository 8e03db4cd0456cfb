"""Jobs. Input: a ``job.toml``; output: a Zarr store, written in parts, on threads, processes or a Dask cluster."""
