"""Blocks of a dask array, some at a time, without the graph of all of them."""

from collections.abc import Iterator, Sequence
from itertools import combinations
from typing import Any, cast

import dask.array as da
import numpy as np
import numpy.typing as npt
from dask.core import get_dependencies, toposort
from dask.local import get_sync

from mvn_dask.execution import cancellation

Graph = dict[Any, Any]
FEW = 8
"""Tasks behind a block, after fusing, up to which one thread may well do them all."""


class Blocks:
    """The blocks of an array, by their numbers in C order.

    What is kept, and what travels, is the array's graph of layers, which does not grow with the number of
    blocks as long as nobody asks for its keys.
    """

    def __init__(self, array: da.Array) -> None:
        self._layers = array.dask
        self._name = array.name
        self._grid = array.numblocks

    def key(self, number: int) -> tuple[Any, ...]:
        """Dask's key of a block."""
        return (self._name, *(int(step) for step in np.unravel_index(number, self._grid or (1,))[: len(self._grid)]))

    def compute(self, numbers: Sequence[int]) -> Iterator[tuple[int, npt.NDArray[Any]]]:
        """Every block with its number, one at a time, in this thread."""
        keys = [self.key(number) for number in numbers]
        graph = dict(da.Array.__dask_optimize__(self._layers, keys))
        for number, key in zip(numbers, keys, strict=True):
            cancellation.exit_if_cancelled()
            yield number, cast("npt.NDArray[Any]", get_sync(_part(graph, key), key))

    def simple(self) -> bool:
        """Whether the first block is made by a few tasks, and not of many other blocks."""
        graph = da.Array.__dask_optimize__(self._layers, [self.key(0)])
        return sum(not _is_datum(node) for node in dict(graph).values()) <= FEW

    def independent(self) -> bool:
        """Whether blocks share no work, as far as some of them tell, so that each may be computed by itself.

        They share work where each needs, say, the mean over all rows, or a border of its neighbour. They cannot
        be computed by themselves either where they stand on futures of a cluster.
        """
        count = int(np.prod(self._grid, dtype=object))
        if not count:
            return False
        parts = []
        for number in sorted({0, min(1, count - 1), count // 2, count - 1}):
            nodes = dict(self._layers.cull([self.key(number)]).to_dict())
            if any(_is_future(node) for node in nodes.values()):
                return False
            parts.append(_work(nodes))
        return not any(one & other for one, other in combinations(parts, 2))


def _part(graph: Graph, key: Any) -> Graph:
    """What of a graph one key needs."""
    part: Graph = {}
    waiting = [key]
    while waiting:
        each = waiting.pop()
        if each not in part:
            part[each] = graph[each]
            waiting += get_dependencies(graph, each)
    return part


def _work(graph: Graph) -> set[Any]:
    """Tasks that more is needed for than numbers that stand in the graph, as weights do."""
    constant: set[Any] = set()
    work: set[Any] = set()
    for key in toposort(graph):
        node = graph[key]
        needed = get_dependencies(graph, key)
        if _is_datum(node):
            if isinstance(getattr(node, "value", node), (np.ndarray, np.generic)):
                constant.add(key)
        else:
            (constant if needed and needed <= constant else work).add(key)
    return work


def _is_datum(node: Any) -> bool:
    return hasattr(node, "value") or isinstance(node, (np.ndarray, np.generic))


def _is_future(node: Any) -> bool:
    value = getattr(node, "value", node)
    return type(value).__module__.startswith("distributed")
