"""Factors that are kept as bands: of a covariance with bands, and of one whose inverse has them.

Input: bands of a lower triangular matrix L, shape (u + 1, d). Output: rows ``z @ L.T``, or rows x with
``x @ L.T == z``, their covariances, and what inverts them. Cost: 2 (u + 1) d flops a row, to draw it and to whiten it.
"""

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
import numpy.typing as npt

from mvn_dask._typing import Arrays, Float64Array, FloatArray
from mvn_dask.covariance.band_triangle import inverse_variances, multiply_band, reversed_band, solve_band
from mvn_dask.covariance.base import Factor, single_array
from mvn_dask.covariance.log_product import log_product
from mvn_dask.errors import ArgumentError

SOLVED_NUMBERS = 2**22
"""Numbers of columns of a covariance that are worked out at a time."""
LEAST_COLUMNS = 8
"""Columns that are worked out at a time, at least: compiled code solves for as many as for one."""


@dataclass(frozen=True, eq=False, repr=False)
class _BandFactor(Factor):
    """Bands of a lower triangular matrix; subclasses say whether rows are multiplied with it or solved for."""

    bands: FloatArray
    """Band k of L has ``L[j + k, j]`` in its place j, shape (u + 1, d)."""

    @property
    def ndim(self) -> int:
        return int(self.bands.shape[1])

    @property
    def noise_ndim(self) -> int:
        return self.ndim

    @property
    def flops(self) -> int:
        u = len(self.bands) - 1
        return 2 * ((u + 1) * self.ndim - u * (u + 1) // 2)

    @property
    def rank(self) -> int:
        return int(np.count_nonzero(self.bands[0]))

    @abstractmethod
    def whiten(self, x: FloatArray) -> FloatArray:
        """The z that `colorize` makes x of, as many flops as it takes."""

    def astype(self, dtype: npt.DTypeLike) -> Self:
        return type(self)(self.bands.astype(dtype, copy=False))

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        return {"bands": self.bands}

    @classmethod
    def from_arrays(cls, arrays: Arrays) -> Self:
        bands = single_array(arrays, "bands", axes=2)
        if bands.shape[0] > bands.shape[1]:
            raise ArgumentError(f"there are no more bands than variables, and their shape is {bands.shape}")
        if bands.itemsize not in {4, 8}:
            raise ArgumentError(f"bands are of float64 or float32, and their dtype is {bands.dtype}")
        return cls(bands)

    def _leading(self, d: int) -> Float64Array:
        """Bands of the first d variables alone, which depend on no other."""
        return self.bands[:d, :d].astype(np.float64, copy=False)


class BandFactor(_BandFactor):
    """A lower triangular factor with bands: rows are products."""

    kind: ClassVar[str] = "banded"

    @property
    def log_det(self) -> float:
        return 2.0 * log_product(self.bands[0])

    def colorize(self, z: FloatArray, out: FloatArray | None = None) -> FloatArray:
        """``z @ L.T``: 2 (u + 1) d flops a row."""
        return multiply_band(self.bands, z, out)

    def whiten(self, x: FloatArray) -> FloatArray:
        """Forward substitution: 2 (u + 1) d flops a row."""
        return solve_band(self.bands, x)

    def variances(self) -> Float64Array:
        squares: Float64Array = np.square(self.bands[0], dtype=np.float64)
        for k, band in enumerate(self.bands[1:], 1):
            squares[k:] += np.square(band[:-k], dtype=np.float64)
        return squares

    def covariance_of(self, rows: Sequence[int], columns: Sequence[int]) -> Float64Array:
        pairs = np.asarray(rows, np.intp)[:, None], np.asarray(columns, np.intp)
        low, distance = np.minimum(*pairs), np.abs(np.subtract(*pairs))
        found = np.zeros(low.shape)
        # Variables that are further apart than there are bands have no normal in common.
        near = np.nonzero(distance < len(self.bands))
        low, distance = low[near], distance[near]
        for k in range(len(self.bands)):
            # Of the lower variable's normals the one that lies k before it.
            common = (low >= k) & (distance + k < len(self.bands))
            normal, apart = low[common] - k, distance[common] + k
            products = self.bands[k, normal].astype(np.float64) * self.bands[apart, normal]
            found[near[0][common], near[1][common]] += products
        return found


class BandPrecisionFactor(_BandFactor):
    """A lower triangular W with bands, whose inverse is the factor: rows are solutions, and the precision W.T @ W."""

    kind: ClassVar[str] = "banded_precision"

    @property
    def log_det(self) -> float:
        return -2.0 * log_product(self.bands[0])

    def colorize(self, z: FloatArray, out: FloatArray | None = None) -> FloatArray:
        """Forward substitution: 2 (u + 1) d flops a row."""
        return solve_band(self.bands, z, out)

    def whiten(self, x: FloatArray) -> FloatArray:
        """``x @ W.T``: 2 (u + 1) d flops a row."""
        return multiply_band(self.bands, x)

    def variances(self) -> Float64Array:
        return inverse_variances(self._leading(self.ndim))

    def covariance_times(self, x: FloatArray) -> FloatArray:
        """The covariance times rows x: solutions with the precision, 4 (u + 1) d flops a row."""
        bands = self._leading(self.ndim)
        backward = solve_band(reversed_band(bands), np.ascontiguousarray(x[:, ::-1]))
        return solve_band(bands, np.ascontiguousarray(backward[:, ::-1]))

    def covariance_of(self, rows: Sequence[int], columns: Sequence[int]) -> Float64Array:
        """Two solutions for each of the fewer variables: 4 (u + 1) d flops, where d ends with the last of all."""
        if len(rows) < len(columns):
            return self.covariance_of(columns, rows).T
        if not len(columns):
            return np.empty((len(rows), 0))
        bands = self._leading(1 + max(*rows, *columns))
        backward = reversed_band(bands)
        step = max(LEAST_COLUMNS, SOLVED_NUMBERS // bands.shape[1])
        found = np.empty((len(rows), len(columns)))
        for first in range(0, len(columns), step):
            some = np.asarray(columns[first : first + step], np.intp)
            # Columns of the identity, as rows that are counted from the last variable.
            unit = np.zeros((len(some), bands.shape[1]))
            unit[range(len(some)), bands.shape[1] - 1 - some] = 1.0
            solved = solve_band(backward, unit, unit)
            found[:, first : first + step] = solve_band(bands, solved[:, ::-1])[:, np.asarray(rows, np.intp)].T
        return found
