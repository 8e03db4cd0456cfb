"""Prediction of a run. Input: a job; output: its chunks, bytes, memory, tasks and time, from one timed block.

Cost: one factorisation, unless the store has the factor, and drawing at most `TIMED_BYTES`. Nothing is written.
"""

import time
from dataclasses import dataclass
from typing import Literal

import numpy as np
import psutil

from mvn_dask.execution.ranges import range_size, split
from mvn_dask.job.preparation import PreparedJob, prepare, refuse_overwriting_part
from mvn_dask.job.schema.job_spec import JobSpec
from mvn_dask.sampling.spec import SampleSpec
from mvn_dask.store.format.chunk_listing import missing_numbers
from mvn_dask.store.format.completeness import State, state
from mvn_dask.store.format.layout import chunk_bytes, chunk_count, part_range

TIMED_BYTES = 2**25
"""Bytes drawn to estimate the time, about at most."""
TIMED_SECONDS = 0.05
"""Seconds of drawing that are enough to estimate the time."""


@dataclass(frozen=True)
class JobPlan:
    """What a run will do."""

    url: str
    """Path or URL of the store."""
    state: State | Literal["new", "another"]
    """What is there: nothing, this job begun, complete or changed since, or another store, which `run` refuses."""
    fingerprint: str
    """SHA-256 of everything that decides the values."""
    shape: tuple[int, ...]
    """Shape of the sample, the variables last."""
    dtype: str
    """Type of the numbers."""
    rows: int
    """Rows of the sample, each of d numbers."""
    chunk_shape: tuple[int, ...]
    """Shape of a chunk, which is a Dask block."""
    chunks: int
    """Chunks of the store."""
    missing: int
    """Chunks that this run would draw; of a part, those of the part."""
    bytes: int
    """Size of all chunks on the disk, in bytes."""
    task_bytes: int
    """Memory of a task in bytes: block, factor and temporary arrays."""
    tasks: int
    """Tasks in which this run would be done; each draws a range of chunks, one after the other."""
    threads: int | None
    """Threads that would draw, or None where the cluster determines them."""
    cpu_seconds: float
    """Seconds that drawing what is missing takes one thread, from a timed block. Writing comes on top of it."""
    seconds: float | None
    """The same for all threads, or None where they are not known."""
    part: tuple[int, int] | None
    """The part (i, n) that was planned; None for the whole job."""


def plan(job: JobSpec, part: tuple[int, int] | None = None) -> JobPlan:
    """What a job, or a part of it, will do. Nothing is written.

    Raises BlockTooLargeError if a chunk cannot fit into the memory of a process, and as `prepare`.
    """
    refuse_overwriting_part(job, part)
    prepared = prepare(job)
    prepared.spec.refuse_too_large(job.cluster.memory or int(psutil.virtual_memory().total))
    manifest = prepared.manifest
    count = chunk_count(manifest)
    numbers = part_range(part, count)
    missing = missing_numbers(prepared.storage, manifest, *numbers) if prepared.begun else np.arange(*numbers)
    threads = _threads(job)
    # Where the job does not determine the threads, tasks are counted for one.
    tasks = sum(1 for _ in split(missing, range_size(chunk_bytes(manifest)), threads or 1))
    drawing = _seconds_per_row(prepared.spec) * min(1.0, len(missing) / max(1, count)) * prepared.spec.plan.rows
    return JobPlan(
        url=prepared.storage.name,
        state=_state(prepared),
        fingerprint=manifest.fingerprint,
        shape=manifest.shape,
        dtype=manifest.dtype.name,
        rows=prepared.spec.plan.rows,
        chunk_shape=tuple(min(chunk, max(1, n)) for chunk, n in zip(manifest.chunks, manifest.shape, strict=True)),
        chunks=count,
        missing=len(missing),
        bytes=count * chunk_bytes(manifest),
        task_bytes=prepared.spec.plan.task_bytes(prepared.spec.broadcast.sampler.nbytes),
        tasks=tasks,
        threads=threads,
        cpu_seconds=drawing,
        seconds=None if threads is None else drawing / max(1, min(threads, tasks)),
        part=part,
    )


def _state(prepared: PreparedJob) -> State | Literal["new", "another"]:
    if prepared.stored is None:
        return "new"
    return state(prepared.storage, prepared.manifest) if prepared.begun else "another"


def _threads(job: JobSpec) -> int | None:
    """Threads that will draw, where they are known before the cluster starts."""
    from dask.system import CPU_COUNT

    table = job.cluster
    if table.kind in {"threads", "processes"}:
        return (table.threads if table.kind == "threads" else table.workers) or CPU_COUNT
    if table.kind == "local" and table.adaptive is None:
        # The arithmetic of distributed.LocalCluster.
        if table.workers:
            return table.workers * (table.threads or -(-CPU_COUNT // table.workers))
        return max(1, CPU_COUNT // table.threads) * table.threads if table.threads else CPU_COUNT
    return table.workers * table.threads if table.workers and table.threads else None


def _seconds_per_row(spec: SampleSpec) -> float:
    """Seconds that one thread takes for a row of a large block, from ever larger blocks."""
    plan, sampler = spec.plan, spec.broadcast.sampler
    limit = min(plan.block_rows, max(1, TIMED_BYTES // (plan.ndim * plan.itemsize)))
    if not limit:
        return 0.0
    sampler.draw(plan, 0, 1)  # untimed: loads or compiles the kernel
    rows = 1
    while True:
        begin = time.perf_counter()
        sampler.draw(plan, 0, rows)
        seconds = time.perf_counter() - begin
        if rows == limit or seconds >= TIMED_SECONDS:
            return seconds / rows
        rows = min(limit, 8 * rows)
