"""What the manifest of a store says of the array that it is going to hold."""

import json
from collections.abc import Mapping, Sequence
from math import prod

import numpy as np

from mvn_dask.errors import AlignmentError, ArgumentTypeError
from mvn_dask.hashing import canonical_json, fingerprint
from mvn_dask.lineage import Lineage
from mvn_dask.store.format.manifest import FORMAT, FORMAT_VERSION, MOST_CHUNKS, Manifest, derived_values

Lengths = Sequence[Sequence[float]]
"""Lengths of an array's blocks along every axis; NaN where dask does not know."""


def sample_manifest(own: Lineage, lengths: Lengths, dtype: "np.dtype[np.generic]", shards: int | None) -> Manifest:
    """The manifest of a sample.

    Parameters
    ----------
    own : Lineage
        Of the sample.
    lengths : sequence of sequences of int
        Lengths of its blocks along every axis.
    dtype : dtype
        Of its numbers.
    shards : int or None
        Rows of the pieces inside each chunk, which then is a shard.

    Raises
    ------
    AlignmentError
        If the blocks are not whole Zarr chunks, or cannot be divided into such pieces.
    """
    content = {
        "kind": "sample",
        "expression": None,
        "samples": [dict(own.values)],
        "arrays": sorted(own.arrays),
        "fingerprint": own.fingerprint,
    }
    names = None if own.names is None else list(own.names)
    return _record(content, _array(lengths, dtype, shards, list(own.dimensions), names))


def derived_manifest(
    expression: str,
    origins: Sequence[Lineage],
    lengths: Lengths,
    dtype: "np.dtype[np.generic]",
    shards: int | None,
) -> Manifest:
    """The manifest of an array that was derived from samples; see `sample_manifest`.

    `expression` is the array's name, a digest of how it is computed.
    """
    samples = [dict(origin.values) for origin in origins]
    content = {
        "kind": "derived",
        "expression": expression,
        "samples": samples,
        "arrays": [],
        "fingerprint": fingerprint(derived_values(expression, samples)),
    }
    return _record(content, _array(lengths, dtype, shards, [f"dim_{axis}" for axis in range(len(lengths))], None))


def _record(content: Mapping[str, object], array: Mapping[str, object]) -> Manifest:
    whole = {"format": FORMAT, "format_version": FORMAT_VERSION, **content, "array": array}
    return Manifest(json.loads(canonical_json(whole)))


def _array(
    lengths: Lengths, dtype: "np.dtype[np.generic]", shards: int | None, dimensions: list[str], names: list[str] | None
) -> dict[str, object]:
    chunks = _regular_chunks(lengths)
    count = prod(len(axis) for axis in lengths)
    if count > MOST_CHUNKS:
        raise AlignmentError(f"`array` has {count} blocks, and a store at most {MOST_CHUNKS} chunks")
    return {
        "shape": [int(sum(axis)) for axis in lengths],
        "chunks": chunks,
        "pieces": None if shards is None else _pieces(chunks, shards),
        "dtype": dtype.name,
        "dimensions": dimensions,
        "names": names,
    }


def _regular_chunks(lengths: Lengths) -> list[int]:
    chunks = []
    for axis, pieces in enumerate(lengths):
        different = set(pieces)
        if any(np.isnan(piece) for piece in different):
            msg = f"axis {axis} of `array` has unknown chunks: call array.compute_chunk_sizes() first"
            raise AlignmentError(msg)
        if len(different) > 1 and (set(pieces[:-1]) != {pieces[0]} or pieces[-1] > pieces[0]):
            msg = (
                f"every block of `array` must be one whole Zarr chunk, but the blocks along axis {axis} differ: "
                f"{', '.join(map(str, pieces[:4]))}{', …' if len(pieces) > 4 else ''}. "
                f"Draw the sample with chunks={max(pieces)}, or use array.rechunk({{{axis}: {max(pieces)}}})"
            )
            raise AlignmentError(msg)
        chunks.append(max(1, int(pieces[0])))
    return chunks


def _pieces(chunks: list[int], rows: object) -> list[int]:
    """Shape of the pieces of a shard: so many rows along the first axis that is longer than 1."""
    if isinstance(rows, bool) or not isinstance(rows, (int, np.integer)):
        raise ArgumentTypeError(f"`shards` must be rows of the pieces inside a shard, not {rows!r}")
    if not chunks:
        raise AlignmentError("`shards` divide the rows of a block, and an array without axes has none")
    axis = next((axis for axis, length in enumerate(chunks) if length > 1), 0)
    if rows < 1 or chunks[axis] % int(rows):
        raise AlignmentError(f"`shards` must divide the {chunks[axis]} rows of a block: {rows} does not")
    pieces = [*chunks[:axis], int(rows), *chunks[axis + 1 :]]
    if prod(chunks) // prod(pieces) > MOST_CHUNKS:
        raise AlignmentError(f"`shards` of {rows} rows make more than {MOST_CHUNKS} pieces of a block")
    return pieces


def shards_of(manifest: Manifest) -> int | None:
    """The `shards` of which `manifest_of` makes the pieces of a manifest."""
    if manifest.pieces is None:
        return None
    return next((n for n, whole in zip(manifest.pieces, manifest.chunks, strict=True) if whole > 1), 1)
