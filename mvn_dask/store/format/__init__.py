"""What lies in a store: manifest, chunks, Zarr metadata, parameters."""
