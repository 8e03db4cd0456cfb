"""The whole of a job file."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, PrivateAttr

from mvn_dask.errors import ArgumentError
from mvn_dask.job.schema.base import Table, is_remote
from mvn_dask.job.schema.cluster import Cluster
from mvn_dask.job.schema.distribution import Distribution
from mvn_dask.job.schema.output import Output
from mvn_dask.job.schema.sample import Sample
from mvn_dask.job.spelling import shown

VERSION = 1
"""Version of the schema."""


def _version(value: object) -> object:
    # Python takes true and 1.0 for 1.
    if type(value) is not int or value != VERSION:
        raise ArgumentError(f"must be {VERSION}, the only version that this mvn_dask knows, not {shown(value)}")
    return value


class Specification(Table):
    """The tables of a job file."""

    version: Annotated[Literal[1], BeforeValidator(_version)] = Field(
        description="version of the schema of this file", examples=[VERSION]
    )
    distribution: Distribution = Field(description="the multivariate normal distribution")
    sample: Sample = Field(description="what is drawn from it")
    output: Output = Field(description="where the samples go")
    cluster: Cluster = Field(default=Cluster(), description="who does the work")

    _folder: Path = PrivateAttr(default=Path())
    _place: str = PrivateAttr(default="job")

    def __repr__(self) -> str:
        table = self.sample
        return (
            f"Job(size={shown(table.size)}, seed={shown(table.seed)}, url={shown(self.output.url)}, "
            f"cluster={shown(self.cluster.kind)})"
        )

    __str__ = __repr__

    @property
    def folder(self) -> Path:
        """Where relative paths start: the folder of the job file."""
        return self._folder

    @property
    def place(self) -> str:
        """What errors call this job: the path of its file."""
        return self._place

    def __eq__(self, other: object) -> bool:
        # Where a job was read does not matter.
        if not isinstance(other, Specification):
            return NotImplemented
        return all(getattr(self, name) == getattr(other, name) for name in Specification.model_fields)

    def __hash__(self) -> int:
        return hash((self.output.url, self.sample.size, self.sample.seed))

    def secrets(self) -> tuple[Mapping[str, Any], ...]:
        """The options that may hold secrets: whoever tells of the job leaves their texts out."""
        tables = (self.distribution.storage_options, self.output.storage_options, self.cluster.options)
        return tuple(table.get_secret_value() for table in tables)

    def locate(self, path: str) -> str:
        """A path or URL of this job as seen from the current folder: URLs stay, relative paths start at `folder`.

        Examples
        --------
        >>> from mvn_dask.job.schema.specification import Specification
        >>> job = Specification.model_construct()
        >>> job.locate("s3://bucket/x.zarr"), job.locate("x.zarr")
        ('s3://bucket/x.zarr', 'x.zarr')
        """
        if is_remote(path) or path.startswith("file:"):
            return path
        return str(self._folder / Path(path).expanduser())
