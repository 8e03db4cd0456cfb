"""Memory that a run takes, as a scheduler of jobs wants it named.

Input: a prepared job, which this process has just prepared as a run would. Output: a `RunMemory`. Cost: importing what
a run imports, and drawing a row.
"""

import sys
from dataclasses import dataclass

import psutil

from mvn_dask.job.preparation import PreparedJob
from mvn_dask.job.schema.cluster_table import ClusterTable
from mvn_dask.store.format.layout import chunk_bytes


@dataclass(frozen=True)
class RunMemory:
    """Memory of a run, in bytes."""

    process_bytes: int
    """A process without its blocks: libraries, inputs and factor."""
    thread_bytes: int
    """What a thread takes beside them: a block, temporary arrays, and copies on the way to the storage."""
    total_bytes: int | None
    """All processes of the command on this machine, or one worker where workers run elsewhere; None where the job does
    not say how many threads a worker has."""


def run_memory(prepared: PreparedJob, table: ClusterTable, threads: int | None) -> RunMemory:
    """Memory that a run of a job takes; `threads` are those of all processes, where they are known."""
    process, thread = _process_bytes(prepared, table), thread_bytes(prepared)
    if table.kind not in {"threads", "processes", "local"}:
        return RunMemory(process, thread, None if table.threads is None else process + table.threads * thread)
    if threads is None:
        return RunMemory(process, thread, None)
    workers = 0 if table.kind == "threads" else threads if table.kind == "processes" else table.workers or 1
    # Preparing takes room of its own, which is free before a block is drawn: a factorisation takes several matrices.
    total = max(_peak_bytes(), (1 + workers) * process + threads * thread)
    return RunMemory(process, thread, total)


def thread_bytes(prepared: PreparedJob) -> int:
    """Memory of a thread that draws and writes blocks, beside the factor, in bytes."""
    plan, manifest = prepared.spec.plan, prepared.manifest
    padded = any(length % chunk for length, chunk in zip(manifest.shape, manifest.chunks, strict=True))
    copies = padded or prepared.storage.copies_writes
    return plan.task_bytes(0) + (chunk_bytes(manifest) if copies else 0)


def _process_bytes(prepared: PreparedJob, table: ClusterTable) -> int:
    """Memory of this process now, with what a run imports."""
    from mvn_dask.sampling.array import sample  # noqa: F401
    from mvn_dask.store.writing import to_zarr  # noqa: F401

    if table.kind == "local":
        import distributed  # noqa: F401
    if prepared.spec.plan.rows:
        prepared.spec.broadcast.sampler.draw(prepared.spec.plan, 0, 1)  # which loads or compiles the kernel
    return int(psutil.Process().memory_info().rss)


def _peak_bytes() -> int:
    """Most memory that this process ever had."""
    if sys.platform == "win32":
        return int(psutil.Process().memory_info().peak_wset)
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return int(peak) * (1 if sys.platform == "darwin" else 1024)
