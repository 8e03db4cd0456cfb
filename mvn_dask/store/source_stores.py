"""Find the stores that an array is read from, in its graph.

Input: a dask array. Output: stores of mvn_dask, and Zarr arrays. Cost: a visit to every layer and node of the graph,
and to what they wrap.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import dask.array as da
import zarr

from mvn_dask.store.reading import Stored

MAX_NESTING = 12
"""Wrappers around a source, at most: xarray has four, and dask's tasks nest too."""
WRAPPED_ATTRIBUTES = ("value", "array", "_array", "args", "kwargs", "task", "indices", "io_deps")
"""Attributes and slots in which nodes of a graph, layers, and wrappers of arrays hold what they wrap."""


def source_stores(array: da.Array) -> "Iterator[Stored | zarr.Array[Any]]":
    """Stores and Zarr arrays that an array is read from."""
    seen: set[int] = set()
    for layer in array.dask.layers.values():
        yield from _inside(layer, seen, MAX_NESTING)
        for node in getattr(layer, "mapping", {}).values():
            yield from _inside(node, seen, MAX_NESTING)


def _inside(thing: Any, seen: set[int], nesting: int) -> "Iterator[Stored | zarr.Array[Any]]":
    if isinstance(thing, (Stored, zarr.Array)):
        yield thing
        return
    if not nesting or id(thing) in seen or isinstance(thing, (str, bytes, int, float, type(None))):
        return
    seen.add(id(thing))
    if isinstance(thing, Mapping):
        wrapped = list(thing.values())
    elif isinstance(thing, (list, tuple)):
        wrapped = list(thing)
    else:
        # Not by getattr alone: a lazy wrapper of xarray would compute for some names.
        own = getattr(thing, "__dict__", {})
        wrapped = [own[name] if name in own else getattr(thing, name) for name in _held(thing, own)]
    for each in wrapped:
        yield from _inside(each, seen, nesting - 1)


def _held(thing: Any, own: Mapping[str, Any]) -> list[str]:
    """Those of `WRAPPED_ATTRIBUTES` that are attributes of its own, or slots that are set."""
    slots = {name for kind in type(thing).__mro__ for name in getattr(kind, "__slots__", ())}
    return [name for name in WRAPPED_ATTRIBUTES if name in own or (name in slots and hasattr(thing, name))]
