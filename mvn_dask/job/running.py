"""Running a job: the same call begins it, goes on with it, and completes it."""

import time
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any

from mvn_dask.errors import SpecMismatchError
from mvn_dask.execution.cancellation import raise_if_cancelled
from mvn_dask.job.clusters import opened
from mvn_dask.job.preparation import Prepared, prepare, refuse_overwriting_part
from mvn_dask.job.schema.specification import Specification
from mvn_dask.store.format.completeness import complete, missing_numbers
from mvn_dask.store.format.layout import chunk_count
from mvn_dask.store.format.manifest import Manifest
from mvn_dask.store.format.parameters import parameter_key
from mvn_dask.store.shares import as_share

RACES = 3
"""Times that another part may begin the store between our look and our writing."""
PATIENCE = 30.0
"""Seconds that such a part has to write its factor."""
LOOK = 0.1
"""Seconds between two looks for it."""


@dataclass(frozen=True)
class Ran:
    """What a run did."""

    url: str
    """Where the store lies."""
    fingerprint: str
    """SHA-256 of everything that decides the values."""
    shape: tuple[int, ...]
    """Shape of the sample, the variables last."""
    part: tuple[int, int] | None
    """Which of how many parts was asked for."""
    chunks: int
    """Chunks of the whole store."""
    drawn: int
    """Chunks of this run's share that were missing when it began, and are there now."""
    missing: int
    """Chunks of other parts that are still missing."""
    complete: bool
    """Whether the whole store is there, so that readers can open it."""
    seconds: float
    """Seconds that the run took."""


def run(
    job: Specification,
    part: tuple[int, int] | None = None,
    *,
    client: Any = None,
    connect_timeout: float = 30.0,
    tell: Callable[[str], object] = lambda _: None,
) -> Ran:
    """Draw what is missing of a job, and keep it in its store.

    Parameters
    ----------
    job : Specification
        What to do.
    part : (int, int), optional
        ``(i, n)`` with 0 ≤ i < n: only the i-th of n shares of the chunks.
    client : distributed.Client, optional
        A cluster that is there already, in place of the job's own.
    connect_timeout : float
        Seconds to wait for a scheduler.
    tell : callable
        Is told in words which cluster does the work.

    Returns
    -------
    Ran

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
    JobCancelledError
        If the current `mvn_dask.execution.cancellation.CancelToken` is requested before the end.
    OSError
        If the scheduler cannot be reached, or as the system raises it.

    Notes
    -----
    A store that another part, or another machine, has begun gives the factor that it was begun with; so the bits do
    not depend on which machine comes first, and nothing is factorised again.
    """
    begin = time.monotonic()
    refuse_overwriting_part(job, part)
    work, drawn = _write(job, part, client, connect_timeout, tell)
    storage, record = work.storage, work.record
    done = complete(storage, record)
    count = chunk_count(record)
    return Ran(
        url=storage.name,
        fingerprint=record.fingerprint,
        shape=record.shape,
        part=part,
        chunks=count,
        drawn=drawn,
        missing=0 if done else len(missing_numbers(storage, record, 0, count)),
        complete=done,
        seconds=time.monotonic() - begin,
    )


def _write(
    job: Specification, part: tuple[int, int] | None, client: Any, connect_timeout: float, tell: Callable[[str], object]
) -> tuple[Prepared, int]:
    for attempt in range(RACES):
        work = prepare(job)
        share = as_share(part, chunk_count(work.record))
        if work.stored is not None and not work.begun and not job.output.overwrite:
            if attempt < RACES - 1 and _arrives(work, work.stored):
                continue
            work.stored.require_same(work.record, work.storage)
        if work.begun and complete(work.storage, work.record):
            work.storage.sync()
            return work, 0
        missing = len(missing_numbers(work.storage, work.record, *share)) if work.begun else share[1] - share[0]
        raise_if_cancelled()
        try:
            # Where nothing is missing there is only to look, and perhaps to commit.
            with opened(job, client, connect_timeout=connect_timeout, tell=tell) if missing else nullcontext():
                _keep(job, work, part)
        except SpecMismatchError:
            # Another part was faster to begin, on a machine that factorises otherwise: its factor is taken.
            if work.begun or attempt == RACES - 1:
                raise
        else:
            return work, missing
    raise AssertionError("the last attempt returns or raises")


def _arrives(work: Prepared, stored: Manifest) -> bool:
    """Whether a factor that is only just being written, by a part that was faster, arrives."""
    key = parameter_key("factor")
    if not _same_but_factor(stored, work.record) or work.storage.entry(key) is not None:
        return False
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        raise_if_cancelled()
        time.sleep(LOOK)
        if work.storage.entry(key) is not None:
            return True
    return False


def _same_but_factor(one: Manifest, other: Manifest) -> bool:
    """Whether two manifests differ, at most, in the factor that was made of the same covariance."""
    samples = [[{**sample, "parameters": None} for sample in each.samples] for each in (one, other)]
    means = [each.parameters.get("mean") for each in (one, other)]
    return samples[0] == samples[1] and means[0] == means[1] and one.array == other.array


def _keep(job: Specification, work: Prepared, part: tuple[int, int] | None) -> None:
    from mvn_dask.sampling.array import sample
    from mvn_dask.store.writing import to_zarr

    options: Mapping[str, Any] = job.output.storage_options.get_secret_value()
    to_zarr(
        sample(work.spec),
        job.locate(job.output.url),
        overwrite=job.output.overwrite and not work.begun,
        part=part,
        shards=job.output.shards,
        fsync=job.output.fsync,
        storage_options=options or None,
    )
