"""Selection of the reader of data, by location and suffix. Input: a job; output: its rows, not read yet."""

from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np

from mvn_dask._typing import Float64Array
from mvn_dask.errors import JobFileError
from mvn_dask.job.inputs.base import Origin, refuse_unreadable
from mvn_dask.job.inputs.data_estimates import DataEstimate, estimate_of_data
from mvn_dask.job.inputs.data_rows import DataRows, array_rows, csv_rows, numpy_rows, parquet_rows
from mvn_dask.job.inputs.zarr_arrays import axis_labels, read_zarr, read_zarr_url, refuse_damaged, refuse_pickles
from mvn_dask.job.schema.data_table import DataTable
from mvn_dask.job.schema.job_spec import JobSpec
from mvn_dask.locations import parse_location
from mvn_dask.packing import is_missing, stored_attributes, unpack

SUFFIXES = {".csv", ".npy", ".npz", ".parquet"}
DATA_KINDS = "a .csv, .npy, .npz or .parquet file, or a Zarr array or group"


def estimate_of_job(job: JobSpec) -> DataEstimate:
    """Mean and covariance of a job's data, which it must name; of a copula, correlations.

    Raises JobFileError for a file that is missing or of an unknown kind, InvalidDistributionError for what is in it,
    TransportError if an object store fails.
    """
    table = job.distribution.data
    if table is None:
        raise JobFileError(f"{job.label}: distribution.data is not given")
    origin = Origin(job.label, "data", job.locate(table.path), job.place("distribution.data"))
    with refuse_unreadable(origin):
        of_ranks = job.distribution.kind == "gaussian-copula"
        rows = _rows(job, origin, table)
        return estimate_of_data(rows, missing=table.missing, shrink=table.shrink, of_ranks=of_ranks)


def _rows(job: JobSpec, origin: Origin, table: DataTable) -> DataRows:
    location = str(origin.path)
    path = parse_location(location)

    def rows_of_zarr(origin: Origin, array: Any, open_group: Any) -> DataRows:
        return _zarr_rows(origin, array, open_group, table)

    if isinstance(path, str):
        if Path(urlsplit(location).path).suffix.lower() in SUFFIXES:
            raise origin.missing("only Zarr arrays are read from a URL, and files from a disk")
        options = job.distribution.storage_options.get_secret_value()
        return read_zarr_url(origin, location, options, table.key, rows_of_zarr)
    if path.is_dir():
        return read_zarr(origin, path, table.key, rows_of_zarr)
    path.stat()
    suffix = path.suffix.lower()
    if not path.is_file():  # reading a named pipe may block forever
        raise origin.missing("must be a file or a folder")
    if suffix not in SUFFIXES:
        raise origin.missing(f"must be {DATA_KINDS}")
    if table.key is not None and suffix != ".npz":
        raise origin.missing(f"`key` names an array in a .npz file or a Zarr group, and this is a {suffix} file")
    if suffix == ".csv":
        return csv_rows(origin, path, table.index)
    if suffix == ".parquet":
        return parquet_rows(origin, path, table.index)
    return numpy_rows(origin, path, table.key, table.index)


def _zarr_rows(origin: Origin, array: Any, open_group: Any, table: DataTable) -> DataRows:
    """The rows of a Zarr array, unpacked as xarray does it; missing values are NaN."""
    refuse_pickles(origin, array)
    attributes = stored_attributes(array)
    labels = axis_labels(replace(origin, given_form="columns"), array, open_group) if array.ndim == 2 else []

    def read(start: int, stop: int) -> Float64Array:
        with refuse_damaged(origin):  # after `read_zarr` is done
            stored = np.asarray(array[start:stop])
        numbers = np.array(unpack(stored, attributes), np.float64)
        numbers[is_missing(stored, attributes)] = np.nan
        return numbers

    names = [str(label) for _, found, _ in labels for label in found] or None
    return array_rows(origin, array, names, table.index, read)
