"""`Job`: the public face of a job file. Input: TOML or mappings; output: a plan, or a finished store."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from mvn_dask._typing import Texts
from mvn_dask.errors import ArgumentTypeError
from mvn_dask.job.keys import KeyLocations
from mvn_dask.job.parsing import parse_file, parse_mapping, parse_overrides
from mvn_dask.job.schema.base import REVEAL_SECRETS
from mvn_dask.job.schema.job_spec import JobSpec
from mvn_dask.job.toml_format import format_document
from mvn_dask.signatures import short_signature

if TYPE_CHECKING:
    from distributed import Client

    from mvn_dask.job.job_estimates import JobEstimates
    from mvn_dask.job.planning import JobPlan
    from mvn_dask.job.running import RunResult


@short_signature
class Job(JobSpec):
    """A job: a distribution, the sample to draw from it, the store to write, and the cluster to run on.

    It is the content of a ``job.toml``: `from_toml` reads one, `to_toml` writes one. Every table is frozen and
    strict: unknown keys, wrong types and impossible values are errors.

    Parameters
    ----------
    version : 1
        Version of the schema.
    distribution : DistributionTable
        Mean and covariance, and how the covariance is checked and factorised.
    sample : SampleTable
        Size, seed, dtype, chunks and bit generator.
    output : OutputTable
        The Zarr store.
    cluster : ClusterTable
        Threads of this process where it is left out.
    estimates : tuple of EstimateTable
        What `estimate` estimates: the tables ``[[estimate]]`` of the file.

    See Also
    --------
    mvn_dask.to_zarr : What a run does, in Python.
    mvn_dask.estimate : What its tables of estimates ask for.

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
    @short_signature
    def from_toml(cls, path: str | Path, overrides: Texts = ()) -> Self:
        r"""The job in a file.

        Parameters
        ----------
        path : str or Path
            A TOML file.
        overrides : sequence of str
            Texts such as ``sample.size=1e9``, which replace what the file says, or add to it. What follows the
            equals sign is a TOML value, or else a string.

        Raises
        ------
        JobFileError
            If the file is missing, or not a job; the message has a line for every fault.
        ArgumentTypeError
            If `overrides` is no sequence of text.

        See Also
        --------
        to_toml : Its inverse.
        from_mapping : Of what `tomllib` gives.

        Examples
        --------
        >>> import mvn_dask, pathlib, tempfile
        >>> folder = tempfile.TemporaryDirectory()
        >>> path = pathlib.Path(folder.name, "job.toml")
        >>> tables = {
        ...     "version": "1",
        ...     "distribution": "{ mean = [0.0, 1.0], cov = [4.0, 9.0] }",
        ...     "sample": "{ size = 1000, seed = 42 }",
        ...     "output": "{ url = 'samples.zarr' }",
        ... }
        >>> count = path.write_text("\n".join(f"{key} = {value}" for key, value in tables.items()))
        >>> job = mvn_dask.Job.from_toml(path, ["sample.size=2000"])
        >>> job.sample.size, str(job.folder) == folder.name
        (2000, True)
        >>> job.plan().missing
        1
        >>> job.run().complete, job.plan().state
        (True, 'complete')
        >>> folder.cleanup()
        """
        return parse_file(cls, path, overrides)

    @classmethod
    @short_signature
    def from_mapping(
        cls, mapping: Mapping[str, Any], overrides: Texts = (), *, folder: str | Path = ".", label: str = "job"
    ) -> Self:
        """The job in nested mappings, as `tomllib` gives them.

        Parameters
        ----------
        mapping : mapping
            The content of a job file.
        overrides : sequence of str
            As for `from_toml`.
        folder : path
            Where relative paths start.
        label : str
            Name of the job in errors.

        Raises
        ------
        JobFileError
            If it is not a job; the message has a line for every fault.
        ArgumentTypeError
            If `mapping` is no mapping, `overrides` is no sequence of text, or `label` no text.

        See Also
        --------
        from_toml : Of a file.
        """
        if not isinstance(mapping, Mapping):
            example = 'tomllib.loads(text) gives one, and {"version": 1, ...} is one'
            raise ArgumentTypeError(f"`mapping` must be a mapping, not {type(mapping).__name__}: {example}")
        if not isinstance(label, str):
            raise ArgumentTypeError(f"`label` must be text, not {label!r}")
        return parse_mapping(cls, mapping, KeyLocations(label, {}, parse_overrides(overrides)), folder)

    def to_toml(self) -> str:
        """The job as a file; reading it gives the same job.

        Keys that have their default value are left out. Storage and cluster options are written as they are,
        credentials included.

        See Also
        --------
        from_toml : Its inverse.
        """
        return format_document(self.model_dump(by_alias=True, exclude_defaults=True, context=REVEAL_SECRETS))

    @short_signature
    def plan(self, part: tuple[int, int] | None = None, *, probe: bool = False) -> "JobPlan":
        """What a run will do: rows, chunks, bytes, memory, tasks and time. Nothing is left behind.

        Parameters
        ----------
        part : (int, int), optional
            ``(i, n)`` with 0 ≤ i < n: the i-th of n parts of the chunks.
        probe : bool
            Write one chunk where the store goes, and remove it, to learn how long writing takes.

        Raises
        ------
        JobFileError, InvalidDistributionError, ArgumentError, StoreError
            As `run`, for whatever can be known before.

        See Also
        --------
        run : Does it.
        """
        from mvn_dask.job.planning import plan

        return plan(self, part, probe=probe)

    @short_signature
    def run(
        self,
        part: tuple[int, int] | None = None,
        *,
        force: bool = False,
        client: "Client | None" = None,
        connect_timeout: float = 30.0,
    ) -> "RunResult":
        """Draw the chunks that are missing in the store: the same call begins, continues and completes a job.

        Parameters
        ----------
        part : (int, int), optional
            ``(i, n)`` with 0 ≤ i < n: the i-th of n parts of the chunks. Parts may run at the same time.
        force : bool
            Begin although the disk has no room for what is missing.
        client : distributed.Client, optional
            Client of a running cluster, used instead of the table ``[cluster]``.
        connect_timeout : float
            Seconds that a scheduler has to answer.

        Raises
        ------
        JobFileError
            If a file that the job names is missing.
        InvalidDistributionError, NotPositiveDefiniteError
            If mean and covariance are no distribution.
        ArgumentError
            If the sample, its chunks, or `part` are invalid.
        StoreError
            If the output cannot be used; see `mvn_dask.to_zarr`. StorageFullError, if there is no room for it.
        OSError
            If the scheduler cannot be reached, or as the system raises it.

        See Also
        --------
        plan : Says what a run would do.
        mvn_dask.status : How far it is.
        """
        from mvn_dask.job.running import run

        return run(self, part, force=force, client=client, connect_timeout=connect_timeout)

    @short_signature
    def estimate(self, *, client: "Client | None" = None, connect_timeout: float = 30.0) -> "JobEstimates":
        """Estimate what the tables ``[[estimate]]`` ask for, of the sample that the job describes.

        The sample is drawn, in one pass for all tables, whether its store is there or not: before, while and after the
        job is run the numbers are the same, on any cluster, to the bit. Nothing is written.

        Parameters
        ----------
        client : distributed.Client, optional
            Client of a running cluster, used instead of the table ``[cluster]``.
        connect_timeout : float
            Seconds that a scheduler has to answer.

        Returns
        -------
        JobEstimates
            The results, by number or by name; each is that of `mvn_dask.estimate`.

        Raises
        ------
        JobFileError
            If there are no such tables; if one names a column, a module or a function that is not there, or has a
            number of weights that is not that of the columns; if a file that the job names is missing.
        ArgumentError
            If a function of the user's own gives missing numbers (NaN), or changes the number of rows.
        InvalidDistributionError, NotPositiveDefiniteError, StoreError, OSError
            As `run`.

        See Also
        --------
        mvn_dask.estimate : The same of any array.

        Examples
        --------
        >>> import mvn_dask
        >>> job = mvn_dask.Job.from_mapping({
        ...     "version": 1,
        ...     "distribution": {"mean": [0.0, 1.0], "cov": [4.0, 9.0]},
        ...     "sample": {"size": "1e5", "seed": 42},
        ...     "output": {"url": "memory://estimates"},
        ...     "estimate": [{"statistic": "probability", "column": 1, "event": "> 4.0"}],
        ... })
        >>> round(job.estimate()[0].value, 2)
        0.16
        """
        from mvn_dask.job.estimating import estimate

        return estimate(self, client=client, connect_timeout=connect_timeout)
