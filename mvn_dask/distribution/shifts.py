"""Normal distributions with another mean, and the weights that make up for it: importance sampling by a shift.

Input: a shift of the mean, and rows. Output: a distribution of the same factor, and logarithms of density ratios,
linear in the row. Cost: one row whitened and one solve, then d multiplications a row.

References
----------
A. B. Owen, Monte Carlo theory, methods and examples, 2013, section 9.1, https://artowen.su.domains/mc/.
"""

from abc import ABC, abstractmethod
from math import prod
from typing import TYPE_CHECKING, Any, Self, overload

import numpy as np

from mvn_dask._typing import ArrayLike, Float64Array, FloatArray
from mvn_dask.array_likes import compute_together, is_instance, real_array
from mvn_dask.covariance import Covariance, Factor
from mvn_dask.covariance.ordered_product import ordered_product
from mvn_dask.errors import ArgumentError, ArgumentTypeError, UnsupportedOperationError
from mvn_dask.event import Event
from mvn_dask.hashing import digest, fingerprint
from mvn_dask.readable import plural
from mvn_dask.signatures import short_signature

if TYPE_CHECKING:
    import dask.array as da

SOLVED = 1e-8
"""Residual of a solve, as a part of what is solved for, at most."""
MOST_SOLVED = 5000
"""Variables up to which a factor is inverted."""
UNITS = 256
"""Unit vectors that are whitened together."""
CHECKED_ROWS = 16
"""Entries of a solution that are checked."""
_NO_SHIFT = "`log_weights` is of a distribution that `shifted` gave: call normal.shifted(delta) first"


class Shifts(ABC):
    """A normal distribution whose mean can be shifted."""

    mean: Float64Array
    """Mean, float64, of the shape of a draw."""
    covariance: Covariance
    """Covariance, of dimension d."""
    event: Event
    """Shape of a draw, with the names and labels of its axes."""

    @abstractmethod
    def _of(self, mean: Float64Array, covariance: Covariance, event: Event) -> Self:
        """Another distribution of this class."""

    @short_signature
    def shifted(self, delta: ArrayLike) -> Self:
        """The distribution with the mean ``mean + delta``, and the same covariance, factorised once for both.

        Parameters
        ----------
        delta : array_like, shape of a draw, or float
            What is added to the mean; a number is added to that of every variable.

        Returns
        -------
        MultivariateNormal
            Its `log_weights` are those of this distribution. Of one that is itself shifted, those of the distribution
            that was shifted last.

        Raises
        ------
        ArgumentError
            If `delta` has another shape, is not finite, or has labels in another order.
        ArgumentTypeError
            If it does not hold real numbers.

        See Also
        --------
        log_weights : Weights that make up for it.

        Examples
        --------
        The probability that a sum of standard deviation 2 exceeds 9.5, which is 1.017e-6:

        >>> import mvn_dask, numpy as np
        >>> normal = mvn_dask.MultivariateNormal([0.0, 0.0], [[1.0, 1.0], [1.0, 1.0]])
        >>> shifted = normal.shifted([4.75, 4.75])
        >>> x = shifted.sample(100_000, seed=1)
        >>> terms = (x.sum(axis=1) > 9.5) * np.exp(shifted.log_weights(x))
        >>> round(float(terms.mean().compute()) * 1e6, 1)
        1.0
        """
        from mvn_dask import checks, labels

        (given,) = compute_together(delta)
        array = real_array("delta", given)
        shape = self.event.shape
        if (names := self.event.names) is not None:
            labels.agreed_names(
                [*labels.axes_of("delta", given), labels.Axis("the names of the distribution", names, chosen=True)]
            )
        if array.ndim and array.shape != shape:
            raise ArgumentError(f"`delta` must be a number, or have the shape {shape} of a draw: it is {array.shape}")
        checks.finite("delta", array)
        whole = np.broadcast_to(array, shape) + 0.0
        found = self._of(self.mean + whole, self.covariance, self.event)
        whole.setflags(write=False)
        object.__setattr__(found, "_delta", whole)
        return found

    @overload
    def log_weights(self, x: "da.Array") -> "da.Array": ...  # type: ignore[overload-overlap]
    @overload
    def log_weights(self, x: ArrayLike) -> Float64Array: ...
    def log_weights(self, x: Any) -> Any:
        """Logarithms of the density of the distribution that was shifted, divided by that of this one.

        Parameters
        ----------
        x : array_like or dask.array.Array, shape ``(..., d)``, or ``(..., *event_shape)``
            Rows of this distribution, in memory or lazy.

        Returns
        -------
        numpy.ndarray, numpy.float64 or dask.array.Array, shape (...)
            In float64; lazy if `x` is.

        Raises
        ------
        ArgumentError
            If this distribution was not shifted, if the last axes of `x` are not those of a draw, or if the covariance
            has no variance in the direction of the shift: then the densities have no ratio.
        ArgumentTypeError
            If `x` does not hold real numbers.
        UnsupportedOperationError
            If the structure of the covariance has no cheap inverse.

        See Also
        --------
        shifted : Gives the law whose rows are weighted.
        mvn_dask.estimate : Takes them as `log_weights`.

        Notes
        -----
        With the mean m and the shift δ it is ``δᵀ Σ⁻¹ δ / 2 - δᵀ Σ⁻¹ (x - m)``, where m is the mean of this
        distribution less δ: ``-w · x + c`` with ``w = Σ⁻¹ δ``, in sums of a fixed order.

        References
        ----------
        A. B. Owen, Monte Carlo theory, methods and examples, 2013, section 9.1.

        Examples
        --------
        >>> import numpy as np
        >>> import mvn_dask
        >>> normal = mvn_dask.MultivariateNormal([0.0, 0.0], [[1.0, 0.5], [0.5, 1.0]])
        >>> shifted = normal.shifted(4.0)
        >>> x = shifted.sample(100_000, seed=1)
        >>> weights = np.exp(shifted.log_weights(x))
        >>> both = ((x > 4.0).all(axis=1) * weights).mean().compute()
        >>> bool(4e-7 < both < 6e-7)
        True
        """
        weights, constant = self._linear_weights()
        axes = len(self.event.shape)
        is_lazy = is_instance(x, "dask.array", "Array")
        if not is_lazy:
            (given,) = compute_together(x)
            x = real_array("x", given)
        if x.shape[max(0, x.ndim - axes) :] != self.event.shape:
            raise ArgumentError(f"the last axes of `x` must be {self.event.shape}, of a draw: its shape is {x.shape}")
        if is_lazy and x.dtype.kind not in "biuf":
            raise ArgumentTypeError(f"`x` must hold real numbers: its dtype is {x.dtype}")
        if not is_lazy:
            return linear_combination(x, -weights, constant, axes)[()]
        last = list(range(x.ndim - axes, x.ndim))
        x = x.rechunk(dict.fromkeys(last, -1))
        return x.map_blocks(
            linear_combination,
            weights=-weights,
            constant=constant,
            axes=axes,
            name=f"log-weights-{fingerprint([x.name, digest(weights), constant, axes])}",
            drop_axis=last,
            dtype=np.float64,
            meta=np.empty((0,) * (x.ndim - axes)),
        )

    def _linear_weights(self) -> tuple[Float64Array, float]:
        """``w = Σ⁻¹ δ``, shape (d,), and the constant of the logarithm; made once."""
        found: tuple[Float64Array, float] | None = self.__dict__.get("_weights")
        if found is None:
            delta: Float64Array | None = self.__dict__.get("_delta")
            if delta is None:
                raise ArgumentError(_NO_SHIFT)
            flat = delta.reshape(-1)
            weights = solved(self.covariance, flat)
            mean = self.mean.reshape(-1) - flat
            found = weights, float(np.dot(weights, mean) + 0.5 * np.dot(weights, flat))
            object.__setattr__(self, "_weights", found)
        return found


def linear_combination(x: FloatArray, weights: Float64Array, constant: float, axes: int) -> Float64Array:
    """``x · weights + constant``, row by row, in sums of a fixed order; the last `axes` of x are those of a draw."""
    size = x.shape[: x.ndim - axes]
    rows = np.asarray(x, np.float64).reshape(prod(size), len(weights))
    found = ordered_product(rows, weights[None], np.empty((len(rows), 1)))
    return np.asarray(found[:, 0].reshape(size) + constant)


def solved(covariance: Covariance, delta: Float64Array) -> Float64Array:
    """``Σ⁻¹ δ``, or another solution of ``Σ w = δ`` where Σ is singular and has one.

    Raises ArgumentError where it has none, and UnsupportedOperationError where solving would be expensive.
    """
    factor = covariance.factorize()
    try:
        # Σ = A Aᵀ, so that δᵀ Σ⁻¹ x = (A⁺ δ)ᵀ (A⁺ x): w is found from what whitening does to the unit vectors.
        white = factor.whiten(delta[None])[0]
    except UnsupportedOperationError as error:
        raise UnsupportedOperationError(
            f"`log_weights` needs a cheap inverse, which {covariance!r} has not: {error}"
        ) from error
    missed = np.abs(factor.colorize(white[None])[0] - delta)
    if (missed > SOLVED * (np.sqrt(np.maximum(factor.variances(), 0.0)) + np.abs(delta))).any():
        raise ArgumentError(
            f"`delta` leads out of the space that {covariance!r} fills, of rank {factor.rank:,} for "
            f"{plural(len(delta), 'variable', ',')}: no row lies there, and densities have no ratio"
        )
    if factor.application == "fused" and factor.operand.ndim == 1:
        diagonal = np.asarray(factor.operand, np.float64)
        return np.asarray(np.divide(white, diagonal, out=np.zeros_like(white), where=diagonal != 0))
    if len(delta) > MOST_SOLVED:
        raise UnsupportedOperationError(
            f"`log_weights` inverts a factor of at most {MOST_SOLVED:,} variables, unless it is diagonal: that of "
            f"{covariance!r} has {len(delta):,}"
        )
    found = np.concatenate([_whitened_units(factor, top, len(delta)) @ white for top in range(0, len(delta), UNITS)])
    _check_solution(covariance, found, delta)
    return found


def _whitened_units(factor: Factor, top: int, ndim: int) -> FloatArray:
    """Some unit vectors, whitened: rows of the transposed inverse of the factor."""
    stop = min(top + UNITS, ndim)
    units = np.zeros((stop - top, ndim))
    units[np.arange(stop - top), np.arange(top, stop)] = 1.0
    found: FloatArray = factor.whiten(units)
    return found


def _check_solution(covariance: Covariance, found: Float64Array, delta: Float64Array) -> None:
    """Raise UnsupportedOperationError unless some entries of ``Σ w`` are those of δ."""
    factor, ndim = covariance.factorize(), len(delta)
    rows = np.unique([*np.linspace(0, ndim - 1, min(ndim, CHECKED_ROWS)).astype(int), int(np.abs(delta).argmax())])
    part = factor.covariance_of(rows.tolist(), range(ndim))
    size = np.abs(part) @ np.abs(found) + np.abs(delta[rows])
    if (np.abs(part @ found - delta[rows]) > SOLVED * size).any():
        raise UnsupportedOperationError(
            f"`log_weights` needs an inverse of {covariance!r}, which its factor of rank {factor.rank:,} does not give"
        )
