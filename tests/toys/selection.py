"""A covariance whose variables are weighted sums of a few of k normals, with integer parameters."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar, Self

import numpy as np
import numpy.typing as npt

from mvn_dask._typing import Arrays, Float64Array, FloatArray
from mvn_dask.covariance import Covariance, Factor
from mvn_dask.errors import ArgumentError
from mvn_dask.hashing import fingerprint


@dataclass(frozen=True, eq=False)
class SelectionFactor(Factor):
    """Variable i is the sum over j of ``weights[i, j]`` times normal ``indices[i, j]``."""

    kind: ClassVar[str] = "selection"

    indices: npt.NDArray[np.int64]
    """Which normals make each variable, shape (d, m)."""
    weights: FloatArray
    """With which weights, shape (d, m)."""
    count: npt.NDArray[np.int64]
    """Number k of normals, shape ()."""

    @property
    def ndim(self) -> int:
        return int(self.indices.shape[0])

    @property
    def noise_ndim(self) -> int:
        return int(self.count)

    @property
    def flops(self) -> int:
        return 2 * self.indices.size

    @property
    def rank(self) -> int:
        return int(np.linalg.matrix_rank(self._dense()))

    def colorize(self, z: FloatArray, out: FloatArray | None = None) -> FloatArray:
        total = z[:, self.indices[:, 0]] * self.weights[:, 0]
        for normals, weights in zip(self.indices.T[1:], self.weights.T[1:], strict=True):
            total += z[:, normals] * weights
        if out is None:
            return total
        out[:] = total
        return out

    def variances(self) -> Float64Array:
        return np.asarray(np.square(self._dense()).sum(axis=1))

    def covariance_of(self, rows: Sequence[int], columns: Sequence[int]) -> Float64Array:
        dense = self._dense()
        return np.asarray(dense[list(rows)] @ dense[list(columns)].T)

    def astype(self, dtype: npt.DTypeLike) -> Self:
        return type(self)(self.indices, self.weights.astype(dtype, copy=False), self.count)

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        return {"indices": self.indices, "weights": self.weights, "count": self.count}

    @classmethod
    def from_arrays(cls, arrays: Arrays) -> Self:
        if arrays.keys() != {"indices", "weights", "count"}:
            raise ArgumentError(f"a selection has other arrays than {sorted(arrays)}")
        indices, weights, count = arrays["indices"], arrays["weights"], arrays["count"]
        if indices.dtype != np.int64 or count.dtype != np.int64 or weights.dtype.kind != "f":
            raise ArgumentError("a selection has integer indices and floating-point weights")
        if indices.ndim != 2 or not indices.size or indices.shape != weights.shape or count.shape:
            raise ArgumentError(f"a selection has indices {indices.shape} and weights {weights.shape}")
        if indices.min() < 0 or indices.max() >= count:
            raise ArgumentError(f"the indices of a selection must be within 0 and {int(count) - 1}")
        return cls(indices, weights, count)

    def _dense(self) -> Float64Array:
        dense = np.zeros((self.ndim, self.noise_ndim))
        np.add.at(dense, (np.arange(self.ndim)[:, None], self.indices), self.weights.astype(np.float64))
        return dense


@dataclass(frozen=True, eq=False)
class Selection(Covariance):
    """The covariance of a `SelectionFactor`."""

    kind: ClassVar[str] = "selection"

    indices: npt.NDArray[np.int64]
    """Which normals make each variable, shape (d, m)."""
    weights: Float64Array
    """With which weights, shape (d, m)."""
    count: int
    """Number k of normals."""

    def __repr__(self) -> str:
        return f"Selection(ndim={self.ndim}, count={self.count})"

    @property
    def ndim(self) -> int:
        return int(self.indices.shape[0])

    def factorize(self) -> SelectionFactor:
        return self._factor

    @cached_property
    def _factor(self) -> SelectionFactor:
        return SelectionFactor(self.indices, self.weights, np.array(self.count))

    def variances(self) -> Float64Array:
        return self._factor.variances()

    def to_dense(self) -> Float64Array:
        everything = range(self.ndim)
        return self._factor.covariance_of(everything, everything)

    def digest(self) -> str:
        return fingerprint([self.indices.tolist(), self.weights.tolist(), self.count])


def selection(d: int, k: int, m: int = 3) -> Selection:
    """One of d variables and k normals, m to a variable."""
    rng = np.random.default_rng([d, k, m])
    return Selection(rng.integers(0, k, (d, m)), rng.uniform(0.5, 2.0, (d, m)), k)
