"""The contract of a statistic that is computed leaf by leaf.

Input: leaves, which are ranges of rows of one array. Output: a result that depends on the rows alone. Cost: a node a
leaf, merged at once where the neighbouring leaf is done.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import prod
from threading import local
from typing import Any, ClassVar, Generic, TypeVar

import numpy as np
import numpy.typing as npt

from mvn_dask.errors import ArgumentError
from mvn_dask.signatures import short_signature

Rows = npt.NDArray[Any]
Indices = npt.NDArray[np.int64]
Counts = npt.NDArray[np.int64]

Node = TypeVar("Node")
Result = TypeVar("Result")


@dataclass(frozen=True)
class Scope:
    """What a statistic is asked of, as known before any row is."""

    rows: int
    """Rows of the array."""
    columns: int
    """Columns of the rows."""
    dtype: np.dtype[Any]
    """Type of their numbers."""
    confidence_level: float = 0.95
    """Probability with which intervals are to hold the value that is estimated."""
    further_columns: int = 0
    """Columns of the statistic's own further arrays."""


@dataclass(frozen=True)
class NextPass:
    """What `Statistic.finalize` gives in place of a result, if the rows must be looked at once more.

    See Also
    --------
    mvn_dask.statistics.Statistic : Gives it.

    Examples
    --------
    >>> from mvn_dask.statistics import Mean
    >>> NextPass(Mean()).statistic
    Mean(control_mean=None, confidence_level=0.95)
    """

    statistic: "Statistic[Any, Any]"
    """What is computed next, of the same array."""


class Request(ABC, Generic[Result]):
    """What `mvn_dask.estimate` is asked for: a statistic, or what becomes one when the array is known."""

    @abstractmethod
    def prepared(self, scope: Scope) -> "Statistic[Any, Any]":
        """The statistic that is computed of this array.

        Raises
        ------
        ArgumentError
            If there is none of such an array.
        """

    has_error: ClassVar[bool] = True
    """Whether results have, or are, numbers whose error repetitions tell."""

    @property
    def further_arrays(self) -> tuple[Any, ...]:
        """Dask arrays whose columns a leaf gets behind those of the array, with the same rows in the same chunks."""
        return ()


class Statistic(Request[Result], Generic[Node, Result]):
    """A statistic of the rows of an array: `leaf`, `merge` and `finalize` are all that one needs.

    Instances and nodes are pickled, so that leaves may be computed in other processes. A node has a bounded size.

    See Also
    --------
    mvn_dask.estimate : Calls it.
    mvn_dask.statistics.Mean : One of those that there are.

    Examples
    --------
    The geometric mean of each column, to be given to `mvn_dask.estimate` as any other:

    >>> class GeometricMean(Statistic):
    ...     def leaf(self, rows, first):
    ...         return len(rows), np.log(rows).sum(axis=0)
    ...
    ...     def merge(self, left, right):
    ...         return left[0] + right[0], left[1] + right[1]
    ...
    ...     def finalize(self, node):
    ...         return np.exp(node[1] / node[0])
    >>> statistic, rows = GeometricMean(), np.array([[2.0], [8.0]])
    >>> statistic.finalize(statistic.leaf(rows, 0)).round(12)
    array([4.])
    >>> both = statistic.merge(statistic.leaf(rows[:1], 0), statistic.leaf(rows[1:], 1))
    >>> statistic.finalize(both).round(12), statistic.finalize(statistic.subtree(rows, 0, leaf_rows=1)).round(12)
    (array([4.]), array([4.]))
    >>> statistic.prepared(Scope(2, 1, rows.dtype)) is statistic, statistic.first_rows(2), statistic.further_arrays
    (True, 2, ())
    """

    columnwise: ClassVar[bool] = False
    """Whether columns are looked at one by one, so that a missing number of one leaves its row to the others. Such a
    statistic has `join_columns`."""

    sees_missing: ClassVar[bool] = False
    """Whether `leaf` gets rows with missing numbers (NaN) as they are, and leaves these out itself."""

    sums_all_numbers: ClassVar[bool] = False
    """Whether a node is an array that is finite only if all numbers of the rows are, and none is missing."""

    def prepared(self, scope: Scope) -> "Statistic[Any, Any]":
        """Itself, by default."""
        return self

    def weighted(self) -> "Statistic[Any, Any]":
        """The statistic of rows whose last column holds the logarithm of their weight.

        Raises
        ------
        ArgumentError
            If there is none.
        """
        raise ArgumentError(f"`log_weights` mean nothing to {type(self).__name__}: Mean and Probability take them")

    def first_rows(self, rows: int) -> int:
        """How many of the first rows of an array of so many are looked at: all, by default."""
        return rows

    @abstractmethod
    @short_signature
    def leaf(self, rows: Rows, first: int) -> Node:
        """The node of consecutive rows.

        Parameters
        ----------
        rows : ndarray, shape (n, columns)
            The rows; n may be 0. They are not changed, and not referred to afterwards. Those of `mvn_dask.estimate` are
            float64.
        first : int
            Number of the first of them in the array.
        """

    def subtree(self, rows: Rows, first: int, leaf_rows: int) -> Node:
        """The node of a power of two of whole leaves, merged as a binary tree: pairs first, then pairs of these.

        Statistics override it where they do all leaves faster together, with the same result bit for bit.
        """
        if len(rows) <= leaf_rows:
            return self.leaf(rows, first)
        half = len(rows) // 2
        return self.merge(
            self.subtree(rows[:half], first, leaf_rows), self.subtree(rows[half:], first + half, leaf_rows)
        )

    @abstractmethod
    def merge(self, left: Node, right: Node) -> Node:
        """The node of both; the rows of `right` follow those of `left`. Neither is changed."""

    def join_columns(self, nodes: Sequence[Node]) -> Node:
        """The node of all columns, from that of each: for a statistic that is `columnwise`."""
        raise NotImplementedError(f"{type(self).__name__} is columnwise, and has no join_columns")

    @abstractmethod
    def finalize(self, node: Node) -> Result | NextPass:
        """The result, from the node of all rows that are looked at; or what is to be computed next."""


class ArrayStatistic(Statistic[npt.NDArray[Any], Result]):
    """A columnwise statistic whose nodes are arrays of float64, shape (..., numbers, columns).

    `merge` is elementwise along the axes before the last two, so that many pairs of nodes are merged in one call.
    """

    columnwise = True

    @abstractmethod
    def leaves(self, rows: Rows) -> npt.NDArray[Any]:
        """Nodes of some leaves, shape (leaves, numbers, columns), of their rows, shape (leaves, n, columns)."""

    def leaf(self, rows: Rows, first: int) -> npt.NDArray[Any]:
        node: npt.NDArray[Any] = self.leaves(rows[None])[0]
        return node

    def subtree(self, rows: Rows, first: int, leaf_rows: int) -> npt.NDArray[Any]:
        if len(rows) <= leaf_rows:
            return self.leaf(rows, first)
        return merged_pairs(self.merge, self.leaves(rows.reshape(-1, leaf_rows, rows.shape[1])))

    def join_columns(self, nodes: Sequence[npt.NDArray[Any]]) -> npt.NDArray[Any]:
        return np.concatenate(nodes, axis=-1)


def merged_pairs(
    merge: Callable[[npt.NDArray[Any], npt.NDArray[Any]], npt.NDArray[Any]], nodes: npt.NDArray[Any]
) -> npt.NDArray[Any]:
    """One node of a power of two of them, which lie along the first axis."""
    while len(nodes) > 1:
        nodes = merge(nodes[0::2], nodes[1::2])
    node: npt.NDArray[Any] = nodes[0]
    return node


@dataclass(frozen=True)
class Combined(Statistic[tuple[Any, ...], tuple[Any, ...]]):
    """The results of several statistics of the same rows, which are read once, while they are in the cache."""

    statistics: tuple[Statistic[Any, Any], ...]
    """What is computed."""

    def leaf(self, rows: Rows, first: int) -> tuple[Any, ...]:
        return tuple(each.leaf(rows, first) for each in self.statistics)

    def subtree(self, rows: Rows, first: int, leaf_rows: int) -> tuple[Any, ...]:
        return tuple(each.subtree(rows, first, leaf_rows) for each in self.statistics)

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
