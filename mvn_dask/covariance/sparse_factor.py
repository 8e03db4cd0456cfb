"""Factors that are sparse triangles: that of a sparse covariance, and the inverse of that of a sparse precision.

Input: rows of normals, shape (n, d). Output: rows with the covariance, in the order of the variables. Cost: two
operations a row for each entry of the triangle, which is read once for eight rows, or sixteen in float32.

With the permutation P and the triangle L, a covariance is ``P.T @ L @ L.T @ P``, and a precision the same.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar, Self

import numpy as np
import numpy.typing as npt

from mvn_dask._typing import Arrays, Float64Array, FloatArray
from mvn_dask.covariance.base import Factor, integer_array, single_array
from mvn_dask.covariance.log_product import log_product
from mvn_dask.covariance.panels import Applied, apply_panels
from mvn_dask.covariance.selected_inverse import inverse_diagonal
from mvn_dask.covariance.symbolic import Indices, Supernodes, diagonal_places, supernodes_of
from mvn_dask.errors import ArgumentError
from mvn_dask.readable import plural

_INDICES = "positions", "first", "starts", "rows"
ROWS_OF_IDENTITY = 64
"""Columns of an identity matrix that are worked on at once."""


@dataclass(frozen=True, eq=False, repr=False)
class SparseTriangle(Factor):
    """A sparse lower triangular matrix L in supernodes, and an order of the variables."""

    positions: Indices
    """Place of each variable in the order of elimination, shape (d,)."""
    first: Indices
    """First column of each supernode, and d; shape (supernodes + 1,)."""
    starts: Indices
    """Where the rows of each supernode begin, and their end; shape (supernodes + 1,)."""
    rows: Indices
    """Rows of all supernodes, each its own columns and then those below, rising."""
    entries: FloatArray
    """Entries of L, a supernode after the other, column by column from the diagonal down."""

    @property
    def ndim(self) -> int:
        return len(self.positions)

    @property
    def noise_ndim(self) -> int:
        return self.ndim

    @property
    def flops(self) -> int:
        return 2 * len(self.entries)

    @property
    def rank(self) -> int:
        return int(np.count_nonzero(self._diagonal))

    @cached_property
    def supernodes(self) -> Supernodes:
        """The supernodes of L."""
        return supernodes_of(self.first, self.starts, self.rows)

    @property
    def _diagonal(self) -> FloatArray:
        return self.entries[diagonal_places(self.supernodes)]

    def _apply(
        self, operation: Applied, rows: FloatArray, out: FloatArray | None = None, *, ordered: bool
    ) -> FloatArray:
        """Apply L to rows that stand in the order of elimination, or are to stand in it."""
        if out is None:
            out = np.empty(rows.shape, np.result_type(rows, self.entries))
        source, target = (None, self.positions) if ordered else (self.positions, None)
        apply_panels(operation, self.supernodes, self.entries, rows, out, source=source, target=target)
        return out

    def astype(self, dtype: npt.DTypeLike) -> Self:
        entries = self.entries.astype(dtype, copy=False)
        return type(self)(self.positions, self.first, self.starts, self.rows, entries)

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        return {name: getattr(self, name) for name in ("positions", "first", "starts", "rows", "entries")}

    @classmethod
    def from_arrays(cls, arrays: Arrays) -> Self:
        others = {name: arrays[name] for name in arrays if name not in _INDICES}
        entries = single_array(others, "entries", axes=1)
        positions, first, starts, rows = (integer_array(arrays, name) for name in _INDICES)
        d = len(positions)
        if not np.array_equal(np.sort(positions), np.arange(d)):
            raise ArgumentError(f"`positions` is no permutation of {plural(d, 'variable')}")
        _check_supernodes(d, first, starts, rows)
        size = int(supernodes_of(first, starts, rows).places[-1])
        if len(entries) != size:
            raise ArgumentError(f"the supernodes have {plural(size, 'entry')}, and there are {len(entries)}")
        return cls(positions, first, starts, rows, entries)


class SparseFactor(SparseTriangle):
    """The factor of a sparse covariance: ``P.T @ L``."""

    kind: ClassVar[str] = "sparse"

    @property
    def log_det(self) -> float:
        return 2.0 * log_product(self._diagonal)

    def colorize(self, z: FloatArray, out: FloatArray | None = None) -> FloatArray:
        """``L @ z``, in the order of the variables."""
        return self._apply("multiply", z, out, ordered=True)

    def whiten(self, x: FloatArray) -> FloatArray:
        """Forward substitution."""
        return self._apply("solve", x, ordered=False)

    def variances(self) -> Float64Array:
        """Sums of squares of the rows of L, column by column."""
        found = self.supernodes
        heights, widths = np.diff(self.starts), np.diff(self.first)
        sums = np.zeros(self.ndim)
        # Rows of an entry: those of its supernode, from that of its column on.
        for k in range(int(widths.max())):
            wide = np.flatnonzero(widths > k)
            lengths = heights[wide] - k
            within = np.arange(lengths.sum()) - np.repeat(np.cumsum(lengths) - lengths, lengths)
            places = found.places[wide] + k * heights[wide] - k * (k - 1) // 2
            squares = np.square(self.entries[np.repeat(places, lengths) + within], dtype=np.float64)
            np.add.at(sums, self.rows[np.repeat(found.starts[wide] + k, lengths) + within], squares)
        return sums[self.positions]

    def covariance_of(self, rows: Sequence[int], columns: Sequence[int]) -> Float64Array:
        """``L @ L.T`` of columns of an identity matrix."""
        return _columns_of(self, "multiply_transposed", rows, columns)


class SparsePrecisionFactor(SparseTriangle):
    """The factor of a covariance whose inverse is sparse: ``P.T @ inv(L.T)``, where L is that of the precision."""

    kind: ClassVar[str] = "sparse_precision"

    @property
    def log_det(self) -> float:
        return -2.0 * log_product(self._diagonal)

    def colorize(self, z: FloatArray, out: FloatArray | None = None) -> FloatArray:
        """Back substitution, in the order of the variables."""
        return self._apply("solve_transposed", z, out, ordered=True)

    def whiten(self, x: FloatArray) -> FloatArray:
        """``L.T @ x``."""
        return self._apply("multiply_transposed", x, ordered=False)

    def variances(self) -> Float64Array:
        """By selected inversion: about three times the operations of the factorisation."""
        return self._variances

    @cached_property
    def _variances(self) -> Float64Array:
        found = inverse_diagonal(self.supernodes, self.entries)[self.positions]
        found.setflags(write=False)
        return found

    def covariance_times(self, x: FloatArray) -> FloatArray:
        """The covariance times rows x: solutions with the precision, forward and back."""
        return self.colorize(self._apply("solve", x, ordered=False))

    def covariance_of(self, rows: Sequence[int], columns: Sequence[int]) -> Float64Array:
        """A solution with the precision for each column."""
        return _columns_of(self, "solve", rows, columns)


def _columns_of(factor: SparseTriangle, first: Applied, rows: Sequence[int], columns: Sequence[int]) -> Float64Array:
    """Covariances: some columns of an identity matrix, to which both halves of the factor are applied."""
    exact = factor.astype(np.float64)
    found = np.empty((len(rows), len(columns)))
    for start in range(0, len(columns), ROWS_OF_IDENTITY):
        some = np.asarray(columns[start : start + ROWS_OF_IDENTITY])
        unit = np.zeros((len(some), factor.ndim))
        unit[np.arange(len(some)), some] = 1.0
        whole = exact.colorize(exact._apply(first, unit, ordered=False))
        found[:, start : start + ROWS_OF_IDENTITY] = whole[:, np.asarray(rows)].T
    return found


def _check_supernodes(d: int, first: Indices, starts: Indices, rows: Indices) -> None:
    """Refuse supernodes that no factor of dimension d has; compiled code follows them without looking."""
    if len(first) != len(starts) or len(first) < 2:
        raise ArgumentError(f"`first` has {plural(len(first), 'number')}, and `starts` has {len(starts)}")
    for name, indices, end in (("first", first, d), ("starts", starts, len(rows))):
        if indices[0] != 0 or indices[-1] != end or (indices[1:] <= indices[:-1]).any():
            raise ArgumentError(f"`{name}` does not rise from 0 to {end}")
    widths = np.diff(first)
    if (np.diff(starts) < widths).any():
        raise ArgumentError("`starts` gives a supernode fewer rows than columns")
    if rows.min() < 0 or rows.max() >= d:
        raise ArgumentError(f"`rows` holds {rows.min()} to {rows.max()}, and there are {plural(d, 'variable')}")
    rising = rows[1:] > rows[:-1]
    rising[starts[1:-1] - 1] = True
    own = np.arange(d) - np.repeat(first[:-1] - starts[:-1], widths)
    if not rising.all() or not np.array_equal(rows[own], np.arange(d)):
        raise ArgumentError("`rows` of a supernode are not its columns, and then those below, rising")
