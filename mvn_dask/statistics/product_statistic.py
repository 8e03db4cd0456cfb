"""Statistics that follow from counts, means and centred products of every pair of columns.

Input: rows. Output: nodes of `cross_products`. Cost: half of d² multiply-adds a row.
"""

from mvn_dask._typing import Float64Array
from mvn_dask.statistics.base import Result, Rows, Statistic
from mvn_dask.statistics.cross_products import merged_products, products_of_leaves


class ProductStatistic(Statistic[Float64Array, Result]):
    """A statistic whose nodes are those of `cross_products`: a subclass makes results of the last one."""

    sums_all_numbers = True

    def leaf(self, rows: Rows, first: int) -> Float64Array:
        return products_of_leaves(rows, max(1, len(rows)))

    def subtree(self, rows: Rows, first: int, leaf_rows: int) -> Float64Array:
        return products_of_leaves(rows, leaf_rows)

    def merge(self, left: Float64Array, right: Float64Array) -> Float64Array:
        return merged_products(left, right)
