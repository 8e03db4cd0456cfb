"""Types of arguments and arrays that the whole package shares.

Those of arguments are what type checkers hold users to; what is given at run time is examined by `mvn_dask.checks`.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Any, Literal, Protocol, SupportsIndex

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.floating[Any]]
"""An array of floating-point numbers of any precision."""
Float64Array = npt.NDArray[np.float64]
"""An array of float64."""
Arrays = Mapping[str, npt.NDArray[Any]]
"""Arrays of any dtype by their names."""
ArrayLoader = Callable[[], npt.NDArray[Any]]
"""Reads one array; it pickles, so that another process can read it."""


class SupportsArray(Protocol):
    """What numpy converts to an array: its own, and those of pandas, xarray, polars and others."""

    def __array__(self) -> Any:
        """The numbers as a numpy array."""


class DaskCollection(Protocol):
    """An array of dask, whose classes do not all have an ``__array__`` in the eyes of type checkers."""

    def __dask_graph__(self) -> Any:
        """The tasks that make it."""


class Texts(Protocol):
    """A sequence of texts that is not itself a text, whose ``in`` takes nothing but text."""

    def __contains__(self, value: object, /) -> bool:
        """Whether it holds a value."""

    def __getitem__(self, index: int, /) -> Any:
        """The text in a place."""

    def __iter__(self) -> Iterator[str]:
        """All of them, in their order."""

    def __len__(self) -> int:
        """Their number."""


_Number = SupportsArray | float | Fraction | Decimal

# Not npt.ArrayLike, which takes any text, and no fractions. Two levels and no recursion, since a text is a sequence of
# texts; in one alternative, since mypy looks at the numbers of a list one by one only then.
ArrayLike = _Number | Sequence[_Number | Sequence[_Number]] | DaskCollection
"""What a mean or a covariance may be given as."""


class ScipyCovariance(Protocol):
    """An object of ``scipy.stats.Covariance``."""

    @property
    def covariance(self) -> Any:
        """The matrix."""

    def colorize(self, x: Any, /) -> Any:
        """Rows of independent normals to rows with the covariance."""


class SparseMatrix(Protocol):
    """A sparse matrix or array of scipy."""

    def tocsr(self, copy: bool = False) -> Any:
        """The same in rows."""


class FittedEstimator(Protocol):
    """An estimator of scikit-learn that estimates a covariance."""

    @property
    def covariance_(self) -> Any:
        """The matrix."""


CovarianceLike = ArrayLike | ScipyCovariance | SparseMatrix | FittedEstimator
"""What a covariance may be given as, beside our own."""
Size = SupportsIndex | Sequence[SupportsIndex] | None
"""Shape of a sample without the axis of the variables."""
FloatDType = Literal["float64", "float32", "f8", "f4"] | type[float] | type[np.float32] | np.dtype[np.floating[Any]]
"""Type of the numbers of a sample; that of numpy's float64 is a float."""
_AxisChunks = int | str | Sequence[int] | None
Chunks = str | int | np.integer[Any] | Sequence[_AxisChunks] | Mapping[int, _AxisChunks]
"""Blocks of an array: "auto", a size, rows, or those of every axis as dask takes them."""
