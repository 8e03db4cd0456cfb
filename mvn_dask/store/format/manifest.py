"""The plan manifest: what a store is going to hold, written before its first chunk.

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

from mvn_dask.errors import DamagedManifestError, NotAStoreError, SpecMismatchError, StoreError
from mvn_dask.hashing import canonical_json, fingerprint
from mvn_dask.store.storage.base import MANIFEST_KEY, Storage

FORMAT = "mvn_dask store"
FORMAT_VERSION = 2
"""Version of the layout. Another version is refused, never guessed."""
MOST_CHUNKS = 10**7
"""Chunks of a store, at most: a bit of memory is kept for each."""
MOST_BYTES = 2**26
"""Size of a manifest, at most; names of the variables make it long."""

_FIELDS = {"format", "format_version", "fingerprint", "kind", "array", "arrays", "expression", "samples"}
_ARRAY_FIELDS = {"shape", "chunks", "pieces", "dtype", "dimensions", "names"}
_ARRAYS = ["factor", "mean"]
_DTYPE = re.compile(r"bool|u?int(8|16|32|64)|float(16|32|64)|complex(64|128)")
_WORD = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,63}")


@dataclass(frozen=True, eq=False)
class Manifest:
    """What a store is going to hold."""

    content: Mapping[str, Any]
    """The manifest as it stands in the file."""

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
        """SHA-256 of the whole manifest: other chunks of the same values are another store."""
        return hashlib.sha256(self.text).hexdigest()

    @property
    def is_sample(self) -> bool:
        """Whether the manifest alone can draw the numbers."""
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
        """Names of the arrays that are kept beside the manifest."""
        return tuple(self.content["arrays"])

    def require_same(self, other: "Manifest", storage: Storage) -> None:
        """Raise unless another manifest asks for the same store.

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
                f"{storage} holds another specification: {'; '.join(different)}. "
                + ("Another build of numpy's LAPACK made that factor of the same covariance. " if rounding else "")
                + "Give the array that the store was begun with, name another URL, or use overwrite=True"
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


def parse_manifest(text: bytes, place: str) -> Manifest:
    """The manifest in a file.

    Raises
    ------
    DamagedManifestError
        If it is none, or of another format version.
    """
    try:
        content = json.loads(text, parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        raise DamagedManifestError(f"{place} is no JSON: {error}") from error
    version = content.get("format_version") if isinstance(content, dict) else None
    if type(version) is not int or version != FORMAT_VERSION:
        msg = f"{place} has format version {version!r}; this mvn_dask reads {FORMAT_VERSION}"
        raise DamagedManifestError(msg)
    if content.keys() != _FIELDS or content["format"] != FORMAT:
        msg = f"{place} must have the fields {sorted(_FIELDS)}, not {sorted(content)}"
        raise DamagedManifestError(msg)
    manifest = Manifest(content)
    try:
        fault = _fault(content)
        if fault is None and manifest.text != text:
            fault = "it is not spelt as mvn_dask writes it"
    except (TypeError, KeyError, ValueError, IndexError, AttributeError, RecursionError) as error:
        fault = f"{type(error).__name__}: {error}"
    if fault:
        raise DamagedManifestError(f"{place} is damaged: {fault}")
    return manifest


def _no_number(word: str) -> NoReturn:
    msg = f"{word} is no number"
    raise ValueError(msg)


def _fault(content: Mapping[str, Any]) -> str | None:
    """What is wrong inside a manifest of the right fields, if anything."""
    samples, array = content["samples"], content["array"]
    if content["kind"] not in {"sample", "derived"} or array.keys() != _ARRAY_FIELDS:
        return f"kind {content['kind']!r} of an array with the fields {sorted(array)}"
    own = content["kind"] == "sample"
    if type(samples) is not list or not all(isinstance(each, dict) for each in samples) or (own and len(samples) != 1):
        return f"{len(samples)} samples"
    if content["arrays"] != (_ARRAYS if own else []):
        return f"arrays {content['arrays']} beside a manifest of kind {content['kind']}"
    expression = content["expression"]
    if not isinstance(expression, type(None) if own else str):
        return f"expression {expression!r} in a manifest of kind {content['kind']}"
    fault = _array_fault(array) or (_sample_fault(samples[0]) if own else None)
    whole = samples[0] if own else derived_values(expression, samples)
    if fault is None and content["fingerprint"] != fingerprint(whole):
        return "the fingerprint is another"
    return fault


def _sample_fault(sample: Mapping[str, Any]) -> str | None:
    """What is wrong with the fields that say which arrays lie beside the manifest."""
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


def read_manifest(storage: Storage) -> Manifest | None:
    """The manifest of a store, or None if there is none.

    Raises
    ------
    DamagedManifestError
        If it is not one, or of another format version.
    """
    entry = storage.entry(MANIFEST_KEY)
    if entry is None:
        return None
    place = f"{storage}/{MANIFEST_KEY}"
    if not entry.regular or entry.size > MOST_BYTES:
        raise DamagedManifestError(f"{place} is no manifest: it is a link, or its {entry.size} bytes are too many")
    try:
        text = storage.read(MANIFEST_KEY).tobytes()
    except FileNotFoundError:
        return None
    return parse_manifest(text, place)


def require_manifest(storage: Storage) -> Manifest:
    """The manifest of a store that must be there.

    Raises
    ------
    NotAStoreError
        If there is none.
    DamagedManifestError
        If it cannot be understood.
    """
    manifest = read_manifest(storage)
    if manifest is None:
        raise NotAStoreError(f"there is no store at {storage}: `mvn_dask.to_zarr` makes one")
    return manifest


def is_unchanged(storage: Storage, identity: str) -> bool:
    """Whether the manifest is the one of that identity, without understanding it again."""
    try:
        return hashlib.sha256(storage.read(MANIFEST_KEY).data).hexdigest() == identity
    except FileNotFoundError:
        return False


def require_same_manifest(storage: Storage, manifest: Manifest) -> None:
    """Raise unless the store was begun with this manifest."""
    stored = read_manifest(storage)
    if stored is None:
        raise StoreError(f"{storage} has lost its plan manifest: did somebody delete it?")
    stored.require_same(manifest, storage)
