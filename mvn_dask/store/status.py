"""Progress of a store, from its files alone.

Input: a URL. Output: a `Status`. Cost: the manifest, and that of listing the chunks; dask is not imported.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np
import numpy.typing as npt

from mvn_dask.display.document import Shown
from mvn_dask.display.fragments import badge, facts, listing, meter, note
from mvn_dask.display.markup import Content, Html, joined
from mvn_dask.display.one_line import OneLine
from mvn_dask.errors import ArgumentError
from mvn_dask.escaping import printable_lines
from mvn_dask.execution.progress import RATE_SECONDS, recent_rate
from mvn_dask.readable import duration, plural, readable_bytes
from mvn_dask.signatures import short_signature
from mvn_dask.store.format.chunk_listing import chunk_entries, parse_key
from mvn_dask.store.format.completeness import State, changed_documents, missing_files, state_of
from mvn_dask.store.format.layout import chunk_bytes, chunk_count, chunk_number, grid, is_whole, part_range
from mvn_dask.store.format.manifest import Manifest, require_manifest
from mvn_dask.store.part_progress import PartProgress, count_of_parts, progress_of_parts
from mvn_dask.store.storage.addressing import StoreLike, open_storage
from mvn_dask.store.storage.base import Storage

COUNTED_AT_ONCE = 2**16
"""Chunks whose rows are counted in one step, so that millions of them take no memory."""


@short_signature
@dataclass(frozen=True, repr=False)
class Status(OneLine, Shown):
    """Progress of a store, or of a part of it.

    See Also
    --------
    mvn_dask.status : Gives it.

    Examples
    --------
    >>> import mvn_dask
    >>> x = mvn_dask.MultivariateNormal([0.0, 1.0], 2.0).sample(1000, seed=1, chunks=250)
    >>> mvn_dask.to_zarr(x, "memory://status-of-a-part", part=(0, 2))
    >>> status = mvn_dask.status("memory://status-of-a-part")
    >>> status.done, status.missing, status.state, status.complete
    (2, 2, 'unfinished', False)
    >>> status.seconds_left is None or status.seconds_left > 0  # None where too few chunks were written
    True
    """

    url: str
    """The store."""
    part: tuple[int, int] | None
    """The part (i, n) whose chunks were looked at; None for all of them."""
    done: int
    """Chunks that are there."""
    missing: int
    """Chunks that are not."""
    bytes: int
    """Size of the chunks that are there, in bytes."""
    rate: float | None
    """Bytes a second over the last minute in which chunks were written, or were committed; None where too few were."""
    committed: bool
    """Whether Zarr's metadata, which are written last, are there, so that readers can open it."""
    changed: tuple[str, ...]
    """Metadata documents that others changed since; they decide none of the numbers."""
    missing_files: tuple[str, ...]
    """Parameters, labels of axes, and the mean where it is an array, that are not there."""
    rows: int
    """Rows of the store, or of the part; of derived numbers, steps along the first axis."""
    done_rows: int
    """Rows whose numbers are there; where chunks cut rows, as many as there are numbers for."""
    last_written: float | None
    """When the newest chunk was written, in seconds since 1970, by the clock of the storage; None before the first.
    In a repository of icechunk, when the last commit was made."""
    writers: int | None
    """Who is at work on it: of a folder, processes of this machine; of a bucket, jobs whose lease has not expired. None
    where that cannot be seen."""
    fingerprint: str
    """SHA-256 of everything that decides the values."""
    parts: tuple[PartProgress, ...] = ()
    """Of each of the parts that were asked for `part`, `done`, `missing` and `last_written`; a store does not record
    how many parts write it."""

    @property
    def complete(self) -> bool:
        """Whether nothing is left to do; of a part, in its share."""
        return self.state != "unfinished"

    @property
    def state(self) -> State:
        """How far it is; "changed" where it is complete, and others changed its metadata since."""
        if self.part is not None:  # what lies beside the chunks is no part's share
            return state_of(self.missing, self.changed, ())
        return state_of(self.missing, self.changed if self.committed else None, self.missing_files)

    def _essentials(self) -> Mapping[str, object]:
        part = {} if self.part is None else {"part": self.part}
        names = ("state", "done", "missing", "bytes", "rate")
        return {"url": self.url, **part, **{name: getattr(self, name) for name in names}}

    def _summary(self) -> Content:
        return joined([badge(self.state, "ok" if self.state == "complete" else "warn"), " ", self.url])

    def _shown(self) -> Iterator[Html]:
        total = self.done + self.missing
        yield meter(self.done / total if total else 1.0, f"there are {self.done:,} of {plural(total, 'chunk', ',')}")
        first, *others = str(self).splitlines()
        if (text := first.removeprefix(f"{printable_lines([self.url])}: ")) != self.state:
            yield note(text)
        yield facts(dict(line.partition(": ")[::2] for line in others))
        open_parts = [each for each in self.parts if each.missing]
        rows = ((str(each.part[0]), f"{each.done:,}", f"{each.missing:,}") for each in open_parts)
        yield from listing("Parts that are not complete", ["part", "chunks", "missing"], len(open_parts), rows)

    def __str__(self) -> str:
        total = self.done + self.missing
        state = "complete" if self.complete else "unfinished" if self.missing else "all chunks are there, "
        if self.state == "changed":
            state += f", but others changed its metadata since: {', '.join(self.changed)}"
        elif not self.complete and not self.missing:
            state += f"but not {', '.join(self.missing_files)}" if self.committed else "not committed"
        fraction = self.done / total if total else 1.0
        part = "" if self.part is None else f"part {self.part[0]}/{self.part[1]} "
        lines = [
            f"{self.url}: {part}{state}",
            f"chunks: {self.done} of {total} ({fraction:.1%}), {self.missing} missing",
        ]
        size = f"size: {readable_bytes(self.bytes)}"
        if self.rate is not None:
            size += f", written at {readable_bytes(self.rate)}/s"
            if (left := self.seconds_left) is not None:
                size += f", {duration(left)} left at that rate"
        lines.append(size)
        if self.writers:
            lines.append(f"at work: {self.writers_text}")
        if self.parts:
            whole = sum(not each.missing for each in self.parts)
            begun = sum(each.missing > 0 and each.done > 0 for each in self.parts)
            lines.append(f"parts: {whole} of {len(self.parts)} complete, {begun} begun")
        return printable_lines(lines)

    @property
    def writers_text(self) -> str:
        """The writers as a person reads them: "2 processes of this machine", "1 job"; empty where that is unknown."""
        if self.writers is None:
            return ""
        if "://" in self.url:
            return plural(self.writers, "job")
        return f"{plural(self.writers, 'process')} of this machine"

    @property
    def seconds_left(self) -> float | None:
        """Seconds until the missing chunks are written, at the rate; None where that is unknown."""
        if not self.rate or not self.missing or not self.done:
            return None
        return self.bytes / self.done * self.missing / self.rate


@short_signature
def status(
    url: StoreLike,
    *,
    part: tuple[int, int] | None = None,
    parts: int | None = None,
    storage_options: Mapping[str, Any] | None = None,
) -> Status:
    """Progress of a store; also while a job is running.

    Parameters
    ----------
    url : str, path-like, zarr.storage store or icechunk.Repository
        As for `mvn_dask.to_zarr`.
    part : (int, int), optional
        ``(i, n)`` with 0 ≤ i < n: look at the chunks of the i-th of n parts only.
    parts : int, optional
        How many parts the store is written in, wherever they run: the status says of each how far it is, and when its
        newest chunk was written.
    storage_options : mapping, optional
        As for `mvn_dask.to_zarr`.

    Returns
    -------
    Status
        Chunks that are there and missing, the rate, and whether it is complete.

    Raises
    ------
    NotAStoreError, DamagedManifestError
        If there is no store; if its manifest or its metadata are damaged.
    StorageNotEmptyError
        If others appended to the array.
    ArgumentError, ArgumentTypeError
        If `part` is no part, or `parts` no number of them; if both are given.

    See Also
    --------
    mvn_dask.verify : Whether what is there is right.
    mvn_dask.to_zarr : Goes on where a job was killed.

    Examples
    --------
    >>> import mvn_dask
    >>> x = mvn_dask.MultivariateNormal([0.0, 1.0], 2.0).sample(1000, seed=1, chunks=250)
    >>> mvn_dask.to_zarr(x, "memory://status")
    >>> report = mvn_dask.status("memory://status")
    >>> report.complete, report.done, report.missing, report.bytes
    (True, 4, 0, 16016)
    """
    count = None if parts is None else count_of_parts(parts)
    if count is not None and part is not None:
        raise ArgumentError("`part` is one part, and `parts` is all of them: leave one of them out")
    storage = open_storage(url, storage_options)
    manifest = require_manifest(storage)
    (start, stop), size = part_range(part, chunk_count(manifest)), chunk_bytes(manifest)
    found = (
        (number, entry.modified)
        for number, entry in chunk_entries(storage, manifest, start, stop)
        if is_whole(manifest, entry)
    )
    chunks = np.fromiter(found, [("number", np.int64), ("time", np.float64)])
    times = chunks["time"]
    rate = _rate(storage, manifest, times, None if part is None else range(start, stop))
    changed = changed_documents(storage, manifest)
    return Status(
        url=storage.name,
        part=None if part is None else (int(part[0]), int(part[1])),
        done=len(times),
        missing=stop - start - len(times),
        bytes=len(times) * size,
        rate=None if rate is None else rate * size,
        committed=changed is not None,
        changed=changed or (),
        missing_files=missing_files(storage, manifest),
        rows=_rows_of(manifest, range(start, stop)),
        done_rows=_rows_of(manifest, chunks["number"]),
        last_written=float(times.max()) if len(times) else None,
        writers=storage.writers(),
        fingerprint=manifest.fingerprint,
        parts=() if count is None else progress_of_parts(count, stop, chunks["number"], times),
    )


def _rate(storage: Storage, manifest: Manifest, times: "npt.NDArray[np.float64]", share: range | None) -> float | None:
    """Chunks a second, of times at which they were written, or of commits."""
    if storage.is_transactional:

        def is_counted(key: str) -> bool:
            index = parse_key(manifest, key)
            return index is not None and share is not None and chunk_number(manifest, index) in share

        return storage.commit_rate(None if share is None else is_counted)
    recent = np.sort(times[times >= times.max() - RATE_SECONDS]) if len(times) else times
    return recent_rate(recent.tolist(), range(1, len(recent) + 1))


def _rows_of(manifest: Manifest, numbers: "range | npt.NDArray[np.int64]") -> int:
    """How many rows chunks of these numbers have together."""
    rows = prod(manifest.size) if manifest.is_sample else prod(manifest.shape[:1])
    if len(numbers) == chunk_count(manifest):
        return rows
    count = 0
    for begin in range(0, len(numbers), COUNTED_AT_ONCE):
        some = np.asarray(numbers[begin : begin + COUNTED_AT_ONCE])
        values = np.ones(len(some), np.int64)
        axes = zip(np.unravel_index(some, grid(manifest)), manifest.chunks, manifest.shape, strict=True)
        for index, step, length in axes:
            values *= np.minimum(step, length - index * step)
        count += int(values.sum())
    return count * rows // max(1, prod(manifest.shape))
