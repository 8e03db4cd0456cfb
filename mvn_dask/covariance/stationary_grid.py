"""The covariance of a stationary field on a regular grid, as a function of distance.

Input: a function of distance, the shape and the spacing of the grid. Output: a factor by circulant embedding: one real
transform a row. Cost: a transform of the embedding, which has about 2^n times as many points in n dimensions, then one
a row; memory for two numbers a point of the grid, and for 1.5 times the embedding while it is made. Nothing of size
d × d is ever built.
"""

import operator
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from math import inf, prod
from typing import Any, ClassVar, SupportsIndex, cast

import numpy as np

from mvn_dask import checks
from mvn_dask._typing import Float64Array
from mvn_dask.array_likes import real_array
from mvn_dask.covariance.circulant_embedding import LONGER, EmbeddedCovariance, Embedding, padding_that_does
from mvn_dask.covariance.correlation_functions import CovarianceFunction
from mvn_dask.covariance.fourier_tables import fast_length
from mvn_dask.covariance.hartley_transform import HartleyTransform
from mvn_dask.errors import ArgumentError, ArgumentTypeError
from mvn_dask.event import Event
from mvn_dask.memory_limit import refuse_beyond_memory
from mvn_dask.readable import readable_bytes, short_repr
from mvn_dask.signatures import short_signature

DISTANCES_AT_ONCE = 2**20
"""Distances for which a function is called, at most; those of one line at least."""
MAX_POINTS = 2**36
"""Points of an embedding, at most, of which a row takes 512 GiB."""
SPECTRA = 3
"""Arrays of the size of half of every axis of an embedding that making it takes, at least."""
ROUNDING = 1e-12
"""A covariance may be larger than the variance by this, relative to it."""


@short_signature
@dataclass(frozen=True, init=False, eq=False, repr=False)
class StationaryGrid(EmbeddedCovariance):
    """The covariance of a stationary field on a regular grid of one, two or three dimensions.

    Parameters
    ----------
    function : callable
        Takes an array of distances, one dimension, and gives the covariances at them, of the same shape: one of
        `exponential`, `gaussian`, `matern`, `spherical`, or one's own. It is called for some distances at a time.
    shape : int or sequence of int
        Points along each axis; variables are in C order.
    spacing : float or sequence of float
        Distance between neighbouring points, along all axes or each of them: different ones make the field anisotropic.
    padding : int or sequence of int, optional
        Extra points of the embedding along each axis, beside the 2 (n - 1) that it has at least; their sum is rounded
        up to an even number whose prime factors are 2, 3 and 5. None is 0.
    approximate : bool
        Whether to draw from the nearest embedding if that has negative eigenvalues: they are taken as 0, and the others
        scaled so that all variances are kept. `report` says how far off the covariances are.

    Raises
    ------
    ArgumentError
        If the function raises, gives numbers that are not finite, another shape or more than the variance; if the
        embedding has negative eigenvalues, with the `padding` that would do; for a wrong shape, spacing or padding.
    ArgumentTypeError
        If an argument is of the wrong kind, or the function gives anything but real numbers.

    See Also
    --------
    mvn_dask.covariance.matern : The usual function of distance.
    mvn_dask.covariance.Toeplitz : A stationary series.
    mvn_dask.covariance.Kronecker : A field times another effect.
    mvn_dask.MultivariateNormal : Takes it in place of a matrix.

    Notes
    -----
    Rows are drawn from as many independent normals as the embedding has points, in C order: at `normals[i]`, those of a
    function of distance that is periodic. Their Hartley transform, each times the root of its eigenvalue, has that
    covariance, exact but for rounding, and a corner of it is kept. The factor cannot be inverted cheaply, and has no
    cheap determinant.

    References
    ----------
    C. R. Dietrich and G. N. Newsam, Fast and exact simulation of stationary Gaussian processes through circulant
    embedding of the covariance matrix, SIAM J. Sci. Comput. 18, 1997, https://doi.org/10.1137/S1064827592240555.
    A. T. A. Wood and G. Chan, Simulation of stationary Gaussian processes in [0, 1]^d, J. Comput. Graph. Stat. 3, 1994,
    https://doi.org/10.1080/10618600.1994.10474655.

    Examples
    --------
    >>> import mvn_dask
    >>> from mvn_dask.covariance import exponential
    >>> cov = StationaryGrid(exponential(2.0), (30, 40), spacing=0.5)
    >>> cov
    StationaryGrid(exponential(length=2.0, variance=1.0), shape=(30, 40), spacing=(0.5, 0.5))
    >>> cov.report.embedding
    (60, 80)
    >>> fields = mvn_dask.MultivariateNormal(5.0, cov).sample(1000, seed=1)
    >>> fields.shape
    (1000, 30, 40)
    >>> fields[0, :2, :3].compute().round(2)
    array([[7.02, 6.42, 7.07],
           [6.61, 6.71, 7.51]])
    """

    kind: ClassVar[str] = "stationary_grid"

    function: CovarianceFunction | str
    """The function; of one's own, its name."""
    shape: tuple[int, ...]
    """Points along each axis."""
    spacing: tuple[float, ...]
    """Distance between neighbouring points along each axis."""
    embedding: Embedding
    """The periodic covariance of which the grid is a corner."""

    def __init__(
        self,
        function: Callable[[Float64Array], Any],
        shape: SupportsIndex | Sequence[SupportsIndex],
        spacing: float | Sequence[float] = 1.0,
        *,
        padding: SupportsIndex | Sequence[SupportsIndex] | None = None,
        approximate: bool = False,
    ) -> None:
        if not callable(function):
            raise ArgumentTypeError(f"`function` must be a function of distances, not {short_repr(function)}")
        approximate = checks.flag("approximate", approximate)
        counts = _whole_numbers("shape", shape, least=1)
        if len(counts) not in {1, 2, 3}:
            raise ArgumentError(f"`shape` must have one, two or three axes: it is {short_repr(shape)}")
        steps = _spacings(spacing, len(counts))
        extra = _whole_numbers("padding", 0 if padding is None else padding, least=0)
        if len(extra) not in {1, len(counts)}:
            raise ArgumentError(f"`padding` must be one number, or one an axis: it is {short_repr(padding)}")
        least = tuple(max(1, 2 * (count - 1)) for count in counts)
        lengths = tuple(
            fast_length(few + more) if few > 1 else 1
            for few, more in zip(least, extra * (len(counts) // len(extra)), strict=True)
        )
        if prod(lengths) > MAX_POINTS:
            row = readable_bytes(8 * prod(lengths))
            raise ArgumentError(
                f"`shape` {counts} makes an embedding of {lengths} points, and the normals of a row {row}"
            )
        named = function if isinstance(function, CovarianceFunction) else _name(function)
        for name, value in (("function", named), ("shape", counts), ("spacing", steps)):
            object.__setattr__(self, name, value)
        embedding = Embedding.of(self._lags(function, lengths), counts, lengths, approximate=approximate)
        if embedding is None:
            raise self._not_embedded(function, lengths, least)
        object.__setattr__(self, "embedding", embedding)

    def _arguments(self) -> list[str]:
        return [str(self.function), f"shape={self.shape}", f"spacing={self.spacing}"]

    def _facts(self) -> dict[str, str]:
        spacing = " × ".join(f"{step:.6g}" for step in self.spacing)
        return {
            "function": str(self.function),
            "grid": f"{' × '.join(map(str, self.shape))} points, {spacing} apart",
            **super()._facts(),
        }

    @property
    def event(self) -> Event:
        """The axes of the grid."""
        return Event.of_shape(self.shape)

    def _numbers(self) -> object:
        # The values of a named function have other last bits where the C library is another one.
        if isinstance(self.function, CovarianceFunction):
            return [self.function.record(), self.spacing]
        return super()._numbers()

    def _lags(self, function: Callable[[Float64Array], Any], lengths: tuple[int, ...]) -> Float64Array:
        """Covariances at the lags of a periodic grid, up to half of each length."""
        half = HartleyTransform(self.shape, lengths).half
        refuse_beyond_memory(
            f"embedding `shape` {self.shape} in {lengths} points", SPECTRA * 8 * prod(half), "take fewer points"
        )
        values = np.empty(prod(half))
        done, variance = 0, inf
        for distances in _distances(half, self.spacing):
            part = _evaluate(function, distances)
            variance = float(part[0]) if not done else variance
            _check_values(part, distances, variance)
            values[done : done + len(part)] = part
            done += len(part)
        return values.reshape(half)

    def _not_embedded(
        self, function: Callable[[Float64Array], Any], lengths: tuple[int, ...], least: tuple[int, ...]
    ) -> ArgumentError:
        """The error for a function whose embedding has negative eigenvalues."""
        padding = padding_that_does(lambda longer: self._lags(function, longer), lengths, least)
        nearest = "approximate=True draws from the nearest covariance, and `report` says how far off it is"
        if padding is None:
            more = f"up to {LONGER[-1]:g} times as many an axis were tried, as far as memory allows: {nearest}"
        else:
            more = f"padding={padding if len(padding) > 1 else padding[0]} would do, or {nearest}"
        return ArgumentError(
            f"`function` has negative eigenvalues on the embedding of {lengths} points: it is no covariance, or too "
            f"much of it lies beyond the grid; {more}"
        )


def _whole_numbers(name: str, value: object, *, least: int) -> tuple[int, ...]:
    """One integer or several, as a tuple."""
    if isinstance(value, (bool, np.bool_, str, bytes)):
        raise ArgumentTypeError(f"`{name}` must be an integer or a sequence of them, not {short_repr(value)}")
    try:
        numbers: tuple[int, ...]
        try:
            numbers = (operator.index(cast(SupportsIndex, value)),)
        except TypeError:
            numbers = tuple(operator.index(each) for each in cast(Sequence[SupportsIndex], value))
    except TypeError as error:
        raise ArgumentTypeError(
            f"`{name}` must be an integer or a sequence of them, not {short_repr(value)}"
        ) from error
    if not numbers or min(numbers) < least:
        raise ArgumentError(f"`{name}` must be integers of at least {least}: it is {short_repr(value)}")
    return numbers


def _spacings(spacing: object, axes: int) -> tuple[float, ...]:
    array = real_array("spacing", spacing)
    if array.shape not in ((), (1,), (axes,)):
        raise ArgumentError(f"`spacing` must be one number, or one an axis: its shape is {array.shape}")
    if not np.all((array > 0) & np.isfinite(array)):
        raise ArgumentError(f"`spacing` must be positive and finite: it is {short_repr(spacing)}")
    return tuple(np.broadcast_to(array, axes).tolist())


def _name(function: Callable[..., Any]) -> str:
    name = getattr(function, "__qualname__", type(function).__qualname__)
    return " ".join(str(name).split())


def _distances(half: tuple[int, ...], spacing: tuple[float, ...]) -> Iterator[Float64Array]:
    """Distances of the points of a grid from its first, in C order, some at a time."""
    with np.errstate(over="ignore"):
        squares = [(step * np.arange(count)) ** 2 for count, step in zip(half, spacing, strict=True)]
        rest = np.zeros(1)
        for axis in squares[1:]:
            rest = np.add.outer(rest, axis).ravel()
        height = max(1, DISTANCES_AT_ONCE // len(rest))
        for top in range(0, half[0], height):
            yield np.sqrt(np.add.outer(squares[0][top : top + height], rest)).ravel()


def _evaluate(function: Callable[[Float64Array], Any], distances: Float64Array) -> Float64Array:
    """The function's values, real numbers of the shape of the distances."""
    try:
        found = function(distances.copy())
    except Exception as error:  # whatever a function of the user's raises
        raise ArgumentError(
            f"`function` must give covariances at distances, and raised {type(error).__name__}: {error}"
        ) from error
    values = real_array("function(distances)", found)
    if values.shape != distances.shape:
        raise ArgumentError(
            f"`function` must give a covariance for each distance: for {distances.shape} it gave {values.shape}"
        )
    return values


def _check_values(values: Float64Array, distances: Float64Array, variance: float) -> None:
    """Finite numbers, none larger than the variance, which is not negative."""
    wrong = ~np.isfinite(values)
    if wrong.any():
        place = int(wrong.argmax())
        raise ArgumentError(f"`function` must be finite: at the distance {distances[place]:.6g} it is {values[place]}")
    if variance < 0.0:
        raise ArgumentError(f"`function` is no covariance: at the distance 0 it is {variance:.6g}, which is negative")
    wrong = np.abs(values) > variance * (1.0 + ROUNDING)
    if wrong.any():
        place = int(wrong.argmax())
        raise ArgumentError(
            f"`function` is no covariance: at the distance {distances[place]:.6g} it is {values[place]:.6g}, and at 0 "
            f"it is {variance:.6g}, which no covariance exceeds"
        )
