"""Draw the sample of a store again, without its chunks.

Input: the URL of a store. Output: the sample as a lazy array. Cost: that of reading the parameters; rows are drawn when
they are computed.
"""

from collections.abc import Mapping
from typing import Any

import dask.array as da

from mvn_dask.advice import Advice
from mvn_dask.maintenance.verify import replay_of
from mvn_dask.signatures import short_signature
from mvn_dask.store.format.manifest import Manifest, require_manifest
from mvn_dask.store.storage.addressing import StoreLike, open_storage
from mvn_dask.store.storage.base import Storage


@short_signature
def replay(url: StoreLike, *, storage_options: Mapping[str, Any] | None = None) -> da.Array:
    """The sample of a store as a lazy array that is drawn again from its record: no chunk is read.

    Its bits are those that were stored, and it is stored elsewhere as the same sample.

    Parameters
    ----------
    url : str, path-like, zarr.storage store or icechunk.Repository
        As for `mvn_dask.to_zarr`; the store may be unfinished.
    storage_options : mapping, optional
        As for `mvn_dask.to_zarr`.

    Returns
    -------
    dask.array.Array
        Of the shape, dtype and chunks of the store.

    Raises
    ------
    NotAStoreError
        If there is no store.
    DerivedStoreError
        If its numbers were derived from samples, of which it has no recipe.
    DamagedManifestError
        If its manifest, its mean or its factor is damaged.

    See Also
    --------
    from_zarr : reads what was stored.
    verify : with ``level="values"``, draws rows again and compares them.

    Examples
    --------
    >>> import mvn_dask
    >>> x = mvn_dask.MultivariateNormal([0.0, 1.0], 2.0).sample(1000, seed=1, chunks=250)
    >>> mvn_dask.to_zarr(x, "memory://replay")
    >>> bool((mvn_dask.replay("memory://replay") == mvn_dask.from_zarr("memory://replay")).all())
    True
    """
    storage = open_storage(url, storage_options)
    return drawn_again(storage, require_manifest(storage), otherwise=Advice("mvn_dask.from_zarr reads what is stored"))


def drawn_again(storage: Storage, manifest: Manifest, *, otherwise: Advice) -> da.Array:
    """A store's sample as a lazy array that is drawn; it raises what `replay_of` does."""
    source = replay_of(storage, manifest, otherwise=otherwise)
    return source.array(source.plan.size, manifest.chunks, manifest.event)
