"""Results of commands as text and as JSON.

Input: a plan, a run, or another report of the package, each a dataclass. Output: text, or a dictionary for ``json``.
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from itertools import islice
from typing import TYPE_CHECKING, Any

from mvn_dask.cli.part_lines import part_lines
from mvn_dask.escaping import printable, printable_lines
from mvn_dask.maintenance.describe import table
from mvn_dask.readable import duration, plural, readable_bytes

if TYPE_CHECKING:
    from mvn_dask.job.planning import JobPlan
    from mvn_dask.job.running import RunResult
    from mvn_dask.maintenance.verify import Verification
    from mvn_dask.store.status import Status

MAX_BAD_CHUNKS = 10_000
"""Bad chunks that the JSON of a verification lists."""
STATES = {
    "new": "nothing is there yet",
    "unfinished": "this job, begun: run goes on with it",
    "complete": "this job, complete: run has nothing to do",
    "changed": "this job, complete, but others changed its metadata since: run restores and amends them",
    "another": "another store: run refuses it, or begins anew with output.overwrite",
}
"""What lies where a job's output goes, by `JobPlan.state`."""


def as_json(result: Any) -> dict[str, object]:
    """The fields of a dataclass, with lists for tuples and text for keys."""
    return {key: _plain(value) for key, value in asdict(result).items()}


def verification_json(report: "Verification") -> dict[str, object]:
    """A verification, whose bad chunks are a list: JSON has no tuples as keys. Of very many, the first ones."""
    first = islice(report.bad.items(), MAX_BAD_CHUNKS)
    bad = [{"chunk": list(index), "reason": reason} for index, reason in first]
    return {**as_json(replace(report, bad={})), "bad": bad, "bad_count": len(report.bad), "ok": report.ok}


def status_text(status: "Status", differences: Sequence[str] | None) -> str:
    """How far a store is, and by which fields it differs from a job."""
    others = (f"another specification: {each}" for each in differences or ())
    return printable_lines([*str(status).split("\n"), *part_lines(status, time.time()), *others])


def status_json(status: "Status", differences: Sequence[str] | None) -> dict[str, object]:
    """The same; `differences` are null where nothing was compared."""
    there = None if differences is None else list(differences)
    return {**as_json(status), "complete": status.complete, "state": status.state, "differences": there}


def _plain(value: object) -> object:
    if isinstance(value, Mapping):
        return {str(key): _plain(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(inner) for inner in value]
    return value


def plan_text(plan: "JobPlan") -> str:
    """A plan as a table."""
    share = "" if plan.part is None else f" of part {plan.part[0]}/{plan.part[1]}"
    time = f"{duration(plan.cpu_seconds)} of processor time"
    if plan.seconds is not None and plan.threads is not None:
        time = f"{duration(plan.seconds)} with {plural(plan.threads, 'thread')}, {time}"
    rows: dict[str, object] = {
        "store": plan.url,
        "state": STATES[plan.state],
        "fingerprint": plan.fingerprint,
        "shape": f"{plan.shape} {plan.dtype}, {plural(plan.rows, 'row')}",
        "each row": f"{plural(plan.normals, 'normal')} and {plural(plan.flops, 'flop')} of the factor",
        "factor": readable_bytes(plan.factor_bytes),
        "streams": plan.streams,
        "chunks": f"{plan.chunks} of shape {plan.chunk_shape}; {plan.missing}{share} to draw",
        "on disk": f"{readable_bytes(plan.bytes)} ({plural(plan.bytes, 'byte')})",
        "free": "without a known limit" if plan.free_bytes is None else readable_bytes(plan.free_bytes),
        "memory": _memory_text(plan),
        "tasks": plan.tasks,
        "drawing": f"{time}; writing is not in it",
    }
    if plan.write_seconds is not None:
        speed = plan.needed_bytes / plan.write_seconds if plan.write_seconds else 0.0
        rows["writing"] = (
            f"{duration(plan.write_seconds)} chunk after chunk, at {readable_bytes(speed)}/s, by one that was written "
            "and removed; less where the storage takes several at a time"
        )
    return table(rows)


def _memory_text(plan: "JobPlan") -> str:
    """Memory, with the sum first: what `--mem` of Slurm wants."""
    parts = f"{readable_bytes(plan.process_bytes)} a process and {readable_bytes(plan.thread_bytes)} a thread"
    return parts if plan.memory_bytes is None else f"{readable_bytes(plan.memory_bytes)} (--mem): {parts}"


def run_text(result: "RunResult") -> str:
    """What a run did, in a line."""
    done = f"{result.drawn} of {plural(result.chunks, 'chunk')} drawn in {duration(result.seconds)}"
    done = done if result.drawn else "nothing to draw"
    url = printable(result.url)
    if result.complete:
        return f"{url}: complete; {done}"
    verb = "is" if result.missing == 1 else "are"
    part = "" if result.part is None else f"part {result.part[0]}/{result.part[1]} is done; "
    return f"{url}: {part}{done}; {plural(result.missing, 'chunk')} of other parts {verb} missing"
