"""Mean and covariance, estimated of rows of data.

Input: rows, in pieces. Output: a `DataEstimate`, with the same bits on every machine: sums are made in a fixed order,
so that a job goes on elsewhere, and one whose data have changed is another. Cost: reading, and half of d² multiply-adds
a row; of Ledoit and Wolf's shrinkage all rows are in memory.

References
----------
O. Ledoit and M. Wolf, A well-conditioned estimator for large-dimensional covariance matrices, Journal of Multivariate
Analysis 88 (2004) 365, doi:10.1016/S0047-259X(03)00096-4.
"""

import logging
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from mvn_dask._typing import Float64Array
from mvn_dask.errors import InvalidDistributionError
from mvn_dask.job.inputs.base import Origin, first_index
from mvn_dask.job.inputs.data_rows import DataRows
from mvn_dask.job.inputs.rank_scores import rank_scores
from mvn_dask.memory_limit import refuse_beyond_memory
from mvn_dask.readable import plural
from mvn_dask.statistics.cross_products import merged_products, products_of_leaves, refuse_too_many_columns, square_of

DATA_LEAF_ROWS = 1024
"""Rows whose products are summed together."""
SHRINKAGE_DIGITS = 9
"""Decimals of a shrinkage that count: the others depend on the machine's BLAS."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class DataEstimate:
    """What was estimated, and of what."""

    origin: Origin
    """Where the rows were read."""
    names: tuple[str, ...] | None
    """Names of the variables, if the data have any."""
    mean: Float64Array
    """Shape (d,)."""
    cov: Float64Array
    """Shape (d, d)."""
    rows: int
    """Rows that counted."""
    dropped: int
    """Rows with missing values, which were left out."""
    index: str | None
    """Name of the column that was left out."""
    shrinkage: float | None
    """Weight of the matrix of equal variances; None without shrinkage."""
    of_ranks: bool = False
    """Whether the covariance is that of normal scores of the ranks: correlations."""

    def log(self) -> None:
        """Say what was estimated; warn where the covariance is singular, since rows are few."""
        d = len(self.mean)
        what = "correlations by the ranks" if self.of_ranks else "mean and covariance"
        text = f"{self.origin}: {what} of {plural(self.rows, 'row')} of {plural(d, 'variable')}"
        text += "" if self.shrinkage is None else f", shrunk by {self.shrinkage:.4g}"
        text += f"; {plural(self.dropped, 'row')} with missing values left out" if self.dropped else ""
        text += "" if self.index is None else f"; the rows are named by column {self.index!r}"
        log.info(text)
        if constant := np.flatnonzero(self.cov.diagonal() == 0.0).tolist():
            named = ", ".join(_column(self.names, each) for each in constant[:5]) + (", …" if len(constant) > 5 else "")
            log.warning(
                f"{self.origin}: {plural(len(constant), 'column')} of data, {named}, constant: what is drawn of it is "
                "that number; leave it out if that is not meant"
            )
        if self.rows <= d and self.shrinkage is None:
            log.warning(
                f"{self.origin}: {plural(self.rows, 'row')} of {plural(d, 'variable')} give a singular covariance, of "
                f"rank {self.rows - 1} at most: what is drawn varies in as many directions only; "
                'shrink = "ledoit-wolf" (--shrink) gives a regular one'
            )


def estimate_of_data(data: DataRows, *, missing: str, shrink: str, of_ranks: bool = False) -> DataEstimate:
    """Mean and covariance of the rows; `of_ranks` the correlations of their normal scores, with means of 0.

    Raises InvalidDistributionError for infinite numbers, missing ones unless they are dropped, fewer than two rows,
    correlations of a variable that is constant, and where scikit-learn is needed and not there; FactorTooLargeError
    where the memory does not suffice.
    """
    refuse_too_many_columns(data.columns)
    accumulated, kept, dropped = _Products(), list[Float64Array](), 0
    for block, left_out in _complete_rows(data, drop=missing == "drop"):
        dropped += left_out
        if of_ranks or shrink == "ledoit-wolf":
            kept.append(block)
            work, way_out = _kept_for(data, of_ranks=of_ranks)
            refuse_beyond_memory(work, 3 * sum(each.nbytes for each in kept), way_out)
        if not of_ranks:
            accumulated.add(block)
    if of_ranks:
        kept = [rank_scores(np.concatenate(kept))]
        accumulated.add(kept[0])
    rows = accumulated.rows
    if rows < 2:
        raise data.origin.invalid(
            f"a covariance takes two rows at least, and there is {plural(rows, 'row')} of numbers"
        )
    node = accumulated.node()
    mean, squares = node[1 : 1 + data.columns].copy(), square_of(node)
    if not np.isfinite(squares).all():
        raise data.origin.invalid("its numbers are too large: their squares are infinite")
    shrinkage = _ledoit_wolf(data.origin, np.concatenate(kept)) if shrink == "ledoit-wolf" else None
    cov = _covariance(squares, rows, shrinkage)
    if of_ranks:
        mean, cov = np.zeros_like(mean), _correlations(data, squares.diagonal(), cov)
    return DataEstimate(data.origin, data.names, mean, cov, rows, dropped, data.index, shrinkage, of_ranks=of_ranks)


def _kept_for(data: DataRows, *, of_ranks: bool) -> tuple[str, str]:
    """What all rows are kept in memory for, and what takes less."""
    if of_ranks:
        return f"ranking the rows of {data.origin}", "give correlation, of fewer rows or estimated elsewhere"
    return f"shrinking the covariance of {data.origin}", 'take shrink = "none"'


def _covariance(squares: Float64Array, rows: int, shrinkage: float | None) -> Float64Array:
    """Of sums of products, shape (d, d); shrunk towards equal variances."""
    if shrinkage is None:
        return squares / (rows - 1.0)
    cov = squares * ((1.0 - shrinkage) / rows)
    cov[np.diag_indices(len(cov))] += shrinkage * (squares.diagonal() / rows).mean()
    return cov


def _correlations(data: DataRows, squares: Float64Array, cov: Float64Array) -> Float64Array:
    if (constant := first_index(squares == 0.0)) is not None:
        name = _column(data.names, constant[0])
        raise data.origin.invalid(f"column {name} is constant, and has no correlations: leave it out")
    deviations = np.sqrt(cov.diagonal())
    found: Float64Array = cov / (deviations[:, None] * deviations)
    found[np.diag_indices(len(found))] = 1.0
    return found


class _Products:
    """Counts, means and products of rows, summed in a binary tree that the number of rows alone decides."""

    def __init__(self) -> None:
        self.rows = 0
        self._rest: list[Float64Array] = []
        self._nodes: list[tuple[int, Float64Array]] = []

    def add(self, rows: Float64Array) -> None:
        self.rows += len(rows)
        rows = np.concatenate([*self._rest, rows])
        whole = len(rows) // DATA_LEAF_ROWS * DATA_LEAF_ROWS
        for start in range(0, whole, DATA_LEAF_ROWS):
            level, node = 0, products_of_leaves(rows[start : start + DATA_LEAF_ROWS], DATA_LEAF_ROWS)
            while self._nodes and self._nodes[-1][0] == level:
                level, node = level + 1, merged_products(self._nodes.pop()[1], node)
            self._nodes.append((level, node))
        self._rest = [rows[whole:].copy()]

    def node(self) -> Float64Array:
        """That of all rows."""
        node = products_of_leaves(self._rest[0], DATA_LEAF_ROWS)
        for _, left in reversed(self._nodes):
            node = merged_products(left, node)
        return node


def _complete_rows(data: DataRows, *, drop: bool) -> Iterator[tuple[Float64Array, int]]:
    """Blocks without missing values, each with how many rows were left out."""
    begin = data.first
    for block in data.blocks:
        finite = np.isfinite(block)
        if not finite.all():
            _refuse(data, block, np.isinf(block), begin, "must be finite, not")
            if not drop:
                _refuse(data, block, ~finite, begin, 'must not be missing, unless missing = "drop" (--missing):')
        whole = finite.all(axis=1)
        yield block[whole], int(np.count_nonzero(~whole))
        begin += len(block)


def _refuse(data: DataRows, block: Float64Array, bad: np.ndarray, begin: int, rule: str) -> None:
    where = first_index(bad)
    if where is not None:
        row, column = where
        name = _column(data.names, column)
        raise data.origin.invalid(f"{rule} row {begin + row}, column {name} is {block[row, column]}")


def _column(names: tuple[str, ...] | None, column: int) -> str:
    return str(column) if names is None else repr(names[column])


def _ledoit_wolf(origin: Origin, rows: Float64Array) -> float:
    try:
        from sklearn.covariance import ledoit_wolf_shrinkage
    except ImportError:
        raise InvalidDistributionError(
            f'{origin}: shrink = "ledoit-wolf" needs scikit-learn: pip install scikit-learn'
        ) from None
    return round(float(ledoit_wolf_shrinkage(rows)), SHRINKAGE_DIGITS)
