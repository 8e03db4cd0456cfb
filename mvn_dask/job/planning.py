"""What a job will do, before it does it."""

import time
from dataclasses import dataclass
from typing import Literal

import numpy as np

from mvn_dask.execution.ranges import range_size, split
from mvn_dask.job.preparation import Prepared, prepare, refuse_overwriting_part
from mvn_dask.job.schema.specification import Specification
from mvn_dask.sampling import kernel
from mvn_dask.sampling.spec import SampleSpec
from mvn_dask.store.format.completeness import complete, missing_numbers
from mvn_dask.store.format.layout import chunk_bytes, chunk_count
from mvn_dask.store.shares import as_share

TIMED_BYTES = 2**25
"""Bytes that are drawn to estimate the time, at most about."""
TIMED_PRODUCTS = 2**30
"""Products with entries of the factor that are made to estimate the time, at most about."""
UNKNOWN_THREADS = 1
"""Threads for which tasks are counted where nobody knows them yet."""


@dataclass(frozen=True)
class Planned:
    """What a job will do."""

    url: str
    """Where the store lies, or is going to."""
    state: Literal["new", "unfinished", "complete", "another"]
    """What lies there: nothing, this job begun, this job done, or another store, which `run` refuses or overwrites."""
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
    """Chunks that this run would draw; of a part, those of its share."""
    bytes: int
    """Size of all chunks on the disk, in bytes."""
    task_bytes: int
    """Memory that a task takes, in bytes: block, factor and what is made on the way."""
    tasks: int
    """Tasks in which this run would be done; each draws a range of chunks, one after the other."""
    threads: int | None
    """Threads that would draw, or None where only the cluster knows."""
    cpu_seconds: float
    """Seconds that drawing what is missing takes one thread, from a timed block. Writing comes on top of it."""
    seconds: float | None
    """The same for all threads, or None where they are not known."""
    part: tuple[int, int] | None
    """Which of how many parts."""


def plan(job: Specification, part: tuple[int, int] | None = None) -> Planned:
    """What a job, or a part of it, will do. Nothing is written.

    Raises
    ------
    BlockTooLargeError
        If a chunk cannot fit into the memory of a process.
    JobFileError, InvalidDistributionError, ArgumentError, StoreError
        As `mvn_dask.job.running.run`, for whatever can be known before.
    """
    refuse_overwriting_part(job, part)
    work = prepare(job)
    work.spec.refuse_too_large(_memory(job))
    record = work.record
    count = chunk_count(record)
    share = as_share(part, count)
    missing = missing_numbers(work.storage, record, *share) if work.begun else np.arange(*share)
    threads = _threads(job)
    tasks = sum(1 for _ in split(missing, range_size(chunk_bytes(record)), threads or UNKNOWN_THREADS))
    drawing = _seconds_a_row(work.spec) * min(1.0, len(missing) / max(1, count)) * work.spec.plan.rows
    return Planned(
        url=work.storage.name,
        state=_state(work),
        fingerprint=record.fingerprint,
        shape=record.shape,
        dtype=record.dtype.name,
        rows=work.spec.plan.rows,
        chunk_shape=tuple(min(chunk, max(1, n)) for chunk, n in zip(record.chunks, record.shape, strict=True)),
        chunks=count,
        missing=len(missing),
        bytes=count * chunk_bytes(record),
        task_bytes=work.spec.plan.task_bytes(work.spec.broadcast.factor.nbytes),
        tasks=tasks,
        threads=threads,
        cpu_seconds=drawing,
        seconds=None if threads is None else drawing / max(1, min(threads, tasks)),
        part=part,
    )


def _state(work: Prepared) -> Literal["new", "unfinished", "complete", "another"]:
    if work.stored is None:
        return "new"
    if not work.begun:
        return "another"
    return "complete" if complete(work.storage, work.record) else "unfinished"


def _memory(job: Specification) -> int:
    """Memory of a process, in bytes: of this machine, where the job says none."""
    import psutil

    return job.cluster.memory or int(psutil.virtual_memory().total)


def _threads(job: Specification) -> int | None:
    """Threads that will draw, where they are known before a cluster is there."""
    from dask.system import CPU_COUNT

    table = job.cluster
    if table.kind == "threads":
        return table.threads or CPU_COUNT
    if table.kind == "processes":
        return table.workers or CPU_COUNT
    if table.kind == "local" and table.adaptive is None:
        # As distributed.LocalCluster does.
        if table.workers:
            return table.workers * (table.threads or -(-CPU_COUNT // table.workers))
        return max(1, CPU_COUNT // table.threads) * table.threads if table.threads else CPU_COUNT
    return table.workers * table.threads if table.workers and table.threads else None


def _seconds_a_row(spec: SampleSpec) -> float:
    """Seconds that one thread takes for a row of a large block."""
    plan, broadcast = spec.plan, spec.broadcast
    entries = broadcast.factor.entries
    fast = min(TIMED_BYTES // (plan.ndim * plan.itemsize), TIMED_PRODUCTS // max(1, entries.size))
    rows = min(plan.block_rows, max(1, fast))
    if not rows:
        return 0.0
    draw = kernel.draw_rows
    draw(broadcast.factor, broadcast.mean, plan, 0, 1)  # compiled code is loaded
    begin = time.perf_counter()
    draw(broadcast.factor, broadcast.mean, plan, 0, rows)
    return (time.perf_counter() - begin) / rows
