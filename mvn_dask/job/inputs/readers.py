"""Selection of the reader, by location and suffix. Input: a key of the job; output: its array."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from mvn_dask.job.inputs.base import InputArray, Origin, as_input_array
from mvn_dask.job.inputs.csv_files import read_csv
from mvn_dask.job.inputs.numpy_files import read_npy, read_npz
from mvn_dask.job.inputs.parquet_files import read_parquet
from mvn_dask.job.inputs.zarr_arrays import read_zarr, read_zarr_url
from mvn_dask.job.schema.distribution_table import FileTable, InlineArray
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
    value: FileTable | InlineArray = getattr(job.distribution, key)
    if not isinstance(value, FileTable):
        return _inline(Origin(job.label, key), value)
    origin = Origin(job.label, key, job.locate(value.path))
    return _read(origin, value, job.distribution.storage_options.get_secret_value())


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
        return read_zarr_url(origin, location, options, file.key)
    suffix = path.suffix.lower()
    try:
        if path.is_dir():
            return read_zarr(origin, path, file.key)
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
    except (FileNotFoundError, NotADirectoryError):
        raise origin.missing("there is no such file") from None
    except OSError as error:
        raise origin.missing(f"cannot be read: {error.strerror or error}") from None
