"""Where mean and covariance come from: files, Zarr arrays, or the job file itself."""
