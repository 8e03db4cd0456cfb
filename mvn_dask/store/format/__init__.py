"""The files of a store: manifest, chunks, Zarr metadata, parameters."""
