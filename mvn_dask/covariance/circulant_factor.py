"""Factors by circulant embedding: the Hartley transform of scaled normals, pruned to a corner of its grid.

Input: roots of the eigenvalues of a covariance that is periodic on a grid of k points. Output: d numbers of a corner
of the grid, whose covariance is exact, from k independent normals. Cost: see `hartley_transform`; memory for k numbers
beside normals and rows, and for about k / 2^n roots in n dimensions.

The eigenvectors of such a covariance are cosines and sines, and the eigenvalues λ of a point and of its mirror image
are one, so that H sqrt(λ / k), with the symmetric matrix H of the Hartley transform, H H = k, is a factor of it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar, Self

import numpy as np
import numpy.typing as npt

from mvn_dask._typing import Arrays, Float64Array, FloatArray
from mvn_dask.covariance.base import Factor
from mvn_dask.covariance.hartley_transform import HartleyTransform
from mvn_dask.errors import ArgumentError
from mvn_dask.readable import plural
from mvn_dask.signatures import short_signature

COMPILED_POINTS = 2**20
"""Points from which on compiled code transforms a single row; for fewer, compiling it would take longer."""


def transformed(transform: HartleyTransform, half: Float64Array) -> Float64Array:
    """The Fourier transform of real numbers that are their own mirror images, both given by their `half`.

    It is real as well, and the Hartley transform of the numbers. Cost: that of a row whose corner is the half.

    >>> transformed(HartleyTransform((3,), (4,)), np.array([3.0, 1.0, 0.0]))
    array([5., 3., 1.])
    """
    whole = HartleyTransform(transform.half, transform.lengths)
    out = np.empty((1, whole.ndim))
    numbers = np.ones((1, whole.points)), np.ascontiguousarray(half), whole.tables()
    whole.apply(*numbers, out, least=COMPILED_POINTS)
    return out.reshape(transform.half)


@short_signature
@dataclass(frozen=True, eq=False, repr=False)
class CirculantFactor(Factor):
    """A factor of the covariance of a corner of a grid, from the eigenvalues of a periodic one.

    See Also
    --------
    mvn_dask.covariance.StationaryGrid : Is factorised into it.
    mvn_dask.covariance.Factor : What every factor has.

    Examples
    --------
    >>> from mvn_dask import covariance
    >>> factor = covariance.Toeplitz([1.0, 0.5, 0.25]).factorize()
    >>> isinstance(factor, covariance.CirculantFactor), factor.ndim, factor.variances().round(12)
    (True, 3, array([1., 1., 1.]))
    """

    kind: ClassVar[str] = "circulant"

    transform: HartleyTransform
    """The transform that is applied."""
    roots: FloatArray
    """sqrt(λ / k) at half of the points along every axis, since those of their mirror images are the same."""
    tables: FloatArray
    """Cosines and sines of the transform."""

    @classmethod
    def of_roots(cls, transform: HartleyTransform, roots: Float64Array) -> Self:
        """The factor with these roots, and the tables that are the same on every machine."""
        return cls(transform, roots, transform.tables())

    @property
    def ndim(self) -> int:
        return self.transform.ndim

    @property
    def noise_ndim(self) -> int:
        return self.transform.points

    @property
    def flops(self) -> int:
        return self.transform.flops

    @property
    def rank(self) -> int:
        """Points with an eigenvalue, and at most d; in two and three dimensions it may be less."""
        count = sum_of_all(np.asarray(self.roots > 0.0, np.float64), self.transform.lengths)
        return min(self.ndim, round(count))

    def colorize(self, z: FloatArray, out: FloatArray | None = None) -> FloatArray:
        """The corner of the Hartley transforms of ``z * roots``: about 2.5 k log2(k) flops a row."""
        # Compiled code checks no bounds.
        if z.ndim != 2 or z.shape[1] != self.noise_ndim or (out is not None and out.shape != (len(z), self.ndim)):
            shapes = f"{z.shape} and {None if out is None else out.shape}"
            raise ArgumentError(
                f"rows of {plural(self.noise_ndim, 'normal')} become rows of {self.ndim}: the shapes are {shapes}"
            )
        numbers = np.ascontiguousarray(z, self.roots.dtype)
        direct = out is not None and out.flags.c_contiguous and out.dtype == numbers.dtype
        rows = out if out is not None and direct else np.empty((len(z), self.ndim), numbers.dtype)
        roots, tables = np.ascontiguousarray(self.roots), np.ascontiguousarray(self.tables)
        self.transform.apply(numbers, roots, tables, rows)
        if out is None or direct:
            return rows
        out[:] = rows
        return out

    def variances(self) -> Float64Array:
        """The sum of the squares of the roots, for every variable."""
        squares = np.square(self.roots, dtype=np.float64)
        return np.full(self.ndim, sum_of_all(squares, self.transform.lengths))

    def covariance_of(self, rows: Sequence[int], columns: Sequence[int]) -> Float64Array:
        """By the lags of the points. Those of all lags are computed once, which takes as long as a row in float64."""
        places = [np.unravel_index(np.asarray(which, np.intp), self.transform.kept) for which in (rows, columns)]
        lags = [np.abs(np.subtract.outer(one, other)) for one, other in zip(*places, strict=True)]
        folded = (np.minimum(lag, length - lag) for lag, length in zip(lags, self.transform.lengths, strict=True))
        return np.asarray(self._covariances[tuple(folded)])

    def covariances_between(self, axes: Sequence[npt.NDArray[np.intp]], place: int) -> Float64Array:
        """Covariances of the points with some indices along each axis, all combined, with the variable in a place."""
        point = np.unravel_index(place, self.transform.kept)
        lags = [np.abs(axis - index) for axis, index in zip(axes, point, strict=True)]
        folded = [np.minimum(lag, length - lag) for lag, length in zip(lags, self.transform.lengths, strict=True)]
        return np.asarray(self._covariances[np.ix_(*folded)])

    @cached_property
    def _covariances(self) -> Float64Array:
        """Covariances at all lags, up to half of the grid."""
        return transformed(self.transform, np.square(self.roots, dtype=np.float64))

    def astype(self, dtype: npt.DTypeLike) -> Self:
        return type(self)(
            self.transform, self.roots.astype(dtype, copy=False), self.tables.astype(dtype, copy=False)
        )  # fmt: skip

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        """`points` is what is kept of every axis, and its length; `tables` holds cosines and sines."""
        points = np.array([self.transform.kept, self.transform.lengths], np.int64)
        return {"points": points, "roots": self.roots, "tables": self.tables}

    @classmethod
    def from_arrays(cls, arrays: Arrays) -> Self:
        if arrays.keys() != {"points", "roots", "tables"}:
            raise ArgumentError(
                f"there must be the arrays 'points', 'roots' and 'tables', and there are {sorted(arrays)}"
            )
        points, roots, tables = (arrays[name] for name in ("points", "roots", "tables"))
        if points.dtype != np.int64 or points.ndim != 2 or len(points) != 2 or not 1 <= points.shape[1] <= 3:
            raise ArgumentError(f"'points' has the shape {points.shape} and the dtype {points.dtype}")
        kept, lengths = (tuple(row) for row in points.tolist())
        if not all(1 <= few <= length for few, length in zip(kept, lengths, strict=True)):
            raise ArgumentError(f"of {lengths} points, {kept} cannot be kept")
        transform = HartleyTransform(kept, lengths)
        # Before anything is made of the lengths, which may be of any size.
        if roots.dtype.kind != "f" or roots.shape != transform.half:
            raise ArgumentError(f"'roots' has the shape {roots.shape} and the dtype {roots.dtype} for {lengths} points")
        if tables.shape != (2, sum(transform.table_lengths)) or tables.dtype != roots.dtype:
            raise ArgumentError(f"'tables' has the shape {tables.shape} and the dtype {tables.dtype}")
        return cls(transform, roots, tables)


def sum_of_all(half: Float64Array, lengths: Sequence[int]) -> float:
    """The sum of numbers on a grid that are their own mirror images."""
    for length in reversed(lengths):
        # The first stands for itself, and the last as well where the length is even.
        weights = np.full(length // 2 + 1, 2.0)
        weights[0] = 1.0
        if length % 2 == 0:
            weights[-1] = 1.0
        half = (half * weights).sum(axis=-1)
    return float(half)
