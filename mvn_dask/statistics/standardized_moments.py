"""Means and variances of columns, and covariances of some of them.

Input: rows whose columns have means near 0, compared with their standard deviation, as `Standardized` makes them: sums
of squares of others cancel. Output: means, sample variances, sample covariances. Cost: 2 + 2 `len(paired)` operations
a number, and one (paired, paired) matrix a node.

T. F. Chan, G. H. Golub and R. J. LeVeque, Algorithms for computing the sample variance: analysis and recommendations,
The American Statistician 37 (1983) 242, doi:10.1080/00031305.1983.10483115: shifted data, and pairwise sums.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from mvn_dask._typing import Float64Array
from mvn_dask.statistics.base import Indices, Rows, Statistic, take


class MomentSums(NamedTuple):
    """Sums over rows."""

    rows: int
    """How many."""
    sums: Float64Array
    """Sums, shape (columns,)."""
    squares: Float64Array
    """Sums of squares, shape (columns,)."""
    products: Float64Array
    """Sums of products, shape (pairs, pairs)."""


class SampleMoments(NamedTuple):
    """Estimates from all rows."""

    rows: int
    """How many."""
    mean: Float64Array
    """Means, shape (columns,); 0 of no rows."""
    variance: Float64Array
    """Sample variances, divided by rows - 1, shape (columns,); infinite where sums overflowed."""
    covariance: Float64Array
    """Sample covariances, shape (pairs, pairs); infinite where sums overflowed."""


@dataclass(frozen=True, eq=False)
class StandardizedMoments(Statistic[MomentSums, SampleMoments]):
    """Sample means, variances and covariances."""

    paired: Indices
    """Columns whose covariances are taken, ascending, shape (pairs,)."""

    @np.errstate(all="ignore")
    def leaf(self, rows: Rows, first: int) -> MomentSums:
        paired = take(rows, self.paired)
        products = paired.T @ paired
        squares = np.diagonal(products).copy() if paired is rows else np.einsum("ij,ij->j", rows, rows)
        return MomentSums(len(rows), np.ones(len(rows)) @ rows, squares, products)

    @np.errstate(all="ignore")
    def merge(self, left: MomentSums, right: MomentSums) -> MomentSums:
        products = left.products + right.products
        return MomentSums(left.rows + right.rows, left.sums + right.sums, left.squares + right.squares, products)

    @np.errstate(all="ignore")
    def finalize(self, node: MomentSums) -> SampleMoments:
        count, sums, squares, products = node
        mean = sums / max(1, count)
        scatter = squares - sums * mean
        cross = products - np.multiply.outer(sums[self.paired], mean[self.paired])
        degrees = max(1, count - 1)
        variance = np.where(np.isfinite(scatter), np.maximum(scatter, 0.0), np.inf) / degrees
        return SampleMoments(count, mean, variance, np.where(np.isfinite(cross), cross, np.inf) / degrees)
