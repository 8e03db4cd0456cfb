"""Dask collections as numpy arrays, large matrices without a second copy.

Input: Dask collections. Output: what they compute to. Cost: that of the collections; a large square matrix takes the
memory of its float64 numbers and of the blocks that are being computed, where dask keeps all blocks, and then joins
them in another copy. Only threads of this process can write into one array: other schedulers do it dask's way.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from mvn_dask._typing import Float64Array

NUMBERS_IN_PLACE = 2**22
"""Numbers of a matrix from which on its blocks are written in place: 32 MiB."""


class _OtherBlockError(Exception):
    """A block is no plain array, which its array does not say: one that is masked, or has a unit."""


class _Target:
    """The matrix that blocks are written into."""

    def __init__(self, shape: tuple[int, ...]) -> None:
        self.matrix: Float64Array = np.empty(shape)

    def __dask_tokenize__(self) -> object:
        # Its numbers, of which there are none yet, would be hashed.
        return id(self)

    def finish(self) -> Float64Array:
        """The matrix, which nobody can write to any more; a zero has one sign, as it must for one digest."""
        np.add(self.matrix, 0.0, out=self.matrix)
        self.matrix.setflags(write=False)
        return self.matrix


def computed(collections: Sequence[Any]) -> list[Any]:
    """What Dask collections compute to, all at once, so that what they share is computed once.

    A large square matrix of real numbers, or a DataArray of one, comes back as read-only float64, where threads of this
    process compute it.

    Examples
    --------
    >>> import dask.array as da
    >>> computed([da.eye(2000, chunks=500), da.ones(2)])[1]
    array([1., 1.])
    """
    from dask.base import compute

    targets = {number: _Target(each.shape) for number, each in enumerate(collections) if _is_large_matrix(each)}
    if not targets:
        return list(compute(*collections))
    replaced = [
        _written(each, targets[number]) if number in targets else each for number, each in enumerate(collections)
    ]
    try:
        found = compute(*replaced)
    except _OtherBlockError:
        return list(compute(*collections))
    return [
        _like(collections[number], targets[number].finish()) if number in targets else each
        for number, each in enumerate(found)
    ]


def _has_labels(collection: Any) -> bool:
    """Whether a collection is a DataArray, and no Dataset."""
    return hasattr(type(collection), "dims") and hasattr(type(collection), "data")


def _blocks(collection: Any) -> Any:
    """The array of dask in a collection."""
    return collection.data if _has_labels(collection) else collection


def _is_large_matrix(collection: Any) -> bool:
    import dask.array as da

    array = _blocks(collection)
    if not isinstance(array, da.Array) or array.ndim != 2 or array.shape[0] != array.shape[1]:
        return False
    # Unknown lengths are NaN, and equal to nothing.
    is_plain = type(array._meta) is np.ndarray and array.dtype.kind in "biuf" and array.dtype.itemsize <= 8
    return is_plain and array.size >= NUMBERS_IN_PLACE and _by_threads(array)


def _by_threads(array: Any) -> bool:
    """Whether threads of this process would compute an array."""
    from dask import local, threaded
    from dask.base import get_scheduler

    scheduler = get_scheduler(collections=[array])
    return scheduler in {threaded.get, local.get_sync} or (
        # A pool or a number of threads that the user set.
        getattr(scheduler, "func", None) is threaded.get
    )


def _written(collection: Any, target: _Target) -> Any:
    """An array of dask that writes the blocks of another into the target, and holds nothing itself."""
    import dask.array as da

    array = _blocks(collection)
    ones = tuple((1,) * len(lengths) for lengths in array.chunks)
    return da.map_blocks(_write, array, target=target, dtype=np.bool_, chunks=ones, meta=np.empty((0, 0), np.bool_))


def _write(block: Any, target: _Target, block_info: Any = None) -> Any:
    if type(block) is not np.ndarray:
        raise _OtherBlockError
    rows, columns = (slice(start, stop) for start, stop in block_info[0]["array-location"])
    target.matrix[rows, columns] = block
    return np.zeros((1, 1), np.bool_)


def _like(collection: Any, matrix: Float64Array) -> Any:
    """The matrix as it is, or with the labels of a DataArray."""
    return collection.copy(data=matrix) if _has_labels(collection) else matrix
