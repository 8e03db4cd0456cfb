"""From a dask array to the manifest of what its store is going to hold.

A sample is known by all that decides its numbers. An array that was derived from samples is known by the name
that dask gave it, a digest of the expression, and by the samples it comes from.
"""

from collections.abc import Mapping
from typing import Any

import dask.array as da
import numpy as np
import numpy.typing as npt

from mvn_dask.errors import ArgumentTypeError
from mvn_dask.lineage import Lineage
from mvn_dask.store.format.contents import derived_manifest, sample_manifest
from mvn_dask.store.format.manifest import Manifest


def manifest_of(array: da.Array, shards: int | None = None) -> tuple[Manifest, Mapping[str, npt.NDArray[Any]]]:
    """The manifest of an array, and the arrays that belong to it.

    Parameters
    ----------
    array : dask.array.Array
        A sample, or derived from samples.
    shards : int, optional
        Rows of the pieces inside each chunk, which then is a shard.

    Raises
    ------
    ArgumentTypeError
        If it is no dask array of numbers.
    AlignmentError
        If its blocks are not whole Zarr chunks, or cannot be divided into such pieces.
    """
    _refuse_other_arrays(array)
    origins = lineages(array)
    own = next((origin for origin in origins if origin.is_of(array.name)), None)
    if own is None:
        return derived_manifest(array.name, origins, array.chunks, array.dtype, shards), {}
    return sample_manifest(own, array.chunks, array.dtype, shards), own.arrays


def lineages(array: da.Array) -> list[Lineage]:
    """The samples that an array comes from, as their samplers left them in its graph."""
    found = {}
    for layer in array.dask.layers.values():
        # Blockwise layers hold no node of their own, and looking into them would unfold them.
        for key, node in getattr(layer, "mapping", {}).items():
            origin = getattr(getattr(node, "value", node), "lineage", None) if isinstance(key, str) else None
            if isinstance(origin, Lineage):
                found[origin.name] = origin
    return [found[name] for name in sorted(found)]


def _refuse_other_arrays(array: object) -> None:
    if not isinstance(array, da.Array):
        msg = f"`array` must be a dask array, not {type(array).__name__}"
        raise ArgumentTypeError(msg)
    if array.dtype.kind not in "biufc" or array.dtype.itemsize > (16 if array.dtype.kind == "c" else 8):
        msg = f"`array` must hold numbers that Zarr knows: its dtype is {array.dtype}"
        raise ArgumentTypeError(msg)
    if not isinstance(array._meta, np.ndarray) or isinstance(array._meta, np.ma.MaskedArray):
        msg = f"`array` must be made of plain numpy arrays: its blocks are {type(array._meta).__name__}"
        raise ArgumentTypeError(msg)
