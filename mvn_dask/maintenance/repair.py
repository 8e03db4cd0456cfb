"""Draw the bad and the missing chunks of a store again.

Input: a store, and its array where the store was derived from samples. Output: a `Repair`. Cost: that of verifying,
and of drawing and writing the chunks found.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from mvn_dask.advice import Advice
from mvn_dask.display.document import Shown
from mvn_dask.display.fragments import facts, listing
from mvn_dask.display.markup import Html
from mvn_dask.display.one_line import OneLine
from mvn_dask.display.previews import preview
from mvn_dask.environment import environment
from mvn_dask.escaping import printable_lines
from mvn_dask.execution.client import current_client
from mvn_dask.execution.futures import refuse_unreadable_results
from mvn_dask.maintenance.shown_verification import Level, compared_rows
from mvn_dask.maintenance.store_replay import drawn_again
from mvn_dask.maintenance.verify import inspect, refuse_other_levels
from mvn_dask.readable import plural
from mvn_dask.signatures import short_signature
from mvn_dask.store.array_documents import write_known_arrays
from mvn_dask.store.array_labels import labels_of
from mvn_dask.store.array_manifest import manifest_of, shards_of
from mvn_dask.store.chunk_writer import ChunkWriter, write_chunks
from mvn_dask.store.format.layout import Index, chunk_count, chunk_number
from mvn_dask.store.format.manifest import require_manifest, require_same_manifest
from mvn_dask.store.format.members import members
from mvn_dask.store.format.metadata import amended_files, zarr_files
from mvn_dask.store.format.ownership import own_keys, refuse_appended, refuse_folders
from mvn_dask.store.format.parameters import write_parameters
from mvn_dask.store.format.writer_note import WriterNote
from mvn_dask.store.labelling import StorableArray, split_labels
from mvn_dask.store.no_space import says_how_far
from mvn_dask.store.process_memory import refuse_other_processes
from mvn_dask.store.storage.addressing import StoreLike, open_storage, refuse_unsafe_writes
from mvn_dask.store.writing import finish

_GIVE_ARRAY = Advice("{in_python}give the array that was stored, by mvn_dask.repair(..., array=...)")
"""The way out where a store's numbers were derived from samples."""


@short_signature
@dataclass(frozen=True, repr=False)
class Repair(OneLine, Shown):
    """What was done to a store.

    See Also
    --------
    mvn_dask.repair : Gives it.

    Examples
    --------
    >>> import mvn_dask
    >>> mvn_dask.to_zarr(mvn_dask.MultivariateNormal([0.0, 1.0], 2.0).sample(100, seed=1), "memory://repair-shown")
    >>> print(mvn_dask.repair("memory://repair-shown"))
    memory://repair-shown: 0 chunks drawn again
    """

    url: str
    """The store."""
    chunks: tuple[Index, ...]
    """Chunks that were drawn again."""
    files: tuple[str, ...]
    """Other files that were written again."""
    unknown_files: tuple[str, ...]
    """Files that do not belong to the store, and links in place of its notes and temporary files; not touched."""
    level: Level
    """How closely it was compared."""
    rows_compared: int
    """Rows of the sample that were drawn again and compared, at level "values", to find what is bad."""
    rows: int
    """Rows of the sample; 0 of a derived array."""

    def _summary(self) -> str:
        return self.url

    def _shown(self) -> Iterator[Html]:
        compared = {"rows": compared_rows(self.rows_compared, self.rows).removeprefix("rows: ")}
        yield facts({
            "drawn again": plural(len(self.chunks), "chunk", ","),
            **(compared if self.level == "values" else {}),
            "level": self.level,
        })  # fmt: skip
        chunks = ((str(each),) for each in self.chunks)
        yield from listing("Chunks drawn again", ["chunk"], len(self.chunks), chunks, is_open=False)
        yield from listing("Files written again", ["file"], len(self.files), ((each,) for each in self.files))
        foreign = ((each,) for each in self.unknown_files)
        yield from listing(
            "Files that do not belong to the store, not touched", ["file"], len(self.unknown_files), foreign
        )

    def __str__(self) -> str:
        what = [f"{plural(len(self.chunks), 'chunk')} drawn again"]
        if self.files:
            what.append(f"written again: {preview(self.files, 'file')}")
        if self.unknown_files:
            what.append(f"not touched, since they do not belong to the store: {preview(self.unknown_files, 'file')}")
        lines = [f"{self.url}: {'; '.join(what)}"]
        if self.level == "values":
            lines.append(compared_rows(self.rows_compared, self.rows))
        return printable_lines(lines)


@short_signature
def repair(
    url: StoreLike,
    *,
    level: Level = "checksum",
    full: bool = False,
    array: "StorableArray | None" = None,
    fsync: bool = False,
    storage_options: Mapping[str, Any] | None = None,
) -> Repair:
    """Draw the chunks of a store again that are bad or missing, and only those, and commit it.

    Parameters
    ----------
    url : str, path-like, zarr.storage store or icechunk.Repository
        As for `mvn_dask.to_zarr`.
    level : {"size", "checksum", "values"}
        How closely to compare; see `verify`.
    full : bool
        Whether to draw all rows again to compare them; see `verify`.
    array : dask.array.Array or xarray.DataArray, optional
        What the store holds. A sample is drawn from its manifest alone; an array that was derived from samples is
        needed here, and so is a sample whose parameters were lost.
    fsync : bool
        As for `mvn_dask.to_zarr`.
    storage_options : mapping, optional
        As for `mvn_dask.to_zarr`.

    Returns
    -------
    Repair
        What was drawn and written again.

    Raises
    ------
    NotAStoreError
        If there is no store.
    DamagedManifestError, DerivedStoreError
        If its manifest is damaged; or if there is no `array`, and its parameters are, or its numbers were derived.
    SpecMismatchError, ArgumentError
        If `array` is another; if `level` is something else.

    StorageNotEmptyError
        If others appended to the array, or added more than can be kept; if a folder is in the place of a file.

    See Also
    --------
    mvn_dask.verify : Finds what is damaged, and changes nothing.
    mvn_dask.extend : Appends rows.

    Notes
    -----
    Zarr's documents are amended: attributes, groups and arrays that others added stay, and so do their files. A
    document too long to be read is refused with DamagedManifestError.

    Examples
    --------
    >>> import mvn_dask, os, tempfile
    >>> x = mvn_dask.MultivariateNormal([0.0, 1.0], 2.0).sample(1000, seed=1, chunks=250)
    >>> folder = tempfile.TemporaryDirectory()
    >>> mvn_dask.to_zarr(x, folder.name)
    >>> os.truncate(os.path.join(folder.name, "samples", "c", "2", "0"), 100)
    >>> mvn_dask.repair(folder.name).chunks
    ((2, 0),)
    >>> mvn_dask.verify(folder.name, level="values", full=True).ok
    True
    >>> folder.cleanup()
    """
    refuse_other_levels(level, full=full)
    storage = open_storage(url, storage_options, fsync=fsync)
    refuse_unsafe_writes(url)
    manifest = require_manifest(storage)
    current_client()
    refuse_other_processes(storage)
    given, labels = (None, None) if array is None else split_labels(array)
    if given is not None:
        refuse_unreadable_results(given)
    with says_how_far(storage, manifest), storage.session() as session:
        require_same_manifest(storage, manifest)
        if given is None:
            given, labels = drawn_again(storage, manifest, otherwise=_GIVE_ARRAY), labels_of(manifest)
        drawn, arrays = manifest_of(given, shards_of(manifest), labels)
        manifest.require_same(drawn, storage)
        # Raises before anything is written, where what others added cannot be kept.
        refuse_appended(storage, manifest)
        refuse_folders(storage, own_keys(manifest))
        files = zarr_files(manifest, arrays)
        amended_files(storage, files, members(storage, manifest))
        written = write_parameters(storage, manifest, arrays, WriterNote(environment()))
        write_known_arrays(session, storage, manifest, arrays)
        found = inspect(storage, manifest, level=level, full=full)
        numbers = np.fromiter((chunk_number(manifest, index) for index in found.bad), np.int64)
        write_chunks(given, ChunkWriter(storage, manifest, rewrite=True), numbers)
        finish(session, storage, manifest, arrays, (0, chunk_count(manifest)))
    return Repair(
        url=storage.name,
        chunks=tuple(found.bad),
        files=(*written, *(key for key in found.faults if key in files)),
        unknown_files=(*found.unknown_files, *(key for key in found.faults if key not in files)),
        level=level,
        rows_compared=found.rows_compared,
        rows=found.rows,
    )
