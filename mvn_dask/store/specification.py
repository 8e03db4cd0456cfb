"""From a dask array to the record of what its store is going to hold.

A sample is known by all that decides its numbers. An array that was derived from samples is known by the name
that dask gave it, a digest of the expression, and by the samples it comes from.
"""

import json
from collections.abc import Mapping
from math import prod
from typing import Any

import dask.array as da
import numpy as np
import numpy.typing as npt

from mvn_dask.errors import AlignmentError, ArgumentTypeError
from mvn_dask.provenance import Provenance, canonical_json, fingerprint
from mvn_dask.store.record import FORMAT, FORMAT_VERSION, MOST_CHUNKS, PlanRecord, derived_values


def plan_record(array: da.Array, shards: int | None = None) -> tuple[PlanRecord, Mapping[str, npt.NDArray[Any]]]:
    """The record of an array, and the arrays that belong to it.

    Parameters
    ----------
    array : dask.array.Array
        A sample, or derived from samples.
    shards : int, optional
        Rows of the pieces inside each chunk, which then is a shard.

    Raises
    ------
    ArgumentTypeError
        If it is no dask array of numbers.
    AlignmentError
        If its blocks are not whole Zarr chunks, or cannot be divided into such pieces.
    """
    _refuse_other_arrays(array)
    chunks = _regular_chunks(array)
    if array.npartitions > MOST_CHUNKS:
        raise AlignmentError(f"`array` has {array.npartitions} blocks, and a store at most {MOST_CHUNKS} chunks")
    origins = provenances(array)
    own = next((origin for origin in origins if origin.is_of(array.name)), None)
    samples = [dict(origin.values) for origin in (origins if own is None else [own])]
    content = {
        "format": FORMAT,
        "format_version": FORMAT_VERSION,
        "kind": "derived" if own is None else "sample",
        "expression": array.name if own is None else None,
        "samples": samples,
        "arrays": [] if own is None else sorted(own.arrays),
        "fingerprint": fingerprint(derived_values(array.name, samples)) if own is None else own.fingerprint,
        "array": {
            "shape": list(array.shape),
            "chunks": chunks,
            "pieces": None if shards is None else _pieces(chunks, shards),
            "dtype": array.dtype.name,
            "dimensions": [f"dim_{axis}" for axis in range(array.ndim)] if own is None else list(own.dimensions),
            "names": None if own is None or own.names is None else list(own.names),
        },
    }
    plain = json.loads(canonical_json(content))
    return PlanRecord(plain), {} if own is None else own.arrays


def provenances(array: da.Array) -> list[Provenance]:
    """The samples that an array comes from, as their samplers left them in its graph."""
    found = {}
    for layer in array.dask.layers.values():
        # Blockwise layers hold no node of their own, and looking into them would unfold them.
        for key, node in getattr(layer, "mapping", {}).items():
            origin = getattr(getattr(node, "value", node), "provenance", None) if isinstance(key, str) else None
            if isinstance(origin, Provenance):
                found[origin.name] = origin
    return [found[name] for name in sorted(found)]


def _refuse_other_arrays(array: object) -> None:
    if not isinstance(array, da.Array):
        msg = f"`array` must be a dask array, not {type(array).__name__}"
        raise ArgumentTypeError(msg)
    if array.dtype.kind not in "biufc" or array.dtype.itemsize > (16 if array.dtype.kind == "c" else 8):
        msg = f"`array` must hold numbers that Zarr knows: its dtype is {array.dtype}"
        raise ArgumentTypeError(msg)
    if not isinstance(array._meta, np.ndarray) or isinstance(array._meta, np.ma.MaskedArray):
        msg = f"`array` must be made of plain numpy arrays: its blocks are {type(array._meta).__name__}"
        raise ArgumentTypeError(msg)


def _regular_chunks(array: da.Array) -> list[int]:
    chunks = []
    for axis, pieces in enumerate(array.chunks):
        if any(np.isnan(piece) for piece in pieces):
            msg = f"axis {axis} of `array` has unknown chunks: call array.compute_chunk_sizes() first"
            raise AlignmentError(msg)
        if any(piece != pieces[0] for piece in pieces[:-1]) or pieces[-1] > pieces[0]:
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


def shards_of(record: PlanRecord) -> int | None:
    """The `shards` of which `plan_record` makes the pieces of a record."""
    if record.pieces is None:
        return None
    return next((n for n, whole in zip(record.pieces, record.chunks, strict=True) if whole > 1), 1)
