"""Counts, means and centred products of every pair of columns, which merge without cancellation.

Input: leaves; nodes. Output: nodes of float64, one-dimensional: the count, the means, and the lower triangle of the
matrix of centred products, line by line. Cost: half of d² multiply-adds a row, in compiled code; in numpy, with the
same bits, some 100 ns a number at d = 30.

A leaf is looked at once. Its rows are taken less a shift, the mean of its first `SHIFT_ROWS` rows, and what the shift
leaves of the mean is taken out of the sums at the end. The squared distance of shift and mean is at most the leaf's sum
of squares / `SHIFT_ROWS`, by the inequality of Cauchy and Schwarz, so a leaf of 2,048 rows loses at most 5 bits, if its
rows are the most inconvenient ones, and none if they are independent.

References
----------
T. F. Chan, G. H. Golub and R. J. LeVeque, Algorithms for computing the sample variance: analysis and recommendations,
The American Statistician 37 (1983) 242, doi:10.1080/00031305.1983.10483115.
"""

from math import isqrt

import numpy as np

from mvn_dask._typing import Float64Array
from mvn_dask.compiled import compiled_module
from mvn_dask.memory_limit import refuse_beyond_memory
from mvn_dask.readable import plural
from mvn_dask.statistics.base import Rows, scratch

SHIFT_ROWS = 64
"""Rows at the beginning of a leaf whose mean is subtracted from all."""
NODES_AT_ONCE = 8
"""Nodes, and squares of as many numbers as a node stands for, that a process has at once, about."""


def node_size(columns: int) -> int:
    """Numbers of a node.

    >>> node_size(30)
    496
    """
    return 1 + columns + columns * (columns + 1) // 2


def column_count(node: Float64Array) -> int:
    """Columns of a node.

    >>> column_count(np.zeros(496))
    30
    """
    return (isqrt(8 * node.size + 1) - 3) // 2


def refuse_too_many_columns(columns: int) -> None:
    """Raise a `FactorTooLargeError` if the products of so many columns do not fit into the memory of this process."""
    refuse_beyond_memory(
        f"a matrix of the products of {plural(columns, 'column')}",
        8 * columns**2 * NODES_AT_ONCE // 2,
        "name fewer by `columns`, or take `Moments` of each",
    )


def products_of_leaves(rows: Rows, leaf_rows: int) -> Float64Array:
    """The node of one leaf, or of a power of two of whole ones, merged as a binary tree; rows may be none."""
    n, columns = rows.shape
    if not rows.size:
        node = np.zeros(node_size(columns))
        node[0] = n
        return node
    rows = np.ascontiguousarray(rows, np.float64)
    code = compiled_module("pair_products")
    if code is None:
        return _subtree(rows, leaf_rows)
    levels = (n // leaf_rows).bit_length() or 1
    nodes = scratch("nodes of cross products", (levels, node_size(columns)))
    code.node_of_leaves(rows, leaf_rows, scratch("cross products", (code.work_numbers(columns),)), nodes)
    merged: Float64Array = nodes[0].copy()
    return merged


def merged_products(left: Float64Array, right: Float64Array) -> Float64Array:
    """The node of the rows of both."""
    if not left[0] or not right[0]:
        # The mean of nothing is 0, and stays out.
        kept: Float64Array = (right if not left[0] else left).copy()
        return kept
    code = compiled_module("pair_products")
    columns = column_count(left)
    if code is not None and columns:
        merged: Float64Array = code.merge_nodes(left, right, columns)
        return merged
    return _merged_in_numpy(left, right, columns)


def square_of(node: Float64Array) -> Float64Array:
    """The whole matrix of centred products."""
    columns = column_count(node)
    square = np.empty((columns, columns))
    place = 1 + columns
    for column in range(columns):
        square[column, : column + 1] = square[: column + 1, column] = node[place : place + column + 1]
        place += column + 1
    return square


def _subtree(rows: Float64Array, leaf_rows: int) -> Float64Array:
    if len(rows) <= leaf_rows:
        return _leaf_in_numpy(rows)
    half = len(rows) // 2
    return merged_products(_subtree(rows[:half], leaf_rows), _subtree(rows[half:], leaf_rows))


# Infinite numbers give NaN, which is what their moments are.
@np.errstate(all="ignore")
def _leaf_in_numpy(rows: Float64Array) -> Float64Array:
    n, columns = rows.shape
    first = rows[:SHIFT_ROWS]
    # Less the first row, so that equal numbers have a mean that is exactly theirs. Cumulated, since numpy adds the
    # numbers of a single column in pairs.
    shift = rows[0] + np.cumsum(first - rows[0], axis=0)[-1] / len(first)
    centred = rows - shift
    sums = np.cumsum(centred, axis=0)[-1]
    square, product = np.zeros((2, columns, columns))
    for row in centred:
        square += np.multiply(row[:, None], row, out=product)
    step = sums / n
    square -= np.multiply(step[:, None], sums, out=product)
    lines = [line[: column + 1] for column, line in enumerate(square)]
    return np.concatenate([[float(n)], shift + step, *lines])


@np.errstate(all="ignore")
def _merged_in_numpy(left: Float64Array, right: Float64Array, columns: int) -> Float64Array:
    count = left[0] + right[0]
    merged = left + right
    delta = right[1 : 1 + columns] - left[1 : 1 + columns]
    merged[1 : 1 + columns] = left[1 : 1 + columns] + delta * (right[0] / count)
    weighted = delta * (left[0] * right[0] / count)
    place = 1 + columns
    for column in range(columns):
        merged[place : place + column + 1] += weighted[column] * delta[: column + 1]
        place += column + 1
    return merged
