"""The plan record: what a store is going to hold, written before its first chunk.

It is canonical JSON in ``.mvn_dask/plan.json``, beside the mean and the factor as ``.npy``, so that the
store alone can draw any of its chunks again. Whatever it says is checked before it is believed.
"""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from math import prod
from typing import Any, NoReturn

import numpy as np

from mvn_dask.errors import DamagedRecordError, NotAStoreError, SpecMismatchError, StoreError
from mvn_dask.provenance import canonical_json, fingerprint
from mvn_dask.store.targets.base import RECORD, Target

FORMAT = "mvn_dask store"
FORMAT_VERSION = 2
"""Version of the layout. Another version is refused, never guessed."""
MOST_CHUNKS = 10**7
"""Chunks of a store, at most: a bit of memory is kept for each."""
MOST_BYTES = 2**26
"""Size of a record, at most; names of the variables make it long."""

_FIELDS = {"format", "format_version", "fingerprint", "kind", "array", "arrays", "expression", "samples"}
_ARRAY_FIELDS = {"shape", "chunks", "pieces", "dtype", "dimensions", "names"}
_ARRAYS = ["factor", "mean"]
_DTYPE = re.compile(r"bool|u?int(8|16|32|64)|float(16|32|64)|complex(64|128)")
_WORD = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,63}")


@dataclass(frozen=True, eq=False)
class PlanRecord:
    """What a store is going to hold."""

    content: Mapping[str, Any]
    """The record as it stands in the file."""

    @property
    def text(self) -> bytes:
        """The file."""
        return canonical_json(self.content).encode()

    @property
    def fingerprint(self) -> str:
        """SHA-256 of everything that decides the values."""
        return str(self.content["fingerprint"])

    @property
    def identity(self) -> str:
        """SHA-256 of the whole record: other chunks of the same values are another store."""
        return hashlib.sha256(self.text).hexdigest()

    @property
    def is_sample(self) -> bool:
        """Whether the record alone can draw the numbers."""
        return bool(self.content["kind"] == "sample")

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the array."""
        return tuple(self.content["array"]["shape"])

    @property
    def chunks(self) -> tuple[int, ...]:
        """Shape of a chunk, at least 1 along every axis."""
        return tuple(self.content["array"]["chunks"])

    @property
    def pieces(self) -> tuple[int, ...] | None:
        """Shape of the pieces inside a chunk, where it is a shard."""
        pieces = self.content["array"]["pieces"]
        return None if pieces is None else tuple(pieces)

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

    def refuse_difference(self, other: "PlanRecord", target: Target) -> None:
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
                f"{target} holds another specification: {'; '.join(different)}. "
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


def derived_values(expression: str | None, samples: list[dict[str, object]]) -> dict[str, object]:
    """What decides the values of a derived array."""
    return {"expression": expression, "samples": samples}


def parse(text: bytes, place: str) -> PlanRecord:
    """The record in a file.

    Raises
    ------
    DamagedRecordError
        If it is none, or of another format version.
    """
    try:
        content = json.loads(text, parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        raise DamagedRecordError(f"{place} is no JSON: {error}") from error
    version = content.get("format_version") if isinstance(content, dict) else None
    if type(version) is not int or version != FORMAT_VERSION:
        msg = f"{place} has format version {version!r}; this mvn_dask reads {FORMAT_VERSION}"
        raise DamagedRecordError(msg)
    if content.keys() != _FIELDS or content["format"] != FORMAT:
        msg = f"{place} must have the fields {sorted(_FIELDS)}, not {sorted(content)}"
        raise DamagedRecordError(msg)
    record = PlanRecord(content)
    try:
        fault = _fault(content)
        if fault is None and record.text != text:
            fault = "it is not spelt as mvn_dask writes it"
    except (TypeError, KeyError, ValueError, IndexError, AttributeError, RecursionError) as error:
        fault = f"{type(error).__name__}: {error}"
    if fault:
        raise DamagedRecordError(f"{place} is damaged: {fault}")
    return record


def _no_number(word: str) -> NoReturn:
    msg = f"{word} is no number"
    raise ValueError(msg)


def _fault(content: Mapping[str, Any]) -> str | None:
    """What is wrong inside a record of the right fields, if anything."""
    samples, array = content["samples"], content["array"]
    if content["kind"] not in {"sample", "derived"} or array.keys() != _ARRAY_FIELDS:
        return f"kind {content['kind']!r} of an array with the fields {sorted(array)}"
    own = content["kind"] == "sample"
    if type(samples) is not list or not all(isinstance(each, dict) for each in samples) or (own and len(samples) != 1):
        return f"{len(samples)} samples"
    if content["arrays"] != (_ARRAYS if own else []):
        return f"arrays {content['arrays']} beside a record of kind {content['kind']}"
    expression = content["expression"]
    if not isinstance(expression, type(None) if own else str):
        return f"expression {expression!r} in a record of kind {content['kind']}"
    fault = _array_fault(array) or (_sample_fault(samples[0]) if own else None)
    whole = samples[0] if own else derived_values(expression, samples)
    if fault is None and content["fingerprint"] != fingerprint(whole):
        return "the fingerprint is another"
    return fault


def _sample_fault(sample: Mapping[str, Any]) -> str | None:
    """What is wrong with the fields that say which arrays lie beside the record."""
    if not all(type(sample[name]) is int and 1 <= sample[name] < 2**63 for name in ("ndim", "noise_ndim")):
        return f"dimensions {sample['ndim']!r} and {sample['noise_ndim']!r} of the sample"
    if not all(type(sample[name]) is str for name in _ARRAYS):
        return "no digests of the mean and the factor"
    return None


def _array_fault(array: Mapping[str, Any]) -> str | None:
    shape, chunks, dimensions, names = array["shape"], array["chunks"], array["dimensions"], array["names"]
    pieces = chunks if array["pieces"] is None else array["pieces"]
    if not _DTYPE.fullmatch(array["dtype"]):
        return f"dtype {array['dtype']!r}"
    if not all(type(n) is int and 0 <= n < 2**63 for n in shape):
        return f"no shape: {shape}"
    if not all(type(n) is int and 1 <= n < 2**63 for n in (*chunks, *pieces)):
        return f"no chunks: {chunks}, {pieces}"
    if names is not None and not (isinstance(names, list) and all(map(_is_text, names)) and shape[-1:] == [len(names)]):
        return f"{len(names)} names do not fit the shape {shape}, or are no text"
    if not all(_WORD.fullmatch(word) and word != "samples" for word in dimensions):
        return f"dimensions {dimensions}"
    return _grid_fault(shape, chunks, pieces, dimensions)


def _is_text(word: object) -> bool:
    """Whether it is text that Zarr can write: half a character of UTF-16 is none."""
    return isinstance(word, str) and not any("\ud800" <= letter <= "\udfff" for letter in word)


def _grid_fault(shape: list[int], chunks: list[int], pieces: list[int], dimensions: list[str]) -> str | None:
    axes = (shape, chunks, pieces, dimensions)
    if not all(type(each) is list and len(each) == len(shape) for each in axes):
        return f"shape, chunks and dimensions disagree: {', '.join(map(str, axes))}"
    first = next((axis for axis, chunk in enumerate(chunks) if chunk > 1), 0)
    steps = enumerate(zip(chunks, pieces, strict=True))
    if any(chunk % piece if axis == first else chunk != piece for axis, (chunk, piece) in steps):
        return f"pieces {pieces} do not divide chunks {chunks} along the first axis"
    count = prod(max(1, -(-n // chunk)) for n, chunk in zip(shape, chunks, strict=True))
    if count > MOST_CHUNKS or prod(chunks) // prod(pieces) > MOST_CHUNKS:
        return f"shape {shape} and chunks {chunks} make more than {MOST_CHUNKS} chunks"
    return None


def read(target: Target) -> PlanRecord | None:
    """The record of a store, or None if there is none.

    Raises
    ------
    DamagedRecordError
        If it is not one, or of another format version.
    """
    entry = target.entry(RECORD)
    if entry is None:
        return None
    place = f"{target}/{RECORD}"
    if not entry.regular or entry.size > MOST_BYTES:
        raise DamagedRecordError(f"{place} is no record: it is a link, or its {entry.size} bytes are too many")
    try:
        text = target.read(RECORD).tobytes()
    except FileNotFoundError:
        return None
    return parse(text, place)


def existing(target: Target) -> PlanRecord:
    """The record of a store that must be there.

    Raises
    ------
    NotAStoreError
        If there is none.
    DamagedRecordError
        If it cannot be understood.
    """
    record = read(target)
    if record is None:
        raise NotAStoreError(f"there is no store at {target}: `mvn_dask.to_zarr` makes one")
    return record


def is_unchanged(target: Target, identity: str) -> bool:
    """Whether the record is the one of that identity, without understanding it again."""
    try:
        return hashlib.sha256(target.read(RECORD).data).hexdigest() == identity
    except FileNotFoundError:
        return False


def same_specification(target: Target, record: PlanRecord) -> None:
    """Raise unless the store was begun with this record."""
    stored = read(target)
    if stored is None:
        raise StoreError(f"{target} has lost its plan record: did somebody delete it?")
    stored.refuse_difference(record, target)
