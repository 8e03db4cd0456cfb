"""From an array, or from its lineage alone, to the manifest of its store.

Input: a dask array; or a sample's lineage and the lengths of its blocks, without dask. Output: a `Manifest`, and the
parameter arrays that belong to it. Cost: one look at every layer of the graph; nothing is computed.

A sample is known by all that decides its numbers. An array that was derived from samples is known by the name that dask
gave it, a digest of the expression, and by the samples it comes from. One that `from_zarr` opened, block for block, is
what its store holds.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np

from mvn_dask._typing import Arrays
from mvn_dask.errors import AlignmentError, ArgumentError, ArgumentTypeError, DamagedManifestError
from mvn_dask.hashing import canonical_json
from mvn_dask.lineage import InputFile, Lineage
from mvn_dask.readable import plural, short_repr
from mvn_dask.store.array_labels import Labels, derived_labels, sample_labels
from mvn_dask.store.format import manifest as manifests
from mvn_dask.store.format.array_layout import DIMENSION_RULE, MAX_CHUNKS, may_name_dimension
from mvn_dask.store.format.described_fields import described_fields
from mvn_dask.store.format.manifest import Manifest
from mvn_dask.store.format.parameters import load_parameters

if TYPE_CHECKING:
    import dask.array as da

    from mvn_dask.store.reading import Stored

_Call = Callable[[tuple[int, ...]], str]
"""From regular chunks to the call that gives an array such blocks."""
_draw_with: _Call = "Draw the sample with `chunks` {}: its numbers do not depend on them".format
_rechunk: _Call = "Use array.rechunk({})".format

Lengths = Sequence[Sequence[float]]
"""Lengths of an array's blocks along every axis; NaN where dask does not know."""


def manifest_of(array: "da.Array", shards: int | None = None, labels: Labels | None = None) -> tuple[Manifest, Arrays]:
    """The manifest of an array, and the parameter arrays that belong to it; `shards` is that of `mvn_dask.to_zarr`.

    Raises ArgumentTypeError if it is no dask array of numbers; AlignmentError if its blocks are not whole Zarr chunks,
    or cannot be divided into such inner chunks; StoreError if it was opened from a store that has changed since.
    """
    _refuse_other_arrays(array)
    stored = stored_source(array)
    if stored is not None:
        stored.refuse_changed()
        return _copied_manifest(stored.manifest, shards, labels), load_parameters(stored.storage, stored.manifest)
    origins = lineages(array)
    is_sample = bool(origins) and origins[0].is_of(array.name)
    own = sample_labels(origins[0]) if is_sample else derived_labels(array)[0]
    event_axes = len(origins[0].event.shape) if is_sample else min(1, array.ndim)
    advice = _draw_with if is_sample else _rechunk if labels is None else _chunk_by_names(labels)
    layout = _layout(array.chunks, array.dtype, shards, advice) | _named(labels or own, event_axes)
    if is_sample:
        return _manifest("sample", None, origins, layout, origins[0].values["parameters"]), origins[0].arrays
    # dask's name of the array is a digest of how it is computed.
    return _manifest("derived", array.name, origins, layout, {}), {}


def _chunk_by_names(labels: Labels) -> _Call:
    return lambda chunks: f"Use array.chunk({dict(zip(labels.dimensions, chunks, strict=True))})"


def _named(labels: Labels, event_axes: int) -> dict[str, object]:
    """The fields of a layout that are about axes. Raises ArgumentError for a name that no store has."""
    for dim in labels.dimensions:
        if not may_name_dimension(dim):
            raise ArgumentError(
                f"`array` has the dimension {dim!r}, and {DIMENSION_RULE}: `dims` of its distribution names it "
                "otherwise"
            )
    fields = described_fields(labels.description)
    if str(fields["name"]).lower() in [dim.lower() for dim in labels.dimensions]:
        raise ArgumentError(
            f"`array` has the name {fields['name']!r}, and a dimension of that name: "
            "mvn_dask.to_xarray(array).rename('…') names it otherwise"
        )
    return {"dimensions": labels.dimensions, "event_axes": event_axes, **fields}


def stored_source(array: "da.Array") -> "Stored | None":
    """The store that `from_zarr` opened an array from, if the array is that, block for block; None if it is derived."""
    from mvn_dask.store.reading import Stored  # here, since it imports dask, which the plan of a job does without

    stored = (source for source in _sources(array) if isinstance(source, Stored))
    return next((source for source in stored if source.array_name == array.name), None)


def lineages(array: "da.Array") -> list[Lineage]:
    """The samples that an array comes from, drawn or opened from stores; of a sample, its own alone."""
    from mvn_dask.store.reading import Stored

    found: dict[str, Lineage] = {}
    for source in _sources(array):
        origins = source.lineages if isinstance(source, Stored) else (getattr(source, "lineage", None),)
        found.update((origin.name, origin) for origin in origins if isinstance(origin, Lineage))
    own = [origin for origin in found.values() if origin.is_of(array.name)]
    return own[:1] or [found[name] for name in sorted(found)]


def inputs_of(array: "da.Array") -> tuple[InputFile, ...]:
    """Files that the parameters of a sample were read from, as far as it knows."""
    return next((origin.inputs for origin in lineages(array) if origin.is_of(array.name)), ())


def _sources(array: "da.Array") -> Iterator[Any]:
    """Those of `graph_sources`, and that of an array that is in memory, or was cut out of one that is."""
    from mvn_dask.execution.array_source import source_of

    yield from graph_sources(array)
    kept = source_of(array)
    if kept is not None:
        yield kept.value


def graph_sources(array: "da.Array") -> Iterator[Any]:
    """Objects that stand in a graph under a name of their own, as what all tasks of a sample or of a store share."""
    for layer in array.dask.layers.values():
        # Blockwise layers hold no node of their own, and looking into them would unfold them.
        for key, node in getattr(layer, "mapping", {}).items():
            if isinstance(key, str):
                yield getattr(node, "value", node)


def _copied_manifest(manifest: Manifest, shards: int | None, labels: Labels | None) -> Manifest:
    """The manifest of a copy of a store, which has the same values, and chunks, but for what is asked for."""
    content = manifest.as_dict()
    if shards is not None:
        content["array"]["inner_chunks"] = _inner_chunks(list(manifest.chunks), shards)
    if labels is not None:
        content["array"] |= _named(labels, manifest.array.event_axes)
    return _parsed(content)


def _refuse_other_arrays(array: object) -> None:
    import dask.array as da

    from mvn_dask.execution.blocks import refuse_query_planning

    refuse_query_planning()
    if not isinstance(array, da.Array):
        raise ArgumentTypeError(
            f"`array` must be a dask array, not {type(array).__name__}: da.from_array(…, chunks=…) makes one"
        )
    if array.dtype.kind not in "biufc" or array.dtype.itemsize > (16 if array.dtype.kind == "c" else 8):
        raise ArgumentTypeError(f"`array` must hold numbers that Zarr knows: its dtype is {array.dtype}")
    if not isinstance(array._meta, np.ndarray) or isinstance(array._meta, np.ma.MaskedArray):
        raise ArgumentTypeError(
            f"`array` must be made of plain numpy arrays: its blocks are {type(array._meta).__name__}"
        )


def sample_manifest(lineage: Lineage, lengths: Lengths, dtype: "np.dtype[Any]", shards: int | None) -> Manifest:
    """The manifest of a sample whose blocks have these lengths; it raises what `manifest_of` raises."""
    named = _named(sample_labels(lineage), len(lineage.event.shape))
    layout = _layout(lengths, dtype, shards, _draw_with) | named
    return _manifest("sample", None, [lineage], layout, lineage.values["parameters"])


def _manifest(
    kind: str, expression: str | None, origins: Sequence[Lineage], array: dict[str, object], parameters: object
) -> Manifest:
    """A manifest by way of its own reader, so that none is written that cannot be read."""
    samples = [origin.values for origin in origins]
    content = {
        "format": manifests.FORMAT,
        "format_version": manifests.FORMAT_VERSION,
        "kind": kind,
        "expression": expression,
        "samples": samples,
        "array": array,
        "parameters": parameters,
        "fingerprint": manifests.values_fingerprint(kind, expression, samples),
    }
    return _parsed(content)


def _parsed(content: Mapping[str, object]) -> Manifest:
    try:
        return manifests.parse_manifest(canonical_json(content).encode(), "its manifest")
    except DamagedManifestError as error:
        raise ArgumentError(f"`array` cannot be stored: {error}") from error


def _layout(lengths: Lengths, dtype: "np.dtype[Any]", shards: int | None, advice: _Call) -> dict[str, object]:
    chunks = _regular_chunks(lengths, advice)
    count = prod(len(axis) for axis in lengths)
    if count > MAX_CHUNKS:
        raise AlignmentError(f"`array` has {plural(count, 'block')}, and a store at most {MAX_CHUNKS} chunks")
    return {
        "shape": [int(sum(axis)) for axis in lengths],
        "chunks": chunks,
        "inner_chunks": None if shards is None else _inner_chunks(chunks, shards),
        "dtype": dtype.name,
    }


def _regular_chunks(lengths: Lengths, advice: _Call) -> list[int]:
    chunks = []
    for axis, blocks in enumerate(lengths):
        if any(np.isnan(length) for length in set(blocks)):
            raise AlignmentError(f"axis {axis} of `array` has unknown chunks: call array.compute_chunk_sizes() first")
        if set(blocks[:-1]) - {blocks[0]} or blocks[-1] > blocks[0]:
            raise AlignmentError(
                f"every block of `array` must be one whole Zarr chunk, but the blocks along axis {axis} differ: "
                f"{', '.join(map(str, blocks[:4]))}{', …' if len(blocks) > 4 else ''}. "
                # Of all axes at once: with one after the other, each call would be refused for the next.
                + advice(tuple(int(max(each, default=1)) for each in lengths))
            )
        chunks.append(max(1, int(blocks[0])))
    return chunks


def _inner_chunks(chunks: list[int], rows: object) -> list[int]:
    """Shape of the inner chunks of a shard: so many rows along the first axis that is longer than 1."""
    if isinstance(rows, bool) or not isinstance(rows, (int, np.integer)):
        raise ArgumentTypeError(f"`shards` must be rows of the inner chunks of a shard, not {short_repr(rows)}")
    if not chunks:
        raise AlignmentError("`shards` divide the rows of a block, and an array without axes has none")
    axis = next((axis for axis, length in enumerate(chunks) if length > 1), 0)
    if rows < 1 or chunks[axis] % int(rows):
        raise AlignmentError(
            f"`shards` must divide the {plural(chunks[axis], 'row')} of a block: {short_repr(rows)} does not"
        )
    inner = [*chunks[:axis], int(rows), *chunks[axis + 1 :]]
    if prod(chunks) // prod(inner) > MAX_CHUNKS:
        raise AlignmentError(
            f"`shards` of {plural(int(rows), 'row')} make more than {MAX_CHUNKS} inner chunks of a block"
        )
    return inner


def shards_of(manifest: Manifest) -> int | None:
    """The `shards` of which `manifest_of` makes the inner chunks of a manifest."""
    if manifest.array.inner_chunks is None:
        return None
    sizes = zip(manifest.array.inner_chunks, manifest.chunks, strict=True)
    return next((rows for rows, chunk in sizes if chunk > 1), 1)
