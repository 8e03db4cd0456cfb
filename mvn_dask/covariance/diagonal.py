"""A covariance of independent variables: a vector of variances. Nothing of size d × d is ever built."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar, Self

import numpy as np
import numpy.typing as npt

from mvn_dask import checks
from mvn_dask._typing import FloatArray
from mvn_dask.covariance.base import Covariance, Factor
from mvn_dask.covariance.validity import object_to
from mvn_dask.errors import ArgumentError
from mvn_dask.hashing import digest


@dataclass(frozen=True, eq=False)
class ScaleFactor(Factor):
    """A diagonal factor, kept as its diagonal."""

    scale: FloatArray
    """The diagonal of A, shape (d,): standard deviations, up to their signs."""

    @property
    def ndim(self) -> int:
        return int(self.scale.shape[0])

    @property
    def noise_ndim(self) -> int:
        return self.ndim

    @property
    def entries(self) -> FloatArray:
        return self.scale

    @property
    def log_det(self) -> float:
        with np.errstate(divide="ignore"):
            return 2.0 * float(np.log(np.abs(self.scale)).sum())

    def colorize(self, z: FloatArray, out: FloatArray | None = None) -> FloatArray:
        """``z * scale``: d flops a row."""
        product: FloatArray = np.multiply(z, self.scale, out=out)
        return product

    def whiten(self, x: FloatArray) -> FloatArray:
        """``x / scale``, 0 where the scale is 0: d flops a row."""
        white: FloatArray = np.divide(x, self.scale, out=np.zeros_like(x), where=self.scale != 0)
        return white

    def astype(self, dtype: npt.DTypeLike) -> Self:
        return type(self)(self.scale.astype(dtype, copy=False))

    def arrays(self) -> dict[str, FloatArray]:
        return {"factor": self.scale}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, FloatArray]) -> Self:
        return cls(arrays["factor"])


@dataclass(frozen=True, init=False, eq=False, repr=False)
class Diagonal(Covariance):
    """A covariance of independent variables.

    Parameters
    ----------
    variances : array_like, shape (d,)
        Variances, not standard deviations.
    check_valid : {"warn", "raise", "ignore"}
        What to do about a negative variance.
    tol : float
        A negative variance within ``tol`` times the largest is let pass.

    Raises
    ------
    ArgumentError
        If `variances` is not a vector or not finite, and from `factorize` under ``check_valid="raise"``.
    ArgumentTypeError
        If it does not hold real numbers.

    Examples
    --------
    >>> Diagonal([4.0, 9.0]).factorize().scale
    array([2., 3.])
    """

    kind: ClassVar[str] = "diagonal"

    variances: FloatArray
    """Variances, float64, shape (d,)."""
    check_valid: checks.CheckValid
    """What to do about a negative variance."""
    tol: float
    """Tolerance of that check, relative to the largest variance."""

    def __init__(
        self,
        variances: object,
        *,
        check_valid: checks.CheckValid = "warn",
        tol: float = 1e-8,
    ) -> None:
        array = np.array(checks.real_array("cov", variances))
        if array.ndim != 1 or not array.size:
            msg = f"variances must be 1 dimensional and not empty: the shape of `cov` is {array.shape}"
            raise ArgumentError(msg)
        object.__setattr__(self, "check_valid", checks.check_valid(check_valid))
        object.__setattr__(self, "tol", checks.tolerance(tol))
        checks.finite("cov", array)
        array.setflags(write=False)
        object.__setattr__(self, "variances", array)

    def __repr__(self) -> str:
        return f"Diagonal(ndim={self.ndim})"

    @property
    def ndim(self) -> int:
        return int(self.variances.shape[0])

    def factorize(self) -> Factor:
        return self._factor

    @cached_property
    def _factor(self) -> Factor:
        where = int(self.variances.argmin())
        smallest, largest = float(self.variances[where]), float(self.variances.max())
        if smallest < -self.tol * max(largest, 0.0):
            object_to(f"The variance cov[{where}] is {smallest:.3g} (tol {self.tol:g}).", self.check_valid)
        return ScaleFactor(np.sqrt(np.abs(self.variances)))

    def diagonal(self) -> FloatArray:
        return self.variances

    def to_dense(self) -> FloatArray:
        return np.diag(self.variances)

    def digest(self) -> str:
        return digest(self.variances)
