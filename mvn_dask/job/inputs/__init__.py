"""Readers of mean and covariance: numbers in the job file, .npy, .npz, .csv and .parquet files, Zarr arrays."""
