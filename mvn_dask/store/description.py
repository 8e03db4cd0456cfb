"""What a store holds, for people and for scripts."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mvn_dask.store.companions import writer
from mvn_dask.store.completeness import complete
from mvn_dask.store.layout import chunk_bytes, chunk_count
from mvn_dask.store.record import existing
from mvn_dask.store.targets.addressing import as_target


@dataclass(frozen=True)
class Description:
    """What a store holds."""

    url: str
    """Where it lies."""
    kind: str
    """"sample", whose record alone can draw it again, or "derived" from samples."""
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
    piece_shape: tuple[int, ...] | None
    """Shape of the pieces inside a chunk, where it is a shard."""
    chunks: int
    """Number of chunks."""
    bytes: int
    """Size of all chunks, in bytes."""
    dimensions: tuple[str, ...]
    """Names of the axes."""
    names: tuple[str, ...] | None
    """Names of the variables, if they have any."""
    samples: tuple[Mapping[str, Any], ...]
    """What decides the values of each sample behind it: seed (``entropy``, ``key``), bit generator, and digests."""
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
            + ("" if self.piece_shape is None else f"; pieces of shape {self.piece_shape}"),
            "seed": seeds,
            "drawn by": "; ".join(f"{each.get('bit_generator')}, {_made(each)}" for each in self.samples),
            "names": "none" if self.names is None else _some(self.names),
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


def _made(sample: Mapping[str, Any]) -> str:
    covariance = sample.get("covariance")
    return f"{covariance.get('kind')} {covariance.get('method', '')}".strip() if isinstance(covariance, dict) else "?"


def _some(names: tuple[str, ...], most: int = 6) -> str:
    return ", ".join(names[:most]) + (f", … ({len(names)})" if len(names) > most else "")


def describe(url: object, *, storage_options: Mapping[str, Any] | None = None) -> Description:
    """What a store holds, finished or not.

    Parameters
    ----------
    url : str, path-like or zarr.storage store
        Whatever `mvn_dask.to_zarr` takes.
    storage_options : mapping, optional
        As for `mvn_dask.to_zarr`.

    Raises
    ------
    NotAStoreError
        If there is no store.
    DamagedRecordError
        If its record, or its metadata, cannot be believed.
    """
    target = as_target(url, storage_options)
    record = existing(target)
    begun = writer(target)
    return Description(
        url=target.name,
        kind="sample" if record.is_sample else "derived",
        complete=complete(target, record),
        fingerprint=record.fingerprint,
        format_version=int(record.content["format_version"]),
        shape=record.shape,
        dtype=record.dtype.name,
        chunk_shape=record.chunks,
        piece_shape=record.pieces,
        chunks=chunk_count(record),
        bytes=chunk_count(record) * chunk_bytes(record),
        dimensions=record.dimensions,
        names=record.names,
        samples=tuple(record.content["samples"]),
        expression=record.content["expression"],
        environment=None if begun is None else begun.as_dict(),
    )
