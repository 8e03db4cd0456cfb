"""The object that all tasks of an array share, kept beside its graph, since `persist` leaves nothing of a graph.

Input: that object and the array's name. Output: an empty numpy array, to be the `meta` of the array; and the way back.
Cost: none; what the object holds stays in memory as long as an array that has such a `meta`.
"""

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    import dask.array as da


class ArraySource(bytearray):
    """An array's name, and the object behind its numbers, as the memory of an empty array of numpy's.

    Of an array, dask keeps name, chunks and `meta` through `persist`, and `meta` through indices, which make views of
    it. A `meta` of another class than numpy's own would be taken for that of blocks of such a class.
    """

    name: str
    """Dask's name of the array."""
    value: Any
    """What all its tasks share."""


def meta_of(name: str, value: Any, ndim: int, dtype: "np.dtype[Any] | str") -> npt.NDArray[Any]:
    """An empty array, from which `source_of` finds the object behind the numbers of the array of that name.

    >>> import dask.array as da
    >>> array = da.Array({("twos", 0): np.ones(2)}, "twos", ((2,),), meta=meta_of("twos", "a recipe", 1, "f8"))
    >>> source_of(array.persist()[:1]).value, source_of(array + 1.0) is None
    ('a recipe', True)
    """
    source = ArraySource(np.dtype(dtype).itemsize)  # since numpy refers to no memory that is empty
    source.name, source.value = name, value
    return np.ndarray((0,) * ndim, dtype, buffer=source)


def source_of(array: "da.Array") -> ArraySource | None:
    """The source of an array, or of the one that it was cut out of, where its `meta` says so."""
    base: Any = array._meta
    while isinstance(base, np.ndarray):
        base = base.base
    # Others take a `meta` on that have nothing else of the array, as `da.zeros_like` does.
    return base if isinstance(base, ArraySource) and base.name in array.dask.layers else None
