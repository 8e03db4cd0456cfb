"""Progress and content of a store, from its files alone.

Input: a URL. Output: a `Status`, or a `Description`. Cost: the manifest, and an `lstat` a chunk in a folder or a
listing in an object store; dask is not imported.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from mvn_dask.store.format.completeness import committed, complete
from mvn_dask.store.format.layout import chunk_bytes, chunk_count, chunk_entries, is_whole
from mvn_dask.store.format.manifest import FORMAT_VERSION, require_manifest
from mvn_dask.store.format.parameters import writer
from mvn_dask.store.storage.addressing import open_storage

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

    @property
    def complete(self) -> bool:
        """Whether nothing is left to do."""
        return self.committed and not self.missing

    def __str__(self) -> str:
        total = self.done + self.missing
        state = "complete" if self.complete else "unfinished" if self.missing else "all chunks are there, not committed"
        fraction = self.done / total if total else 1.0
        lines = [f"{self.url}: {state}", f"chunks: {self.done} of {total} ({fraction:.1%}), {self.missing} missing"]
        size = f"size: {readable(self.bytes)}"
        if self.rate is not None:
            size += f", written at {readable(self.rate)}/s"
            if self.missing and self.done and self.rate > 0:
                size += f"; {self.bytes / self.done * self.missing / self.rate:.0f} s to go at that rate"
        return "\n".join([*lines, size])


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


def status(url: object, *, storage_options: Mapping[str, Any] | None = None) -> Status:
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
    times = np.array(
        [entry.modified for _, entry in chunk_entries(storage, manifest, 0, count) if is_whole(manifest, entry)],
        np.float64,
    )
    recent = times[times >= times.max() - RATE_SECONDS] if len(times) else times
    seconds = float(recent.max() - recent.min()) if len(recent) else 0.0
    return Status(
        url=storage.name,
        done=len(times),
        missing=count - len(times),
        bytes=len(times) * size,
        rate=(len(recent) - 1) * size / seconds if seconds > 0 else None,
        committed=committed(storage, manifest),
    )


@dataclass(frozen=True)
class Description:
    """What a store holds."""

    url: str
    """The store."""
    kind: str
    """"sample", whose manifest alone can draw it again, or "derived" from samples."""
    complete: bool
    """Whether everything is there."""
    fingerprint: str
    """SHA-256 of everything that decides the values."""
    format_version: int
    """Version of the layout."""
    shape: tuple[int, ...]
    """Shape of the array; of a sample, the variables last."""
    dtype: str
    """Type of the numbers."""
    chunk_shape: tuple[int, ...]
    """Shape of a chunk."""
    inner_chunk_shape: tuple[int, ...] | None
    """Shape of the inner chunks of a chunk, where it is a shard."""
    chunks: int
    """Number of chunks."""
    bytes: int
    """Size of all chunks, in bytes."""
    dimensions: tuple[str, ...]
    """Names of the axes."""
    names: tuple[str, ...] | None
    """Names of the variables, if they have any."""
    samples: tuple[Mapping[str, Any], ...]
    """What decides the values of each sample behind it: seed (``entropy``, ``key``), bit generator, digests."""
    expression: str | None
    """Dask's name of what was derived from samples."""
    environment: Mapping[str, str] | None
    """Where the store was begun: versions, BLAS, processor; None where that is lost."""

    def __str__(self) -> str:
        seeds = "; ".join(f"{each.get('entropy')} (key {each.get('key')})" for each in self.samples)
        rows = {
            "store": self.url,
            "holds": f"{self.kind}, {'complete' if self.complete else 'unfinished'}",
            "shape": f"{self.shape} {self.dtype}",
            "chunks": f"{self.chunks} of shape {self.chunk_shape}, {self.bytes} bytes"
            + ("" if self.inner_chunk_shape is None else f"; inner chunks of shape {self.inner_chunk_shape}"),
            "seed": seeds,
            "drawn by": "; ".join(f"{each.get('bit_generator')}, {_kinds(each)}" for each in self.samples),
            "names": "none" if self.names is None else _first_names(self.names),
            "fingerprint": self.fingerprint,
            "format": self.format_version,
        }
        if self.expression is not None:
            rows["expression"] = self.expression
        if self.environment is not None:
            rows["begun with"] = ", ".join(f"{key} {value}" for key, value in self.environment.items())
        return table(rows)


def table(rows: Mapping[str, object]) -> str:
    """Keys and values, one a line."""
    width = max(map(len, rows))
    return "\n".join(f"{key:<{width}}  {value}" for key, value in rows.items())


def _kinds(sample: Mapping[str, Any]) -> str:
    """Distribution, covariance and method, as the sampler recorded them; a store may record others, or none."""
    distribution = sample.get("distribution")
    distribution = distribution if isinstance(distribution, dict) else {}
    covariance = distribution.get("covariance")
    covariance = covariance if isinstance(covariance, dict) else {}
    words = (distribution.get("kind"), covariance.get("kind"), covariance.get("method"))
    return " ".join(str(word) for word in words if word) or "?"


def _first_names(names: tuple[str, ...], most: int = 6) -> str:
    return ", ".join(names[:most]) + (f", … ({len(names)})" if len(names) > most else "")


def describe(url: object, *, storage_options: Mapping[str, Any] | None = None) -> Description:
    """What a store holds, finished or not; it takes and raises what `status` does."""
    storage = open_storage(url, storage_options)
    manifest = require_manifest(storage)
    begun = writer(storage)
    return Description(
        url=storage.name,
        kind=manifest.kind,
        complete=complete(storage, manifest),
        fingerprint=manifest.fingerprint,
        format_version=FORMAT_VERSION,
        shape=manifest.shape,
        dtype=manifest.dtype.name,
        chunk_shape=manifest.chunks,
        inner_chunk_shape=manifest.array.inner_chunks,
        chunks=chunk_count(manifest),
        bytes=chunk_count(manifest) * chunk_bytes(manifest),
        dimensions=manifest.array.dimensions,
        names=manifest.names,
        samples=manifest.samples,
        expression=manifest.expression,
        environment=None if begun is None else begun.as_dict(),
    )
