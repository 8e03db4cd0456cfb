"""A covariance of independent variables.

Input: a vector of variances, shape (d,). Output: a factor of the same shape; nothing of size d × d is ever built. Cost:
d flops, then 2 d a row.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar, Self

import numpy as np
import numpy.typing as npt

from mvn_dask import checks, labels
from mvn_dask._typing import ArrayLike, Arrays, Float64Array, FloatArray, Texts
from mvn_dask.array_likes import compute_together, real_array
from mvn_dask.covariance.base import Application, Covariance, Factor, single_array
from mvn_dask.covariance.log_product import log_product
from mvn_dask.covariance.shown_structures import Indices
from mvn_dask.covariance.validity import Validity
from mvn_dask.description import described_variables
from mvn_dask.display.markup import Html
from mvn_dask.errors import ArgumentError
from mvn_dask.event import Event
from mvn_dask.hashing import digest
from mvn_dask.signatures import short_signature


@dataclass(frozen=True, eq=False, repr=False)
class ScaleFactor(Factor):
    """A diagonal factor, kept as its diagonal."""

    kind: ClassVar[str] = "scale"

    scale: FloatArray
    """The diagonal of A, shape (d,): standard deviations, up to their signs."""

    @property
    def ndim(self) -> int:
        return int(self.scale.shape[0])

    @property
    def noise_ndim(self) -> int:
        return self.ndim

    @property
    def flops(self) -> int:
        return 2 * self.ndim

    @property
    def rank(self) -> int:
        return int(np.count_nonzero(self.scale))

    @property
    def application(self) -> Application:
        return "fused"

    @property
    def operand(self) -> FloatArray:
        return self.scale

    @property
    def log_det(self) -> float:
        return 2.0 * log_product(self.scale)

    def colorize(self, z: FloatArray, out: FloatArray | None = None) -> FloatArray:
        """``z * scale``: d flops a row."""
        return np.asarray(np.multiply(z, self.scale, out=out))

    def whiten(self, x: FloatArray) -> FloatArray:
        """``x / scale``, 0 where the scale is 0: d flops a row."""
        return np.asarray(np.divide(x, self.scale, out=np.zeros_like(x), where=self.scale != 0))

    def variances(self) -> Float64Array:
        return np.square(self.scale, dtype=np.float64)

    def covariance_of(self, rows: Sequence[int], columns: Sequence[int]) -> Float64Array:
        same = np.equal.outer(np.asarray(rows), np.asarray(columns))
        return np.where(same, self.variances()[np.asarray(rows)][:, None], 0.0)

    def rescaled(self, scale: Float64Array) -> Self:
        return type(self)(self.scale * scale)

    def astype(self, dtype: npt.DTypeLike) -> Self:
        return type(self)(self.scale.astype(dtype, copy=False))

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        return {"scale": self.scale}

    @classmethod
    def from_arrays(cls, arrays: Arrays) -> Self:
        return cls(single_array(arrays, "scale", axes=1))


@short_signature
@dataclass(frozen=True, init=False, eq=False, repr=False)
class Diagonal(Covariance):
    """A covariance of independent variables.

    Parameters
    ----------
    variances : array_like, shape (d,)
        Variances, not standard deviations.
    check_valid : {"warn", "raise", "ignore"}
        What to do about a negative variance.
    names : sequence of str, optional
        Names of the d variables; by default the labels of `variances`, as `MultivariateNormal` takes them.

    Raises
    ------
    ArgumentError
        If `variances` is not a vector or not finite, and from `factorize` under ``check_valid="raise"``.
    ArgumentTypeError
        If it does not hold real numbers.

    See Also
    --------
    mvn_dask.covariance.Dense : A full matrix.
    mvn_dask.covariance.BlockDiagonal : Independent groups of variables.
    mvn_dask.MultivariateNormal : Takes it in place of a matrix.

    Examples
    --------
    >>> Diagonal([4.0, 9.0]).factorize().scale
    array([2., 3.])
    """

    kind: ClassVar[str] = "diagonal"

    diagonal: Float64Array
    """Variances, float64, shape (d,)."""
    check_valid: checks.CheckValid
    """What to do about a negative variance."""
    names: tuple[str, ...] | None
    """Names of the variables, if there are any."""

    def __init__(
        self, variances: ArrayLike, *, check_valid: checks.CheckValid = "warn", names: Texts | None = None
    ) -> None:
        (variances,) = compute_together(variances)
        # A zero has two signs, which are one number, and must not give two digests.
        array = np.asarray(real_array("cov", variances) + 0.0)
        if array.ndim != 1 or not array.size:
            raise ArgumentError(f"variances must be 1 dimensional and not empty: the shape of `cov` is {array.shape}")
        object.__setattr__(self, "check_valid", checks.check_valid(check_valid))
        checks.finite("cov", array)
        axes = (*labels.axes_of("cov", variances), *labels.given_names(names, len(array), "the `names` of `cov`"))
        object.__setattr__(self, "names", labels.agreed_names(axes))
        object.__setattr__(self, "axes", axes)
        object.__setattr__(self, "described", described_variables(variances))
        array.setflags(write=False)
        object.__setattr__(self, "diagonal", array)

    @property
    def ndim(self) -> int:
        return int(self.diagonal.shape[0])

    def factorize(self) -> Factor:
        return self._factor

    @cached_property
    def _factor(self) -> Factor:
        lowest = int(self.diagonal.argmin())
        if self.diagonal[lowest] < 0:
            validity = Validity(self.check_valid, 0.0)
            validity.add_invalid(f"The variance cov[{lowest}] is {self.diagonal[lowest]:.3g}.", "its absolute value")
            validity.warn()
        return ScaleFactor(np.sqrt(np.abs(self.diagonal)))

    def variances(self) -> Float64Array:
        return self.diagonal

    def _picture(self, event: Event) -> Html:  # noqa: ARG002 there is nothing to see
        return Html("")

    def _entries(self, places: Indices) -> Float64Array:
        return np.where(np.equal.outer(places, places), self.diagonal[places], 0.0)

    def to_dense(self) -> Float64Array:
        return np.diag(self.diagonal)

    def digest(self) -> str:
        return digest(self.diagonal)
