"""Objects that the graph of an array holds: futures, stores, Zarr arrays.

Input: an array, and types. Output: the objects of these types. Cost: a visit to every layer and node, and to what they
wrap; blockwise layers are not unfolded.
"""

from collections.abc import Iterator, Mapping
from typing import Any, TypeVar

import dask.array as da
from dask.blockwise import Blockwise

MAX_NESTING = 12
"""Wrappers around an object, at most: xarray has four around an array, and dask's tasks nest too."""
WRAPPED_ATTRIBUTES = ("value", "array", "_array", "args", "kwargs", "task", "indices", "io_deps")
"""Attributes and slots in which nodes of a graph, layers, and wrappers of arrays hold what they wrap."""

Found = TypeVar("Found")


def find_in_graph(array: da.Array, kinds: type[Found] | tuple[type[Found], ...]) -> Iterator[Found]:
    """Objects of these types in the graph of an array, each once.

    >>> list(find_in_graph(da.ones(4, chunks=2) + 1j, complex))
    [1j]
    """
    seen: set[int] = set()
    for layer in array.dask.layers.values():
        yield from _inside(layer, kinds, seen, MAX_NESTING)


def _inside(thing: Any, kinds: Any, seen: set[int], nesting: int) -> Iterator[Any]:
    if id(thing) in seen:
        return
    if isinstance(thing, kinds):
        seen.add(id(thing))
        yield thing
        return
    if not nesting or isinstance(thing, (str, bytes, int, float, type(None))):
        return
    seen.add(id(thing))
    if isinstance(thing, Mapping) and not isinstance(thing, Blockwise):
        wrapped = list(thing.values())
    elif isinstance(thing, (list, tuple)):
        wrapped = list(thing)
    else:
        # Not by getattr alone: a lazy wrapper of xarray would compute for some names.
        slots = {name for kind in type(thing).__mro__ for name in getattr(kind, "__slots__", ())}
        held = {name: getattr(thing, name) for name in slots.intersection(WRAPPED_ATTRIBUTES) if hasattr(thing, name)}
        held |= getattr(thing, "__dict__", {})
        wrapped = [held[name] for name in WRAPPED_ATTRIBUTES if name in held]
    for each in wrapped:
        yield from _inside(each, kinds, seen, nesting - 1)
