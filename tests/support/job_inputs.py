"""Jobs whose mean or covariance lies in a file."""

from pathlib import Path
from typing import Any

import pytest

from mvn_dask.errors import InvalidDistributionError
from mvn_dask.job.inputs.base import InputArray
from mvn_dask.job.inputs.readers import read_input
from mvn_dask.job.job import Job
from tests.support.jobs import mapping


def job_in(folder: Path, **distribution: Any) -> Job:
    """A job beside the files of a folder."""
    return Job.from_mapping(mapping(distribution=distribution), folder=folder, label="job.toml")


def read(folder: Path, key: str, value: Any) -> InputArray:
    """An array of a job's distribution."""
    is_pair = key in {"correlation", "standard_deviations"}
    table = {"cov": None, "correlation": 1.0, "standard_deviations": 1.0} if is_pair else {}
    return read_input(job_in(folder, **{**table, key: value}), key)


def refusal(folder: Path, key: str, value: Any) -> str:
    """The error for an array that cannot be read, without the folder."""
    with pytest.raises(InvalidDistributionError) as caught:
        read(folder, key, value)
    text = str(caught.value)
    assert text.startswith(f"job.toml: distribution.{key}: ")
    assert "\n" not in text
    return text.removeprefix(f"job.toml: distribution.{key}: ").replace(f"{folder}/", "")
