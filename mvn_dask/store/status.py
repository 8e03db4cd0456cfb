"""Progress of a store, from its files alone.

Input: a URL. Output: a `Status`. Cost: the manifest, and that of listing the chunks; dask is not imported.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from mvn_dask.escaping import printable_lines
from mvn_dask.store.format.chunk_listing import chunk_entries
from mvn_dask.store.format.completeness import State, changed_documents
from mvn_dask.store.format.layout import chunk_bytes, chunk_count, is_whole
from mvn_dask.store.format.manifest import require_manifest
from mvn_dask.store.storage.addressing import StoreLike, open_storage

RATE_SECONDS = 60.0
"""Seconds over which the rate is taken."""


@dataclass(frozen=True)
class Status:
    """Progress of a store."""

    url: str
    """The store."""
    done: int
    """Chunks that are there."""
    missing: int
    """Chunks that are not."""
    bytes: int
    """Size of the chunks that are there, in bytes."""
    rate: float | None
    """Bytes a second over the last minute in which chunks were written; None where too few were."""
    committed: bool
    """Whether Zarr's metadata, which are written last, are there, so that readers can open it."""
    changed: tuple[str, ...]
    """Metadata documents that others changed since; they decide none of the numbers."""

    @property
    def complete(self) -> bool:
        """Whether everything is there."""
        return self.committed and not self.missing

    @property
    def state(self) -> State:
        """How far it is; "changed" where it is complete, and others changed its metadata since."""
        return "unfinished" if not self.complete else "changed" if self.changed else "complete"

    def __str__(self) -> str:
        total = self.done + self.missing
        state = "complete" if self.complete else "unfinished" if self.missing else "all chunks are there, not committed"
        if self.state == "changed":
            state += f", but others changed its metadata since: {', '.join(self.changed)}"
        fraction = self.done / total if total else 1.0
        lines = [f"{self.url}: {state}", f"chunks: {self.done} of {total} ({fraction:.1%}), {self.missing} missing"]
        size = f"size: {readable(self.bytes)}"
        if self.rate is not None:
            size += f", written at {readable(self.rate)}/s"
            if self.missing and self.done and self.rate > 0:
                size += f"; {self.bytes / self.done * self.missing / self.rate:.0f} s to go at that rate"
        return printable_lines([*lines, size])


def readable(nbytes: float) -> str:
    """Bytes as people write them.

    Examples
    --------
    >>> readable(3 * 2**29), readable(12)
    ('1.5 GiB', '12 B')
    """
    units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"]
    step = 0
    while nbytes >= 1024 and step < len(units) - 1:
        nbytes, step = nbytes / 1024, step + 1
    return f"{nbytes:.3g} {units[step]}"


def status(url: StoreLike, *, storage_options: Mapping[str, Any] | None = None) -> Status:
    """Progress of a store; also while a job is running.

    Parameters
    ----------
    url, storage_options
        As for `mvn_dask.to_zarr`.

    Raises
    ------
    NotAStoreError, DamagedManifestError
        If there is no store; if its manifest or its metadata are damaged.

    Examples
    --------
    >>> import mvn_dask
    >>> x = mvn_dask.MultivariateNormal([0.0, 1.0], 2.0).sample(1000, seed=1, chunks=250)
    >>> mvn_dask.to_zarr(x, "memory://status")
    >>> report = mvn_dask.status("memory://status")
    >>> report.complete, report.done, report.missing, report.bytes
    (True, 4, 0, 16016)
    """
    storage = open_storage(url, storage_options)
    manifest = require_manifest(storage)
    count, size = chunk_count(manifest), chunk_bytes(manifest)
    entries = (entry for _, entry in chunk_entries(storage, manifest, 0, count))
    times = np.fromiter((entry.modified for entry in entries if is_whole(manifest, entry)), np.float64)
    recent = times[times >= times.max() - RATE_SECONDS] if len(times) else times
    seconds = float(recent.max() - recent.min()) if len(recent) else 0.0
    changed = changed_documents(storage, manifest)
    return Status(
        url=storage.name,
        done=len(times),
        missing=count - len(times),
        bytes=len(times) * size,
        rate=(len(recent) - 1) * size / seconds if seconds > 0 else None,
        committed=changed is not None,
        changed=changed or (),
    )
