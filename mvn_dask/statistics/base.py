"""The contract of a statistic that is computed leaf by leaf.

Input: leaves, which are ranges of rows of one array. Output: a result that depends on the rows alone. Cost: a node a
leaf, merged at once where the neighbouring leaf is done.
"""

from abc import ABC, abstractmethod
from typing import Any, Generic, TypeVar

import numpy as np
import numpy.typing as npt

from mvn_dask.statistics.scratch import scratch

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


def take(rows: Rows, columns: Indices) -> Rows:
    """Columns of rows, ascending: the rows themselves where these are all of them, else scratch memory."""
    if len(columns) == rows.shape[1]:
        return rows
    # This mode needs no copy of `out`; all columns are within.
    return np.take(rows, columns, axis=1, out=scratch("taken", (len(rows), len(columns)), rows.dtype), mode="clip")
