"""How fast jobs write chunks to a repository of icechunk, which keeps no times of chunks, but of commits.

Input: the last commits of a branch. Output: chunks a second. Cost: a request for each commit of the last minutes,
`MAX_COMMITS` at most; where only some chunks count, two.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from mvn_dask.execution.progress import MIN_RATE_SECONDS, RATE_SECONDS

MAX_COMMITS = 256
"""Commits that are looked at, at most, the last ones."""
LATE = 1.5
"""Time between two commits of a job that is at work, at most, as a multiple of the last one, or of a minute."""

CHUNKS, BYTES, SECONDS, JOB, BEGINS = (f"mvn_dask_{name}" for name in ("chunks", "bytes", "seconds", "job", "begins"))
"""Fields of a commit: its chunks and their bytes, the seconds in which they were written, the job, and whether the
manifest is in it."""


@dataclass(frozen=True)
class Committed:
    """What a job has committed."""

    job: str
    """Digits of the job."""
    end: float
    """When, in seconds since 1970, by the clock of icechunk."""
    seconds: float
    """Seconds in which the chunks were written: since the commit of the job before, or since it began."""
    chunks: int
    """Chunks that count."""


def commit_fields(chunks: int, nbytes: int, seconds: float, job: str, *, begins: bool) -> dict[str, Any]:
    """What a commit says of itself for programs."""
    return {CHUNKS: chunks, BYTES: nbytes, SECONDS: seconds, JOB: job, BEGINS: begins}


def recent_commits(repository: Any, snapshot: str, is_counted: Callable[[str], bool] | None) -> Iterator[Committed]:
    """Commits of chunks of the store in a snapshot, the last ones first; chunks count whose keys do, if given."""
    last: float | None = None
    for number, commit in enumerate(repository.ancestry(snapshot_id=snapshot)):
        found = _committed(commit)
        if found is not None:
            last = found.end if last is None else last
            # Another job may have waited for as long as this one.
            if found.end < last - RATE_SECONDS - LATE * max(RATE_SECONDS, found.seconds):
                return
            chunks = found.chunks if is_counted is None else _counted(repository, commit, is_counted)
            yield Committed(found.job, found.end, found.seconds, chunks)
        if number == MAX_COMMITS or commit.metadata.get(BEGINS) is not False:
            return  # another store, a shorter one, or what others have committed


def _committed(commit: Any) -> Committed | None:
    """A commit as it describes itself; None where there is no chunk in it."""
    fields: Mapping[str, Any] = commit.metadata
    chunks, seconds, job = (fields.get(name) for name in (CHUNKS, SECONDS, JOB))
    numbers = isinstance(chunks, int) and isinstance(seconds, (int, float)) and chunks > 0 and seconds >= 0
    return Committed(str(job), commit.written_at.timestamp(), float(seconds), chunks) if numbers else None  # type: ignore[arg-type]


def _counted(repository: Any, commit: Any, is_counted: Callable[[str], bool]) -> int:
    found = repository.diff(from_snapshot_id=commit.parent_id, to_snapshot_id=commit.id).updated_chunks
    keys = ("/".join((path.strip("/"), "c", *map(str, index))) for path in found for index in found[path])
    return sum(map(is_counted, keys))


def rate_of(commits: Iterator[Committed]) -> float | None:
    """Chunks a second of all jobs that were at work together when the last chunks were committed.

    Examples
    --------
    Two jobs at work, and one that has ended before:

    >>> commits = [("a", 200.0, 60.0, 30), ("b", 170.0, 60.0, 60), ("a", 140.0, 60.0, 90), ("c", 20.0, 60.0, 9)]
    >>> rate_of(Committed(*each) for each in commits)
    1.5
    """
    jobs: dict[str, list[Committed]] = {}
    for each in commits:
        of_job = jobs.setdefault(each.job, [])
        if not of_job or each.end > of_job[0].end - RATE_SECONDS:
            of_job.append(each)
    last = max((each[0].end for each in jobs.values()), default=0.0)
    rates = [
        sum(each.chunks for each in of_job) / seconds
        for of_job in jobs.values()
        if of_job[0].end >= last - LATE * max(RATE_SECONDS, of_job[0].seconds)
        and (seconds := sum(each.seconds for each in of_job)) >= MIN_RATE_SECONDS
    ]
    return sum(rates) or None
