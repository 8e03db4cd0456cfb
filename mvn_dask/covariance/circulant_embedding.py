"""Circulant embedding: a stationary covariance on a grid as a corner of a larger one that is periodic.

Input: covariances at the lags of a periodic grid. Output: the roots of its eigenvalues, which must not be negative; or
the nearest ones that are not, and how far off they are. Cost: a transform of k points, about that of a row; memory for
1.5 k numbers meanwhile.

References
----------
C. R. Dietrich and G. N. Newsam, Fast and exact simulation of stationary Gaussian processes through circulant embedding
of the covariance matrix, SIAM J. Sci. Comput. 18, 1997, https://doi.org/10.1137/S1064827592240555.
A. T. A. Wood and G. Chan, Simulation of stationary Gaussian processes in [0, 1]^d, J. Comput. Graph. Stat. 3, 1994,
https://doi.org/10.1080/10618600.1994.10474655.
"""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import cached_property
from math import ceil, prod
from typing import cast

import numpy as np

from mvn_dask._typing import Float64Array
from mvn_dask.covariance.base import Covariance, Factor
from mvn_dask.covariance.circulant_factor import CirculantFactor, sum_of_all, transformed
from mvn_dask.covariance.fourier_tables import fast_length, radices_of
from mvn_dask.covariance.hartley_transform import HartleyTransform
from mvn_dask.covariance.shown_structures import Indices
from mvn_dask.display.correlation_view import correlations_by_lag
from mvn_dask.display.markup import Html
from mvn_dask.display.one_line import OneLine
from mvn_dask.errors import ArgumentError
from mvn_dask.event import Event
from mvn_dask.hashing import digest, fingerprint
from mvn_dask.readable import plural

NEGATIVE = 1e-13
"""An eigenvalue is rounding, and taken as 0, if it is negative and less than this, relative to the largest."""
ROUNDINGS = 4.0
"""Roundings of an eigenvalue, each of the root of the sum of the squares of all covariances."""
LONGER = (1.25, 1.5, 2.0, 3.0, 4.0)
"""Multiples of the lengths that are tried where an embedding does not do."""
TRIED_POINTS = 2**26
"""Points of half of every axis of an embedding that is tried, at most: 512 MiB."""
LARGEST_FACTOR = 1000
"""Prime factor of a length, at most: every number of a row takes as many multiply-adds."""

Lags = Callable[[tuple[int, ...]], Float64Array]
"""From the lengths of a periodic grid to the covariances at its lags, up to half of each length."""


@dataclass(frozen=True, repr=False)
class EmbeddingReport(OneLine):
    """How good an embedding is: exact, but for rounding, unless negative eigenvalues were to be approximated.

    See Also
    --------
    mvn_dask.covariance.StationaryGrid : Has it as ``report``.
    mvn_dask.covariance.Toeplitz : Has it as ``report``.

    Examples
    --------
    >>> from mvn_dask.covariance import StationaryGrid, matern
    >>> found = StationaryGrid(matern(length=2.0, nu=0.5), shape=(10, 20)).report
    >>> found.embedding, found.smallest_eigenvalue > 0, found.largest_error
    ((18, 40), True, 0.0)
    """

    embedding: tuple[int, ...]
    """Points of the periodic grid along each axis."""
    smallest_eigenvalue: float
    """Smallest eigenvalue of its covariance, relative to the largest."""
    largest_error: float
    """Largest difference between a covariance that is drawn and the one asked for, relative to the variance."""


@dataclass(frozen=True, eq=False)
class Embedding:
    """A periodic covariance whose eigenvalues are not negative."""

    transform: HartleyTransform
    """What is kept of the periodic grid, and its lengths."""
    values: Float64Array
    """Covariances that were asked for at the lags of the grid, up to half of each length, read-only."""
    roots: Float64Array
    """sqrt(λ / k) of the eigenvalues λ that are drawn, at the same points."""
    report: EmbeddingReport
    """How good it is."""

    @classmethod
    def of(
        cls, values: Float64Array, kept: tuple[int, ...], lengths: tuple[int, ...], *, approximate: bool
    ) -> "Embedding | None":
        """The embedding with these covariances; None if an eigenvalue is negative and `approximate` is False.

        Negative eigenvalues are then taken as 0, and the others scaled so that the variance is kept.
        """
        transform = HartleyTransform(kept, lengths)
        eigenvalues = transformed(transform, values)
        smallest, largest = float(eigenvalues.min()), float(eigenvalues.max())
        exact = smallest >= -NEGATIVE * largest
        if not exact and not approximate:
            return None
        # What is less than the rounding of the values and of the transform is 0 as likely as not.
        rounding = ROUNDINGS * np.finfo(np.float64).eps * np.sqrt(sum_of_all(np.square(values), lengths))
        eigenvalues[eigenvalues <= rounding] = 0.0
        variance = float(values.flat[0])
        if not exact:
            eigenvalues *= variance / (sum_of_all(eigenvalues, lengths) / transform.points)
        eigenvalues /= transform.points
        error = 0.0
        if not exact:
            lags = tuple(slice(count) for count in kept)
            error = float(np.abs(transformed(transform, eigenvalues)[lags] - values[lags]).max()) / variance
        relative = smallest / largest if largest > 0.0 else 0.0
        report = EmbeddingReport(lengths, relative, error)
        roots = np.sqrt(eigenvalues, out=eigenvalues)
        for array in (values, roots):
            array.setflags(write=False)
        return cls(transform, values, roots, report)

    @property
    def is_exact(self) -> bool:
        """Whether no eigenvalue was changed by more than rounding."""
        return self.report.smallest_eigenvalue >= -NEGATIVE


class EmbeddedCovariance(Covariance):
    """A covariance that is drawn by circulant embedding; subclasses say what it is made of."""

    embedding: Embedding
    """The periodic covariance whose corner it is."""

    @property
    def report(self) -> EmbeddingReport:
        """How good the embedding is."""
        return self.embedding.report

    @property
    def ndim(self) -> int:
        return self.embedding.transform.ndim

    def factorize(self) -> Factor:
        return self._factor

    @cached_property
    def _factor(self) -> Factor:
        return CirculantFactor.of_roots(self.embedding.transform, self.embedding.roots)

    def variances(self) -> Float64Array:
        return np.full(self.ndim, self.embedding.values.flat[0])

    def _facts(self) -> dict[str, str]:
        report = self.report
        error = f", covariances err by up to {report.largest_error:.2g} of the variance"
        points = f"{' × '.join(map(str, report.embedding))} points"
        return {"embedded in": points if self.embedding.is_exact else points + error}

    def _picture(self, event: Event) -> Html:  # noqa: ARG002 a correlation belongs to a lag, and not to variables
        return correlations_by_lag(self.embedding.values, self.embedding.transform.kept)

    def to_dense(self) -> Float64Array:
        return self._entries(np.arange(self.ndim))

    def _entries(self, places: Indices) -> Float64Array:
        transform = self.embedding.transform
        along = np.unravel_index(places, transform.kept)
        lags = [np.abs(np.subtract.outer(place, place)) for place in along]
        folded = (np.minimum(lag, length - lag) for lag, length in zip(lags, transform.lengths, strict=True))
        return np.asarray(self.embedding.values[tuple(folded)])

    def digest(self) -> str:
        return self._digest

    @cached_property
    def _digest(self) -> str:
        transform = self.embedding.transform
        return fingerprint([self._numbers(), transform.kept, transform.lengths, self.embedding.is_exact])

    def _numbers(self) -> object:
        """What decides the covariances, JSON-able: here they themselves."""
        return digest(self.embedding.values)

    def record(self) -> dict[str, object]:
        """With the report, its numbers rounded, where the embedding is not exact."""
        record = {**super().record(), "embedding": list(self.report.embedding)}
        if not self.embedding.is_exact:
            rounded = {
                name: float(f"{value:.3g}") for name, value in asdict(self.report).items() if name != "embedding"
            }
            record["approximate"] = rounded
        return record


def padding_that_does(lags: Lags, lengths: tuple[int, ...], least: tuple[int, ...]) -> tuple[int, ...] | None:
    """Extra points beside the least lengths that an exact embedding takes; None if those that are tried do not do."""
    from scipy.fft import dctn

    for factor in LONGER:
        longer = tuple(fast_length(ceil(length * factor)) if length > 1 else 1 for length in lengths)
        if prod(length // 2 + 1 for length in longer) > TRIED_POINTS:
            return None
        # Half of numbers that are their own mirror images: their Fourier transform is a cosine transform of the half.
        axes = [axis for axis, length in enumerate(longer) if length > 1]
        eigenvalues = cast(Float64Array, dctn(lags(longer), type=1, axes=axes))
        if eigenvalues.min() >= -NEGATIVE * eigenvalues.max():
            return tuple(length - few if length > 1 else 0 for length, few in zip(longer, least, strict=True))
    return None


def refuse_large_factors(name: str, length: int) -> None:
    """Raise an `ArgumentError` if a transform of a length would be hopelessly slow."""
    largest = max(radices_of(length), default=1)
    if largest > LARGEST_FACTOR:
        raise ArgumentError(
            f"`{name}` has {plural(length, 'entry')}, and the largest prime factor of that number is {largest}: it "
            f"must be at most {LARGEST_FACTOR}, since each number of a row takes as many multiplications"
        )
