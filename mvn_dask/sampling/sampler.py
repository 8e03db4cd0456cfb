"""The contract of samplers: a distribution in one precision, as arrays that travel to workers.

Input: parameter arrays and a JSON-able record. Output: rows of a plan, and the laws that they follow. Cost: that of
each distribution, told in its file.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
import numpy.typing as npt

from mvn_dask._typing import Arrays, Float64Array, FloatArray
from mvn_dask.errors import ArgumentError
from mvn_dask.sampling.plan import Plan

SAMPLERS: dict[str, type["Sampler"]] = {}
"""The classes of samplers by their kinds: what a record names, and nothing else, is rebuilt from arrays."""


@dataclass(frozen=True)
class ReferenceLaws:
    """What standardised rows follow, for reports and tests."""

    marginal_cdf: Callable[[Float64Array], Float64Array]
    """Probability that a variable, less its mean and in standard deviations, is at most x."""
    radial_cdf: Callable[[Float64Array], Float64Array] | None
    """Probability that a whitened row is at most r long; None where nothing is known of it."""
    kurtosis_excess: float
    """κ of an elliptical distribution: a third of the excess kurtosis of its variables, 0 for a normal one."""


class Sampler(ABC):
    """Draws rows of a distribution; a subclass with a class attribute `kind` is entered into `SAMPLERS`."""

    kind: ClassVar[str]
    """Name of the distribution, as it stands in records."""

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        if "kind" not in cls.__dict__:
            return
        other = SAMPLERS.setdefault(cls.kind, cls)
        # The same class may be defined again, where its module is reloaded.
        if (other.__module__, other.__qualname__) != (cls.__module__, cls.__qualname__):
            raise ArgumentError(f"the kind {cls.kind!r} of {cls.__qualname__} is taken by {other.__qualname__}")
        SAMPLERS[cls.kind] = cls

    @property
    @abstractmethod
    def ndim(self) -> int:
        """Dimension d of a row."""

    @property
    @abstractmethod
    def noise_ndim(self) -> int:
        """Number k of independent normals behind a row."""

    @property
    @abstractmethod
    def rank(self) -> int:
        """Dimension of the space that the rows fill."""

    @property
    def nbytes(self) -> int:
        """Memory of the parameters, in bytes."""
        return sum(array.nbytes for array in self.parameters().values())

    @abstractmethod
    def record(self) -> dict[str, Any]:
        """What makes the sampler of its parameters, JSON-able; it holds ``"kind"``, and no array."""

    @abstractmethod
    def parameters(self) -> dict[str, npt.NDArray[Any]]:
        """The arrays of the sampler by their names, in dotted lower-case words, ``"mean"`` among them."""

    @classmethod
    @abstractmethod
    def from_parameters(cls, record: Mapping[str, Any], parameters: Arrays) -> Self:
        """The sampler that gave a record and parameters.

        Raises
        ------
        ArgumentError
            If none did. Both may come from a damaged store.
        """

    @abstractmethod
    def draw(self, plan: Plan, start: int, stop: int) -> FloatArray:
        """Rows of a sample from `start` on up to `stop`, counted in C order of its size: shape (stop - start, d)."""

    @abstractmethod
    def mean(self) -> Float64Array:
        """Mean of a row, shape (d,)."""

    @abstractmethod
    def variances(self) -> Float64Array:
        """Variances of the variables, shape (d,)."""

    @abstractmethod
    def covariance_of(self, rows: Sequence[int], columns: Sequence[int]) -> Float64Array:
        """Covariances of some variables with others, shape (len(rows), len(columns))."""

    @abstractmethod
    def whiten(self, x: FloatArray) -> FloatArray:
        """Rows less their mean, shape (n, d), to uncorrelated numbers of variance 1, shape (n, k).

        Raises
        ------
        UnsupportedOperationError
            If that would be expensive.
        """

    @abstractmethod
    def laws(self) -> ReferenceLaws:
        """What standardised rows follow."""


def sampler_from(record: Mapping[str, Any], parameters: Arrays) -> Sampler:
    """The sampler of a record and its parameters.

    Raises
    ------
    ArgumentError
        If no class of that kind has been defined in this process, or the parameters do not make one.
    """
    kind = record.get("kind")
    if not isinstance(kind, str) or kind not in SAMPLERS:
        known = ", ".join(sorted(SAMPLERS))
        raise ArgumentError(
            f"no distribution of kind {kind!r} is defined (there are {known}): import the module that has it"
        )
    return SAMPLERS[kind].from_parameters(record, parameters)


def check_floating(name: str, array: npt.NDArray[Any], shape: tuple[int, ...]) -> FloatArray:
    """An array of floating-point numbers of that shape.

    Raises
    ------
    ArgumentError
        If it is another.
    """
    if array.dtype.kind != "f" or array.shape != shape:
        raise ArgumentError(f"{name!r} has the shape {array.shape} and the dtype {array.dtype}, not {shape} and floats")
    return np.asarray(array)
