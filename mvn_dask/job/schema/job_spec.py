"""The schema of a job file: the tables ``[sample]`` and ``[output]``, and the root of all tables."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, PrivateAttr, Secret

from mvn_dask.checks import MAX_AXES, MAX_LENGTH
from mvn_dask.display.document import Shown
from mvn_dask.display.fragments import facts, section, sections
from mvn_dask.display.markup import Content, Html
from mvn_dask.display.one_line import one_line
from mvn_dask.errors import ArgumentError, JobFileError
from mvn_dask.job.paths import is_remote, location_of
from mvn_dask.job.quantities import byte_count, integer
from mvn_dask.job.schema.base import Faults, Natural, Options, PathOrUrl, Positive, Table
from mvn_dask.job.schema.cluster_table import ClusterTable
from mvn_dask.job.schema.distribution_table import DistributionTable
from mvn_dask.job.schema.estimate_table import EstimateTable
from mvn_dask.job.toml_format import preview
from mvn_dask.locations import as_text
from mvn_dask.sampling.points import refuse_unfit, requested_replicate

VERSION = 1
"""Version of the schema."""
CHUNKS = "128 MiB"
"""What "auto" means: a fixed size, since parts on different machines must cut alike."""


def _naturals(value: object) -> int | tuple[int, ...]:
    if isinstance(value, (list, tuple)):
        if not value:
            raise ArgumentError("must not be an empty list")
        return tuple(integer(item, 0) for item in value)
    return integer(value, 0)


def _lengths(value: object) -> object:
    lengths = _naturals(value)
    axes = lengths if isinstance(lengths, tuple) else (lengths,)
    if max(axes) > MAX_LENGTH:
        raise ArgumentError("must be less than 2**63")
    if len(axes) >= MAX_AXES:
        raise ArgumentError(f"must have at most {MAX_AXES - 1} axes, and has {len(axes)}")
    return lengths


def _chunks(value: object) -> int | str:
    if isinstance(value, str) and value.strip() == "auto":
        return CHUNKS
    with suppress(ArgumentError):
        rows = integer(value)
        if rows >= 1 or rows == -1:
            return rows
    with suppress(ArgumentError):
        if isinstance(value, str):
            byte_count(value)
            return value.strip()
    rule = '"auto", a size such as "128 MiB", or rows of a chunk (-1 for all)'
    raise ArgumentError(f"must be {rule}, not {preview(value)}")


Naturals = Annotated[int | tuple[int, ...], BeforeValidator(_naturals)]
"""An integer of at least 0, or a list of them."""


class SampleTable(Table):
    """Size of the sample, and how it is drawn."""

    size: Annotated[int | tuple[int, ...], BeforeValidator(_lengths)] = Field(
        description="number of rows, or the shape of the sample as a list", examples=[1_000_000, [1000, 365]]
    )
    seed: Naturals = Field(
        description="seed, best one integer, or a list of them; the same seed gives the same numbers, wherever and in "
        "however many parts they are drawn. Some lists stand for the same seed as others, or as an integer",
        examples=[42, [2026, 7]],
    )
    dtype: Literal["float64", "float32"] = Field(default="float64", description='"float64" or "float32"')
    chunks: Annotated[int | str, BeforeValidator(_chunks)] = Field(
        default=CHUNKS,
        description=f'size or rows of a chunk on disk, which is also a task; "auto" is "{CHUNKS}". The numbers do not '
        "depend on it",
        examples=[CHUNKS, 65536],
    )
    bit_generator: Literal["SFC64", "PCG64", "PCG64DXSM", "MT19937", "Philox"] = Field(
        default="SFC64", description="numpy's bit generator behind the numbers; SFC64 is the fastest"
    )
    points: Literal["sobol"] | None = Field(
        default=None,
        description='"sobol" makes the normals of scrambled Sobol\' points, which are not independent, and whose means '
        "of smooth functions err less; size must be a power of two then, and dtype float64",
        examples=["sobol"],
    )
    replicate: Natural = Field(default=0, description="number of the scramble of points, from 0 on", examples=[1])

    def contradictions(self) -> Faults:
        if self.points is None:
            return [("replicate", 'goes with points = "sobol"')] if self.replicate else []
        try:
            requested_replicate(self.points, self.replicate)
            refuse_unfit(self.size if isinstance(self.size, tuple) else (self.size,), self.dtype, 1)
        except ArgumentError as error:
            return [("points", error.for_command)]
        return []


class OutputTable(Table):
    """A Zarr store."""

    url: PathOrUrl = Field(
        description="folder of the Zarr store, or its s3://, gs:// or az:// URL, or icechunk+ and the URL of an "
        "icechunk repository; a relative path starts at the folder of the job file; ~ and ${NAME} are expanded",
        examples=["samples.zarr", "s3://bucket/samples.zarr", "icechunk+file:///data/samples"],
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
        examples=[
            {"region": "eu-central-1"},
            {"timeout": 60, "retry_config": {"max_retries": 5, "retry_timeout": 180}},
        ],
    )

    def contradictions(self) -> Faults:
        if self.storage_options.get_secret_value() and not is_remote(self.url):
            return [("storage_options", "go with a URL, and url is a path")]
        return []


def _version(value: object) -> object:
    # Python takes true and 1.0 for 1.
    if type(value) is not int or value != VERSION:
        raise ArgumentError(f"must be {VERSION}, the only version that this mvn_dask supports, not {preview(value)}")
    return value


def _tables(value: object) -> object:
    if not isinstance(value, (list, tuple)):
        raise ArgumentError("must be a list of tables, each under the heading [[estimate]]")
    return tuple(value)


class JobSpec(Shown, Table):
    """The tables of a job file."""

    version: Annotated[Literal[1], BeforeValidator(_version)] = Field(
        description="version of the schema of this file", examples=[VERSION]
    )
    distribution: DistributionTable = Field(description="the distribution")
    sample: SampleTable = Field(description="what is drawn from it")
    output: OutputTable = Field(description="where the samples go")
    cluster: ClusterTable = Field(default=ClusterTable(), description="where the work runs")
    # `Job.estimate` is a method.
    estimates: Annotated[tuple[EstimateTable, ...], BeforeValidator(_tables)] = Field(
        default=(), alias="estimate", description="what `mvn-dask estimate` estimates: as many tables as are wanted"
    )

    _folder: Path = PrivateAttr(default=Path())
    _label: str = PrivateAttr(default="job")
    _find: Callable[[tuple[str, ...]], tuple[int, str]] | None = PrivateAttr(default=None)

    def __repr__(self) -> str:
        table = self.sample
        values = {"size": table.size, "seed": table.seed, "url": self.output.url, "cluster": self.cluster.kind}
        return one_line("Job", values)

    __str__ = __repr__

    def _summary(self) -> str:
        return self._label

    def _shown(self) -> Iterator[Html]:
        # Secrets are dumped as objects that hide them.
        for name, table in self.model_dump(by_alias=True, exclude_defaults=True).items():
            if isinstance(table, dict):
                keys = {key: preview(value) for key, value in table.items()}
                yield section(name, [facts(keys)], is_open=True)
        yield from sections(
            [f"estimate {number}" for number in range(len(self.estimates))],
            lambda place: ([facts(self._estimate_facts(place))], self.estimates[place].statistic),
            "estimate",
        )

    def _estimate_facts(self, place: int) -> dict[str, Content]:
        dumped = self.estimates[place].model_dump(by_alias=True, exclude_defaults=True)
        return {key: preview(value) for key, value in dumped.items()}

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

    def place(self, key: str) -> str:
        """A key as errors name it: with file and line, or the override that gave it, where they are known."""
        return f"{self._label}: {key}" if self._find is None else self._find(tuple(key.split(".")))[1]

    def secrets(self) -> tuple[Mapping[str, Any], ...]:
        """The options that may hold credentials, for `mvn_dask.redaction`."""
        tables = (self.distribution.storage_options, self.output.storage_options, self.cluster.options)
        return tuple(table.get_secret_value() for table in tables)

    def locate(self, path: str) -> str:
        """A path or URL of this job as seen from the current folder: relative paths start at `folder`.

        Home folders and `${NAME}` are expanded. Raises JobFileError where that is no longer possible.
        """
        try:
            location = location_of(path)
        except ArgumentError as error:
            raise JobFileError(f"{self._label}: {preview(path)} {error}") from error
        return location if isinstance(location, str) else as_text(self._folder / location)
