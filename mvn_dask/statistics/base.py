"""The contract of a statistic that is computed leaf by leaf.

Input: leaves, which are ranges of rows of one array. Output: a result that depends on the rows alone. Cost: a node a
leaf, merged at once where the neighbouring leaf is done.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from math import prod
from threading import local
from typing import Any, Generic, TypeVar

import numpy as np
import numpy.typing as npt

Rows = npt.NDArray[Any]
Indices = npt.NDArray[np.int64]
Counts = npt.NDArray[np.int64]

Node = TypeVar("Node")
Result = TypeVar("Result")


class Statistic(ABC, Generic[Node, Result]):
    """A statistic of the rows of an array.

    Instances and nodes are pickled, so that leaves may be computed in other processes. A node has a bounded size.
    """

    @abstractmethod
    def leaf(self, rows: Rows, first: int) -> Node:
        """The node of consecutive rows.

        Parameters
        ----------
        rows : ndarray, shape (n, columns)
            The rows; n may be 0. They are not changed, and not referred to afterwards.
        first : int
            Number of the first of them in the array.
        """

    @abstractmethod
    def merge(self, left: Node, right: Node) -> Node:
        """The node of both; the rows of `right` follow those of `left`. Neither is changed."""

    @abstractmethod
    def finalize(self, node: Node) -> Result:
        """The result, from the node of all rows."""


@dataclass(frozen=True)
class Combined(Statistic[tuple[Any, ...], tuple[Any, ...]]):
    """The results of several statistics of the same rows, which are read once, while they are in the cache."""

    statistics: tuple[Statistic[Any, Any], ...]
    """What is computed."""

    def leaf(self, rows: Rows, first: int) -> tuple[Any, ...]:
        return tuple(each.leaf(rows, first) for each in self.statistics)

    def merge(self, left: tuple[Any, ...], right: tuple[Any, ...]) -> tuple[Any, ...]:
        return tuple(each.merge(*nodes) for each, *nodes in zip(self.statistics, left, right, strict=True))

    def finalize(self, node: tuple[Any, ...]) -> tuple[Any, ...]:
        return tuple(each.finalize(own) for each, own in zip(self.statistics, node, strict=True))


_SCRATCH = local()


def scratch(use: str, shape: tuple[int, ...], dtype: npt.DTypeLike = np.float64) -> npt.NDArray[Any]:
    """An uninitialised array; within a thread, the next call for the same use returns the same memory.

    Workers of distributed return freed memory to the system at once (MALLOC_TRIM_THRESHOLD_), and then pay for a page
    fault every 4 KiB of each temporary array: about 1 ns a number, a fifth of what reading and summing it takes.
    """
    size, arrays = prod(shape) * np.dtype(dtype).itemsize, _SCRATCH.__dict__
    if use not in arrays or arrays[use].nbytes < size:
        arrays[use] = np.empty(size, np.uint8)
    array: npt.NDArray[Any] = arrays[use][:size].view(dtype).reshape(shape)
    return array


def take(rows: Rows, columns: Indices) -> Rows:
    """Columns of rows, ascending: the rows themselves where these are all of them, else scratch memory."""
    if len(columns) == rows.shape[1]:
        return rows
    # This mode needs no copy of `out`; all columns are within.
    return np.take(rows, columns, axis=1, out=scratch("taken", (len(rows), len(columns)), rows.dtype), mode="clip")
