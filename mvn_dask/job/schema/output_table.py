"""The table ``[output]``: URL and options of the Zarr store."""

from typing import Self

from pydantic import Field, Secret, model_validator

from mvn_dask.job.schema.base import ContradictionError, Options, PathOrUrl, Positive, Table, is_remote


class OutputTable(Table):
    """A Zarr store."""

    url: PathOrUrl = Field(
        description="folder of the Zarr store, or its s3://, gs:// or az:// URL; a relative path starts at the folder "
        "of the job file",
        examples=["samples.zarr", "s3://bucket/samples.zarr"],
    )
    shards: Positive | None = Field(
        default=None,
        description="rows of the inner chunks of each chunk, which then is a shard, for readers that want little at a "
        "time; must divide the rows of a chunk",
        examples=[4096],
    )
    overwrite: bool = Field(
        default=False,
        description="whether a store of another specification at that URL is deleted; this job's own is continued. "
        "Not with --part",
    )
    fsync: bool = Field(default=False, description="whether to wait with every file until it is on the disk")
    storage_options: Options = Field(
        default=Secret({}),
        description="credentials and other options for the URL, as obstore takes them; the usual environment variables "
        "work without",
        examples=[{"region": "eu-central-1"}],
    )

    @model_validator(mode="after")
    def _together(self) -> Self:
        """Rules for more than one key."""
        if self.storage_options.get_secret_value() and not is_remote(self.url):
            raise ContradictionError(("storage_options", "go with a URL, and url is a path"))
        return self
