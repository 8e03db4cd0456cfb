"""Of which places of an array another one consists that was sliced, reordered, cut anew or computed of it.

Input: a dask array. Output: the array at the end of its graph, and a `Selection` of that, or None where the graph does
not tell. Cost: a look at the nodes of one line of blocks along each axis; nothing is computed. What dask makes of
indices, of `rechunk` and of arithmetic with numbers is understood, and nothing else: no graph tells what another
function does with places.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

import dask.array as da
import numpy as np
from dask._task_spec import Alias, DataNode, NestedContainer, Task, TaskRef
from dask.blockwise import Blockwise

from mvn_dask.execution.array_source import source_of
from mvn_dask.execution.block_places import (
    FUNCTIONS,
    PlacedBlock,
    Places,
    UnknownNodeError,
    is_p2p_rechunk,
    joined,
    name_of,
)

MAX_LAYERS = 100
"""Layers between an array and the one at the end of its graph, at most: each takes some frames of Python's stack."""


@dataclass(frozen=True, eq=False)
class Selection:
    """Of which places of an array, the root, another one consists."""

    axes: tuple[int | None, ...]
    """The root's axis of each axis of the array; None for one that the root does not have."""
    places: Mapping[int, Places]
    """The places along those of them that were asked for, by the root's axes."""
    single: Mapping[int, int]
    """Axes of the root that are gone, and the place along each that is left."""
    is_computed: bool
    """Whether the numbers are others than the root's."""


def root_of(array: da.Array) -> tuple[str, Any] | None:
    """Dask's name of the array at the end of a graph without branches, and the one object that all its tasks share.

    The array may be in memory, or in that of a cluster.

    >>> import mvn_dask
    >>> x = mvn_dask.MultivariateNormal([0.0, 1.0], 2.0).sample(10, seed=1)
    >>> root_of(x[:5])[0] == x.name
    True
    """
    name, layers, below = array.name, array.dask.layers, array.dask.dependencies
    for _ in range(MAX_LAYERS):
        sources = [each for each in below.get(name, ()) if not _is_of_numbers(each, below)]
        if not sources:
            kept = source_of(array)
            return (name, kept.value) if kept is not None and kept.name == name else None
        if len(sources) != 1:
            return None
        (source,) = sources
        node = getattr(layers[source], "mapping", {}).get(source)
        if node is not None and not below[source]:
            return name, getattr(node, "value", node)
        name = source
    return None


def selection_of(
    array: da.Array, root: str, lengths: Sequence[Sequence[int]], axes: Collection[int]
) -> Selection | None:
    """Of which places of a root an array consists.

    `lengths` are those of the root's blocks along every axis; the places are found along `axes` of it.

    >>> import mvn_dask
    >>> x = mvn_dask.MultivariateNormal([0.0, 1.0, 2.0], 2.0).sample(10, seed=1)
    >>> selection_of(x[4, ::-2], x.name, x.chunks, axes=[1])
    Selection(axes=(1,), places={1: range(2, -1, -2)}, single={0: 4}, is_computed=False)
    """
    graph, corner = _Graph(array, root, lengths), [0] * array.ndim
    try:
        first, places = graph.block((array.name, *corner)), {}
        # One of unknown length, NaN, is none.
        if [len(each) for each in first.places] != [axis[0] for axis in array.chunks]:
            return None
        for axis, source in enumerate(first.axes):
            if source is None or source not in axes:
                continue
            numbers = range(len(array.chunks[axis]))
            line = [graph.block((array.name, *corner[:axis], number, *corner[axis + 1 :])) for number in numbers]
            if [len(each.places[axis]) for each in line] != list(array.chunks[axis]):
                return None
            places[source] = joined(line, axis)
    except UnknownNodeError:
        return None
    return Selection(first.axes, places, first.single, graph.is_computed)


class _Graph:
    """The blocks of a graph, down to those of the root."""

    def __init__(self, array: da.Array, root: str, lengths: Sequence[Sequence[int]]) -> None:
        self.layers, self.below, self.root = array.dask.layers, array.dask.dependencies, root
        self.edges = [[0, *accumulate(map(int, axis))] for axis in lengths]
        self.found: dict[Any, PlacedBlock] = {}
        self.is_computed = False

    def block(self, key: Any, mapping: Mapping[Any, Any] | None = None) -> PlacedBlock:
        """The block of a key, of the nodes of a layer where it is one of them."""
        if key not in self.found:
            found = self._value(mapping[key], mapping) if mapping and key in mapping else self._of_layer(key)
            if not isinstance(found, PlacedBlock):
                raise UnknownNodeError
            self.found[key] = found
        return self.found[key]

    def _of_layer(self, key: Any) -> Any:
        name, *numbers = key if isinstance(key, tuple) else (key,)
        if name == self.root:
            places = tuple(range(*self.edges[axis][number : number + 2]) for axis, number in enumerate(numbers))
            return PlacedBlock(tuple(range(len(places))), places, {})
        layer = self.layers.get(name)
        if isinstance(layer, Blockwise):
            return self._of_operand(layer, numbers)
        if layer is not None and is_p2p_rechunk(layer):
            return self._rechunked(layer, numbers)
        mapping: Mapping[Any, Any] = getattr(layer, "mapping", {})
        if key not in mapping:
            raise UnknownNodeError
        return self._value(mapping[key], mapping)

    def _of_operand(self, layer: Blockwise, numbers: Sequence[int]) -> PlacedBlock:
        """The block of a layer that is computed entry by entry of one array, or has its axes in another order."""
        arrays = [(name, indices) for name, indices in layer.indices if indices is not None]
        if len(arrays) > 1:
            arrays = [pair for pair in arrays if not _is_of_numbers(str(pair[0]), self.below)]
        if len(arrays) != 1:
            raise UnknownNodeError
        (name, indices), function = arrays[0], getattr(layer.task, "func", None)
        # Its own alone: where dask fuses layers, it enters those of the sample into the layers of the user's array.
        if set(layer.new_axes) - set(indices):
            raise UnknownNodeError
        if name_of(function) == "numpy.transpose":
            order = [indices.index(each) for each in layer.output_indices]
            found = self.block((name, *(numbers[order.index(axis)] for axis in range(len(order)))))
            return PlacedBlock(
                tuple(found.axes[axis] for axis in order), tuple(found.places[axis] for axis in order), found.single
            )
        if tuple(indices) != tuple(layer.output_indices):
            raise UnknownNodeError
        if name_of(function) not in _CONVERSIONS:
            if not _is_elementwise(function):
                raise UnknownNodeError
            self.is_computed = True
        return self.block((name, *numbers))

    def _rechunked(self, layer: Any, numbers: Sequence[int]) -> PlacedBlock:
        """The block of a layer that has others than the array which it is made of, in the same order."""
        if layer.name not in self.found:
            corner = [0] * len(numbers)
            lines = [
                [
                    self.block((layer.name_input, *corner[:axis], number, *corner[axis + 1 :]))
                    for number in range(len(cut))
                ]
                for axis, cut in enumerate(layer.chunks_input)
            ]
            places = tuple(joined(line, axis) for axis, line in enumerate(lines))
            first = self.block((layer.name_input, *corner))
            self.found[layer.name] = PlacedBlock(first.axes, places, first.single)
        whole = self.found[layer.name]
        ends = [list(accumulate(cut, initial=0)) for cut in layer.chunks]
        sides = [slice(*ends[axis][number : number + 2]) for axis, number in enumerate(numbers)]
        return whole.cut(tuple(sides))

    def _value(self, node: Any, mapping: Mapping[Any, Any]) -> Any:
        """What a node of a graph stands for: a block, a list of blocks, or what it says itself."""
        if isinstance(node, DataNode):
            return node.value
        if isinstance(node, (Alias, TaskRef)):
            key = node.target if isinstance(node, Alias) else node.key
            target = mapping.get(key)
            return target.value if isinstance(target, DataNode) else self.block(key, mapping)
        if isinstance(node, NestedContainer):
            return [self._value(each, mapping) for each in node.args]
        if isinstance(node, Task) and not node.kwargs:
            return _applied(node.func, [self._value(each, mapping) for each in node.args])
        return self._of_tuple(node, mapping) if isinstance(node, tuple) and node else node

    def _of_tuple(self, node: tuple[Any, ...], mapping: Mapping[Any, Any]) -> Any:
        """What a tuple in a graph is: a call, a key, or an index."""
        if callable(node[0]):
            return _applied(node[0], [self._value(each, mapping) for each in node[1:]])
        return self.block(node, mapping) if isinstance(node[0], str) and node[0] in self.layers else node


_NUMBERS = "array-"
"""How dask's names of numpy's arrays begin: numbers without labels, which leave those of others what they are."""
_CONVERSIONS = {"numpy.asarray", "dask.array.chunk.astype"}
"""Functions that leave numbers what they are, but for their type."""
_ARITHMETIC = {
    *(f"operator.{name}" for name in ("abs", "add", "floordiv", "invert", "mod", "mul", "neg", "pos", "pow", "sub")),
    *(f"operator.{name}" for name in ("and_", "eq", "ge", "gt", "le", "lt", "ne", "or_", "truediv", "xor")),
    *(f"numpy.{name}" for name in ("around", "clip", "imag", "nan_to_num", "real", "round")),
}
"""Functions that compute a number of each number, beside numpy's own kind of them."""


def _is_of_numbers(name: str, below: Mapping[str, Collection[str]]) -> bool:
    """Whether a layer is an array of numpy's, as it is or cut anew; `below` are the layers below each."""
    for _ in range(MAX_LAYERS):
        if len(below.get(name, ())) != 1:
            break
        (name,) = below[name]
    return name.startswith(_NUMBERS) and not below.get(name)


def _applied(function: Any, arguments: Sequence[Any]) -> PlacedBlock:
    if not arguments or (isinstance(arguments[0], list) and not arguments[0]):
        raise UnknownNodeError
    known = FUNCTIONS.get(name_of(function))
    if known is None:
        raise UnknownNodeError
    return known(*arguments)


def _is_elementwise(function: Any) -> bool:
    if isinstance(function, np.ufunc):
        return function.signature is None and function.nout == 1
    return name_of(function) in _ARITHMETIC
