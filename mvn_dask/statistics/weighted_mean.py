"""Means of weighted terms, as importance sampling estimates them.

Input: rows whose last column holds the logarithm of their weight. Output: means of weight times value, and how many
terms count. Cost: an exponential a row, and some 3 ns a number.

References
----------
A. B. Owen, Monte Carlo theory, methods and examples, 2013, chapter 9, https://artowen.su.domains/mc/.
"""

from dataclasses import dataclass

import numpy as np

from mvn_dask._typing import Float64Array
from mvn_dask.errors import ArgumentError
from mvn_dask.statistics.base import Rows, Statistic, merged_pairs
from mvn_dask.statistics.central_moments import COUNT, MEAN, SECOND, merged_moments, moments_of_leaves
from mvn_dask.statistics.intervals import mean_error, normal_interval
from mvn_dask.statistics.number_lines import Number
from mvn_dask.statistics.ordered_sums import ordered_sums
from mvn_dask.statistics.results import Estimate

RELIABLE_SIZE = 200.0
"""Effective sample size below which an estimate says so."""
SIZES = 3
"""Place in a node of the sum of the terms' absolute values, behind their moments."""


@dataclass(frozen=True)
class WeightedMean(Statistic[Float64Array, Estimate]):
    """Means of exp(log weight) · value: those of the values under the law that the weights lead to."""

    confidence_level: float
    """Probability with which the interval holds the mean."""

    def leaf(self, rows: Rows, first: int) -> Float64Array:
        node: Float64Array = self._leaves(rows[None], first)[0]
        return node

    def subtree(self, rows: Rows, first: int, leaf_rows: int) -> Float64Array:
        return merged_pairs(self.merge, self._leaves(rows.reshape(-1, leaf_rows, rows.shape[1]), first))

    def _leaves(self, rows: Rows, first: int) -> Float64Array:
        logarithms = rows[..., -1:]
        with np.errstate(over="ignore"):
            weights = np.exp(logarithms)
        if not np.isfinite(weights).all():
            bad = int(np.flatnonzero(~np.isfinite(weights))[0])
            raise ArgumentError(
                f"`log_weights` must not overflow: that of row {first + bad} is {logarithms.reshape(-1)[bad]:.6g}, "
                "whose exponential no float64 holds. Subtract a constant, and multiply the estimate by its exponential"
            )
        terms = weights * rows[..., :-1]
        sizes = ordered_sums(np.abs(terms))
        return np.concatenate([moments_of_leaves(terms, 2), sizes[:, None, :]], axis=1)

    def merge(self, left: Float64Array, right: Float64Array) -> Float64Array:
        moments = merged_moments(left[..., :SIZES, :], right[..., :SIZES, :])
        return np.concatenate([moments, left[..., SIZES:, :] + right[..., SIZES:, :]], axis=-2)

    def finalize(self, node: Float64Array) -> Estimate:
        count, mean = node[COUNT], node[MEAN]
        with np.errstate(all="ignore"):
            error = mean_error(node[SECOND] / (count - 1.0), count)
            squares = node[SECOND] + count * mean * mean
            size = np.where(squares > 0, node[SIZES] * node[SIZES] / squares, 0.0)
        # Terms that are all 0, as of an event that never came, tell nothing of their error.
        error = np.where((count > 1) & (squares > 0), error, np.nan)
        return Estimate(
            np.where(count > 0, mean, np.nan), error,
            normal_interval(mean, error, self.confidence_level), count.astype(np.int64),
            "central limit theorem, independent weighted rows", effective_sample_size=size,
            warning=few_terms(size),
        )  # fmt: skip


def few_terms(size: Number | None) -> str | None:
    """Why an interval misleads whose terms count for so many; None if it does not, or if there are no weights."""
    few = size is not None and bool(np.any(np.asarray(size) < RELIABLE_SIZE))
    return "few terms decide: the interval may be too short" if few else None
