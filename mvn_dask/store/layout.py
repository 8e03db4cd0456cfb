"""What a store looks like to Zarr, and what it looks like on disk.

A group with the array ``samples``: no compressor, since the mantissas of normals do not compress; a
crc32c in every chunk; NaN where nothing was written. Where the variables have names, the array
``variable`` holds them, which makes them a coordinate in xarray.
"""

import json
from collections.abc import Iterator
from itertools import product
from math import prod
from pathlib import Path
from typing import Any

import google_crc32c
import numpy as np
import numpy.typing as npt
import zarr
from zarr.codecs import Crc32cCodec
from zarr.storage import LocalStore

from mvn_dask.atomic import PARTIAL, atomic_write
from mvn_dask.store.record import HIDDEN, PlanRecord
from mvn_dask.store.staging import DOCUMENT, StagedStore

ARRAY = "samples"
"""Name of the array in its group."""
CHECKSUM_BYTES = 4
"""What crc32c adds to a chunk."""


def stage(folder: Path, record: PlanRecord) -> "tuple[StagedStore, zarr.Array[Any]]":
    """The store, with its metadata in memory, and the array that the chunks are written through."""
    store = StagedStore(LocalStore(folder))
    group = zarr.create_group(
        store,
        zarr_format=3,
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
        fill_value=_fill_value(dtype),
        compressors=[Crc32cCodec()],
        filters=None,
        dimension_names=record.dimensions,
        config={"write_empty_chunks": True},
    )
    if record.names is not None:
        _names_array(group, record)
    _consolidate(store)
    return store, samples


def _fill_value(dtype: np.dtype[Any]) -> Any:
    return dtype.type(np.nan if dtype.kind in "fc" else 0)


def _consolidate(store: StagedStore) -> None:
    """Copy the arrays' documents into the root's, so that one read opens the store.

    As ``zarr.consolidate_metadata`` does, which warns each time that no specification has it yet, and cannot
    be kept from warning in one thread alone.
    """
    root = json.loads(store.documents[DOCUMENT])
    inner = {key: json.loads(text) for key, text in store.documents.items() if key != DOCUMENT}
    metadata = {key.removesuffix(f"/{DOCUMENT}"): inner[key] for key in sorted(inner)}
    root["consolidated_metadata"] = {"kind": "inline", "must_understand": False, "metadata": metadata}
    store.documents[DOCUMENT] = json.dumps(root, indent=2).encode()


def _names_array(group: zarr.Group, record: PlanRecord) -> None:
    count = len(record.names or ())
    group.create_array(
        record.dimensions[-1],
        shape=(count,),
        chunks=(count,),
        dtype=str,
        compressors=None,
        dimension_names=record.dimensions[-1:],
    )


def write_names(samples: "zarr.Array[Any]", record: PlanRecord) -> None:
    """Write the names of the variables, beside the array of samples, where they have any."""
    if record.names is not None:
        names = zarr.open_array(samples.store, path=record.dimensions[-1], mode="r+")
        names[:] = np.array(record.names, dtype=object)


def grid(record: PlanRecord) -> tuple[int, ...]:
    """Number of chunks along every axis."""
    return tuple(-(-n // chunk) for n, chunk in zip(record.shape, record.chunks, strict=True))


def chunk_count(record: PlanRecord) -> int:
    """Number of chunks."""
    return prod(grid(record))


def chunk_bytes(record: PlanRecord) -> int:
    """Size of every chunk's file, in bytes; one at the edge is padded to full size."""
    return prod(record.chunks) * record.dtype.itemsize + CHECKSUM_BYTES


def missing_chunks(folder: Path, record: PlanRecord) -> Iterator[tuple[int, ...]]:
    """Chunks without a file of exactly the right size."""
    return (chunk for chunk in product(*map(range, grid(record))) if not present(folder, record, chunk))


def present(folder: Path, record: PlanRecord, chunk: tuple[int, ...]) -> bool:
    """Whether a chunk has a file of exactly the right size."""
    try:
        return chunk_path(folder, chunk).stat().st_size == chunk_bytes(record)
    except FileNotFoundError:
        return False


def write_chunk(folder: Path, record: PlanRecord, chunk: tuple[int, ...], block: npt.NDArray[Any]) -> None:
    """Write a chunk as Zarr's codecs ``bytes`` and ``crc32c`` would, without the copies that they make."""
    whole = block
    if block.shape != record.chunks:
        whole = np.full(record.chunks, _fill_value(record.dtype))
        whole[tuple(map(slice, block.shape))] = block
    numbers = np.ascontiguousarray(whole, record.dtype.newbyteorder("<")).reshape(-1).view(np.uint8)
    checksum: int = google_crc32c.value(numbers)
    with atomic_write(chunk_path(folder, chunk)) as file:
        file.write(numbers.data)
        file.write(checksum.to_bytes(CHECKSUM_BYTES, "little"))


def chunk_window(record: PlanRecord, chunk: tuple[int, ...]) -> tuple[slice, ...]:
    """Where a chunk lies in the array."""
    return tuple(
        slice(number * step, min((number + 1) * step, length))
        for number, step, length in zip(chunk, record.chunks, record.shape, strict=True)
    )


def chunk_path(folder: Path, chunk: tuple[int, ...]) -> Path:
    """File of a chunk."""
    return folder.joinpath(ARRAY, "c", *map(str, chunk))


def committed(folder: Path, record: PlanRecord) -> bool:
    """Whether the metadata documents are there, and the root's, the last thing written, is ours.

    A reader's ``zarr.open`` may have made an empty group in its place.
    """
    arrays = [ARRAY, *(record.dimensions[-1:] if record.names is not None else ())]
    try:
        document = json.loads((folder / DOCUMENT).read_bytes())
        ours = document["attributes"]["mvn_dask"]["fingerprint"] == record.fingerprint
        return bool(ours) and all((folder / name / DOCUMENT).exists() for name in arrays)
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return False


def complete(folder: Path, record: PlanRecord) -> bool:
    """Whether everything is there: chunks, names, metadata, and the arrays beside the record."""
    companions = [folder / HIDDEN / f"{name}.npy" for name in record.arrays]
    if record.names is not None:
        companions.append(folder / record.dimensions[-1] / "c" / "0")
    return (
        committed(folder, record)
        and all(path.exists() for path in companions)
        and next(missing_chunks(folder, record), None) is None
    )


def sweep_orphans(folder: Path) -> None:
    """Delete the temporary files that killed writers left."""
    for path in folder.rglob("*.partial"):
        if PARTIAL.search(path.name):
            path.unlink(missing_ok=True)
