"""What every covariance and every factor owes.

A `Covariance` is what the user means; a `Factor` is what the workers need: a matrix A with
``A @ A.T == cov``, in whatever form it is cheapest to apply. Covariances stay on the client, only the
factor travels.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import ClassVar, Self

import numpy as np
import numpy.typing as npt

from mvn_dask._typing import FloatArray


class Factor(ABC):
    """A (d, k) matrix A with ``A @ A.T == cov``: it turns k independent normals into one sample."""

    @property
    @abstractmethod
    def ndim(self) -> int:
        """Dimension d of a sample."""

    @property
    @abstractmethod
    def noise_ndim(self) -> int:
        """Number k of independent normals behind a sample."""

    @property
    def nbytes(self) -> int:
        """Memory of the factor, in bytes."""
        return sum(array.nbytes for array in self.arrays().values())

    @property
    @abstractmethod
    def log_det(self) -> float:
        """Logarithm of the determinant of the covariance; minus infinity if it is singular."""

    @property
    @abstractmethod
    def entries(self) -> FloatArray:
        """A, shape (d, k), or its diagonal, shape (d,), where the rest of it is zero."""

    @abstractmethod
    def colorize(self, z: FloatArray, out: FloatArray | None = None) -> FloatArray:
        """Rows of independent normals, shape (n, k), to rows with the covariance, shape (n, d).

        The products behind each number are added in the order of the normals, each rounded by itself: its bits
        are those that compiled code gives, on every processor. `out` must not be `z`.
        """

    @abstractmethod
    def whiten(self, x: FloatArray) -> FloatArray:
        """The shortest z with ``colorize(z) == x``: shape (n, d) to (n, k)."""

    @abstractmethod
    def astype(self, dtype: npt.DTypeLike) -> Self:
        """The same factor in another precision."""

    @abstractmethod
    def arrays(self) -> dict[str, FloatArray]:
        """Everything the factor consists of, by the name it has in files."""

    @classmethod
    @abstractmethod
    def from_arrays(cls, arrays: Mapping[str, FloatArray]) -> Self:
        """The factor that consists of these arrays; the inverse of `arrays`."""


class Covariance(ABC):
    """A covariance, in the form in which it is known."""

    kind: ClassVar[str]
    """Name of the structure, as it stands in records."""

    @property
    @abstractmethod
    def ndim(self) -> int:
        """Dimension d."""

    @property
    def dtype(self) -> np.dtype[np.float64]:
        """Precision in which it is kept and factorised."""
        return np.dtype(np.float64)

    @abstractmethod
    def factorize(self) -> Factor:
        """Check the covariance and factorise it; the factor is kept, so that this is done once."""

    @abstractmethod
    def diagonal(self) -> FloatArray:
        """Variances, shape (d,)."""

    @abstractmethod
    def to_dense(self) -> FloatArray:
        """The whole matrix, shape (d, d)."""

    @abstractmethod
    def digest(self) -> str:
        """SHA-256 of the numbers that define it."""

    def record(self) -> dict[str, object]:
        """What decides the factor, JSON-able."""
        return {"kind": self.kind, "digest": self.digest()}
