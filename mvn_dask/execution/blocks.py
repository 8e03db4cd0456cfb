"""Blocks of a dask array, some at a time.

Input: an array and block numbers. Output: the blocks; whether each can be made by itself. Cost: the array's graph of
layers is kept and pickled, two numbers a block; the tasks of a block are made when it is computed.
"""

import math
from collections.abc import Callable, Sequence
from itertools import combinations
from typing import Any, cast

import dask.array as da
import numpy as np
import numpy.typing as npt
from dask.array.core import Array as LayeredArray
from dask.core import get_dependencies, toposort
from dask.local import get_sync
from dask.optimization import cull

from mvn_dask.errors import UnsupportedOperationError
from mvn_dask.execution import cancellation
from mvn_dask.execution.block_counts import count_block

MAX_TASKS = 8
"""Tasks of a block, after fusing, up to which a single thread makes it about as fast as several."""


def refuse_query_planning() -> None:
    """Raise UnsupportedOperationError where dask's arrays are expressions, which have no graph of layers."""
    # By the class, since the setting counts only at the first import of dask.array, and may have changed since.
    if da.Array is not LayeredArray:
        raise UnsupportedOperationError(
            "dask's `array.query-planning` is on, and its array expressions can neither be drawn block by block nor "
            'stored yet: before dask.array is imported, call dask.config.set({"array.query-planning": False}), or set '
            "DASK_ARRAY__QUERY_PLANNING=False"
        )


class Blocks:
    """The blocks of an array, by their numbers in C order."""

    def __init__(self, array: da.Array) -> None:
        # Not the array itself, nor its keys: listing them makes a tuple for each block.
        self._layers, self._name, self._grid = array.dask, array.name, array.numblocks

    def key(self, number: int) -> tuple[Any, ...]:
        """Dask's key of a block."""
        # unravel_index takes no empty grid; an array without axes has one block, whose index is empty.
        return (self._name, *(int(step) for step in np.unravel_index(number, self._grid or (1,))[: len(self._grid)]))

    def compute_each(self, numbers: Sequence[int], use: Callable[[int, npt.NDArray[Any]], object]) -> None:
        """Call `use` with the number of each block and the block, one at a time, in this thread."""
        keys = [self.key(number) for number in numbers]
        # Culled and fused for all blocks at once, then computed a block at a time, which bounds the memory.
        graph = self._optimized(keys)
        for number, key in zip(numbers, keys, strict=True):
            cancellation.exit_if_cancelled()
            # Without a name, here or in a loop over blocks: it would keep the block while the next one is drawn.
            use(number, cast("npt.NDArray[Any]", get_sync(cull(graph, key)[0], key)))
            count_block()

    def has_few_tasks(self) -> bool:
        """Whether the first block is made by at most `MAX_TASKS` tasks, and so not of many other blocks."""
        return sum(not _is_data(node) for node in self._optimized([self.key(0)]).values()) <= MAX_TASKS

    def _optimized(self, keys: Sequence[Any]) -> dict[Any, Any]:
        return dict(da.Array.__dask_optimize__(self._layers, keys))

    def independent(self) -> bool:
        """Whether no two of up to four blocks have a task in common, so that each may be computed by itself.

        They have one where each needs, say, the mean over all rows, or the border of the next block.
        """
        count = math.prod(self._grid)
        if not count:
            return False
        tasks_of_blocks = []
        # The first two share what adjacent blocks share; the middle and the last one what all blocks do.
        for number in sorted({0, min(1, count - 1), count // 2, count - 1}):
            graph = dict(self._layers.cull([self.key(number)]).to_dict())
            # What it refers to is on the cluster, which alone can hand it to a task.
            if any(_is_future(node) or not _dependencies(node) <= graph.keys() for node in graph.values()):
                return False
            tasks_of_blocks.append(_tasks(graph))
        return not any(one & other for one, other in combinations(tasks_of_blocks, 2))


def _tasks(graph: dict[Any, Any]) -> set[Any]:
    """Keys of the tasks of a graph, those left out whose result is a constant.

    A constant is an array that stands in the graph, or is computed from such arrays alone, as weights are: it is
    small, and every range may compute it again.

    >>> graph = {
    ...     "weights": np.ones((2, 2)),
    ...     "transpose": (np.transpose, "weights"),
    ...     "rows": (np.zeros, (3, 2)),
    ...     "product": (np.matmul, "rows", "transpose"),
    ... }
    >>> sorted(_tasks(graph))
    ['product', 'rows']
    """
    constants: set[Any] = set()
    tasks: set[Any] = set()
    for key in toposort(graph):
        needed = get_dependencies(graph, key)
        if isinstance(_value(graph[key]), (np.ndarray, np.generic)) or (needed and needed <= constants):
            constants.add(key)
        elif not _is_data(graph[key]):
            # Data of other types, such as the source of a sample, may stand for any amount of work.
            tasks.add(key)
    return tasks


def _value(node: Any) -> Any:
    # Data stand in a graph as they are, or inside dask's DataNode.
    return getattr(node, "value", node)


def _is_data(node: Any) -> bool:
    return hasattr(node, "value") or isinstance(node, (np.ndarray, np.generic))


def _dependencies(node: Any) -> frozenset[Any]:
    """Keys that a task refers to, within its graph or outside."""
    # Not dask's `get_dependencies`, which leaves out what is not in the graph.
    return frozenset(getattr(node, "dependencies", ()))


def _is_future(node: Any) -> bool:
    # By name: distributed takes a second to import, and without it there are no futures.
    return type(_value(node)).__module__.startswith("distributed")
