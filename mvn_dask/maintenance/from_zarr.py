"""Open a store as a lazy array.

Input: a URL. Output: a dask array of one block a chunk. Cost: metadata and the sizes of the chunks, or, where missing
chunks are to be drawn, the manifest and the parameters alone, whatever the number of chunks.
"""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Literal, get_args

import dask.array as da
import numpy as np
import numpy.typing as npt

from mvn_dask.advice import Advice
from mvn_dask.errors import ArgumentError, UnfinishedStoreError
from mvn_dask.execution.blocks import refuse_query_planning
from mvn_dask.maintenance.verify import replay_of
from mvn_dask.readable import short_repr
from mvn_dask.sampling.replay import Replay
from mvn_dask.signatures import short_signature
from mvn_dask.store.format.completeness import refuse_unfinished
from mvn_dask.store.format.layout import Index, chunk_key, chunk_window, read_entry
from mvn_dask.store.format.manifest import Manifest, require_manifest
from mvn_dask.store.format.ownership import refuse_appended
from mvn_dask.store.reading import Stored, stored_array
from mvn_dask.store.storage.addressing import StoreLike, open_storage

Missing = Literal["raise", "draw"]
_FINISH = Advice("{to_zarr} with the same {array} finishes it, and from_zarr without missing='draw' opens it then")
"""The way out where a store's numbers were derived from samples."""


@dataclass(frozen=True, eq=False)
class StoredOrDrawn(Stored):
    """The one node of a graph that reads a sample's store, and draws the chunks that are not there."""

    replay: Replay
    """Draws the sample again."""

    def chunk(self, index: Index) -> npt.NDArray[Any]:
        """A chunk that is there, as `read_chunk`, damaged or not; else its numbers, drawn."""
        entry = self.storage.entry(chunk_key(self.manifest, index))
        # It may go before it is read, or be an entry of a repository whose chunk somebody has deleted.
        with suppress(UnfinishedStoreError):
            if entry is not None:
                return read_entry(self.storage, self.manifest, index, entry)
        return draw_chunk(self.replay, self.manifest, index)


def draw_chunk(replay: Replay, manifest: Manifest, index: Index) -> npt.NDArray[Any]:
    """The numbers of a chunk of a sample, which end at the edge of the array, as they are when it is read."""
    window, event = chunk_window(manifest, index), manifest.event.shape
    numbers = np.empty([side.stop - side.start for side in window], manifest.dtype)
    axes = len(window) - manifest.array.event_axes
    for (steps, rows), drawn in replay.parts(window, event, full=True):
        numbers[steps].reshape(-1, *numbers.shape[axes:])[rows] = drawn
    return numbers


@short_signature
def from_zarr(
    url: StoreLike, *, missing: Missing = "raise", storage_options: Mapping[str, Any] | None = None
) -> da.Array:
    """A store as a lazy array, one block a chunk.

    Parameters
    ----------
    url : str, path-like, zarr.storage store or icechunk.Repository
        As for `to_zarr`.
    missing : {"raise", "draw"}
        What to do about chunks that are not there. "raise" opens finished stores only. "draw" opens the store of a
        sample at any moment, one of no chunk at all included: a chunk that is missing when its block is computed
        is drawn, from the parameters in the store, with the bits that it has, or would have, in the finished store.
    storage_options : mapping, optional
        As for `to_zarr`.

    Returns
    -------
    dask.array.Array
        Of the shape, dtype and chunks of the array that was stored.

    Raises
    ------
    UnfinishedStoreError
        If chunks are missing; the message says how many, and how to go on. With "draw" there is no such error.
    NotAStoreError, StorageError
        If there is no store; if `url` is of a kind that `to_zarr` does not write.
    DamagedManifestError
        If the manifest cannot be understood, is of another format version, or Zarr's metadata contradict it; with
        "draw", if parameters are lost or damaged.
    DerivedStoreError
        With "draw": if the numbers were derived from samples, by an expression that is not in the store.
    ArgumentError
        If `missing` is another word.

    See Also
    --------
    mvn_dask.to_zarr : Writes the store.
    mvn_dask.to_xarray : Names and labels of what was read.
    mvn_dask.repair : Writes what is missing.
    mvn_dask.status : How far a store is that is not finished.

    Notes
    -----
    Nothing is read but metadata and the sizes of the chunks; with "draw", the manifest and the parameters. When a
    chunk's turn comes, its checksum is compared: a damaged one is an error, whatever `missing` says. A store is plain
    Zarr as well: ``zarr.open``, ``dask.array.from_zarr`` and ``xarray.open_zarr`` read it.

    A chunk is drawn whole, as it is read whole, whatever rows of it are looked at, with 130 MB of memory beside it; and
    from the beginning of the stripe amid which it begins, so that small chunks draw more rows than they have: see
    `stripe_height`.

    Examples
    --------
    The second of two parts of a job has not been run yet:

    >>> import mvn_dask, tempfile
    >>> x = mvn_dask.MultivariateNormal([0.0, 1.0], 2.0).sample(1000, seed=1, chunks=250)
    >>> folder = tempfile.TemporaryDirectory()
    >>> mvn_dask.to_zarr(x, folder.name, part=(0, 2))
    >>> mvn_dask.status(folder.name).missing
    2
    >>> early = mvn_dask.from_zarr(folder.name, missing="draw")
    >>> bool((early == x).all())
    True

    Once it is finished, it is opened without drawing anything:

    >>> mvn_dask.to_zarr(x, folder.name, part=(1, 2))
    >>> bool((mvn_dask.from_zarr(folder.name) == x).all())
    True
    >>> folder.cleanup()
    """
    if missing not in get_args(Missing):
        raise ArgumentError(f"`missing` must be 'raise' or 'draw': it is {short_repr(missing)}")
    refuse_query_planning()
    storage = open_storage(url, storage_options)
    manifest = require_manifest(storage)
    if missing == "draw":
        refuse_appended(storage, manifest)
        return stored_array(StoredOrDrawn(storage, manifest, replay_of(storage, manifest, otherwise=_FINISH)))
    with storage.task_session():
        refuse_unfinished(storage, manifest)
    return stored_array(Stored(storage, manifest))
