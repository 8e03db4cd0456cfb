"""Results in words, and as JSON."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from mvn_dask.store.description import table
from mvn_dask.store.status import readable

if TYPE_CHECKING:
    from mvn_dask.job.planning import Planned
    from mvn_dask.job.running import Ran
    from mvn_dask.store.verification import Verification


def as_json(result: Any) -> dict[str, object]:
    """The fields of a report, JSON-able."""
    return {key: _plain(value) for key, value in asdict(result).items()}


def verification_json(report: "Verification") -> dict[str, object]:
    """A verification, whose bad chunks are a list."""
    content: dict[str, Any] = {
        name: _plain(getattr(report, name))
        for name in ("url", "level", "chunks", "faults", "unknown_files", "guarantee")
    }
    bad = [{"chunk": list(index), "reason": why} for index, why in report.bad.items()]
    return {**content, "bad": bad, "ok": report.ok}


def _plain(value: object) -> object:
    if isinstance(value, Mapping):
        return {str(key): _plain(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(inner) for inner in value]
    return value


def planned_text(planned: "Planned") -> str:
    """A plan in words."""
    states = {
        "new": "nothing is there yet",
        "unfinished": "this job, begun: run goes on with it",
        "complete": "this job, complete: run has nothing to do",
        "another": "another store: run refuses it, or begins anew with output.overwrite",
    }
    share = "" if planned.part is None else f" of part {planned.part[0]}/{planned.part[1]}"
    time = f"{duration(planned.cpu_seconds)} of one thread"
    if planned.seconds is not None:
        time = f"{duration(planned.seconds)} with {planned.threads} threads, {time}"
    return table({
        "store": planned.url,
        "state": states[planned.state],
        "fingerprint": planned.fingerprint,
        "shape": f"{planned.shape} {planned.dtype}, {planned.rows} rows",
        "chunks": f"{planned.chunks} of shape {planned.chunk_shape}; {planned.missing}{share} to draw",
        "on disk": f"{readable(planned.bytes)} ({planned.bytes} bytes)",
        "memory": f"{readable(planned.task_bytes)} for each task that runs",
        "tasks": planned.tasks,
        "drawing": f"{time}; writing comes on top",
    })  # fmt: skip


def ran_text(ran: "Ran") -> str:
    """What a run did, in words."""
    what = f"{ran.drawn} of {ran.chunks} chunks drawn in {duration(ran.seconds)}" if ran.drawn else "nothing to draw"
    if ran.complete:
        return f"{ran.url}: complete; {what}"
    part = "" if ran.part is None else f"part {ran.part[0]}/{ran.part[1]} is done; "
    return f"{ran.url}: {part}{what}; {ran.missing} chunks of other parts are missing"


def duration(seconds: float) -> str:
    """Seconds as people say them.

    Examples
    --------
    >>> duration(0.25), duration(80), duration(8000), duration(2e5)
    ('0.25 s', '1 min 20 s', '2 h 13 min', '2 d 7 h')
    """
    if seconds < 60:
        return f"{seconds:.2g} s" if seconds < 10 else f"{seconds:.0f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minute = divmod(minutes, 60)
    days, hour = divmod(hours, 24)
    if days:
        return f"{days} d {hour} h"
    return f"{hours} h {minute} min" if hours else f"{minutes} min {rest} s"
