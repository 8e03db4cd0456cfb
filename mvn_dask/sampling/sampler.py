"""The contract of samplers: a distribution in one precision, as arrays that travel to workers.

Input: parameter arrays and a JSON-able record. Output: rows of a plan, and the laws that they follow. Cost: that of
each distribution, given in its file.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
import numpy.typing as npt

from mvn_dask._typing import Arrays, Float64Array, FloatArray
from mvn_dask.covariance import Factor
from mvn_dask.covariance.diagnostics import Diagnostics, diagnose
from mvn_dask.errors import UnsupportedOperationError
from mvn_dask.kinds import Registered
from mvn_dask.sampling.plan import Plan

Indices = npt.NDArray[np.int64]
"""Numbers of variables."""


@dataclass(frozen=True)
class ReferenceLaws:
    """What standardised rows, or their normal scores, follow, for reports and tests."""

    marginal_cdf: Callable[[Float64Array], Float64Array]
    """Probability that a variable, less its mean and in standard deviations, is at most x."""
    radial_cdf: Callable[[Float64Array], Float64Array] | None
    """Probability that a whitened row is at most r long; None where nothing is known of it."""
    kurtosis_excess: float
    """κ of an elliptical distribution: a third of the excess kurtosis of its variables, 0 for a normal one."""
    of_scores: bool = False
    """Whether these are laws of `Sampler.scores`, of which all moments exist whatever the tails of the variables; the
    moments of the sampler are those of the scores then."""
    pairs_known: bool = True
    """Whether covariances of pairs of scores are `Sampler.covariance_of`; else these are proportional to those of the
    numbers, which are elliptical, and pairs are compared by their signs."""
    pair_radius: Callable[[Float64Array], Float64Array] | None = None
    """Length of a pair of standardised variables, whitened, that is not exceeded with a probability: of scores where
    these are jointly normal, else of the numbers. None where nothing is known of it."""


@dataclass(frozen=True)
class ScoreLimits:
    """How exactly stored numbers determine their normal scores. Arrays have the shape (columns,)."""

    rounding: Float64Array
    """By how much rounding may move a score within ±3; infinite where stored numbers do not resolve ±4."""
    low: Float64Array
    """Least score that stored numbers resolve to 0.02."""
    high: Float64Array
    """Largest score that they do."""


class Sampler(Registered, ABC, family="distribution"):
    """Draws rows of a distribution; a subclass with a class attribute `kind` can be rebuilt from a record."""

    is_made_of_normals: ClassVar[bool] = False
    """Whether nothing is random in a row but the normals of `kernel.draw_rows`, so that points may take their place."""

    factor: Factor
    """Factor of the covariance of a row. A subclass whose rows have another overrides what is derived from it here."""

    @property
    def ndim(self) -> int:
        """Dimension d of a row."""
        return self.factor.ndim

    @property
    def noise_ndim(self) -> int:
        """Number k of independent normals behind a row."""
        return self.factor.noise_ndim

    @property
    def rank(self) -> int:
        """Dimension of the space that the rows fill."""
        return self.factor.rank

    @property
    def dtype(self) -> np.dtype[np.floating[Any]]:
        """Precision of the rows: that of the mean."""
        return self.parameters()["mean"].dtype

    @property
    def nbytes(self) -> int:
        """Memory of the parameters, in bytes."""
        return sum(array.nbytes for array in self.parameters().values())

    @property
    def drawing_bytes(self) -> int:
        """Memory of a process that draws, beside its rows: the parameters, and the factor as compiled code keeps it."""
        return self.nbytes + self.factor.packed_nbytes

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

    def variances(self) -> Float64Array:
        """Variances of the variables as they are drawn, shape (d,)."""
        return self.factor.variances()

    def requested_variances(self) -> Float64Array:
        """Variances that were asked for, shape (d,); a factor of an invalid covariance has others."""
        return self.variances()

    def diagnostics(self) -> Diagnostics:
        """How well what is drawn agrees with what was asked for."""
        return diagnose(self.factor, self.variances(), self.requested_variances())

    def covariance_of(self, rows: Sequence[int], columns: Sequence[int]) -> Float64Array:
        """Covariances of some variables with others, shape (len(rows), len(columns))."""
        return self.factor.covariance_of(rows, columns)

    def whiten(self, x: FloatArray) -> FloatArray:
        """Rows less their mean, shape (n, d), to uncorrelated numbers of variance 1, shape (n, k).

        Raises
        ------
        UnsupportedOperationError
            If that would be expensive.
        """
        return self.factor.whiten(x)

    def squared_distances(self, x: FloatArray) -> Float64Array:
        """Squares of the lengths that `ReferenceLaws.radial_cdf` is about, of rows of shape (n, d): shape (n,).

        Raises
        ------
        UnsupportedOperationError
            If that would be expensive.
        """
        white = self.whiten(np.subtract(x, self.mean(), dtype=np.float64))
        return np.asarray(np.einsum("ij,ij->i", white, white))

    def scores(self, x: FloatArray, columns: Indices) -> Float64Array:  # noqa: ARG002 those with scores use it
        """Normal scores of some variables, shape (n, columns): increasing functions of each, standard normal.

        Of a constant, the number less what it should be. Only of samplers whose laws are those of scores.
        """
        raise UnsupportedOperationError(f"rows of kind {self.kind!r} are compared as they are, and have no scores")

    def score_limits(self, columns: Indices, eps: float) -> ScoreLimits:  # noqa: ARG002 those with scores use it
        """How exactly numbers with a relative rounding error `eps` determine their scores."""
        raise UnsupportedOperationError(f"rows of kind {self.kind!r} are compared as they are, and have no scores")

    @abstractmethod
    def laws(self) -> ReferenceLaws:
        """What standardised rows, or their scores, follow."""
