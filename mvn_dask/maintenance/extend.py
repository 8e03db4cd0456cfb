"""Append rows to a store of a sample.

Input: a finished store and a number of rows. Output: an `Extension`. Cost: that of drawing and writing the new rows.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import dask.array as da
import numpy as np
import numpy.typing as npt

from mvn_dask.advice import Advice
from mvn_dask.checks import MAX_LENGTH, no_integer
from mvn_dask.display.document import Shown
from mvn_dask.display.fragments import facts
from mvn_dask.display.markup import Html
from mvn_dask.display.one_line import OneLine
from mvn_dask.errors import ArgumentError, ArgumentTypeError, StorageNotEmptyError, UnfinishedStoreError
from mvn_dask.escaping import printable
from mvn_dask.execution.blocks import Blocks
from mvn_dask.execution.client import current_client
from mvn_dask.execution.ranges import BlockNumbers
from mvn_dask.execution.resumption import resumed_by
from mvn_dask.maintenance.verify import replay_of
from mvn_dask.readable import plural, short_repr
from mvn_dask.sampling.plan import Plan
from mvn_dask.sampling.points import refuse_other_extensions
from mvn_dask.signatures import short_signature
from mvn_dask.store.array_documents import write_known_arrays
from mvn_dask.store.array_labels import labels_of
from mvn_dask.store.array_manifest import manifest_of, shards_of
from mvn_dask.store.chunk_writer import ChunkWriter, write_chunks
from mvn_dask.store.format.chunk_listing import missing_numbers
from mvn_dask.store.format.completeness import state
from mvn_dask.store.format.file_writer import FileWriter
from mvn_dask.store.format.layout import chunk_count, chunk_index, chunk_key, chunk_number, encode
from mvn_dask.store.format.manifest import Manifest, require_manifest
from mvn_dask.store.format.members import members, refuse_members_along
from mvn_dask.store.format.metadata import amended_files, commit, zarr_files
from mvn_dask.store.format.ownership import own_keys, refuse_folders
from mvn_dask.store.no_space import says_how_far
from mvn_dask.store.process_memory import refuse_other_processes
from mvn_dask.store.storage.addressing import StoreLike, open_storage, refuse_unsafe_writes
from mvn_dask.store.storage.base import MANIFEST_KEY, Session, Storage, written_key
from mvn_dask.store.writing import finish

_COMPUTE_LONGER = Advice(
    "extend the samples, and {in_python}compute the longer array of them, which mvn_dask.to_zarr stores under another "
    "URL, or here with overwrite=True"
)
"""The way out where a store's numbers were derived from samples."""


@short_signature
@dataclass(frozen=True, repr=False)
class Extension(OneLine, Shown):
    """How a store was extended.

    See Also
    --------
    mvn_dask.extend : Gives it.

    Examples
    --------
    >>> import mvn_dask
    >>> x = mvn_dask.MultivariateNormal([0.0, 1.0], 2.0).sample(100, seed=1)
    >>> mvn_dask.to_zarr(x, "memory://extension")
    >>> mvn_dask.extend("memory://extension", 50)
    Extension(url='memory://extension', before=(100, 2), after=(150, 2))
    """

    url: str
    """The store."""
    before: tuple[int, ...]
    """Shape before."""
    after: tuple[int, ...]
    """Shape now."""

    def _summary(self) -> str:
        return self.url

    def _shown(self) -> Iterator[Html]:
        yield facts({
            "rows": f"{self.before[0]:,} before, {self.after[0]:,} now",
            "shape": f"{self.before} before, {self.after} now",
        })  # fmt: skip

    def __str__(self) -> str:
        rows = f"{plural(self.before[0], 'row')} before, {self.after[0]} now"
        return printable(f"{self.url}: {rows}; shape {self.after}")


@short_signature
def extend(
    url: StoreLike, rows: int, *, fsync: bool = False, storage_options: Mapping[str, Any] | None = None
) -> Extension:
    """Append rows to a sample's store, along its first axis: it becomes that of the longer run, byte by byte.

    Parameters
    ----------
    url : str, path-like, zarr.storage store or icechunk.Repository
        As for `mvn_dask.to_zarr`.
    rows : int
        How many more, at least 1; for a sample of shape (m, n, d) they are of shape (n, d), and for fields of shape
        (m, ny, nx) of shape (ny, nx).
    fsync : bool
        As for `mvn_dask.to_zarr`.
    storage_options : mapping, optional
        As for `mvn_dask.to_zarr`.

    Returns
    -------
    Extension
        Its shape before and now.

    Raises
    ------
    UnfinishedStoreError
        If chunks are missing, as they are after an extension that was killed: `repair` completes it.
    DerivedStoreError, StorageBusyError
        If the store's numbers were derived from samples; if another job is in the store.
    StorageNotEmptyError
        If something of others lies where the new rows would go, or an array of others along the axis that grows.
    ArgumentError, ArgumentTypeError
        If `rows` is no number of rows, or the sample is a single one without an axis; if it is one of Sobol' points,
        and would not have a power of two of them; if there are coordinates along the axis that grows.

    See Also
    --------
    mvn_dask.to_zarr : Begins a store.
    mvn_dask.repair : Completes an extension that was killed.

    Notes
    -----
    This is the ``append_dim`` of a sample's store, which xarray's own would break. Coordinates along other axes stay.

    At every moment plain readers see the store as it was, or as it is going to be. An array that `from_zarr` opened
    before notices and refuses. Attributes, groups and arrays that others added stay.

    Examples
    --------
    >>> import mvn_dask
    >>> normal = mvn_dask.MultivariateNormal([0.0, 1.0], 2.0)
    >>> mvn_dask.to_zarr(normal.sample(1000, seed=1, chunks=300), "memory://extend")
    >>> print(mvn_dask.extend("memory://extend", 500))
    memory://extend: 1000 rows before, 1500 now; shape (1500, 2)
    >>> bool((mvn_dask.from_zarr("memory://extend") == normal.sample(1500, seed=1, chunks=300)).all())
    True
    """
    if isinstance(rows, bool) or not isinstance(rows, (int, np.integer)):
        raise ArgumentTypeError(f"`rows` must be an integer, not {no_integer(rows)}")
    if not 1 <= rows <= MAX_LENGTH:
        raise ArgumentError(f"`rows` must be at least 1, and less than 2**63: it is {short_repr(rows)}")
    storage = open_storage(url, storage_options, fsync=fsync)
    refuse_unsafe_writes(url)
    require_manifest(storage)
    current_client()
    refuse_other_processes(storage)
    with storage.session() as session:
        if not session.try_exclusive():
            raise session.busy(f"is in {storage}")
        manifest = require_manifest(storage)
        replay = replay_of(storage, manifest, otherwise=_COMPUTE_LONGER)
        if not replay.plan.size:
            raise ArgumentError(f"{storage} holds a single row without an axis: there is nothing to append to")
        _refuse_unfinished(storage, manifest)
        _refuse_row_labels(storage, manifest)
        array = replay.array(_longer_size(replay.plan, int(rows)), manifest.chunks, manifest.event)
        longer, arrays = manifest_of(array, shards_of(manifest), labels_of(manifest))
        others = members(storage, manifest)
        refuse_members_along(storage, others, manifest.array.dimensions[0])
        amended_files(storage, zarr_files(longer, arrays), others)  # raises if they would be too long
        _refuse_files_beyond(storage, manifest, longer)
        # Before anything else, so that what cannot be read is an error now, and until the extension ends the root says
        # that this was a whole store of the shorter run.
        with says_how_far(storage, manifest):
            commit(session, FileWriter(storage, manifest), zarr_files(manifest, arrays), others)
            _begin(session, manifest, longer, array)
            write_known_arrays(session, storage, longer, arrays)
        # From here on it is an unfinished store of the longer run, which `repair` or `to_zarr` may complete as well.
        session.acquire_shared()
        numbers = (0, chunk_count(longer))
        with resumed_by("{repair} completes it"), says_how_far(storage, longer):
            write_chunks(array, ChunkWriter(storage, longer), missing_numbers(storage, longer, *numbers))
            finish(session, storage, longer, arrays, numbers)
    return Extension(storage.name, manifest.shape, longer.shape)


def _refuse_unfinished(storage: Storage, manifest: Manifest) -> None:
    if state(storage, manifest) == "unfinished":
        raise UnfinishedStoreError(
            f"{storage} of shape {manifest.shape} is unfinished",
            advice=Advice("call {repair} first, which completes it"),
        )


def _refuse_row_labels(storage: Storage, manifest: Manifest) -> None:
    """Raise ArgumentError for coordinates along the axis that grows, whose labels of new rows nobody knows."""
    rows = manifest.array.dimensions[0]
    if found := sorted(name for name, each in manifest.array.coordinates.items() if rows in each.dims):
        raise ArgumentError(
            f"{storage} has labels along {rows!r}, in the {'coordinate' if len(found) == 1 else 'coordinates'} "
            f"{', '.join(map(repr, found))}, and new rows would have none: store the longer sample with labels of all "
            "rows under another URL, or the sample without them, and extend that"
        )


def _longer_size(plan: Plan, rows: int) -> tuple[int, ...]:
    if plan.points is not None:
        refuse_other_extensions(plan.size[0], rows)
    return (plan.size[0] + rows, *plan.size[1:])


def _refuse_files_beyond(storage: Storage, manifest: Manifest, longer: Manifest) -> None:
    # Files of the new chunks' names were not written by mvn_dask, and would be taken for whole chunks, or be swept.
    is_own, is_going_to_be = own_keys(manifest), own_keys(longer)
    for entry in storage.entries(manifest.array.name):
        key = written_key(entry.key)
        if is_going_to_be(key) and not is_own(key):
            raise StorageNotEmptyError(
                f"in {storage} {entry.key} lies where the new rows would go, and is no part of the store: move it away"
            )
    refuse_folders(storage, is_going_to_be, prefix=manifest.array.name)


def _begin(session: Session, manifest: Manifest, longer: Manifest, array: da.Array) -> None:
    """Draw the chunks that end in padding, then replace the manifest; in an exclusive session.

    In that order: rows in the padding do no harm to the shorter store, while a chunk with padding has the right size,
    and would be taken for a whole one of the longer store.
    """
    if manifest.shape[0] % manifest.chunks[0] and chunk_count(longer):
        numbers = chunks_of_row(longer, manifest.shape[0])

        def write(number: int, block: npt.NDArray[Any]) -> None:
            session.replace(chunk_key(longer, chunk_index(longer, number)), encode(longer, block))

        Blocks(array).compute_each(numbers.tolist(), write)
    session.replace(MANIFEST_KEY, [longer.text])


def chunks_of_row(manifest: Manifest, row: int) -> BlockNumbers:
    """Numbers of the chunks that hold a row of the first axis; they are consecutive."""
    grid = -(-manifest.shape[0] // manifest.chunks[0])
    first = chunk_number(manifest, (row // manifest.chunks[0], *[0] * (len(manifest.shape) - 1)))
    return np.arange(first, first + chunk_count(manifest) // max(1, grid), dtype=np.int64)
