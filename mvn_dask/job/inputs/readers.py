"""Selection of the reader, by location and suffix. Input: a key of the job; output: its array."""

import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from mvn_dask.job.inputs.base import Form, InputArray, Origin, as_input_array, refuse_unreadable
from mvn_dask.job.inputs.csv_files import read_csv
from mvn_dask.job.inputs.numpy_files import read_npy, read_npz
from mvn_dask.job.inputs.parquet_files import read_parquet
from mvn_dask.job.inputs.zarr_arrays import read_zarr, read_zarr_url, whole_array
from mvn_dask.job.schema.array_values import FileTable, InlineArray
from mvn_dask.job.schema.job_spec import JobSpec
from mvn_dask.locations import parse_location
from mvn_dask.readable import plural

_FILES = {".npy": read_npy, ".csv": read_csv, ".parquet": read_parquet}
"""Readers of files that hold one array."""


def read_input(job: JobSpec, key: str) -> InputArray:
    """The array that a job's table ``distribution`` gives for a key.

    Raises InvalidDistributionError if what is found is no scalar, vector or matrix of finite numbers; JobFileError if
    nothing is found, or of a kind that is not known; TransportError if an object store fails.
    """
    return read_inner(job, key, getattr(job.distribution, key))


def read_inner(job: JobSpec, key: str, value: FileTable | InlineArray, form: Form | None = None) -> InputArray:
    """The array that a table inside ``distribution`` gives for a key, named with those around it; as `read_input`.

    Errors name the line of the job file, if the job was read from one.
    """
    return _read_value(job, Origin(job.label, key, None, job.place(f"distribution.{key}"), form), value)


def local_file(job: JobSpec, value: object, suffix: str) -> Path | None:
    """The path of a file on this machine whose name ends so, and in which no array was chosen; None for all else."""
    if not isinstance(value, FileTable) or value.key is not None:
        return None
    path = parse_location(job.locate(value.path))
    # Not Path.is_file, which raises for a name that is too long.
    return path if isinstance(path, Path) and path.suffix.lower() == suffix and os.path.isfile(path) else None  # noqa: PTH113


def _read_value(job: JobSpec, origin: Origin, value: FileTable | InlineArray) -> InputArray:
    if not isinstance(value, FileTable):
        return _inline(origin, value)
    options = job.distribution.storage_options.get_secret_value()
    return _read(replace(origin, path=job.locate(value.path)), value, options)


def _inline(origin: Origin, numbers: InlineArray) -> InputArray:
    rows = [row for row in numbers if isinstance(row, tuple)] if isinstance(numbers, tuple) else []
    for number, row in enumerate(rows, start=1):
        if len(row) != len(rows[0]):
            raise origin.invalid(f"row {number} has {plural(len(row), 'number')}, and the first row has {len(rows[0])}")
    return as_input_array(origin, numbers)


def _read(origin: Origin, file: FileTable, options: Mapping[str, Any]) -> InputArray:
    location = str(origin.path)
    path = parse_location(location)
    if isinstance(path, str):
        suffix = Path(urlsplit(location).path).suffix.lower()
        if suffix in {*_FILES, ".npz"}:
            raise origin.missing(f"only Zarr arrays are read from a URL, and files of type {suffix} from a disk")
        return read_zarr_url(origin, location, options, file.key, whole_array)
    suffix = path.suffix.lower()
    with refuse_unreadable(origin):
        if path.is_dir():
            return read_zarr(origin, path, file.key, whole_array)
        path.stat()
        if not path.is_file():
            # Reading a named pipe may block forever.
            raise origin.missing("must be a file or a folder")
        if suffix == ".npz":
            return read_npz(origin, path, file.key)
        if suffix not in _FILES:
            raise origin.missing("must be a .npy, .npz, .csv or .parquet file, or a Zarr array or group")
        if file.key is not None:
            raise origin.missing(f"`key` names an array in a .npz file or a Zarr group, and this is a {suffix} file")
        return _FILES[suffix](origin, path)
