"""A covariance whose variables are multiplied by standard deviations, or by other units.

Input: a covariance C, and standard deviations s, shape (d,). Output: diag(s) C diag(s), with a factor whose rows are
those of C's factor times s. Cost: d flops a row beside those of C's factor, or none where that is kept as its matrix,
which is then multiplied once.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar, Self

import numpy as np
import numpy.typing as npt

from mvn_dask import checks, labels
from mvn_dask._typing import ArrayLike, Arrays, CovarianceLike, Float64Array, FloatArray, Texts
from mvn_dask.array_likes import compute_together, real_array
from mvn_dask.covariance.base import Covariance, Factor, single_array
from mvn_dask.covariance.conversion import as_covariance
from mvn_dask.covariance.correlations import check_deviations
from mvn_dask.covariance.diagnostics import MAX_NDIM
from mvn_dask.covariance.inner_factor import arrays_with_inner, inner_of_record
from mvn_dask.covariance.log_product import log_product
from mvn_dask.covariance.shown_structures import Indices
from mvn_dask.errors import ArgumentError
from mvn_dask.event import Event, axes_of_array, event_of
from mvn_dask.hashing import digest, fingerprint
from mvn_dask.readable import plural
from mvn_dask.signatures import short_signature


@dataclass(frozen=True, eq=False, repr=False)
class ScaledFactor(Factor):
    """``s[:, None] * A`` for a factor A that is not kept as its matrix."""

    kind: ClassVar[str] = "scaled"

    inner: Factor
    """A, shape (d, k)."""
    scale: FloatArray
    """s, shape (d,), not negative."""

    @property
    def ndim(self) -> int:
        return self.inner.ndim

    @property
    def noise_ndim(self) -> int:
        return self.inner.noise_ndim

    @property
    def packed_nbytes(self) -> int:
        return self.inner.packed_nbytes

    @property
    def flops(self) -> int:
        return self.inner.flops + self.ndim

    @cached_property
    def rank(self) -> int:
        """Exact, unless some scale is 0, A is singular, and more than 1,000 variables vary: then the most it may be."""
        varying = np.flatnonzero(self.variances())
        if self.scale.all() or self.inner.rank == self.ndim:
            return min(self.inner.rank, len(varying))
        if not 0 < len(varying) <= MAX_NDIM:
            return min(self.inner.rank, len(varying))
        part = self.covariance_of(varying.tolist(), varying.tolist())
        deviations = np.sqrt(np.diagonal(part))
        eigenvalues = np.linalg.eigvalsh(part / deviations[:, None] / deviations)
        return int(np.count_nonzero(eigenvalues > len(varying) * np.finfo(self.scale.dtype).eps * eigenvalues[-1]))

    @property
    def log_det(self) -> float:
        return self.inner.log_det + 2.0 * log_product(self.scale)

    def colorize(self, z: FloatArray, out: FloatArray | None = None) -> FloatArray:
        """The rows of A times s: d flops more a row."""
        if out is None:
            out = np.empty((z.shape[0], self.ndim), np.result_type(z, self.scale))
        return np.asarray(np.multiply(self.inner.colorize(z, out=out), self.scale, out=out))

    def whiten(self, x: FloatArray) -> FloatArray:
        """Those of A for ``x / s``: d flops more a row. Raises UnsupportedOperationError where some s is 0."""
        if not self.scale.all():
            raise self._unsupported("cannot be inverted cheaply where it has a scale of 0")
        return self.inner.whiten(x / self.scale)

    def variances(self) -> Float64Array:
        return self.inner.variances() * np.square(self.scale, dtype=np.float64)

    def covariance_of(self, rows: Sequence[int], columns: Sequence[int]) -> Float64Array:
        scale = self.scale.astype(np.float64, copy=False)
        return self.inner.covariance_of(rows, columns) * np.outer(scale[np.asarray(rows)], scale[np.asarray(columns)])

    def astype(self, dtype: npt.DTypeLike) -> Self:
        return type(self)(self.inner.astype(dtype), self.scale.astype(dtype, copy=False))

    def rescaled(self, scale: Float64Array) -> Self:
        return type(self)(self.inner, self.scale * scale)

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        return arrays_with_inner({"scale": self.scale}, "inner", self.inner)

    def record(self) -> dict[str, Any]:
        return {**super().record(), "inner": self.inner.record()}

    @classmethod
    def from_record(cls, record: Mapping[str, Any], arrays: Arrays) -> Self:
        inner, own = inner_of_record(cls.kind, record, arrays, "inner")
        scale = single_array(own, "scale", axes=1)
        precisions = {array.dtype for array in inner.arrays().values() if array.dtype.kind == "f"}
        if len(scale) != inner.ndim or precisions != {scale.dtype}:
            raise ArgumentError(
                f"a scale {scale.shape} of {scale.dtype} for a factor of {plural(inner.ndim, 'variable')}, of "
                f"{sorted(map(str, precisions))}"
            )
        return cls(inner, scale)

    @classmethod
    def from_arrays(cls, arrays: Arrays) -> Self:
        raise ArgumentError(f"the arrays {sorted(arrays)} alone do not say what factor a {cls.kind!r} one has inside")


@short_signature
@dataclass(frozen=True, init=False, eq=False, repr=False)
class Scaled(Covariance):
    """``diag(s) C diag(s)``: a covariance C whose variables are multiplied by s.

    With correlations for C, s are the standard deviations. C may be of any structure: none is made dense.

    Parameters
    ----------
    covariance : Covariance, or array_like of shape (d, d), (d,) or ()
        C, as `MultivariateNormal` takes it: a matrix, a vector of variances, or one variance for all.
    std : array_like, shape (d,), or of a draw of C, or ()
        Standard deviations s where C holds correlations, else factors, such as those between two units. One number
        is that of all variables. 0 makes a variable constant.
    names : sequence of str, optional
        Names of the d variables; by default the labels of both arguments, which must agree.

    Raises
    ------
    ArgumentError
        If `std` is negative, not finite or of another length; from `factorize`, if a variance becomes too large or too
        small for float64, and whatever C raises.
    ArgumentTypeError
        If `std` does not hold real numbers.

    See Also
    --------
    mvn_dask.covariance.from_correlation : A matrix of correlations, and standard deviations.
    mvn_dask.MultivariateNormal : Takes it in place of a matrix.

    Notes
    -----
    The factor is ``s[:, None] * A`` for a factor A of C: one that is kept as its matrix is multiplied once, and any
    other's rows are, each time.

    Examples
    --------
    >>> cov = Scaled([[1.0, 0.5], [0.5, 1.0]], std=[2.0, 3.0])
    >>> cov
    Scaled(Dense(ndim=2, method='auto'))
    >>> cov.to_dense()
    array([[4., 3.],
           [3., 9.]])
    """

    kind: ClassVar[str] = "scaled"

    covariance: Covariance
    """C, of dimension d."""
    scale: Float64Array
    """s, float64, shape (d,)."""
    names: tuple[str, ...] | None
    """Names of the variables, if there are any."""

    def __init__(self, covariance: CovarianceLike | Covariance, std: ArrayLike, *, names: Texts | None = None) -> None:
        covariance, std = compute_together(covariance, std)
        # A zero has two signs, which are one number, and must not give two digests.
        scale = np.asarray(real_array("std", std) + 0.0)
        inner = as_covariance(covariance, scale.size)
        has_axes = scale.ndim > 1 and scale.shape == inner.event_shape
        event = inner.event
        if has_axes:
            event = event_of(event.shape, event, known=axes_of_array(std))
            scale = scale.reshape(-1)
        checks.finite("std", scale)
        check_deviations("std", scale, "cov", inner.ndim)
        scale = np.array(np.broadcast_to(scale, (inner.ndim,)))
        axes = (
            *inner.label_axes(),
            *(() if has_axes else labels.axes_of("std", std)),
            *labels.given_names(names, inner.ndim, "the `names` of `cov`"),
        )
        object.__setattr__(self, "names", labels.agreed_names(axes))
        object.__setattr__(self, "axes", axes)
        scale.setflags(write=False)
        object.__setattr__(self, "scale", scale)
        object.__setattr__(self, "covariance", inner)
        object.__setattr__(self, "_inner_event", event)

    def __getattr__(self, name: str) -> Any:
        # How C is factorised and checked, where it says so, is how this is: `as_covariance` compares them with its own.
        if name in {"method", "check_valid", "tol"}:
            return getattr(self.covariance, name)
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

    def _arguments(self) -> list[str]:
        return [self.covariance._text()]

    def _inner(self) -> Sequence[tuple[str, Covariance]]:
        return [("scaled", self.covariance)]

    @property
    def event(self) -> Event:
        """The axes of a draw of C, with the labels of both arguments, or a vector of variables with names."""
        inner: Event = self._inner_event
        return super().event if len(inner.shape) == 1 or self.names is not None else inner

    @property
    def ndim(self) -> int:
        return self.covariance.ndim

    def factorize(self) -> Factor:
        return self._factor

    @cached_property
    def _factor(self) -> Factor:
        inner = self.covariance.factorize()
        with np.errstate(over="ignore", under="ignore"):
            variances = self.variances()
        lost = (self.scale > 0) & (self.covariance.variances() > 0) & (variances < np.finfo(np.float64).tiny)
        for bad, size in ((~np.isfinite(variances), "large"), (lost, "small")):
            if bad.any():
                label = checks.variable_label(int(bad.argmax()), self.names)
                raise ArgumentError(f"the variance of {label} is too {size} for float64: use other units")
        return inner.rescaled(self.scale) or ScaledFactor(inner, self.scale)

    def variances(self) -> Float64Array:
        return self.covariance.variances() * np.square(self.scale)

    def _entries(self, places: Indices) -> Float64Array | None:
        part = self.covariance._entries(places)
        return None if part is None else part * np.outer(self.scale[places], self.scale[places])

    def to_dense(self) -> Float64Array:
        return self.covariance.to_dense() * np.outer(self.scale, self.scale)

    def digest(self) -> str:
        return fingerprint({"covariance": self.covariance.record(), "scale": digest(self.scale)})

    def record(self) -> dict[str, object]:
        return {**super().record(), "covariance": self.covariance.record()}
