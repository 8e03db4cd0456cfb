"""Work on ranges of blocks, on any dask scheduler. It depends on no distribution and no file format."""
