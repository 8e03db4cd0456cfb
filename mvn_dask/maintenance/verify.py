"""Compare a store with what its manifest says.

Input: a store. Output: a `Verification`. Cost: a listing ("size"), a pass over the bytes ("checksum"), or that and
drawing a stripe of each chunk again ("values").
"""

from collections.abc import Mapping
from typing import Any

from mvn_dask import distribution  # noqa: F401 each distribution defines the kind that manifests name
from mvn_dask.errors import DamagedManifestError, DerivedStoreError
from mvn_dask.sampling.replay import Replay, replay_sample
from mvn_dask.store.format.manifest import Manifest, require_manifest
from mvn_dask.store.format.parameters import load_parameters
from mvn_dask.store.storage.addressing import open_storage
from mvn_dask.store.storage.base import Storage
from mvn_dask.store.verification import Level, Verification, inspect, refuse_other_levels


def replay_of(storage: Storage, manifest: Manifest) -> Replay:
    """What draws a store's sample again.

    Raises DerivedStoreError if it holds numbers that were derived from samples; DamagedManifestError if its manifest or
    its parameters are damaged.
    """
    if not manifest.is_sample:
        raise DerivedStoreError(
            f"{storage} holds numbers derived from samples by {manifest.expression!r}, which its manifest "
            "cannot draw again: call mvn_dask.to_zarr, or mvn_dask.repair(..., array=...), with the same array"
        )
    replay = replay_sample(manifest.samples[0], load_parameters(storage, manifest))
    if (manifest.shape, manifest.dtype.name) != ((*replay.plan.size, replay.plan.ndim), replay.plan.dtype):
        raise DamagedManifestError(
            f"the manifest of {storage} says {manifest.shape} {manifest.dtype}, its sample {replay.plan}"
        )
    return replay


def verify(
    url: object, *, level: Level = "size", full: bool = False, storage_options: Mapping[str, Any] | None = None
) -> Verification:
    """Whether a store holds what its manifest says; also while a job is running.

    Parameters
    ----------
    url : str, path-like or zarr.storage store
        Whatever `mvn_dask.to_zarr` takes.
    level : {"size", "checksum", "values"}
        "size" compares names, sizes and metadata; "checksum" reads every chunk as well; "values" also
        draws a stripe of every chunk again and compares bits. Both run on dask's current scheduler.
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
    DerivedStoreError
        If "values" is asked for a derived array, whose expression is not in the store.
    ArgumentError
        If `level` is something else.

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
    with storage.task_session():
        manifest = require_manifest(storage)  # again, now that nobody extends it
        replay = replay_of(storage, manifest) if level == "values" else None
        return inspect(storage, manifest, level=level, full=full, replay=replay)
