"""What a store looks like to Zarr, and what it looks like on disk.

A group with the array ``samples``: no compressor, since the mantissas of normals do not compress; a
crc32c in every chunk; NaN where nothing was written. Where the variables have names, the array
``variable`` holds them, which makes them a coordinate in xarray.
"""

import json
import warnings
from collections.abc import Iterator
from itertools import product
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
import zarr
from zarr.codecs import Crc32cCodec
from zarr.storage import LocalStore

from mvn_dask.atomic import PARTIAL
from mvn_dask.store.record import HIDDEN, PlanRecord
from mvn_dask.store.staging import DOCUMENT, StagedStore

ARRAY = "samples"
"""Name of the array in its group."""
CHECKSUM_BYTES = 4
"""What crc32c adds to a chunk."""


def stage(folder: Path, record: PlanRecord) -> tuple[StagedStore, zarr.Array[Any]]:
    """The store, with its metadata in memory, and the array that the chunks are written through."""
    store = StagedStore(LocalStore(folder))
    group = zarr.create_group(
        store,
        attributes={
            "mvn_dask": {
                "format_version": record.content["format_version"],
                "fingerprint": record.fingerprint,
            }
        },
    )
    dtype = record.dtype
    samples = group.create_array(
        ARRAY,
        shape=record.shape,
        chunks=record.chunks,
        dtype=dtype,
        fill_value=dtype.type(np.nan if dtype.kind in "fc" else 0),
        compressors=[Crc32cCodec()],
        filters=None,
        dimension_names=record.dimensions,
        config={"write_empty_chunks": True},
    )
    if record.names is not None:
        names = np.array(record.names, dtype=object)
        group.create_array(
            record.dimensions[-1],
            shape=names.shape,
            chunks=names.shape,
            dtype=str,
            compressors=None,
            dimension_names=record.dimensions[-1:],
        )[:] = names
    with warnings.catch_warnings():
        # Zarr warns that consolidated metadata is not in the specification yet; other readers ignore it.
        warnings.filterwarnings("ignore", message="Consolidated metadata")
        zarr.consolidate_metadata(store)
    return store, samples


def grid(record: PlanRecord) -> tuple[int, ...]:
    """Number of chunks along every axis."""
    return tuple(-(-n // chunk) for n, chunk in zip(record.shape, record.chunks, strict=True))


def chunk_bytes(record: PlanRecord) -> int:
    """Size of every chunk's file, in bytes; one at the edge is padded to full size."""
    return prod(record.chunks) * record.dtype.itemsize + CHECKSUM_BYTES


def missing_chunks(folder: Path, record: PlanRecord) -> Iterator[tuple[int, ...]]:
    """Chunks without a file of exactly the right size."""
    size = chunk_bytes(record)
    for chunk in product(*map(range, grid(record))):
        path = chunk_path(folder, chunk)
        try:
            if path.stat().st_size == size:
                continue
        except FileNotFoundError:
            pass
        yield chunk


def chunk_path(folder: Path, chunk: tuple[int, ...]) -> Path:
    """File of a chunk."""
    return folder.joinpath(ARRAY, "c", *map(str, chunk))


def committed(folder: Path, record: PlanRecord) -> bool:
    """Whether the root document, the last thing written, is there and is ours.

    A reader's ``zarr.open`` may have made an empty group in its place.
    """
    try:
        document = json.loads((folder / DOCUMENT).read_bytes())
        return bool(document["attributes"]["mvn_dask"]["fingerprint"] == record.fingerprint)
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return False


def is_hierarchy(folder: Path) -> bool:
    """Whether a folder holds a store, finished or not, or another Zarr hierarchy."""
    return any((folder / name).exists() for name in (HIDDEN, DOCUMENT, ".zgroup", ".zarray", ".zattrs"))


def sweep_orphans(folder: Path) -> None:
    """Delete the temporary files that killed writers left."""
    for path in folder.rglob("*.partial"):
        if PARTIAL.search(path.name):
            path.unlink(missing_ok=True)
