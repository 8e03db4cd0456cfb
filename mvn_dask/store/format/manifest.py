"""The manifest: what a store is going to hold, written before its first chunk.

Input: the file ``.mvn_dask/manifest.json``, canonical JSON. Output: a `Manifest`, every field of which was checked, so
that the store alone can draw any of its chunks again. Cost: a read of the file, at most 64 MiB, and of its fields.
"""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from math import prod
from typing import Any, Literal, NoReturn

import numpy as np

from mvn_dask.advice import Advice
from mvn_dask.description import DEFAULT_NAME
from mvn_dask.errors import DamagedManifestError, MissingManifestError, SpecMismatchError, StoreError, TransportError
from mvn_dask.event import Event
from mvn_dask.hashing import canonical_json, fingerprint
from mvn_dask.origin_attributes import PROVENANCE
from mvn_dask.readable import plural
from mvn_dask.store.format.array_layout import ArrayLayout
from mvn_dask.store.format.differences import field_differences, flat_fields, length_advice
from mvn_dask.store.format.hierarchy import DOCUMENT, read_document
from mvn_dask.store.format.typed_json import from_json, to_json
from mvn_dask.store.storage.base import INTERNAL_FOLDER, MANIFEST_KEY, NO_PLAIN_FILE, VERSION_2_KEY, Storage
from mvn_dask.store.storage.placeholder import kept_manifest

FORMAT = "mvn_dask store"
FORMAT_VERSION = 6
"""Version of the layout. Another version is refused, never guessed."""
MAX_MANIFEST_BYTES = 2**26
"""Size of a manifest, at most; labels along the axes make it long."""

FINGERPRINT = "mvn_dask_fingerprint"
"""Attribute of the root that says whose metadata it is."""

_DIGEST = re.compile(r"[0-9a-f]{64}")
_PARAMETER = re.compile(r"[a-z][a-z0-9_]*(\.[a-z0-9_]+)*")


@dataclass(frozen=True)
class ParameterInfo:
    """An array beside the manifest: the mean, or one that the factor consists of."""

    shape: tuple[int, ...]
    """Its shape."""
    dtype: np.dtype[Any]
    """Type of its numbers."""
    sha256: str
    """`mvn_dask.hashing.digest` of it."""

    def __post_init__(self) -> None:
        # numpy 1 has no more axes; the product of a million sizes would take minutes.
        if len(self.shape) > 32 or not _DIGEST.fullmatch(self.sha256):
            raise ValueError(f"a parameter array has {len(self.shape)} axes and the digest {self.sha256[:100]!r}")

    @property
    def nbytes(self) -> int:
        return prod(self.shape) * self.dtype.itemsize


@dataclass(frozen=True)
class Manifest:
    """What a store is going to hold. It is made by `parse_manifest` alone."""

    kind: Literal["sample", "derived"]
    """A "sample" can be drawn from the store alone; an array "derived" from samples cannot."""
    expression: str | None
    """Dask's name of a derived array, a digest of how it is computed."""
    samples: tuple[Mapping[str, Any], ...]
    """What decides the values of each sample behind the array, as its sampler recorded it; not checked here."""
    array: ArrayLayout
    """The array and its chunks."""
    parameters: Mapping[str, ParameterInfo]
    """The arrays beside the manifest of a sample, by dotted names."""
    fingerprint: str
    """SHA-256 of everything that decides the values."""

    def __post_init__(self) -> None:
        if (self.expression is None) != self.is_sample:
            raise ValueError(f"the expression of a {self.kind} array cannot be {self.expression!r}")
        if self.is_sample and len(self.samples) != 1:
            raise ValueError(f"{plural(len(self.samples), 'sample')} in a manifest of kind 'sample'")
        # Names become paths: no slash, no step upward, and short, since file systems have 255 characters for a file.
        if not all(len(name) <= 100 and _PARAMETER.fullmatch(name) for name in self.parameters):
            raise ValueError(f"parameters {sorted(self.parameters)} must be dotted words in lower case")
        recorded = self.samples[0].get("parameters") if self.is_sample else {}
        # As texts, since for Python 1, 1.0 and True are equal.
        if canonical_json(recorded) != canonical_json(to_json(self.parameters)):
            raise ValueError("its parameters are not those that its sample records")
        if self.fingerprint != values_fingerprint(self.kind, self.expression, self.samples):
            raise ValueError("the fingerprint is another")

    def as_dict(self) -> dict[str, Any]:
        return {"format": FORMAT, "format_version": FORMAT_VERSION, **to_json(self)}

    @property
    def text(self) -> bytes:
        return canonical_json(self.as_dict()).encode()

    @cached_property
    def identity(self) -> str:
        """SHA-256 of the file: other chunks of the same values are another store."""
        return hashlib.sha256(self.text).hexdigest()

    @property
    def is_sample(self) -> bool:
        """Whether the store alone can draw the numbers."""
        return self.kind == "sample"

    @property
    def shape(self) -> tuple[int, ...]:
        return self.array.shape

    @property
    def chunks(self) -> tuple[int, ...]:
        return self.array.chunks

    @property
    def dtype(self) -> np.dtype[Any]:
        return self.array.dtype

    @property
    def event(self) -> Event:
        return self.array.event

    @property
    def size(self) -> tuple[int, ...]:
        return self.array.size

    @property
    def names(self) -> tuple[str, ...] | None:
        """Names of the variables of a vector, if they have any."""
        return self.event.names

    def differences(self, other: "Manifest") -> dict[str, str]:
        """Every field by which another manifest differs, with both values."""
        # The fingerprint follows from the rest, and a sample's parameters stand in its own record as well.
        derived = ("parameters", "fingerprint") if self.is_sample and other.is_sample else ("fingerprint",)
        return field_differences(self.as_dict(), other.as_dict(), derived)

    def differences_in(self, known: Mapping[str, object]) -> dict[str, str]:
        """Those in the fields of a part of another manifest, where the rest of that one is not known yet."""
        ours = flat_fields(self.as_dict())
        return field_differences({field: ours.get(field) for field in flat_fields(known)}, known)

    def require_same(self, other: "Manifest", storage: Storage) -> None:
        """Raise SpecMismatchError with every field that differs, if another manifest describes another store."""
        if self.identity == other.identity or not (different := self.differences(other)):
            return
        rounding = all(field.startswith("samples[0].parameters.factor.") for field in different)
        text = f"{storage} holds another specification: {'; '.join(different.values())}."
        text += " Another build of numpy's LAPACK made that factor of the same covariance." if rounding else ""
        way_out = "{the_same} that the store was begun with, name another URL, or {overwrite}"
        longer = length_advice(self.as_dict(), other.as_dict(), different)
        raise SpecMismatchError(text, advice=Advice(longer + way_out))


def values_fingerprint(kind: str, expression: str | None, samples: Any) -> str:
    """SHA-256 of everything that decides the values."""
    return fingerprint(samples[0] if kind == "sample" else {"expression": expression, "samples": samples})


def parse_manifest(text: bytes, path: str) -> Manifest:
    """The manifest in a file named `path`. Raises DamagedManifestError if it is none, or of another version."""
    if len(text) > MAX_MANIFEST_BYTES:
        raise DamagedManifestError(
            f"{path} has {plural(len(text), 'byte')}, and a manifest at most {MAX_MANIFEST_BYTES}"
        )
    try:
        content = json.loads(text, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise DamagedManifestError(f"{path} is no JSON: {error}") from error
    version = content.pop("format_version", None) if isinstance(content, dict) else None
    if type(version) is not int or version != FORMAT_VERSION:
        raise _other_version(path, version)
    try:
        if (name := content.pop("format", None)) != FORMAT:
            raise ValueError(f"its format is {name!r}")
        manifest: Manifest = from_json(Manifest, content)
        # One spelling only, and so no field twice: the identity is a digest of the text.
        if manifest.text != text:
            raise ValueError("it is not spelt as mvn_dask writes it")
    except (ValueError, RecursionError) as error:
        raise DamagedManifestError(f"{path} is damaged: {error}") from error
    return manifest


def _other_version(path: str, version: object) -> DamagedManifestError:
    return DamagedManifestError(
        f"{path} has format version {version!r}; this mvn_dask reads {FORMAT_VERSION}",
        advice=Advice("read it with the release that wrote it, name another URL, or {overwrite}"),
    )


def _refuse_constant(word: str) -> NoReturn:
    raise ValueError(f"{word} is no number")


def read_manifest(storage: Storage, *, removing: bool = False) -> Manifest | None:
    """The manifest of a store, or None; it raises what `parse_manifest` and `kept_manifest` raise."""
    entry = storage.entry(MANIFEST_KEY)
    if entry is None:
        if storage.entry(VERSION_2_KEY) is not None:
            raise _other_version(str(storage), 2)
        return None
    path = f"{storage}/{MANIFEST_KEY}"
    if not entry.regular:
        raise DamagedManifestError(f"{path} is no manifest: it is {NO_PLAIN_FILE}, or lies below one")
    if entry.size > MAX_MANIFEST_BYTES:
        raise DamagedManifestError(f"{path} is no manifest: it is too large with {plural(entry.size, 'byte')}")
    try:
        text = kept_manifest(storage.read(MANIFEST_KEY).tobytes(), storage, removing=removing)
    except FileNotFoundError:
        return None
    return parse_manifest(text, path)


def require_manifest(storage: Storage) -> Manifest:
    """The manifest of a store that must be there. Raises NotAStoreError if there is none."""
    if (manifest := read_manifest(storage)) is None:
        why = lost_manifest(storage)
        raise MissingManifestError(f"there is no store at {storage}: {why}") if why else storage.absence()
    return manifest


def lost_manifest(storage: Storage) -> str | None:
    """Why there is no manifest, where Zarr's metadata are those of a store; else None."""
    folders = _listed_folders(storage)
    for key, attribute in [(DOCUMENT, FINGERPRINT), *((f"{name}/{DOCUMENT}", PROVENANCE) for name in folders)]:
        attributes = (read_document(storage, key) or {}).get("attributes")
        if isinstance(attributes, dict) and attribute in attributes:
            break
    else:
        return None
    but = "its Zarr metadata is that of one, but"
    if INTERNAL_FOLDER in folders:
        return f"{but} {MANIFEST_KEY} is missing: restore it from a copy of the store"
    if storage.entry(INTERNAL_FOLDER) is not None:
        return f"{but} {INTERNAL_FOLDER} is no folder, but a file, a link or the like: put the store's own in its place"
    return (
        f"{but} the folder {INTERNAL_FOLDER} is missing: it was left behind by a copy without the names that begin "
        "with a dot. Copy it as well. Or other software wrote the numbers anew, as xarray does, and reads them"
    )


def _listed_folders(storage: Storage) -> list[str]:
    """Folders of a storage; that of samples alone in a bucket that is not there, or that may be read and not listed."""
    try:
        return storage.folders()
    except TransportError:
        return [DEFAULT_NAME]


def is_unchanged(storage: Storage, manifest: Manifest) -> bool:
    """Whether the store's manifest is this one; it is not parsed again."""
    try:
        return hashlib.sha256(storage.read(MANIFEST_KEY).data).hexdigest() == manifest.identity
    except FileNotFoundError:
        return False


def require_same_manifest(storage: Storage, manifest: Manifest) -> None:
    """Raise unless the store was begun with this manifest."""
    stored = read_manifest(storage)
    if stored is None:
        raise StoreError(f"{storage} has lost its manifest: {lost_manifest(storage) or 'did somebody delete it?'}")
    stored.require_same(manifest, storage)
