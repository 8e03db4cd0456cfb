"""Prediction of a run. Input: a job; output: its chunks, bytes, memory, tasks and time.

Cost: one factorisation, unless the store has the factor; some seconds of drawing; with a probe, writing a chunk, which
is removed again. Nothing else is written.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
import psutil

from mvn_dask.display.document import Shown
from mvn_dask.display.fragments import badge, facts
from mvn_dask.display.markup import Content, Html, joined
from mvn_dask.display.one_line import OneLine
from mvn_dask.execution.ranges import BlockNumbers, range_size, split
from mvn_dask.job.memory import run_memory
from mvn_dask.job.preparation import PreparedJob, prepare, refuse_overwriting_part
from mvn_dask.job.probing import write_seconds
from mvn_dask.job.schema.cluster_table import ClusterTable
from mvn_dask.job.schema.job_spec import JobSpec
from mvn_dask.job.space import space_for
from mvn_dask.job.timing import drawing_time
from mvn_dask.readable import duration, plural, readable_bytes
from mvn_dask.sampling.plan import Plan
from mvn_dask.store.format.chunk_listing import missing_numbers
from mvn_dask.store.format.completeness import State, state
from mvn_dask.store.format.layout import chunk_bytes, chunk_count, part_range

_GRADES = {"new": "ok", "complete": "ok", "unfinished": "warn", "changed": "warn", "another": "bad"}
"""How states are coloured."""
LOCAL_KINDS = {"threads", "processes", "local"}
"""Kinds of clusters whose threads all run on this machine."""


@dataclass(frozen=True, repr=False)
class JobPlan(OneLine, Shown):
    """What a run will do.

    See Also
    --------
    mvn_dask.Job.plan : Gives it.
    mvn_dask.job.running.RunResult : What a run did.

    Examples
    --------
    >>> import mvn_dask
    >>> job = mvn_dask.Job.from_mapping({
    ...     "version": 1,
    ...     "distribution": {"mean": [0.0, 1.0], "cov": [4.0, 9.0]},
    ...     "sample": {"size": "1e6", "seed": 42, "chunks": "1 MiB"},
    ...     "output": {"url": "memory://planned"},
    ... })
    >>> found = job.plan()
    >>> found.shape, found.chunks, found.missing, found.state
    ((1000000, 2), 16, 16, 'new')
    """

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
    normals: int
    """Independent normals behind a row."""
    flops: int
    """Additions and multiplications that the factor takes for a row, beside its normals."""
    factor_bytes: int
    """Size of the factor in memory, in bytes."""
    streams: int
    """Independent random streams, each for a stripe of rows; 0 of Sobol' points."""
    chunk_shape: tuple[int, ...]
    """Shape of a chunk, which is a Dask block."""
    chunks: int
    """Chunks of the store."""
    missing: int
    """Chunks that this run would draw; of a part, those of the part."""
    bytes: int
    """Size of all chunks on the disk, in bytes."""
    process_bytes: int
    """Memory of a process without its blocks, in bytes: libraries, inputs and factor."""
    thread_bytes: int
    """Memory that a thread takes beside them, in bytes: a block, temporary arrays, copies on the way to the storage."""
    memory_bytes: int | None
    """Memory of the run in bytes, as a scheduler wants it named: of all processes of the command, or of one worker
    where workers run elsewhere; None where it is not known how many threads there are."""
    tasks: int
    """Tasks in which this run would be done; each draws a range of chunks, one after the other."""
    threads: int | None
    """Threads that would draw, or None where the cluster determines them."""
    cpu_seconds: float
    """Processor time in seconds that drawing what is missing takes, from blocks that were drawn with as many threads.
    Writing is not in it."""
    seconds: float | None
    """Seconds that drawing takes all threads, or None where they are not known. Writing is not in it."""
    write_seconds: float | None
    """Seconds that writing takes if chunks are written one after the other, from one that was written and removed; None
    without a probe. Threads that write at the same time take less where the storage allows it."""
    needed_bytes: int
    """Bytes that the run would write: what is missing."""
    free_bytes: int | None
    """Bytes that are free where the store lies, or None in an object store."""
    part: tuple[int, int] | None
    """The part (i, n) that was planned; None for the whole job."""

    def _essentials(self) -> Mapping[str, object]:
        names = (
            "url",
            "state",
            "shape",
            "dtype",
            "chunks",
            "missing",
            "bytes",
            "memory_bytes",
            "tasks",
            "seconds",
            "part",
        )
        return {name: getattr(self, name) for name in names if getattr(self, name) is not None}

    def _summary(self) -> Content:
        return joined([badge(self.state, _GRADES[self.state]), " ", self.url])

    def _shown(self) -> Iterator[Html]:
        part = "" if self.part is None else f" of part {self.part[0]} of {self.part[1]}, counted from 0,"
        time = f"{duration(self.cpu_seconds)} of processor time"
        if self.seconds is not None and self.threads is not None:
            time = f"{duration(self.seconds)} with {plural(self.threads, 'thread')}; {time}"
        each = f"{readable_bytes(self.process_bytes)} a process, {readable_bytes(self.thread_bytes)} a thread"
        memory = each if self.memory_bytes is None else f"{readable_bytes(self.memory_bytes)}: {each}"
        writing = None if self.write_seconds is None else f"{duration(self.write_seconds)}, one chunk after the other"
        yield facts({
            "shape": f"{self.shape} {self.dtype}",
            "chunks": f"{self.missing:,}{part} to draw, of {self.chunks:,} of the shape {self.chunk_shape}",
            "on disk": f"{readable_bytes(self.bytes)}, of which {readable_bytes(self.needed_bytes)} are to be written",
            "free": "without a known limit" if self.free_bytes is None else readable_bytes(self.free_bytes),
            "memory": memory,
            "drawing": f"{time}, in {plural(self.tasks, 'task', ',')}",
            **({} if writing is None else {"writing": writing}),
            "factor": f"{readable_bytes(self.factor_bytes)}; {plural(self.normals, 'normal', ',')} a row",
            "fingerprint": self.fingerprint,
        })  # fmt: skip


def plan(job: JobSpec, part: tuple[int, int] | None = None, *, probe: bool = False) -> JobPlan:
    """What a job, or a part of it, will do; see `mvn_dask.Job.plan`.

    Raises BlockTooLargeError if a chunk cannot fit into the memory of a process, and as `prepare`.
    """
    refuse_overwriting_part(job, part)
    prepared = prepare(job)
    prepared.spec.refuse_too_large(job.cluster.memory or int(psutil.virtual_memory().total))
    manifest, factor = prepared.manifest, prepared.spec.broadcast.sampler.factor
    count = chunk_count(manifest)
    numbers = part_range(part, count)
    missing = missing_numbers(prepared.storage, manifest, *numbers) if prepared.begun else np.arange(*numbers)
    threads = _threads(job)
    # Where the job does not determine the threads, tasks are counted for one.
    tasks = sum(1 for _ in split(missing, range_size(chunk_bytes(manifest)), threads or 1))
    memory = run_memory(prepared, job.cluster, threads)
    space = space_for(prepared, len(missing), overwrite=job.output.overwrite)
    cpu_seconds, seconds = _drawing_seconds(prepared, job.cluster, missing, threads, tasks)
    return JobPlan(
        url=prepared.storage.name,
        state=_state(prepared),
        fingerprint=manifest.fingerprint,
        shape=manifest.shape,
        dtype=manifest.dtype.name,
        rows=prepared.spec.plan.rows,
        normals=factor.noise_ndim,
        flops=factor.flops,
        factor_bytes=factor.nbytes,
        streams=_streams(prepared.spec.plan),
        chunk_shape=tuple(min(chunk, max(1, n)) for chunk, n in zip(manifest.chunks, manifest.shape, strict=True)),
        chunks=count,
        missing=len(missing),
        bytes=count * chunk_bytes(manifest),
        process_bytes=memory.process_bytes,
        thread_bytes=memory.thread_bytes,
        memory_bytes=memory.total_bytes,
        tasks=tasks,
        threads=threads,
        cpu_seconds=cpu_seconds,
        seconds=seconds,
        write_seconds=write_seconds(prepared, missing) if probe else None,
        needed_bytes=space.needed_bytes,
        free_bytes=space.free_bytes,
        part=part,
    )


def _drawing_seconds(
    prepared: PreparedJob, table: ClusterTable, missing: BlockNumbers, threads: int | None, tasks: int
) -> tuple[float, float | None]:
    """Processor time of drawing, and its duration, where the number of threads is known."""
    # On other machines, threads of one worker are what shares a processor.
    together = threads if table.kind in LOCAL_KINDS else table.threads
    busy = max(1, min(together or 1, tasks))
    measured = drawing_time(prepared.spec, missing, busy)
    rows = prepared.spec.plan.rows * len(missing) / max(1, chunk_count(prepared.manifest))
    if threads is None:
        return measured.cpu_seconds * rows, None
    # The last chunks leave threads idle.
    rounds = -(-len(missing) // max(1, min(threads, tasks)))
    idle = rounds * min(threads, tasks) / max(1, len(missing))
    workers = max(1.0, min(threads, tasks) / busy)
    return measured.cpu_seconds * rows, measured.wall_seconds * rows * idle / workers


def _streams(plan: Plan) -> int:
    return 0 if plan.points is not None else -(-plan.rows // plan.stripe)


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
