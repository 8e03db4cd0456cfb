"""Of which places of an array another one consists that was sliced, reordered, cut anew or computed of it.

Input: a dask array. Output: the array at the end of its graph, and a `Selection` of that, or None where the graph does
not tell. Cost: a look at the nodes of one line of blocks along each axis; nothing is computed. What dask makes of
indices, of `rechunk` and of arithmetic with numbers is understood, and nothing else: no graph tells what another
function does with places.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from math import prod
from typing import Any, TypeAlias

import dask.array as da
import numpy as np
import numpy.typing as npt
from dask._task_spec import Alias, DataNode, NestedContainer, Task, TaskRef
from dask.blockwise import Blockwise

Places: TypeAlias = "range | npt.NDArray[np.intp]"
"""Places along an axis, in the order in which they stand."""


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


class _UnknownNodeError(Exception):
    """A graph holds a function of which nobody knows what it does with places."""


def root_of(array: da.Array) -> tuple[str, Any] | None:
    """Dask's name of the array at the end of a graph without branches, and the one object that all its tasks share.

    >>> import mvn_dask
    >>> x = mvn_dask.MultivariateNormal([0.0, 1.0], 2.0).sample(10, seed=1)
    >>> root_of(x[:5])[0] == x.name
    True
    """
    name, layers, below = array.name, array.dask.layers, array.dask.dependencies
    for _ in range(MAX_LAYERS):
        if len(below.get(name, ())) != 1:
            return None
        (source,) = below[name]
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
            places[source] = _joined(line, axis)
    except _UnknownNodeError:
        return None
    return Selection(first.axes, places, first.single, graph.is_computed)


@dataclass(frozen=True, eq=False)
class _Block:
    """Of which places a block consists."""

    axes: tuple[int | None, ...]
    places: tuple[Places, ...]
    single: Mapping[int, int]

    def is_beside(self, other: "_Block", axis: int) -> bool:
        """Whether two blocks have the same places along all axes but one."""
        pairs = zip(self.places, other.places, strict=False)
        return (self.axes, self.single) == (other.axes, other.single) and all(
            number == axis or _equal(*pair) for number, pair in enumerate(pairs)
        )

    def cut(self, index: Any) -> "_Block":
        """What an index of slices, numbers, None and arrays of places leaves of it."""
        parts = index if isinstance(index, tuple) else (index,)
        if any(part is Ellipsis or not isinstance(part, _INDICES) for part in parts):
            raise _UnknownNodeError
        if sum(isinstance(part, (list, np.ndarray)) for part in parts) > 1:
            raise _UnknownNodeError
        axes: list[int | None] = []
        places: list[Places] = []
        single, rest = dict(self.single), iter(zip(self.axes, self.places, strict=True))
        for part in parts:
            if part is None:
                axes.append(None)
                places.append(range(1))
                continue
            axis, own = next(rest, (None, None))
            if own is None:
                raise _UnknownNodeError
            if isinstance(part, (int, np.integer)):
                if axis is not None:
                    single[axis] = int(own[int(part)])
                continue
            axes.append(axis)
            places.append(_taken(own, part))
        for axis, own in rest:
            axes.append(axis)
            places.append(own)
        return _Block(tuple(axes), tuple(places), single)


_INDICES = (slice, int, np.integer, type(None), list, np.ndarray)


class _Graph:
    """The blocks of a graph, down to those of the root."""

    def __init__(self, array: da.Array, root: str, lengths: Sequence[Sequence[int]]) -> None:
        self.layers, self.root = array.dask.layers, root
        self.edges = [[0, *accumulate(map(int, axis))] for axis in lengths]
        self.found: dict[Any, _Block] = {}
        self.is_computed = False

    def block(self, key: Any, mapping: Mapping[Any, Any] | None = None) -> _Block:
        """The block of a key, of the nodes of a layer where it is one of them."""
        if key not in self.found:
            found = self._value(mapping[key], mapping) if mapping and key in mapping else self._of_layer(key)
            if not isinstance(found, _Block):
                raise _UnknownNodeError
            self.found[key] = found
        return self.found[key]

    def _of_layer(self, key: Any) -> Any:
        name, *numbers = key if isinstance(key, tuple) else (key,)
        if name == self.root:
            places = tuple(range(*self.edges[axis][number : number + 2]) for axis, number in enumerate(numbers))
            return _Block(tuple(range(len(places))), places, {})
        layer = self.layers.get(name)
        if isinstance(layer, Blockwise):
            return self._of_operand(layer, numbers)
        mapping: Mapping[Any, Any] = getattr(layer, "mapping", {})
        if key not in mapping:
            raise _UnknownNodeError
        return self._value(mapping[key], mapping)

    def _of_operand(self, layer: Blockwise, numbers: Sequence[int]) -> _Block:
        """The block of a layer that is computed entry by entry of one array, or has its axes in another order."""
        arrays = [(name, indices) for name, indices in layer.indices if indices is not None]
        if len(arrays) != 1 or layer.new_axes:
            raise _UnknownNodeError
        (name, indices), function = arrays[0], getattr(layer.task, "func", None)
        if _name_of(function) == "numpy.transpose":
            order = [indices.index(each) for each in layer.output_indices]
            found = self.block((name, *(numbers[order.index(axis)] for axis in range(len(order)))))
            return _Block(
                tuple(found.axes[axis] for axis in order), tuple(found.places[axis] for axis in order), found.single
            )
        if tuple(indices) != tuple(layer.output_indices):
            raise _UnknownNodeError
        if _name_of(function) not in _CONVERSIONS:
            if not _is_elementwise(function):
                raise _UnknownNodeError
            self.is_computed = True
        return self.block((name, *numbers))

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


def _merged(blocks: Sequence[_Block], shape: Sequence[int]) -> _Block:
    """Blocks in a grid of some shape, in C order, as one."""
    first = blocks[0]
    places = []
    for axis, length in enumerate(shape):
        step = prod(shape[axis + 1 :])
        places.append(_joined([blocks[number * step] for number in range(length)], axis))
    return _Block(first.axes, tuple(places), first.single)


def _shuffled(blocks: Sequence[_Block], sorter: tuple[int, Any], axis: int) -> _Block:
    """Blocks beside one another along an axis, in the order in which dask's own sorter puts them."""
    found = _merged(blocks, [len(blocks) if each == axis else 1 for each in range(len(blocks[0].places))])
    order = np.argsort(sorter[1])
    places = [_taken(each, order) if number == axis else each for number, each in enumerate(found.places)]
    return _Block(found.axes, tuple(places), found.single)


_FUNCTIONS: dict[str, Callable[..., _Block]] = {
    "operator.getitem": _Block.cut,
    "dask.array.chunk.getitem": _Block.cut,
    "dask.array._shuffle._getitem": lambda block, index: block.cut(index[1]),
    "dask.array._shuffle.concatenate_arrays": _shuffled,
    "dask.array.core.concatenate_shaped": _merged,
}
"""What functions of dask's do with places, by their names, since most of them are private to it."""
_CONVERSIONS = {"numpy.asarray", "dask.array.chunk.astype"}
"""Functions that leave numbers what they are, but for their type."""
_ARITHMETIC = {
    *(f"operator.{name}" for name in ("abs", "add", "floordiv", "invert", "mod", "mul", "neg", "pos", "pow", "sub")),
    *(f"operator.{name}" for name in ("and_", "eq", "ge", "gt", "le", "lt", "ne", "or_", "truediv", "xor")),
    *(f"numpy.{name}" for name in ("around", "clip", "imag", "nan_to_num", "real", "round")),
}
"""Functions that compute a number of each number, beside numpy's own kind of them."""


def _name_of(function: Any) -> str:
    module = str(getattr(function, "__module__", "")).replace("_operator", "operator")
    return f"{module}.{getattr(function, '__name__', '')}"


def _applied(function: Any, arguments: Sequence[Any]) -> _Block:
    if not arguments or (isinstance(arguments[0], list) and not arguments[0]):
        raise _UnknownNodeError
    known = _FUNCTIONS.get(_name_of(function))
    if known is None:
        raise _UnknownNodeError
    return known(*arguments)


def _is_elementwise(function: Any) -> bool:
    if isinstance(function, np.ufunc):
        return function.signature is None and function.nout == 1
    return _name_of(function) in _ARITHMETIC


def _equal(places: Places, others: Places) -> bool:
    # Ranges are compared by their ends: as arrays, those of a block may take more memory than there is.
    if isinstance(places, range) and isinstance(others, range):
        return places == others
    return len(places) == len(others) and np.array_equal(places, others)


def _taken(places: Places, index: Any) -> Places:
    if isinstance(index, slice):
        return places[index]
    found: npt.NDArray[np.intp] = np.asarray(places, dtype=np.intp)[np.asarray(index)]
    return found


def _joined(line: Sequence[_Block], axis: int) -> Places:
    """The places along an axis of blocks that follow one another along it, and have the same along all others."""
    if any(not each.is_beside(line[0], axis) for each in line):
        raise _UnknownNodeError
    parts = [each.places[axis] for each in line]
    ranges = [part for part in parts if isinstance(part, range) and part]
    pairs = pairwise(ranges)
    # A range stays one, however many places it has.
    if len(ranges) == len(parts) and all(a.step == b.step and a[-1] + a.step == b[0] for a, b in pairs):
        return range(ranges[0].start, ranges[-1].stop, ranges[0].step)
    return np.concatenate([np.asarray(part, dtype=np.intp) for part in parts])
