"""The root of the schema: all tables of a job file, and where relative paths in it start."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, PrivateAttr

from mvn_dask.errors import ArgumentError
from mvn_dask.job.schema.base import Table, is_remote
from mvn_dask.job.schema.cluster_table import ClusterTable
from mvn_dask.job.schema.distribution_table import DistributionTable
from mvn_dask.job.schema.output_table import OutputTable
from mvn_dask.job.schema.sample_table import SampleTable
from mvn_dask.job.toml_format import preview

VERSION = 1
"""Version of the schema."""


def _version(value: object) -> object:
    # Python takes true and 1.0 for 1.
    if type(value) is not int or value != VERSION:
        raise ArgumentError(f"must be {VERSION}, the only version that this mvn_dask supports, not {preview(value)}")
    return value


class JobSpec(Table):
    """The tables of a job file."""

    version: Annotated[Literal[1], BeforeValidator(_version)] = Field(
        description="version of the schema of this file", examples=[VERSION]
    )
    distribution: DistributionTable = Field(description="the multivariate normal distribution")
    sample: SampleTable = Field(description="what is drawn from it")
    output: OutputTable = Field(description="where the samples go")
    cluster: ClusterTable = Field(default=ClusterTable(), description="where the work runs")

    _folder: Path = PrivateAttr(default=Path())
    _label: str = PrivateAttr(default="job")

    def __repr__(self) -> str:
        table = self.sample
        return (
            f"Job(size={preview(table.size)}, seed={preview(table.seed)}, url={preview(self.output.url)}, "
            f"cluster={preview(self.cluster.kind)})"
        )

    __str__ = __repr__

    @property
    def folder(self) -> Path:
        """Where relative paths start: the folder of the job file."""
        return self._folder

    @property
    def label(self) -> str:
        """Name of this job in errors: the path of its file."""
        return self._label

    def __eq__(self, other: object) -> bool:
        # Equal tables are equal jobs, wherever their files were.
        if not isinstance(other, JobSpec):
            return NotImplemented
        return all(getattr(self, name) == getattr(other, name) for name in JobSpec.model_fields)

    def __hash__(self) -> int:
        return hash((self.output.url, self.sample.size, self.sample.seed))

    def secrets(self) -> tuple[Mapping[str, Any], ...]:
        """The options that may hold credentials, for `mvn_dask.redaction`."""
        tables = (self.distribution.storage_options, self.output.storage_options, self.cluster.options)
        return tuple(table.get_secret_value() for table in tables)

    def locate(self, path: str) -> str:
        """A path or URL of this job as seen from the current folder: URLs stay, relative paths start at `folder`.

        Examples
        --------
        >>> from mvn_dask.job.schema.job_spec import JobSpec
        >>> job = JobSpec.model_construct()
        >>> job.locate("s3://bucket/x.zarr"), job.locate("x.zarr")
        ('s3://bucket/x.zarr', 'x.zarr')
        """
        if is_remote(path) or path.startswith("file:"):
            return path
        return str(self._folder / Path(path).expanduser())
