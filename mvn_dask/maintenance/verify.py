"""Compare a store with what its manifest says: names and sizes, checksums, or the numbers themselves.

Input: a store. Output: a `Verification`. Cost: a listing ("size"); and a pass over all bytes ("checksum"); and drawing
a stripe of each chunk, or every row ("values").
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import prod
from typing import Any, get_args

import numpy as np

from mvn_dask import distribution  # noqa: F401 each distribution defines the kind that manifests name
from mvn_dask.advice import Advice
from mvn_dask.environment import environment
from mvn_dask.errors import ArgumentError, DamagedManifestError, DerivedStoreError
from mvn_dask.execution.engine import run
from mvn_dask.execution.progress import Progress
from mvn_dask.execution.ranges import range_size
from mvn_dask.maintenance.bad_chunks import BadChunks
from mvn_dask.maintenance.chunk_check import CheckChunks
from mvn_dask.maintenance.shown_verification import Level, ShownVerification
from mvn_dask.readable import plural
from mvn_dask.sampling.replay import Replay, replay_sample
from mvn_dask.signatures import short_signature
from mvn_dask.store.format import layout, parameters
from mvn_dask.store.format.chunk_listing import Bits, parse_key
from mvn_dask.store.format.layout import Index, chunk_bytes, chunk_count
from mvn_dask.store.format.manifest import Manifest, require_manifest
from mvn_dask.store.format.members import Members, files_of, members
from mvn_dask.store.format.metadata import metadata_faults, zarr_files
from mvn_dask.store.format.ownership import is_accounted_for, own_keys
from mvn_dask.store.format.writer_note import read_note
from mvn_dask.store.process_memory import refuse_other_processes
from mvn_dask.store.storage.addressing import StoreLike, open_storage
from mvn_dask.store.storage.base import INTERNAL_FOLDER, NO_PLAIN_FILE, Storage

DECISIVE = {"numpy", "libc", "mvn_dask"}
"""Fields of `Environment` that may change the numbers."""


@short_signature
@dataclass(frozen=True, repr=False)
class Verification(ShownVerification):
    """Differences between a store and its manifest.

    See Also
    --------
    mvn_dask.verify : Gives it.

    Examples
    --------
    >>> import mvn_dask
    >>> mvn_dask.to_zarr(mvn_dask.MultivariateNormal([0.0, 1.0], 2.0).sample(100, seed=1), "memory://verification")
    >>> found = mvn_dask.verify("memory://verification")
    >>> print(found)
    memory://verification: ok (level 'size')
    chunks: 1 of 1 good
    >>> found.ok
    True
    """

    url: str
    """The store."""
    level: Level
    """How closely it was compared."""
    chunks: int
    """Chunks that the store should have; all were compared."""
    rows_compared: int
    """Rows of the sample that were drawn again and compared, at level "values"."""
    rows: int
    """Rows of the sample; 0 of a derived array."""
    bad: Mapping[Index, str]
    """Chunks that are not as they should be, by their index, and why."""
    faults: Mapping[str, str]
    """Other files of the store that are not, and why: metadata, names, parameters, and links in the place of any."""
    unknown_files: tuple[str, ...]
    """Files that do not belong to the store. mvn_dask never deletes them."""
    members: tuple[str, ...]
    """Groups and arrays that others added to it: no fault, and not looked at."""
    guarantee: str
    """What equal, or different, numbers mean on this machine."""


@short_signature
def verify(
    url: StoreLike, *, level: Level = "size", full: bool = False, storage_options: Mapping[str, Any] | None = None
) -> Verification:
    """Whether a store holds what its manifest says; also while a job is running.

    Parameters
    ----------
    url : str, path-like, zarr.storage store or icechunk.Repository
        As for `mvn_dask.to_zarr`.
    level : {"size", "checksum", "values"}
        "size" compares names, sizes and metadata; "checksum" reads every chunk as well; "values" also
        draws a stripe of every chunk again and compares bits, less than 1 % of the rows where chunks have the
        default size, and looks at all numbers for NaN and infinities. Both run on dask's current scheduler.
    full : bool
        With "values": draw and compare every row.
    storage_options : mapping, optional
        As for `mvn_dask.to_zarr`.

    Returns
    -------
    Verification
        ``ok``, and what is ``bad``: the index of a chunk → the reason.

    Raises
    ------
    NotAStoreError
        If there is no store.
    DamagedManifestError
        If its manifest is damaged, or its parameters are and "values" needs them.
    DerivedStoreError, ArgumentError
        If "values" is asked for a derived array, whose expression is not in the store; if `level` is something else.

    See Also
    --------
    mvn_dask.repair : Draws what is damaged or missing again.
    mvn_dask.status : How far a job is.
    mvn_dask.report : Whether the numbers follow their law.

    Examples
    --------
    >>> import mvn_dask
    >>> x = mvn_dask.MultivariateNormal([0.0, 1.0], 2.0).sample(1000, seed=1, chunks=250)
    >>> mvn_dask.to_zarr(x, "memory://verify")
    >>> report = mvn_dask.verify("memory://verify", level="checksum")
    >>> report.ok, dict(report.bad)
    (True, {})
    """
    refuse_other_levels(level, full=full)
    storage = open_storage(url, storage_options)
    require_manifest(storage)
    if level != "size":
        refuse_other_processes(storage)
    with storage.task_session():
        # Again, now that nobody extends it.
        return inspect(storage, require_manifest(storage), level=level, full=full)


def refuse_other_levels(level: object, *, full: bool) -> None:
    """Raise ArgumentError unless it is a level, and one that `full` goes with."""
    if level not in get_args(Level):
        raise ArgumentError(f"`level` must be 'size', 'checksum' or 'values': it is {level!r}")
    if full and level != "values":
        raise ArgumentError(f"`full` goes with `level`='values', not with {level!r}")


_CHECKSUMS = Advice(
    "level='checksum' compares what lies there with what was written",
    "--level checksum compares what lies there with what was written",
)
"""The way out where a store's numbers were derived from samples."""


def replay_of(storage: Storage, manifest: Manifest, *, otherwise: Advice | None = None) -> Replay:
    """What draws a store's sample again. Raises DerivedStoreError or DamagedManifestError where nothing can.

    `otherwise` is the way out where the numbers were derived from samples.
    """
    if not manifest.is_sample:
        raise DerivedStoreError(
            f"{storage} holds numbers derived from samples by {manifest.expression!r}, which its manifest "
            "cannot draw again",
            advice=otherwise,
        )
    replay = replay_sample(manifest.samples[0], parameters.load_parameters(storage, manifest))
    found = (manifest.size, manifest.event.ndim, manifest.dtype.name)
    if found != (replay.plan.size, replay.plan.ndim, replay.plan.dtype):
        raise DamagedManifestError(
            f"the manifest of {storage} says {manifest.shape} {manifest.dtype}, its sample {replay.plan}"
        )
    return replay


@dataclass(frozen=True)
class Inventory:
    """What lies in a store, by names, kinds and sizes."""

    missing: Bits
    """Which chunks are."""
    bad: dict[int, str]
    """Numbers of other chunks that are bad, and why."""
    no_plain_files: tuple[str, ...]
    """Keys of the store's other files, its locks and temporary files included, under which something else lies."""
    unknown: tuple[str, ...]
    """Keys of what does not belong to the store."""


def inventory(storage: Storage, manifest: Manifest, others: Members) -> Inventory:
    """What lies in a store, by one listing."""
    size = chunk_bytes(manifest)
    # One listing instead of a look at each chunk: it finds what should not be there as well.
    is_own, files_of_others = own_keys(manifest), files_of(others)
    missing = np.ones(chunk_count(manifest), np.bool_)
    bad: dict[int, str] = {}
    # Folders without a file in them are in no listing of files.
    no_plain_files = [key for key in storage.empty_folders(INTERNAL_FOLDER) if is_accounted_for(is_own, key)]
    unknown = []
    for entry in storage.entries():
        index = parse_key(manifest, entry.key)
        if index is not None:
            number = layout.chunk_number(manifest, index)
            missing[number] = False
            if not entry.regular:
                bad[number] = f"no plain file, but {NO_PLAIN_FILE}"
            elif entry.size != size:
                bad[number] = f"wrong size: {plural(entry.size, 'byte')}, not {size}"
        elif is_accounted_for(is_own, entry.key):
            if not entry.regular:
                no_plain_files.append(entry.key)
        elif not (entry.regular and entry.key in files_of_others):
            unknown.append(entry.key)
    return Inventory(missing, bad, tuple(no_plain_files), tuple(sorted(unknown)))


def inspect(storage: Storage, manifest: Manifest, *, level: Level, full: bool) -> Verification:
    """Compare a store with its manifest; levels above "size" read it, on dask's current scheduler."""
    replay = replay_of(storage, manifest, otherwise=_CHECKSUMS) if level == "values" else None
    faults = {name: parameters.parameter_fault(storage, manifest, name) for name in manifest.parameters}
    # The attributes hold the mean. Where it is lost, that is the fault, and not the metadata as well.
    mean_is_good = faults.get("mean", "none") is None
    files = zarr_files(manifest, {"mean": storage.loader(parameters.parameter_key("mean"))()} if mean_is_good else {})
    others = members(storage, manifest)
    found = inventory(storage, manifest, others)
    bad = dict(found.bad)
    numbers_compared = 0
    if level != "size":
        # Those that are bad by name or size are not read: a hostile file may be larger than the memory.
        numbers = np.setdiff1d(np.flatnonzero(~found.missing), list(bad))
        with Progress(len(numbers), "chunk", chunk_bytes(manifest)) as progress:
            work = CheckChunks(storage, manifest, replay, full)
            loaders = {} if replay is None else parameters.parameter_loaders(storage, manifest)
            for checked in run(work, numbers, range_size(chunk_bytes(manifest)), progress, loaders):
                bad.update(checked.faults)
                numbers_compared += checked.numbers_compared
    return Verification(
        url=storage.name,
        level=level,
        chunks=chunk_count(manifest),
        rows_compared=numbers_compared // manifest.event.ndim if manifest.is_sample else 0,
        rows=prod(manifest.size) if manifest.is_sample else 0,
        bad=BadChunks(manifest, found.missing, bad),
        faults={
            **dict.fromkeys(sorted(found.no_plain_files), NO_PLAIN_FILE),
            **{parameters.parameter_key(name): fault for name, fault in faults.items() if fault is not None},
            **metadata_faults(storage, files),
        },
        unknown_files=found.unknown,
        members=tuple(others),
        guarantee=_guarantee(storage) if level == "values" else "",
    )


def _guarantee(storage: Storage) -> str:
    """What equal or different bits mean here."""
    begun, here = read_note(storage).environment, environment()
    if begun is None:
        return "It is not known where the store was begun: different last bits may be another machine's."
    now, then = here.as_dict(), begun.as_dict()
    different = {name: f"{name} {then[name]!r} there, {now[name]!r} here" for name in then if then[name] != now[name]}
    text = "; ".join(different.values())
    rule = "The factor comes from the store, and drawing uses no BLAS: another BLAS or processor gives the same bits."
    if not different:
        return f"{rule} The store was begun in this very environment: any difference is damage."
    if not DECISIVE & different.keys():
        return f"{rule} Different from where it was begun ({text}), which decides no bit."
    return (
        f"{rule} Different from where it was begun: {text}. Another numpy may change its streams, and "
        "another C library the last bit of one normal in 4,000: such differences are no damage."
    )
