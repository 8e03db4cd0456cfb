"""Labels along an axis, in a .npy file: numbers, times or texts, which keep their type. Cost: reading them."""

import os.path
from pathlib import Path
from typing import Any

import numpy.typing as npt

from mvn_dask.job.inputs.base import Origin
from mvn_dask.job.inputs.numpy_files import npy_array
from mvn_dask.job.schema.job_spec import JobSpec
from mvn_dask.locations import parse_location

_RULE = "labels are read from a .npy file on a disk; a mean in a Zarr array of xarray's brings its coordinates along"


def read_labels(job: JobSpec, dim: str, path: str) -> npt.NDArray[Any]:
    """The vector of labels that a job names for an axis.

    Raises JobFileError if there is no such file; InvalidDistributionError if it holds no vector of numbers, times or
    texts.
    """
    key = f"coords.{dim}"
    location = job.locate(path)
    origin = Origin(job.label, key, location, job.place(f"distribution.{key}"))
    file = parse_location(location)
    if not isinstance(file, Path) or file.suffix.lower() != ".npy":
        raise origin.missing(_RULE)
    # Not Path.is_file, which raises for a name that is too long.
    if not os.path.isfile(file):  # noqa: PTH113
        raise origin.missing("there is no such file")
    labels = npy_array(origin, file)
    if labels.ndim != 1 or not labels.size:
        raise origin.invalid(f"must be a vector of labels, and its shape is {labels.shape}")
    if labels.dtype.kind not in "iufmMU":
        raise origin.invalid(f"must hold numbers, times or texts, and its dtype is {labels.dtype}")
    return labels
