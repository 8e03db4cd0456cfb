"""A job: what its file says, and doing it."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from mvn_dask.job.reading import as_job, read_job
from mvn_dask.job.schema.specification import Specification
from mvn_dask.job.writing import job_text

if TYPE_CHECKING:
    from mvn_dask.job.planning import Planned
    from mvn_dask.job.running import Ran


class Job(Specification):
    """A job: which distribution, how many samples of it, where they go, and who does the work.

    It is the content of a ``job.toml``: `from_toml` reads one, `to_toml` writes one. Every table is frozen and
    strict: unknown keys, wrong types and impossible values are errors.

    Parameters
    ----------
    version : 1
        Version of the schema.
    distribution : Distribution
        Mean and covariance, and how the covariance is checked and factorised.
    sample : Sample
        Size, seed, dtype, chunks and bit generator.
    output : Output
        The Zarr store.
    cluster : Cluster
        Threads of this process where it is left out.

    Examples
    --------
    >>> import mvn_dask
    >>> job = mvn_dask.Job.from_mapping({
    ...     "version": 1,
    ...     "distribution": {"mean": [0.0, 1.0], "cov": [4.0, 9.0]},
    ...     "sample": {"size": "1e6", "seed": 42},
    ...     "output": {"url": "samples.zarr"},
    ... })
    >>> job.sample.size
    1000000
    >>> print(job.to_toml())
    version = 1
    <BLANKLINE>
    [distribution]
    mean = [0.0, 1.0]
    cov = [4.0, 9.0]
    <BLANKLINE>
    [sample]
    size = 1000000
    seed = 42
    <BLANKLINE>
    [output]
    url = "samples.zarr"
    <BLANKLINE>
    """

    @classmethod
    def from_toml(cls, path: str | Path, overrides: Sequence[str] = ()) -> Self:
        """The job in a file.

        Parameters
        ----------
        path : str or Path
            A TOML file.
        overrides : sequence of str
            Texts such as ``sample.size=1e9``, which take the place of what the file says, or add to it. What
            follows the sign is a TOML value, or else a text.

        Raises
        ------
        JobFileError
            If the file is missing, or not a job; the text has a line for every fault.
        """
        return read_job(cls, Path(path), overrides)

    @classmethod
    def from_mapping(
        cls,
        mapping: Mapping[str, Any],
        overrides: Sequence[str] = (),
        *,
        folder: str | Path = ".",
        place: str = "job",
    ) -> Self:
        """The job in nested mappings, as `tomllib` gives them.

        Parameters
        ----------
        mapping : mapping
            What would stand in a job file.
        overrides : sequence of str
            As for `from_toml`.
        folder : path
            Where relative paths start.
        place : str
            What errors call it.

        Raises
        ------
        JobFileError
            If it is not a job; the text has a line for every fault.
        """
        return as_job(cls, mapping, overrides, folder=Path(folder), place=place)

    def to_toml(self) -> str:
        """The job as a file; reading it gives the same job.

        Keys that have their default value are left out. Storage and cluster options stand in it as they are, secret
        or not.
        """
        return job_text(self)

    def plan(self, part: tuple[int, int] | None = None) -> "Planned":
        """What a run will do: rows, chunks, bytes, memory, tasks and time. Nothing is written.

        Parameters
        ----------
        part : (int, int), optional
            ``(i, n)`` with 0 ≤ i < n: only the i-th of n shares.

        Raises
        ------
        JobFileError, InvalidDistributionError, ArgumentError, StoreError
            As `run`, for whatever can be known before.
        """
        from mvn_dask.job.planning import plan

        return plan(self, part)

    def run(self, part: tuple[int, int] | None = None, *, client: Any = None, connect_timeout: float = 30.0) -> "Ran":
        """Draw what is missing, and keep it: the same call begins a job, goes on with it and completes it.

        Parameters
        ----------
        part : (int, int), optional
            ``(i, n)`` with 0 ≤ i < n: only the i-th of n shares of the chunks. Parts may run at the same time.
        client : distributed.Client, optional
            A cluster that is there already, in place of the job's own.
        connect_timeout : float
            Seconds that a scheduler has to answer.

        Raises
        ------
        JobFileError
            If a file that the job names is missing.
        InvalidDistributionError, NotPositiveDefiniteError
            If mean and covariance are no distribution.
        ArgumentError
            If the sample, its chunks, or `part` make no sense.
        StoreError
            If the output cannot be used; see `mvn_dask.to_zarr`.
        OSError
            If the scheduler cannot be reached, or as the system raises it.
        """
        from mvn_dask.job.running import run

        return run(self, part, client=client, connect_timeout=connect_timeout)
