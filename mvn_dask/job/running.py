"""Running a job. Input: a job, perhaps a part of it; output: its store, with every chunk of that part.

Cost: drawing and writing the chunks that are missing; of a complete store, reading its listing.
"""

import logging
import time
from collections.abc import Iterator, Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from itertools import count
from typing import Any

import mvn_dask
from mvn_dask.display.document import Shown
from mvn_dask.display.fragments import badge, facts, meter
from mvn_dask.display.markup import Content, Html, joined
from mvn_dask.display.one_line import OneLine
from mvn_dask.errors import SpecMismatchError
from mvn_dask.execution.cancellation import raise_if_cancelled
from mvn_dask.execution.client import thread_count
from mvn_dask.execution.process_start import exit_if_main_is_imported
from mvn_dask.execution.resumption import SAME_CALL, resumed_by
from mvn_dask.job.clusters import open_cluster
from mvn_dask.job.inputs.input_files import names_changed_inputs, with_inputs
from mvn_dask.job.preparation import PreparedJob, prepare, refuse_overwriting_part
from mvn_dask.job.schema.job_spec import JobSpec
from mvn_dask.job.space import refuse_too_little_space
from mvn_dask.readable import duration, plural
from mvn_dask.store.format.chunk_listing import missing_count
from mvn_dask.store.format.completeness import state
from mvn_dask.store.format.layout import chunk_count, part_range
from mvn_dask.store.format.manifest import Manifest, read_manifest
from mvn_dask.store.format.parameters import parameter_key

MAX_ATTEMPTS = 3
"""Attempts to write a store that other parts begin at the same time."""
FACTOR_TIMEOUT = 30.0
"""Seconds that a part which began the store has to write its factor."""
FACTOR_POLL_SECONDS = 0.1
"""Seconds between two checks for that factor."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, repr=False)
class RunResult(OneLine, Shown):
    """Result of a run.

    See Also
    --------
    mvn_dask.Job.run : Gives it.

    Examples
    --------
    >>> import mvn_dask
    >>> job = mvn_dask.Job.from_mapping({
    ...     "version": 1,
    ...     "distribution": {"mean": [0.0, 1.0], "cov": [4.0, 9.0]},
    ...     "sample": {"size": 1000, "seed": 42},
    ...     "output": {"url": "memory://run-of-a-job"},
    ... })
    >>> first, second = job.run(), job.run()
    >>> (first.drawn, first.complete), (second.drawn, second.complete)
    ((1, True), (0, True))
    """

    url: str
    """Path or URL of the store."""
    fingerprint: str
    """SHA-256 of everything that decides the values."""
    shape: tuple[int, ...]
    """Shape of the sample, the variables last."""
    part: tuple[int, int] | None
    """The part (i, n) that was drawn; None for the whole job."""
    chunks: int
    """Chunks of the whole store."""
    drawn: int
    """Chunks of this part that the run has drawn: those that were missing when it began."""
    missing: int
    """Chunks of other parts that are still missing."""
    complete: bool
    """Whether the whole store is there, so that readers can open it."""
    seconds: float
    """Duration of the run in seconds."""

    def _essentials(self) -> Mapping[str, object]:
        names = ("url", "part", "chunks", "drawn", "missing", "complete", "seconds")
        return {name: getattr(self, name) for name in names if name != "part" or self.part is not None}

    def _summary(self) -> Content:
        return joined([badge("complete", "ok") if self.complete else badge("unfinished", "warn"), " ", self.url])

    def _shown(self) -> Iterator[Html]:
        there = self.chunks - self.missing
        yield meter(there / max(1, self.chunks), f"there are {there:,} of {plural(self.chunks, 'chunk', ',')}")
        yield facts({
            "drawn": f"{plural(self.drawn, 'chunk', ',')} in {duration(self.seconds)}",
            **({} if self.part is None else {"part": f"{self.part[0]} of {self.part[1]}, counted from 0"}),
            "missing": plural(self.missing, "chunk", ","),
            "shape": str(self.shape),
            "fingerprint": self.fingerprint,
        })  # fmt: skip


def run(
    job: JobSpec,
    part: tuple[int, int] | None = None,
    *,
    force: bool = False,
    client: Any = None,
    connect_timeout: float = 30.0,
) -> RunResult:
    """Draw the chunks of a job that are missing in its store; see `mvn_dask.Job.run`.

    Where another part, or another machine, has begun the store, its factor is used: the bits do not depend on which
    machine begins, and nothing is factorised twice. Raises JobCancelledError if the job is cancelled before its end.
    """
    begin = time.monotonic()
    if client is None and job.cluster.kind in {"processes", "local"}:
        exit_if_main_is_imported()
    refuse_overwriting_part(job, part)
    for attempt in count(1):
        prepared = prepare(job)
        try:
            drawn = _draw_missing(job, prepared, part, client, connect_timeout, force=force)
            break
        except SpecMismatchError:
            # Another part may have begun the store with a factor of another LAPACK: prepare again, with that factor.
            if prepared.begun or attempt == MAX_ATTEMPTS or not _factor_arrives(prepared):
                raise
    storage, manifest = prepared.storage, prepared.manifest
    storage.look_again()  # it was opened before anything was drawn
    done, chunks = state(storage, manifest) != "unfinished", chunk_count(manifest)
    return RunResult(
        url=storage.name,
        fingerprint=manifest.fingerprint,
        shape=manifest.shape,
        part=part,
        chunks=chunks,
        drawn=drawn,
        missing=0 if done else missing_count(storage, manifest, 0, chunks),
        complete=done,
        seconds=time.monotonic() - begin,
    )


def _draw_missing(
    job: JobSpec,
    prepared: PreparedJob,
    part: tuple[int, int] | None,
    client: Any,
    connect_timeout: float,
    *,
    force: bool,
) -> int:
    """Draw the missing chunks of a part, and commit the store if it is complete; gives their number.

    Raises SpecMismatchError if the store holds another sample, or the same with another factor.
    """
    storage, manifest = prepared.storage, prepared.manifest
    if prepared.stored is not None and not prepared.begun and not job.output.overwrite:
        with names_changed_inputs(job, storage):
            prepared.stored.require_same(manifest, storage)
    if prepared.begun and state(storage, manifest) == "complete":
        _log_start(job, manifest, threads=0)
        storage.sync()
        return 0
    start, stop = part_range(part, chunk_count(manifest))
    missing = missing_count(storage, manifest, start, stop) if prepared.begun else stop - start
    if missing and not force:
        refuse_too_little_space(prepared, missing, overwrite=job.output.overwrite)
    raise_if_cancelled()
    if missing and job.cluster.kind in {"processes", "local"} and client is None:
        # Before the processes begin, so that they find compiled code in numba's cache: else each compiles the same.
        prepared.spec.broadcast.sampler.draw(prepared.spec.plan, 0, 1)
    from mvn_dask.sampling.array import sample  # here, since a complete store is recognised in half of the time
    from mvn_dask.store.writing import to_zarr

    spec = prepared.spec if prepared.begun else with_inputs(job, prepared.spec)
    # Where nothing is missing, to_zarr only checks the store, and perhaps commits it: no cluster is needed.
    # The same call of a job, since it overwrites no store that is its own.
    with (
        resumed_by(SAME_CALL),
        open_cluster(job, client, connect_timeout=connect_timeout) if missing else nullcontext(),
    ):
        _log_start(job, manifest, threads=thread_count() if missing else 0)
        to_zarr(
            sample(spec),
            job.locate(job.output.url),
            overwrite=job.output.overwrite and not prepared.begun,
            part=part,
            shards=job.output.shards,
            fsync=job.output.fsync,
            storage_options=job.output.storage_options.get_secret_value() or None,
        )
    return missing


def _log_start(job: JobSpec, manifest: Manifest, *, threads: int) -> None:
    """Log what begins; `event` and the other fields are for programs that read logs."""
    fields = {"version": mvn_dask.__version__, "fingerprint": manifest.fingerprint, "cluster": job.cluster.kind}
    log.info(f"started with {plural(threads, 'thread')}", extra={"event": "started", **fields, "threads": threads})


def _factor_arrives(prepared: PreparedJob) -> bool:
    """Whether the store holds this sample with another factor of its covariance, once its writer has completed that."""
    prepared.storage.look_again()
    stored = read_manifest(prepared.storage)
    if stored is None or _without_factor(stored) != _without_factor(prepared.manifest):
        return False
    deadline = time.monotonic() + FACTOR_TIMEOUT
    while any(prepared.storage.entry(parameter_key(name)) is None for name in stored.parameters):
        raise_if_cancelled()
        if time.monotonic() > deadline:
            return False
        time.sleep(FACTOR_POLL_SECONDS)
        prepared.storage.look_again()
    return True


def _without_factor(manifest: Manifest) -> tuple[object, ...]:
    samples = [{**sample, "parameters": None} for sample in manifest.samples]
    return samples, manifest.parameters.get("mean"), manifest.array
