"""Densities of rows under a normal distribution, and their distances from its mean.

Input: rows, shape (..., d), in memory or as a lazy dask array. Output: a number for each, shape (...), as lazy as they
are. Cost: that of the factor's `whiten`, as much as drawing a row, or a few times as much; working memory for some
rows at a time. The factor travels to workers as it does for samples, once.

References
----------
T. W. Anderson, An Introduction to Multivariate Statistical Analysis, 3rd ed., 2003, sections 2.3 and 3.3.
"""

from abc import ABC, abstractmethod
from math import prod
from typing import TYPE_CHECKING, Any, overload

import numpy as np

from mvn_dask import labels
from mvn_dask._typing import ArrayLike, Float64Array, FloatArray
from mvn_dask.array_likes import compute_together, is_instance, real_array
from mvn_dask.covariance import Covariance
from mvn_dask.errors import ArgumentError, ArgumentTypeError, UnsupportedOperationError
from mvn_dask.event import Event, axes_of_array, refuse_other_axes
from mvn_dask.hashing import fingerprint
from mvn_dask.readable import plural

if TYPE_CHECKING:
    import dask.array as da

    from mvn_dask.sampling.broadcast import Broadcast

NUMBERS_WHITENED = 2**22
"""Numbers of rows and of their normals that are worked on together."""


class Densities(ABC):
    """A normal distribution whose density can be evaluated."""

    mean: Float64Array
    """Mean, float64, of the shape of a draw."""
    covariance: Covariance
    """Covariance, of dimension d."""
    event: Event
    """Shape of a draw, with the names and labels of its axes."""

    @abstractmethod
    def sampler(self, dtype: np.dtype[np.floating[Any]]) -> Any:
        """What holds the mean as `location`, and the `factor`."""

    @overload
    def logpdf(self, x: "da.Array") -> "da.Array": ...  # type: ignore[overload-overlap]
    @overload
    def logpdf(self, x: ArrayLike) -> Float64Array: ...
    def logpdf(self, x: Any) -> Any:
        """Logarithm of the density, of rows in memory or of a lazy dask array.

        Parameters
        ----------
        x : array_like or dask.array.Array, shape ``(..., d)``, or ``(..., *event_shape)``
            Rows of d numbers, or draws with several axes. Names of the columns of a frame must be those of the
            variables.

        Returns
        -------
        numpy.ndarray, numpy.float64 or dask.array.Array, shape (...)
            In float64; lazy if `x` is. NaN where a row holds NaN, and minus infinity where it is infinite.

        Raises
        ------
        ArgumentError
            If the last axes of `x` are not those of a draw, or if the covariance is singular: then there is no density.
        ArgumentTypeError
            If `x` does not hold real numbers.
        UnsupportedOperationError
            If the structure of the covariance has no cheap inverse, or no cheap determinant.

        See Also
        --------
        mahalanobis : Distances in place of densities.
        scipy.stats.multivariate_normal : Densities of dense covariances, in memory.

        References
        ----------
        T. W. Anderson, An Introduction to Multivariate Statistical Analysis, 3rd ed., 2003, section 2.3.

        Examples
        --------
        >>> import mvn_dask
        >>> normal = mvn_dask.MultivariateNormal([1.0, 2.0], [[2.0, 1.0], [1.0, 2.0]])
        >>> normal.logpdf([[1.0, 2.0], [2.0, 2.0]]).round(6)
        array([-2.387183, -2.720517])
        >>> round(float(normal.logpdf(normal.sample(10_000, seed=1)).mean().compute()), 2)
        -3.39
        """
        factor = self._regular("logpdf")
        return self._of_rows("logpdf", x, -0.5, -0.5 * (self.event.ndim * np.log(2.0 * np.pi) + factor.log_det))

    @overload
    def mahalanobis(self, x: "da.Array") -> "da.Array": ...  # type: ignore[overload-overlap]
    @overload
    def mahalanobis(self, x: ArrayLike) -> Float64Array: ...
    def mahalanobis(self, x: Any) -> Any:
        """Distance of Mahalanobis from the mean, ``sqrt((x - mean) @ inv(cov) @ (x - mean))``.

        Parameters
        ----------
        x : array_like or dask.array.Array, shape ``(..., d)``, or ``(..., *event_shape)``
            Rows of d numbers, or draws with several axes. Names of the columns of a frame must be those of the
            variables.

        Returns
        -------
        numpy.ndarray, numpy.float64 or dask.array.Array, shape (...)
            The distance, not squared, as `scipy.spatial.distance.mahalanobis` gives it, in float64; lazy if `x` is. NaN
            where a row holds NaN, and infinite where it is.

        Raises
        ------
        ArgumentError
            If the last axes of `x` are not those of a draw, or if the covariance is singular.
        ArgumentTypeError
            If `x` does not hold real numbers.
        UnsupportedOperationError
            If the structure of the covariance has no cheap inverse.

        See Also
        --------
        logpdf : Densities.
        scipy.spatial.distance.mahalanobis : Of one pair of vectors.

        Notes
        -----
        Squares of distances of samples are χ² distributed with d degrees of freedom.

        References
        ----------
        P. C. Mahalanobis, On the generalised distance in statistics, Proceedings of the National Institute of Sciences
        of India 2 (1), 1936, 49-55.

        Examples
        --------
        >>> import mvn_dask
        >>> normal = mvn_dask.MultivariateNormal([1.0, 2.0], [[2.0, 1.0], [1.0, 2.0]])
        >>> round(float(normal.mahalanobis([3.0, 2.0])), 6)
        1.632993
        """
        self._regular("mahalanobis")
        return self._of_rows("mahalanobis", x, 0.0, 0.0)

    def _regular(self, operation: str) -> Any:
        """The factor; an error if it is singular, or cannot be inverted cheaply."""
        factor = self.covariance.factorize()
        try:
            singular = factor.log_det == -np.inf
            factor.whiten(np.zeros((1, self.event.ndim)))
        except UnsupportedOperationError as error:
            raise UnsupportedOperationError(
                f"`{operation}` needs a cheap inverse and determinant, which {self.covariance!r} has not: {error}"
            ) from error
        if singular:
            raise ArgumentError(
                f"`{operation}` needs a covariance that is not singular: the rank of {self.covariance!r} is "
                f"{factor.rank:,}, of {plural(self.event.ndim, 'variable', ',')}. Give a marginal that has a density"
            )
        return factor

    def _of_rows(self, operation: str, x: Any, slope: float, constant: float) -> Any:
        shape = self.event.shape
        is_lazy = is_instance(x, "dask.array", "Array")
        if not is_lazy:
            (given,) = compute_together(x)
            x = real_array("x", given)
            self._check_columns(given, x.ndim)
        if x.shape[max(0, x.ndim - len(shape)) :] != shape:
            what = f"axis of `x` must be of length {shape[0]}, of the variables"
            if len(shape) > 1:
                what = f"axes of `x` must be of lengths {shape}, of a draw"
            raise ArgumentError(f"the last {what}: its shape is {x.shape}")
        if is_lazy and x.dtype.kind not in "biuf":
            raise ArgumentTypeError(f"`x` must hold real numbers: its dtype is {x.dtype}")
        sampler = self.sampler(np.dtype(np.float64))
        if is_lazy:
            return _lazily(operation, x, len(shape), sampler, slope, constant)
        return _evaluated(x, len(shape), sampler, slope, constant)[()]

    def _check_columns(self, x: Any, axes: int) -> None:
        """Compare labels of the variables, which are the columns of a frame, or the index of a single row."""
        if len(self.event.shape) > 1 and is_instance(x, "xarray", "DataArray"):
            axes_of_draw = axes_of_array(x[(0,) * max(0, axes - len(self.event.shape))])
            if axes_of_draw is not None and axes_of_draw.shape == self.event.shape:
                refuse_other_axes("x", axes_of_draw, self.event)
        if self.event.names is not None:
            last = (
                f"the coordinate {x.dims[-1]!r} of" if is_instance(x, "xarray", "DataArray") and axes else "the columns"
            )
            found = [axis for axis in labels.axes_of("x", x) if axes == 1 or axis.where.startswith(last)]
            labels.agreed_names([*found, labels.Axis("the names of the distribution", self.event.names, chosen=True)])


def _lazily(operation: str, x: "da.Array", event_axes: int, sampler: Any, slope: float, constant: float) -> "da.Array":
    """The same for each block of a dask array, whose last axes, those of a draw, become one block."""
    import dask.array as da
    from dask.delayed import delayed

    from mvn_dask.sampling.broadcast import Broadcast
    from mvn_dask.sampling.workers import spool_folder

    carrier = Broadcast(sampler, spool_folder)
    identity = fingerprint([sampler.record(), carrier.description()])
    last = list(range(x.ndim - event_axes, x.ndim))
    x = x.rechunk(dict.fromkeys(last, -1))
    found: da.Array = da.map_blocks(
        _evaluated_block,
        x,
        carrier=delayed(carrier, name=f"mvn-density-source-{identity}", traverse=False),
        event_axes=event_axes,
        slope=slope,
        constant=constant,
        name=f"{operation}-{fingerprint([x.name, identity, event_axes])}",
        drop_axis=last,
        dtype=np.float64,
        meta=np.empty((0,) * (x.ndim - event_axes)),
    )
    return found


def _evaluated_block(block: Any, carrier: "Broadcast", event_axes: int, slope: float, constant: float) -> Float64Array:
    return _evaluated(np.asarray(block), event_axes, carrier.sampler, slope, constant)


def _evaluated(x: FloatArray, event_axes: int, sampler: Any, slope: float, constant: float) -> Float64Array:
    """``slope * squares + constant`` of the squares of distances, or the distances where the slope is 0."""
    size = x.shape[: x.ndim - event_axes]
    rows = x.reshape(prod(size), sampler.ndim)
    squares = np.empty(len(rows))
    height = max(1, NUMBERS_WHITENED // sampler.noise_ndim)
    for top in range(0, len(rows), height):
        differences = rows[top : top + height].astype(np.float64) - sampler.location
        is_finite = np.isfinite(differences).all(axis=1)
        missing = np.isnan(differences).any(axis=1)
        # What is not finite would become NaN in LAPACK, in the rows beside it as well.
        differences[~is_finite] = 0.0
        part = np.square(sampler.factor.whiten(differences)).sum(axis=1)
        squares[top : top + height] = np.where(is_finite, part, np.where(missing, np.nan, np.inf))
    found = slope * squares + constant if slope else np.sqrt(squares)
    return np.asarray(found.reshape(size))
