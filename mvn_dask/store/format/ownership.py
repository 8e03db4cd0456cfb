"""Which files of a storage are a store's own, and may be deleted: those that something accounts for, and no others.

Input: a manifest; or a storage, whose manifest or whose Zarr documents say what is its own. Output: predicates of keys,
and the keys to delete, in an order after each step of which the next call still recognises what is left. Cost: a
comparison a key; without a manifest, every document of Zarr is read.
"""

import operator
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby

from mvn_dask.description import DEFAULT_NAME
from mvn_dask.errors import DamagedManifestError, StorageNotEmptyError
from mvn_dask.store.format.auxiliary_arrays import auxiliary_keys
from mvn_dask.store.format.chunk_listing import is_chunk_folder, parse_key
from mvn_dask.store.format.hierarchy import DOCUMENT, Hierarchy, hierarchy_of, read_document, read_hierarchy
from mvn_dask.store.format.manifest import Manifest, read_manifest
from mvn_dask.store.format.parameters import PARAMETERS, parameter_key
from mvn_dask.store.format.ways_out import by_repair
from mvn_dask.store.format.writer_note import WRITER
from mvn_dask.store.storage.base import (
    INTERNAL_FOLDER,
    MANIFEST_KEY,
    NO_PLAIN_FILE,
    VERSION_2_KEY,
    Entry,
    Storage,
    is_lock,
    written_key,
)
from mvn_dask.store.storage.placeholder import PLACEHOLDER_BYTES

IsOwn = Callable[[str], bool]
"""Whether a key is that of a file of one's own."""

_PARAMETER = re.compile(rf"{re.escape(PARAMETERS)}/[a-z][a-z0-9_]*(\.[a-z0-9_]+)*\.npy")
_CHUNK = re.compile(rf"{re.escape(DEFAULT_NAME)}/c(/(0|[1-9][0-9]*))*")
_VERSION_2 = {VERSION_2_KEY, f"{INTERNAL_FOLDER}/mean.npy", f"{INTERNAL_FOLDER}/factor.npy"}


def own_documents(manifest: Manifest) -> tuple[str, ...]:
    """Keys of Zarr's metadata and of the arrays beside the samples, the root's document first."""
    return DOCUMENT, f"{manifest.array.name}/{DOCUMENT}", *auxiliary_keys(manifest)


def own_keys(manifest: Manifest) -> IsOwn:
    """Whether a key is that of a file of the store; its locks and temporary files are none."""
    files = _beside_chunks(manifest)
    return lambda key: key in files or parse_key(manifest, key) is not None


def own_folders(manifest: Manifest) -> IsOwn:
    """Whether a key is that of a folder that files of the store lie in."""
    folders = {folder for key in _beside_chunks(manifest) for folder in _folders_above(key)}
    return lambda key: key in folders or is_chunk_folder(manifest, key)


def _beside_chunks(manifest: Manifest) -> set[str]:
    return {*own_documents(manifest), MANIFEST_KEY, WRITER, *map(parameter_key, manifest.parameters)}


def _folders_above(key: str) -> Iterator[str]:
    while key := key.rpartition("/")[0]:
        yield key


def is_accounted_for(is_own: IsOwn, key: str) -> bool:
    """Whether a key is one's own, that of a temporary file on the way to one of those, or that of a lock."""
    return is_own(key) or is_own(written_key(key)) or is_lock(key)


def no_key(_: str) -> bool:
    """No key is one's own."""
    return False


def refuse_folders(storage: Storage, is_own: IsOwn, *, goes: IsOwn = no_key, prefix: str = "") -> None:
    """Raise StorageNotEmptyError if a folder lies under the key of a file of one's own, or of a lock, and stays there.

    In a folder with files those are others' already; one without any is in no listing of files, but a file can neither
    be written in its place nor deleted there. Whatever `goes` stays where a folder below it does.
    """
    stays: set[str] = set()
    for key in storage.empty_folders(prefix):  # the innermost first
        if not goes(key):
            stays |= {key, *_folders_above(key)}
        if key in stays and (is_own(key) or storage.is_lock(key)):
            raise StorageNotEmptyError(
                f"{key} in {storage} is a folder, where a store has a file: delete it, or name another URL"
            )


def is_store(storage: Storage) -> bool:
    """Whether a store of any format version lies there."""
    manifest = storage.entry(MANIFEST_KEY)
    # A placeholder alone stands there while a hierarchy is removed that has no manifest.
    if manifest is not None and manifest.size != PLACEHOLDER_BYTES:
        return True
    return storage.entry(VERSION_2_KEY) is not None


def refuse_appended(storage: Storage, manifest: Manifest) -> None:
    """Raise StorageNotEmptyError if others appended to the array, as xarray's ``append_dim`` does.

    With our document in place of theirs nobody would see it any more, and what lies in the padding would be lost. Once
    no chunk is left that may hold a part of theirs, there is nothing to be lost.
    """
    name = manifest.array.name
    key = f"{name}/{DOCUMENT}"
    found = read_document(storage, key)
    shape = None if found is None else found.get("shape")
    if not isinstance(shape, list) or len(shape) != len(manifest.shape) or not all(type(n) is int for n in shape):
        return
    if shape == list(manifest.shape) or any(map(operator.lt, shape, manifest.shape)):
        return
    longer = hierarchy_of({key: found or {}})
    theirs = (chunk.key for chunk in storage.entries(name) if _may_hold_more(manifest, shape, longer, chunk.key))
    if (first := min(theirs, default=None)) is not None:
        raise StorageNotEmptyError(
            f"{name} in {storage} has the shape {tuple(shape)} in place of {manifest.shape}: others appended to it. "
            f"Copy their part elsewhere, and delete all chunks that hold any of it, of which {first} is one",
            advice=by_repair(manifest, "restores the shape, and draws what is missing of the store", before="then "),
        )


def _may_hold_more(manifest: Manifest, shape: list[int], longer: Hierarchy, key: str) -> bool:
    """Whether a key is that of a chunk that may hold numbers which others appended, up to `shape`."""
    index = parse_key(manifest, key)
    if index is None:
        return key != f"{manifest.array.name}/{DOCUMENT}" and key in longer  # beyond the grid
    axes = zip(index, manifest.chunks, manifest.shape, shape, strict=True)
    return any(grown > n and (number + 1) * chunk > n for number, chunk, n, grown in axes)


@dataclass(frozen=True)
class Removal:
    """What an overwriting job may delete."""

    storage: Storage
    """Where it lies."""
    is_own: IsOwn
    """What may go."""
    is_folder: IsOwn
    """Folders that such files lie in, which go where nothing else is left in them."""
    before: tuple[tuple[str, ...], ...]
    """Documents that go before the chunks, in steps: no reader shall see a store of which chunks are missing."""
    after: tuple[tuple[str, ...], ...]
    """Documents that go after them, in steps: without a manifest they alone tell chunks from other files."""
    manifest: Manifest | None = None
    """The manifest of the store, where it can be read."""

    def other_files(self) -> Iterator[Entry]:
        """Everything that lies there and may not go; also what a store has under such a key, but never as a link."""
        for entry in self.storage.entries():
            if not (entry.regular and is_accounted_for(self.is_own, entry.key)):
                yield entry

    def refuse_other_files(self) -> None:
        """Raise StorageNotEmptyError if there are any, or others appended to the array."""
        if self.manifest is not None:
            refuse_appended(self.storage, self.manifest)
        entry = next(self.other_files(), None)
        if entry is None:
            return
        if not entry.regular:
            what = f"{entry.key} in {self.storage} is {NO_PLAIN_FILE}, which a store never holds: delete it, "
        elif is_store(self.storage):
            what = f"in {self.storage} {entry.key} lies there, which is no part of the store: move it away, "
        else:
            what = f"{self.storage} is not empty, and no store: {entry.key} lies there: move it away, "
        raise StorageNotEmptyError(f"{what}or name another URL")

    def empty_folders(self) -> Iterator[str]:
        """Folders of one's own in which nothing lies, as a job leaves them that is killed while it deletes."""
        return filter(self.is_folder, self.storage.empty_folders())

    def steps(self) -> Iterator[Iterable[str]]:
        """Keys to delete, in steps, each of which ends before the next: after a kill the same call goes on.

        What is not one's own stays, also where it appears meanwhile.
        """
        yield from self.before
        documents = {key for step in (*self.before, *self.after) for key in step}
        yield (key for key in self._keys(internal=False) if key not in documents)
        yield from self.after
        yield (key for key in self._keys(internal=True) if key != MANIFEST_KEY)
        # The manifest last: while it is there, everything around it is known.
        yield [MANIFEST_KEY]

    def _keys(self, *, internal: bool) -> Iterator[str]:
        for entry in self.storage.entries():
            if entry.key.startswith(f"{INTERNAL_FOLDER}/") != internal:
                continue
            # Copied from another kind of storage, a lock is a file like any other.
            if is_accounted_for(self.is_own, entry.key) and not self.storage.is_lock(entry.key):
                yield entry.key


def removal(storage: Storage, *, resumed: bool = False) -> Removal:
    """What may be deleted: by the manifest, or by the documents of a hierarchy where there is none that can be read.

    Where the removal of another hierarchy is `resumed`, that is also a folder which a killed job emptied, and whose own
    document, the last file in it, is gone. A store's documents all go before its manifest, and are known by that.
    """
    try:
        manifest = read_manifest(storage, removing=True)
    except DamagedManifestError:
        manifest = None
    if manifest is not None:
        root, *others = own_documents(manifest)
        return Removal(storage, own_keys(manifest), own_folders(manifest), ((root,), tuple(others)), (), manifest)
    hierarchy, is_ours = read_hierarchy(storage), is_store(storage)
    internal = {MANIFEST_KEY, WRITER, *(_VERSION_2 if storage.entry(VERSION_2_KEY) is not None else ())}

    # Of an unfinished store, which has no documents yet, chunks are known by their place alone, and all lie as deep. An
    # array of another name than the usual one is known by the manifest or its document alone.
    chunks_by_place = is_ours and DEFAULT_NAME not in hierarchy.arrays and _chunks_lie_as_deep(storage)

    def is_own(key: str) -> bool:
        if chunks_by_place and _CHUNK.fullmatch(key) is not None:
            return True
        return key in hierarchy or key in internal or _PARAMETER.fullmatch(key) is not None

    def is_folder(key: str) -> bool:
        if chunks_by_place and (key == DEFAULT_NAME or _CHUNK.fullmatch(key) is not None):
            return True
        if resumed and not is_ours and hierarchy.is_below_node(key):
            return True
        return key == PARAMETERS or hierarchy.has_folder(key)

    root_first = is_ours and "" not in hierarchy.arrays
    return Removal(storage, is_own, is_folder, ((DOCUMENT,),) if root_first else (), _in_steps(hierarchy))


def _chunks_lie_as_deep(storage: Storage) -> bool:
    keys = (written_key(entry.key) for entry in storage.entries(DEFAULT_NAME))
    return len({key.count("/") for key in keys if _CHUNK.fullmatch(key)}) <= 1


def _in_steps(hierarchy: Hierarchy) -> tuple[tuple[str, ...], ...]:
    """Documents, those of the innermost first, and in each folder the one that makes it a node last."""

    def rank(key: str) -> tuple[int, bool]:
        return -key.count("/"), key.rpartition("/")[2] not in {".zattrs", ".zmetadata"}

    return tuple(tuple(keys) for _, keys in groupby(sorted(hierarchy.documents, key=rank), rank))
