"""Which stores an array is read from, wherever its graph hides them."""

from collections.abc import Iterator, Mapping
from typing import Any

import dask.array as da
import zarr

from mvn_dask.store.reading import Stored

DEEP = 12
"""Wrappers around a source, at most: xarray has four, and dask's tasks nest too."""
_INNER = ("value", "array", "_array", "args", "kwargs", "task", "indices", "io_deps")
"""Where nodes of a graph, layers, and wrappers of arrays keep what they are made of."""


def sources(array: da.Array) -> "Iterator[Stored | zarr.Array[Any]]":
    """Stores of ours and Zarr arrays that an array is read from."""
    seen: set[int] = set()
    for layer in array.dask.layers.values():
        yield from _inside(layer, seen, DEEP)
        for node in getattr(layer, "mapping", {}).values():
            yield from _inside(node, seen, DEEP)


def _inside(thing: Any, seen: set[int], deep: int) -> "Iterator[Stored | zarr.Array[Any]]":
    if isinstance(thing, (Stored, zarr.Array)):
        yield thing
        return
    if not deep or id(thing) in seen or isinstance(thing, (str, bytes, int, float, type(None))):
        return
    seen.add(id(thing))
    if isinstance(thing, Mapping):
        inner = list(thing.values())
    elif isinstance(thing, (list, tuple)):
        inner = list(thing)
    else:
        inner = [vars(thing)[name] for name in _INNER if name in getattr(thing, "__dict__", {})]
        inner += [getattr(thing, name) for name in _INNER if name in _slots(thing)]
    for each in inner:
        yield from _inside(each, seen, deep - 1)


def _slots(thing: Any) -> set[str]:
    """Slots that are set."""
    names = {name for kind in type(thing).__mro__ for name in getattr(kind, "__slots__", ())}
    return {name for name in names if hasattr(thing, name)}
