"""The factor of a field on a grid, given observations of some points: Matheron's rule.

Input: a factor by circulant embedding, the observed points, and what their covariance's inverse is. Output: rows of
fields that the observations condition, less their mean. Cost: a field, a product with a matrix of m × m numbers for m
observations, and two more transforms a row; memory for m² numbers, and for two fields a row that is drawn.

A field g, and errors e of the observations, are drawn as if nothing had been observed. What is observed of them is
``g[o] + e``, and ``C[:, o] @ inv(C[o, o] + N) @ (g[o] + e)`` is what is known of g then: g less that has the
conditional covariance. The product with ``C[:, o]`` is one with the periodic covariance: a Hartley transform there and
back.

References
----------
J.-P. Chilès and P. Delfiner, Geostatistics: Modeling Spatial Uncertainty, 2nd ed., 2012, section 7.3.1,
doi:10.1002/9781118136188.
"""

import logging
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar, Self

import numpy as np
import numpy.typing as npt

from mvn_dask._typing import Arrays, Float64Array, FloatArray
from mvn_dask.advice import Advice
from mvn_dask.covariance.base import Factor, single_array
from mvn_dask.covariance.blas import one_thread, thread_count
from mvn_dask.covariance.circulant_factor import CirculantFactor
from mvn_dask.covariance.hartley_transform import HartleyTransform
from mvn_dask.covariance.inner_factor import arrays_with_inner, inner_of_record
from mvn_dask.covariance.row_product import multiply_rows
from mvn_dask.errors import ArgumentError
from mvn_dask.readable import plural
from mvn_dask.slow_steps import name_if_slow

log = logging.getLogger(__name__)

LARGEST_ERROR = {4: 1e-3, 8: 1e-6}
"""Rounding of a row, relative to the standard deviation, that is taken in float32 and float64."""
GRID_NUMBERS = 2**22
"""Covariances of points with observations, and numbers of periodic grids, that are worked on together."""


@dataclass(frozen=True, eq=False, repr=False)
class KrigedFactor(Factor):
    """The field's normals come first, then one for the error of each observation."""

    kind: ClassVar[str] = "kriged"

    field: CirculantFactor
    """The factor of the field, if nothing is observed."""
    places: npt.NDArray[np.int64]
    """Points that were observed, as numbers of variables, shape (m,)."""
    weights: FloatArray
    """The inverse of the observations' covariance, shape (m, m)."""
    scale: FloatArray
    """Standard deviations of the errors of the observations, 0 where they are exact, shape (m,)."""

    @property
    def ndim(self) -> int:
        return self.field.ndim

    @property
    def noise_ndim(self) -> int:
        return self.field.noise_ndim + len(self.places)

    @property
    def packed_nbytes(self) -> int:
        """The weights once more."""
        return self.weights.nbytes

    @property
    def flops(self) -> int:
        return 3 * self.field.flops + 2 * self.weights.size

    @property
    def rank(self) -> int:
        """Each exact observation takes one from the rank of the field."""
        return self.field.rank - int(np.count_nonzero(self.scale == 0))

    def colorize(self, z: FloatArray, out: FloatArray | None = None) -> FloatArray:
        """The field, less what is known of it from its own values at the observed points."""
        if z.ndim != 2 or z.shape[1] != self.noise_ndim:
            raise ArgumentError(f"rows of {plural(self.noise_ndim, 'normal')} become fields: the shape is {z.shape}")
        count = self.field.noise_ndim
        rows = self.field.colorize(z[:, :count], out)
        observed = np.ascontiguousarray(rows[:, self.places] + z[:, count:] * self.scale, rows.dtype)
        known = multiply_rows(observed, self.weights, np.empty_like(observed))
        np.subtract(rows, self.covariance_times(known), out=rows)
        rows[:, self.places[self.scale == 0]] = 0.0
        return rows

    def covariance_times(self, numbers: FloatArray) -> FloatArray:
        """Covariances of all points with the observed ones, times numbers of these, shape (n, m) to (n, d)."""
        transform, dtype = self.field.transform, self.weights.dtype
        whole = HartleyTransform(transform.lengths, transform.lengths)
        ones, tables = np.ones(whole.half, dtype), np.ascontiguousarray(self.field.tables)
        found = np.empty((len(numbers), self.ndim), dtype)
        # Some rows at a time, since each takes two periodic grids.
        height = max(1, GRID_NUMBERS // transform.points)
        for top in range(0, len(numbers), height):
            some = numbers[top : top + height]
            points = np.zeros((len(some), transform.points), dtype)
            points[:, self._embedded] = some
            spectrum = np.empty_like(points)
            whole.apply(points, ones, tables, spectrum)
            transform.apply(spectrum, self._eigenvalues, tables, found[top : top + height])
        return found

    @cached_property
    def _embedded(self) -> npt.NDArray[np.intp]:
        """The observed points as points of the periodic grid."""
        transform = self.field.transform
        return np.asarray(np.ravel_multi_index(np.unravel_index(self.places, transform.kept), transform.lengths))

    @cached_property
    def _eigenvalues(self) -> FloatArray:
        return np.ascontiguousarray(np.square(self.field.roots))

    def variances(self) -> Float64Array:
        """Those of kriging: d m² multiply-adds."""
        return self._variances

    @cached_property
    def _variances(self) -> Float64Array:
        field, weights = self.field.astype(np.float64), self.weights.astype(np.float64)
        # Some lines of points along the first axis at a time.
        length, *others = field.transform.kept
        lines = field.variances().reshape(length, -1)
        height = max(1, GRID_NUMBERS // (len(weights) * lines.shape[1]))

        @one_thread()
        def explain(top: int) -> None:
            axes = [np.arange(top, min(top + height, length)), *map(np.arange, others)]
            part = np.stack([field.covariances_between(axes, place).ravel() for place in self.places.tolist()])
            lines[top : top + height] -= np.einsum("ij,ij->j", weights @ part, part).reshape(-1, lines.shape[1])

        # In parts that do not depend on the number of threads, each by a single one of BLAS, for the same bits.
        step = f"variances of {plural(self.ndim, 'point', ',')} given {plural(len(weights), 'observation', ',')}"
        with name_if_slow(log, step), ThreadPoolExecutor(thread_count(), "mvn-dask-kriging") as pool:
            list(pool.map(explain, range(0, length, height)))
        found = np.maximum(lines.ravel(), 0.0)
        found[self.places[self.scale == 0]] = 0.0
        found.setflags(write=False)
        return found

    @one_thread()
    def covariance_of(self, rows: Sequence[int], columns: Sequence[int]) -> Float64Array:
        field, places = self.field.astype(np.float64), self.places.tolist()
        left, right = field.covariance_of(rows, places), field.covariance_of(places, columns)
        found = field.covariance_of(rows, columns) - left @ self.weights.astype(np.float64) @ right
        exact = self.places[self.scale == 0]
        found[np.isin(rows, exact)] = 0.0
        found[:, np.isin(columns, exact)] = 0.0
        return np.asarray(found)

    def error_of(self, dtype: npt.DTypeLike) -> float:
        """Rounding of a row, about, relative to the standard deviation.

        It grows with the inverse of the share of its variance that an observation has left, given the others.
        """
        variances = self.field.variances()[0] + np.square(self.scale, dtype=np.float64)
        return float((np.diagonal(self.weights) * variances).max() * np.finfo(dtype).eps)

    def astype(self, dtype: npt.DTypeLike) -> Self:
        kind = np.dtype(dtype)
        if kind.itemsize < self.weights.itemsize and self.error_of(kind) > LARGEST_ERROR[kind.itemsize]:
            raise ArgumentError(
                f"{kind} is too coarse for a field given observations that determine one another so closely: rows "
                f"would be wrong by about {self.error_of(kind):.1g} of the standard deviation.",
                advice=Advice("Use {float64}, or give their errors a variance"),
            )
        weights, scale = (array.astype(dtype, copy=False) for array in (self.weights, self.scale))
        return type(self)(self.field.astype(dtype), self.places, weights, scale)

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        own = {"places": self.places, "weights": self.weights, "scale": self.scale}
        return arrays_with_inner(own, "field", self.field)

    def record(self) -> dict[str, Any]:
        return {**super().record(), "field": self.field.record()}

    @classmethod
    def from_record(cls, record: Mapping[str, Any], arrays: Arrays) -> Self:
        field, own = inner_of_record(cls.kind, record, arrays, "field")
        if not isinstance(field, CirculantFactor):
            raise ArgumentError(f"the field of a factor of kind {cls.kind!r} is of kind {field.kind!r}")
        places = own.pop("places", np.empty(0))
        weights = single_array({name: array for name, array in own.items() if name != "scale"}, "weights", axes=2)
        scale = single_array({name: array for name, array in own.items() if name == "scale"}, "scale", axes=1)
        if places.dtype != np.int64 or places.shape != scale.shape or weights.shape != 2 * scale.shape:
            raise ArgumentError(f"{places.shape} points of {places.dtype}, and weights {weights.shape}")
        if places.min() < 0 or places.max() >= field.ndim:
            raise ArgumentError(f"the observed points must be within 0 and {field.ndim - 1}")
        if not weights.dtype == scale.dtype == field.roots.dtype:
            raise ArgumentError(
                f"weights are of {weights.dtype}, a scale of {scale.dtype}, roots of {field.roots.dtype}"
            )
        return cls(field, places, weights, scale)

    @classmethod
    def from_arrays(cls, arrays: Arrays) -> Self:
        raise ArgumentError(f"the arrays {sorted(arrays)} alone do not say what field a {cls.kind!r} factor has inside")
