"""What a store holds, from its files alone.

Input: a URL. Output: a `Description`. Cost: that of its status, of reading the parameters, and of the eigenvalues of at
most 1,000 variables; dask is not imported.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import prod
from typing import Any

from mvn_dask.display.one_line import OneLine
from mvn_dask.errors import ArgumentError, DamagedManifestError
from mvn_dask.escaping import printable_lines
from mvn_dask.lineage import InputFile
from mvn_dask.readable import plural
from mvn_dask.store.format.completeness import State, state
from mvn_dask.store.format.layout import chunk_bytes, chunk_count
from mvn_dask.store.format.manifest import FORMAT_VERSION, Manifest, require_manifest
from mvn_dask.store.format.members import members
from mvn_dask.store.format.parameters import load_parameters
from mvn_dask.store.format.writer_note import read_note
from mvn_dask.store.storage.addressing import StoreLike, open_storage
from mvn_dask.store.storage.base import Storage

_STATES = {
    "unfinished": "unfinished",
    "complete": "complete",
    "changed": "complete, but others changed its metadata since: repair restores and amends them",
}


@dataclass(frozen=True, repr=False)
class Description(OneLine):
    """What a store holds."""

    url: str
    """The store."""
    kind: str
    """"sample", whose manifest alone can draw it again, or "derived" from samples."""
    complete: bool
    """Whether everything is there."""
    state: State
    """"unfinished", "complete", or "changed" where it is complete, and others changed its metadata since."""
    fingerprint: str
    """SHA-256 of everything that decides the values."""
    format_version: int
    """Version of the layout."""
    shape: tuple[int, ...]
    """Shape of the array; of a sample, the axes of a draw last."""
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
    event_shape: tuple[int, ...]
    """Shape of a draw; of a derived array, length of its last axis."""
    labelled: tuple[str, ...]
    """Axes that have labels."""
    names: tuple[str, ...] | None
    """Names of the variables of a vector, if they have any."""
    samples: tuple[Mapping[str, Any], ...]
    """What decides the values of each sample behind it: seed (``entropy``, ``key``), bit generator, digests."""
    expression: str | None
    """Dask's name of what was derived from samples."""
    members: tuple[str, ...]
    """Groups and arrays that others added; they decide none of the numbers, and stay as they are."""
    environment: Mapping[str, str] | None
    """Where the store was begun: versions, BLAS, processor; None where that is lost."""
    inputs: tuple[InputFile, ...]
    """Files that a job's distribution was read from when the store was begun: `key`, `name`, `sha256`, `size`."""
    grade: str | None
    """Of a sample, whether its variances are those asked for: "ok", "warning" or "NOT ok"; None if it is not known."""
    largest_variance_miss: float | None
    """Of a sample, the largest relative difference of a variance of the factor and the one asked for; None where it is
    not known, or infinite, since a variance of 0 was asked for."""
    condition_number: float | None
    """Of a sample, that of the covariance that is drawn, scaled to a unit diagonal; None where it is not known or
    infinite."""
    smallest_eigenvalue: float | None
    """Of a sample, that of the same matrix, which is the factor's: 0 if it is singular to rounding, and never negative;
    None where it is not known."""
    variances: str
    """The same in words."""

    def __str__(self) -> str:
        seeds = "; ".join(f"{each.get('entropy')} (key {each.get('key')})" for each in self.samples)
        rows = {
            "store": self.url,
            "holds": f"{self.kind}, {_STATES[self.state]}",
            "shape": f"{self.shape} {self.dtype}",
            "chunks": f"{self.chunks} of shape {self.chunk_shape}, {plural(self.bytes, 'byte')}"
            + ("" if self.inner_chunk_shape is None else f"; inner chunks of shape {self.inner_chunk_shape}"),
            "seed": seeds,
            "drawn by": "; ".join(f"{_source(each)}, {_kinds(each)}" for each in self.samples),
            "names": "none" if self.names is None else _first_names(self.names),
            "fingerprint": self.fingerprint,
            "format": self.format_version,
        }
        if len(self.event_shape) > 1:
            axes = zip(self.dimensions[-len(self.event_shape) :], self.event_shape, strict=True)
            labelled = [f"{dim}: {n}{', labelled' if dim in self.labelled else ''}" for dim, n in axes]
            rows["names"] = f"none; a draw has the axes {'; '.join(labelled)}"
        if self.members:
            rows["added by others"] = _first_names(self.members)
        if self.variances:
            rows["variances"] = self.variances
        if self.smallest_eigenvalue is not None:
            condition = "infinite" if self.condition_number is None else f"{self.condition_number:.4g}"
            smallest = f"smallest eigenvalue {self.smallest_eigenvalue:.4g}"
            rows["condition"] = f"{condition}, {smallest}, of the correlations that are drawn"
        if self.expression is not None:
            rows["expression"] = self.expression
        if self.environment is not None:
            rows["begun with"] = ", ".join(f"{key} {value}" for key, value in self.environment.items())
        if self.inputs:
            rows["read from"] = "; ".join(f"{each.name} ({each.key}, SHA-256 {each.sha256})" for each in self.inputs)
        return table(rows)


def table(rows: Mapping[str, object]) -> str:
    """Keys and values, one a line."""
    width = max(map(len, rows))
    return printable_lines(f"{key:<{width}}  {value}" for key, value in rows.items())


def _source(sample: Mapping[str, Any]) -> str:
    """What the normals come from, as the sampler recorded it."""
    points = sample.get("points")
    if not isinstance(points, dict):
        return str(sample.get("bit_generator"))
    return f"{points.get('kind')} points, replicate {points.get('replicate')}, {sample.get('bit_generator')}"


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


def describe(url: StoreLike, *, storage_options: Mapping[str, Any] | None = None) -> Description:
    """What a store holds, finished or not; it takes and raises what `mvn_dask.status` does."""
    storage = open_storage(url, storage_options)
    manifest = require_manifest(storage)
    note, found = read_note(storage), state(storage, manifest)
    return Description(
        url=storage.name,
        kind=manifest.kind,
        complete=found != "unfinished",
        state=found,
        fingerprint=manifest.fingerprint,
        format_version=FORMAT_VERSION,
        shape=manifest.shape,
        dtype=manifest.dtype.name,
        chunk_shape=manifest.chunks,
        inner_chunk_shape=manifest.array.inner_chunks,
        chunks=chunk_count(manifest),
        bytes=chunk_count(manifest) * chunk_bytes(manifest),
        dimensions=manifest.array.dimensions,
        event_shape=manifest.event.shape,
        labelled=tuple(sorted({*manifest.array.coordinates, *manifest.array.indexes} & {*manifest.array.dimensions})),
        names=manifest.names,
        samples=manifest.samples,
        expression=manifest.expression,
        members=tuple(members(storage, manifest)),
        environment=None if note.environment is None else note.environment.as_dict(),
        inputs=note.inputs,
        **_diagnostics(storage, manifest),
    )


def _diagnostics(storage: Storage, manifest: Manifest) -> dict[str, Any]:
    """Those fields that need the factor; of a derived array, and where the factor is damaged, nothing is known."""
    from mvn_dask import distribution  # noqa: F401 each distribution defines the kind that manifests name
    from mvn_dask.sampling.points import separated
    from mvn_dask.sampling.sampler import Sampler

    nothing = dict.fromkeys(("grade", "largest_variance_miss", "condition_number", "smallest_eigenvalue"))
    if not manifest.is_sample:
        return {**nothing, "variances": ""}
    try:
        record = manifest.samples[0]["distribution"]
        parameters, _ = separated(load_parameters(storage, manifest))
        sampler = Sampler.of_kind(record["kind"]).from_parameters(record, parameters)
    except (DamagedManifestError, ArgumentError) as error:
        return {**nothing, "variances": f"not known: {error.text}"}
    except (KeyError, TypeError) as error:
        return {**nothing, "variances": f"not known: {error}"}
    found = sampler.diagnostics()
    return {"grade": found.grade(prod(manifest.size)), **found.as_dict(), "variances": str(found)}
