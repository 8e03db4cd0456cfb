"""The plan record: what a store is going to hold, written before its first chunk.

It is canonical JSON in ``.mvn_dask/plan.json``, beside the mean and the factor as ``.npy``, so that the
store alone can draw any of its chunks again. An array that was derived from samples is known by the
name dask gave it, a digest of the expression, and by the samples it comes from.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dask.array as da
import numpy as np
import numpy.typing as npt

from mvn_dask.atomic import atomic_write
from mvn_dask.errors import (
    AlignmentError,
    ArgumentTypeError,
    DamagedRecordError,
    SpecMismatchError,
    StoreError,
)
from mvn_dask.provenance import Provenance, canonical_json, digest, fingerprint

FORMAT = "mvn_dask store"
FORMAT_VERSION = 1
"""Version of the layout on disk. Another version is refused, never guessed."""
HIDDEN = ".mvn_dask"
"""Folder of the record, beside the Zarr arrays."""
RECORD = "plan.json"
"""The record's file."""

_FIELDS = {"format", "format_version", "fingerprint", "kind", "array", "arrays", "expression", "samples"}


@dataclass(frozen=True, eq=False)
class PlanRecord:
    """What a store is going to hold."""

    content: Mapping[str, Any]
    """The record as it stands in the file."""

    @property
    def fingerprint(self) -> str:
        """SHA-256 of everything that decides the values."""
        return str(self.content["fingerprint"])

    @property
    def identity(self) -> str:
        """SHA-256 of the whole record: other chunks of the same values are another store."""
        return fingerprint(self.content)

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the array."""
        return tuple(self.content["array"]["shape"])

    @property
    def chunks(self) -> tuple[int, ...]:
        """Shape of a chunk, at least 1 along every axis."""
        return tuple(self.content["array"]["chunks"])

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of the numbers."""
        return np.dtype(str(self.content["array"]["dtype"]))

    @property
    def dimensions(self) -> tuple[str, ...]:
        """Names of the axes."""
        return tuple(self.content["array"]["dimensions"])

    @property
    def names(self) -> tuple[str, ...] | None:
        """Names of the variables, the last axis."""
        names = self.content["array"]["names"]
        return None if names is None else tuple(names)

    @property
    def arrays(self) -> tuple[str, ...]:
        """Names of the arrays that are kept beside the record."""
        return tuple(self.content["arrays"])

    def refuse_difference(self, other: "PlanRecord", folder: Path) -> None:
        """Raise unless another record asks for the same store.

        Raises
        ------
        SpecMismatchError
            With every field that differs.
        """
        ours, theirs = _flat(self.content), _flat(other.content)
        different = [
            f"`{field}` is {ours.get(field)!r} in the store, {theirs.get(field)!r} in the array"
            for field in sorted(ours.keys() | theirs.keys())
            if ours.get(field) != theirs.get(field) and field != "fingerprint"
        ]
        if different:
            rounding = all("factor" in field for field in different)
            raise SpecMismatchError(
                f"{folder} holds another specification: {'; '.join(different)}. "
                + ("Another build of numpy's LAPACK made that factor of the same covariance. " if rounding else "")
                + "Give the array that the store was begun with, name another target, or use overwrite=True"
            )


def _flat(value: object, prefix: str = "") -> dict[str, object]:
    """Nested JSON as one level of dotted fields."""
    if isinstance(value, Mapping):
        items = [(f"{prefix}.{key}" if prefix else str(key), inner) for key, inner in value.items()]
    elif isinstance(value, list) and any(isinstance(inner, Mapping) for inner in value):
        items = [(f"{prefix}[{position}]", inner) for position, inner in enumerate(value)]
    else:
        return {prefix: value}
    return {field: leaf for key, inner in items for field, leaf in _flat(inner, key).items()}


def plan_record(array: da.Array) -> tuple[PlanRecord, Mapping[str, npt.NDArray[Any]]]:
    """The record of an array, and the arrays that belong to it.

    Raises
    ------
    ArgumentTypeError
        If it is no dask array of numbers.
    AlignmentError
        If its blocks are not whole Zarr chunks.
    """
    if not isinstance(array, da.Array):
        msg = f"`array` must be a dask array, not {type(array).__name__}"
        raise ArgumentTypeError(msg)
    if array.dtype.kind not in "biufc" or array.dtype.itemsize > (16 if array.dtype.kind == "c" else 8):
        msg = f"`array` must hold numbers that Zarr knows: its dtype is {array.dtype}"
        raise ArgumentTypeError(msg)
    if not isinstance(array._meta, np.ndarray) or isinstance(array._meta, np.ma.MaskedArray):
        msg = f"`array` must be made of plain numpy arrays: its blocks are {type(array._meta).__name__}"
        raise ArgumentTypeError(msg)
    chunks = _regular_chunks(array)
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
        "fingerprint": fingerprint(_derived(array.name, samples)) if own is None else own.fingerprint,
        "array": {
            "shape": list(array.shape),
            "chunks": chunks,
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


def read(folder: Path) -> PlanRecord | None:
    """The record of a store, or None if there is none.

    Raises
    ------
    DamagedRecordError
        If it is not one, or of another format version.
    """
    path = folder / HIDDEN / RECORD
    try:
        text = path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return None
    try:
        content = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise DamagedRecordError(f"{path} is no JSON: {error}") from error
    version = content.get("format_version") if isinstance(content, dict) else None
    if type(version) is not int or version != FORMAT_VERSION:
        msg = f"{path} has format version {version!r}; this mvn_dask reads {FORMAT_VERSION}"
        raise DamagedRecordError(msg)
    if content.keys() != _FIELDS or content["format"] != FORMAT:
        msg = f"{path} must have the fields {sorted(_FIELDS)}, not {sorted(content)}"
        raise DamagedRecordError(msg)
    record = PlanRecord(content)
    fault = _fault(record)
    if fault:
        raise DamagedRecordError(f"{path} is damaged: {fault}")
    return record


def _fault(record: PlanRecord) -> str | None:
    """What is wrong inside a record of the right fields, if anything."""
    try:
        samples = record.content["samples"]
        whole = samples[0] if record.content["kind"] == "sample" else _derived(record.content["expression"], samples)
        _ = record.dtype, record.names, record.arrays
        shape, chunks = record.shape, record.chunks
    except (TypeError, KeyError, ValueError, IndexError) as error:
        return f"{type(error).__name__}: {error}"
    if not all(type(n) is int and n >= 0 for n in shape) or not all(type(n) is int and n >= 1 for n in chunks):
        return f"no shape and chunks: {shape}, {chunks}"
    if not len(shape) == len(chunks) == len(record.dimensions):
        return f"shape, chunks and dimensions disagree: {shape}, {chunks}, {record.dimensions}"
    if not all(type(name) is str for name in (*record.dimensions, *(record.names or ()))):
        return "dimensions and names must be text"
    if record.names is not None and shape[-1:] != (len(record.names),):
        return f"{len(record.names)} names do not fit the shape {shape}"
    return None if record.fingerprint == fingerprint(whole) else "the fingerprint is another"


def _derived(expression: str, samples: list[dict[str, object]]) -> dict[str, object]:
    """What decides the values of a derived array."""
    return {"expression": expression, "samples": samples}


def create(folder: Path, record: PlanRecord) -> bool:
    """Write the record, whole and only if there is none; whether it was us."""
    try:
        with atomic_write(folder / HIDDEN / RECORD, exclusive=True) as file:
            file.write(canonical_json(record.content).encode())
    except FileExistsError:
        return False
    return True


def write_arrays(folder: Path, arrays: Mapping[str, npt.NDArray[Any]]) -> None:
    """Write the mean and the factor beside the record, where they are not there, or are others."""
    for name, array in arrays.items():
        path = folder / HIDDEN / f"{name}.npy"
        if not (path.exists() and digest(np.load(path, mmap_mode="r", allow_pickle=False)) == digest(array)):
            with atomic_write(path) as file:
                np.save(file, np.asarray(array), allow_pickle=False)


def same_specification(folder: Path, record: PlanRecord) -> None:
    """Raise unless the store at a folder was begun with this record."""
    stored = read(folder)
    if stored is None:
        raise StoreError(f"{folder} has lost its plan record: did somebody delete it?")
    stored.refuse_difference(record, folder)
