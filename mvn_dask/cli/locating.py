"""The store that a command is about.

Input: the argument STORE and its options. Output: a path or URL, the options of its storage, and the job. Cost: that of
reading a job file, where one is named.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from mvn_dask.cli.command import StoreOptions
from mvn_dask.redaction import RedactSecrets

if TYPE_CHECKING:
    from mvn_dask.job.job import Job


def locate(
    store: str, options: StoreOptions, secrets: RedactSecrets
) -> tuple[str, Mapping[str, Any] | None, "Job | None"]:
    """Path or URL of the store of a command, what its URL needs, and the job, if a job file was named."""
    from mvn_dask.errors import ArgumentError

    pairs = [option.partition("=") for option in options.storage_options or ()]
    if not all(key and sign for key, sign, _ in pairs):
        raise ArgumentError("--storage-option must be KEY=VALUE")  # the value seen may be secret
    given = {key: value for key, _, value in pairs}
    secrets.add(given)
    if not _is_job_file(store):
        if options.overrides:
            raise ArgumentError("--set changes a job file, and STORE is none")
        return _named(store), given or None, None
    from mvn_dask.job.job import Job

    job = Job.from_toml(store, options.overrides or ())
    own = job.output.storage_options.get_secret_value()
    secrets.add(*job.secrets())
    return job.locate(job.output.url), {**own, **given} or None, job


def _named(store: str) -> str:
    """A path or URL as every part of the package reads it, with its environment variables."""
    from mvn_dask.errors import ArgumentError
    from mvn_dask.job.paths import store_location
    from mvn_dask.locations import as_text

    try:
        location = store_location(store)
    except ArgumentError as error:
        raise ArgumentError(f"STORE {error}") from error
    return location if isinstance(location, str) else as_text(location)


def _is_job_file(store: str) -> bool:
    from mvn_dask.errors import ArgumentError
    from mvn_dask.locations import local_path

    try:
        return store.endswith(".toml") and not local_path(store).is_dir()
    except ArgumentError:  # which the same store raises again, where it is opened
        return False
