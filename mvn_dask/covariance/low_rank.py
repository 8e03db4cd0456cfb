"""A covariance of a few common factors, and a variance of its own for each variable.

Input: loadings F, shape (d, k), and variances, shape (d,). Output: a factor ``[F, diag(sqrt(variances))]`` of d
variables and k + d normals, kept as its two parts. Cost: 2 d (k + 1) flops a row, and reading F once a stripe; O(d k²)
for a rank, a determinant or an inverse. Nothing of size d × d is ever built.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar, Self

import numpy as np
import numpy.typing as npt

from mvn_dask import labels
from mvn_dask._typing import ArrayLike, Arrays, Float64Array, FloatArray, Texts
from mvn_dask.array_likes import compute_together, real_array
from mvn_dask.checks import variable_label
from mvn_dask.covariance.base import Covariance, Factor, single_array
from mvn_dask.covariance.factored import check_representable
from mvn_dask.covariance.frozen_array import frozen_array
from mvn_dask.covariance.low_rank_inverse import LowRankInverse
from mvn_dask.covariance.low_rank_product import add_low_rank
from mvn_dask.covariance.matrix_factors import squares_of_rows
from mvn_dask.covariance.row_product import is_packed
from mvn_dask.covariance.shown_structures import Indices
from mvn_dask.errors import ArgumentError
from mvn_dask.hashing import digest, fingerprint
from mvn_dask.readable import plural, readable_bytes
from mvn_dask.signatures import short_signature


@dataclass(frozen=True, eq=False, repr=False)
class LowRankFactor(Factor):
    """``[F, diag(s)]``: k normals that all variables share come first, then one for each variable."""

    kind: ClassVar[str] = "low_rank"

    loadings: FloatArray
    """F, shape (d, k)."""
    scale: FloatArray
    """s, shape (d,): standard deviations of what is a variable's own, up to their signs."""

    @property
    def ndim(self) -> int:
        return int(self.loadings.shape[0])

    @property
    def noise_ndim(self) -> int:
        return int(self.loadings.shape[1]) + self.ndim

    @property
    def packed_nbytes(self) -> int:
        """Loadings once more, unless they are very tall."""
        return self.loadings.nbytes if is_packed(self.loadings) else 0

    @property
    def flops(self) -> int:
        return 2 * self.ndim * (int(self.loadings.shape[1]) + 1)

    @property
    def rank(self) -> int:
        return self._inverse.rank

    @property
    def log_det(self) -> float:
        return self._inverse.log_det

    def colorize(self, z: FloatArray, out: FloatArray | None = None) -> FloatArray:
        """``z[:, :k] @ F.T + z[:, k:] * s``: 2 d (k + 1) flops a row."""
        if out is None:
            out = np.empty((z.shape[0], self.ndim), np.result_type(z, self.loadings))
        return add_low_rank(z, self.loadings, self.scale, out)

    def whiten(self, x: FloatArray) -> FloatArray:
        """Woodbury's identity: 6 d k flops a row, after O(d k²) for the first."""
        return self._inverse.solve(x)

    @cached_property
    def _inverse(self) -> LowRankInverse:
        return LowRankInverse(self.loadings, self.scale)

    def variances(self) -> Float64Array:
        return squares_of_rows(self.loadings) + np.square(self.scale, dtype=np.float64)

    def covariance_of(self, rows: Sequence[int], columns: Sequence[int]) -> Float64Array:
        left, right = (self.loadings[list(places)].astype(np.float64) for places in (rows, columns))
        same = np.equal.outer(np.asarray(rows), np.asarray(columns))
        own = np.square(self.scale[list(rows)], dtype=np.float64)
        return np.asarray(left @ right.T + np.where(same, own[:, None], 0.0))

    def astype(self, dtype: npt.DTypeLike) -> Self:
        return type(self)(self.loadings.astype(dtype, copy=False), self.scale.astype(dtype, copy=False))

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        return {"loadings": self.loadings, "scale": self.scale}

    @classmethod
    def from_arrays(cls, arrays: Arrays) -> Self:
        others = {name: array for name, array in arrays.items() if name != "scale"}
        loadings = single_array(others, "loadings", axes=2)
        scale = single_array({name: arrays[name] for name in arrays if name == "scale"}, "scale", axes=1)
        if scale.shape != loadings.shape[:1] or scale.dtype != loadings.dtype:
            raise ArgumentError(
                f"a scale {scale.shape} of {scale.dtype} for loadings {loadings.shape} of {loadings.dtype}"
            )
        return cls(loadings, scale)


@short_signature
@dataclass(frozen=True, init=False, eq=False, repr=False)
class LowRank(Covariance):
    """A covariance ``F @ F.T + diag(D)``: a factor model.

    Parameters
    ----------
    loadings : array_like, shape (d, k)
        F, the weights of k common factors in d variables. It is copied, unless it is a numpy array of float64 in C
        order to which nobody can write.
    variances : array_like of shape (d,) or ()
        D, the variance that each variable has of its own, or one for all; zeros are allowed.
    names : sequence of str, optional
        Names of the d variables; by default the labels of `variances`, and of the rows of `loadings`.

    Raises
    ------
    ArgumentError
        If shapes do not fit, if a number is not finite, if one of `variances` is negative, or if a variance is too
        large or too small for float64.
    ArgumentTypeError
        If they do not hold real numbers.

    See Also
    --------
    mvn_dask.covariance.Factored : A factor alone.
    mvn_dask.MultivariateNormal : Takes it in place of a matrix.

    Notes
    -----
    Rows are ``mean + F @ z[:k] + sqrt(D) * z[k:]`` with k + d independent standard normals z: those of the common
    factors come first, then those of the variables. Inverse and determinant come by Woodbury's identity.

    References
    ----------
    T. W. Anderson, An Introduction to Multivariate Statistical Analysis, 3rd ed., 2003, chapter 14. N. J. Higham,
    Accuracy and Stability of Numerical Algorithms, 2nd ed., 2002, doi:10.1137/1.9780898718027.

    Examples
    --------
    >>> cov = LowRank([[1.0], [2.0], [0.0]], [0.5, 0.0, 1.0])
    >>> cov
    LowRank(ndim=3, factors=1)
    >>> cov.to_dense()
    array([[1.5, 2. , 0. ],
           [2. , 4. , 0. ],
           [0. , 0. , 1. ]])
    >>> round(float(np.exp(cov.factorize().log_det)), 12)
    2.0
    """

    kind: ClassVar[str] = "low_rank"

    loadings: Float64Array
    """F, float64, shape (d, k)."""
    own_variances: Float64Array
    """D, float64, shape (d,): variances less those of the common factors."""
    names: tuple[str, ...] | None
    """Names of the variables, if there are any."""

    def __init__(self, loadings: ArrayLike, variances: ArrayLike, *, names: Texts | None = None) -> None:
        loadings, variances = compute_together(loadings, variances)
        matrix = frozen_array("loadings", loadings, axes=2)
        own = real_array("variances", variances)
        if own.ndim == 0:
            own = np.full(len(matrix), own)
        own = frozen_array("variances", own, axes=1)
        if len(own) != len(matrix):
            raise ArgumentError(
                f"`loadings` and `variances` must have same length: {len(matrix)} and {plural(len(own), 'variable')}"
            )
        axes = (
            *labels.row_axes_of("loadings", loadings),
            *labels.axes_of("variances", variances),
            *labels.given_names(names, len(own)),
        )
        object.__setattr__(self, "names", labels.agreed_names(axes))
        object.__setattr__(self, "axes", axes)
        lowest = int(own.argmin())
        if own[lowest] < 0:
            label = variable_label(lowest, self.names)
            raise ArgumentError(f"`variances` must not be negative: that of {label} is {own[lowest]:.3g}")
        object.__setattr__(self, "loadings", matrix)
        object.__setattr__(self, "own_variances", own)
        check_representable("loadings", matrix, self.variances(), self.names)

    def _arguments(self) -> list[str]:
        return [f"ndim={self.ndim}", f"factors={self.loadings.shape[1]}"]

    def _facts(self) -> dict[str, str]:
        memory = readable_bytes(self.loadings.nbytes + self.own_variances.nbytes)
        return {"common factors": f"{self.loadings.shape[1]:,}", "memory": memory}

    @property
    def ndim(self) -> int:
        return int(self.loadings.shape[0])

    def factorize(self) -> Factor:
        return self._factor

    @cached_property
    def _factor(self) -> Factor:
        return LowRankFactor(self.loadings, np.sqrt(self.own_variances))

    def variances(self) -> Float64Array:
        return self._variances

    @cached_property
    def _variances(self) -> Float64Array:
        with np.errstate(over="ignore", under="ignore"):
            variances = squares_of_rows(self.loadings) + self.own_variances
        variances.setflags(write=False)
        return variances

    def _entries(self, places: Indices) -> Float64Array:
        part = self.loadings[places]
        return part @ part.T + np.where(np.equal.outer(places, places), self.own_variances[places], 0.0)

    def to_dense(self) -> Float64Array:
        return np.asarray(self.loadings @ self.loadings.T + np.diag(self.own_variances))

    def digest(self) -> str:
        return self._digest

    @cached_property
    def _digest(self) -> str:
        return fingerprint([digest(self.loadings), digest(self.own_variances)])
