"""The multivariate normal distribution, as a value.

Input: a mean and a covariance. Output: a distribution, checked. Cost: one factorisation, O(d³) for a matrix.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from mvn_dask import checks, labels
from mvn_dask._typing import ArrayLike, CovarianceLike, Float64Array, Size, Texts
from mvn_dask.array_likes import compute_together, is_instance, real_array
from mvn_dask.covariance import Covariance, as_covariance
from mvn_dask.covariance.foreign_objects import fitted
from mvn_dask.display.markup import Html
from mvn_dask.distribution.base import Distribution
from mvn_dask.distribution.conditionals import Conditionals
from mvn_dask.distribution.densities import Densities
from mvn_dask.distribution.known_laws import normal_law
from mvn_dask.distribution.normal_sampler import NormalSampler
from mvn_dask.distribution.plots import Plots
from mvn_dask.distribution.shifts import Shifts
from mvn_dask.distribution.shown_distribution import deviations_of, distribution_view, event_arguments, numbers_of
from mvn_dask.errors import ArgumentError
from mvn_dask.event import Event, axes_of_array, describe, event_of
from mvn_dask.plotting.pair_plot import KnownLaw
from mvn_dask.signatures import short_signature


@dataclass(frozen=True, init=False, eq=False, repr=False)
class MultivariateNormal(Conditionals, Densities, Shifts, Plots, Distribution):
    """A multivariate normal distribution of dimension d, checked and factorised once.

    Parameters
    ----------
    mean : array_like, shape (d,) or the shape of a draw, or float
        Mean; a number is that of all variables of a Covariance. Of a DataArray, dimensions and coordinates are those
        of a draw.
    cov : array_like of shape (d, d), (d,) or (), or Covariance
        Covariance: a matrix, a vector of variances, or one variance for all.
    method : {"auto", "svd", "eigh", "cholesky"}
        How a matrix is factorised; "auto" is right in any units. See `mvn_dask.covariance.Dense`.
    check_valid : {"warn", "raise", "ignore"}
        What to do if `cov` is not symmetric and positive semidefinite, or its factor misses a variance.
    tol : float
        Tolerance of that check, in the units of each variable; see `mvn_dask.covariance.Dense`.
    names : sequence of str, optional
        Names of the d variables. The labels of `mean` and `cov` are names as well, and all must agree, in
        their order: the index and columns of pandas, the coordinates of xarray's dimensions, the columns of
        polars' and pyarrow's frames, of which one row is a vector.
    event_shape : int or tuple of int, optional
        Shape of one draw, of d numbers in C order. By default that of the mean, if it has several axes; that of the
        covariance, as of a grid or a Kronecker product, unless its variables have names; else (d,).
    dims : str or sequence of str, optional
        Names of the axes of a draw, for stores and xarray. By default the mean's dimensions, or "variable", or
        "variable_0", "variable_1", ….
    coords : dict of str to array_like, optional
        Labels along axes of a draw, by their names: numbers, points in time, or texts.

    Raises
    ------
    ArgumentError
        A ValueError, for a wrong shape, a number that is not finite, a misspelt word, names that
        disagree, and under ``check_valid="raise"`` a covariance that is not one.
    ArgumentTypeError
        A TypeError, for anything but real numbers, and for numbers with a unit.
    NotPositiveDefiniteError
        A LinAlgError, if ``method="cholesky"`` and `cov` has no Cholesky factor.

    Warns
    -----
    RuntimeWarning
        Under ``check_valid="warn"``, if `cov` is not symmetric and positive semidefinite, or if its factor
        misses a variance.

    See Also
    --------
    mvn_dask.default_rng : numpy's interface to the same samples.
    mvn_dask.MultivariateT : The same with heavy tails.
    mvn_dask.GaussianCopula : Variables with laws of their own.
    mvn_dask.covariance : Covariances with a structure.

    Notes
    -----
    Rows are ``mean + z @ A.T`` with independent standard normals z and a factor A of the covariance,
    ``A @ A.T == cov``; k of them cost O(k d²) after the O(d³) of the factorisation, or O(k d) where the
    covariance is diagonal. Dask collections are computed at once, mean and covariance together.

    References
    ----------
    T. W. Anderson, An Introduction to Multivariate Statistical Analysis, 3rd ed., 2003, section 2.4.

    Examples
    --------
    >>> import mvn_dask
    >>> normal = mvn_dask.MultivariateNormal([1.0, 2.0], [[2.0, 1.0], [1.0, 2.0]])
    >>> normal
    MultivariateNormal(ndim=2, covariance=Dense(ndim=2, method='auto'))
    >>> x = normal.sample(100_000, seed=42)
    >>> x.shape
    (100000, 2)
    >>> x[:2].compute().round(3)
    array([[1.086, 4.222],
           [1.73 , 2.354]])

    A field is drawn as one:

    >>> from mvn_dask import covariance
    >>> grid = covariance.StationaryGrid(covariance.exponential(length=2.0), shape=(30, 40))
    >>> field = mvn_dask.MultivariateNormal(0.0, grid, dims=("lat", "lon"), coords={"lat": range(30)})
    >>> field.sample(1000, seed=42).shape
    (1000, 30, 40)
    """

    mean: Float64Array
    """Mean, float64, of the shape of a draw."""
    covariance: Covariance
    """Covariance, of dimension d."""
    event: Event
    """Shape of a draw, with the names and labels of its axes."""

    @short_signature
    def __init__(
        self,
        mean: ArrayLike,
        cov: CovarianceLike | Covariance,
        *,
        method: checks.Method = "auto",
        check_valid: checks.CheckValid = "warn",
        tol: float = 1e-8,
        names: Texts | None = None,
        event_shape: Size = None,
        dims: str | Texts | None = None,
        coords: Mapping[str, Any] | None = None,
    ) -> None:
        checks.method(method)
        mean, cov = compute_together(mean, cov)
        # A mean of -0.0 would keep the sign of a zero, which sums do not promise.
        array = np.asarray(real_array("mean", mean) + 0.0)
        # Of a vector, numpy's rule: a mean of one row or column is a mistake more often than a draw of two axes.
        has_axes = event_shape is not None or is_instance(mean, "xarray", "DataArray")
        has_axes = has_axes or (isinstance(cov, Covariance) and len(cov.event_shape) > 1)
        if array.ndim == 0 and isinstance(cov, Covariance):
            array = np.full(cov.ndim, array)
        elif array.ndim < 2 or not has_axes:
            checks.mean_vector(array)
        elif not array.size:
            raise ArgumentError(f"`mean` must not be empty: its shape is {array.shape}")
        covariance = as_covariance(cov, array.size, method=method, check_valid=check_valid, tol=tol)
        checks.same_length(array, covariance.ndim)
        checks.finite("mean", array)
        mean_axes = labels.axes_of("mean", mean) if array.ndim < 2 else []
        axes = [*mean_axes, *covariance.label_axes(), *labels.given_names(names, array.size)]
        found = labels.agreed_names(axes)
        known = axes_of_array(mean) if getattr(mean, "shape", None) == array.shape else None
        arguments: dict[str, Any] = {"event_shape": event_shape, "dims": dims, "coords": coords}
        event = event_of(array.shape, covariance.event, known=known, names=found, **arguments)
        array = array.reshape(event.shape)
        array.setflags(write=False)
        object.__setattr__(self, "mean", array)
        object.__setattr__(self, "covariance", covariance)
        object.__setattr__(self, "event", describe(event, mean, covariance.event))
        covariance.factorize()

    @classmethod
    @short_signature
    def from_estimator(
        cls,
        estimator: Any,
        *,
        method: checks.Method = "auto",
        check_valid: checks.CheckValid = "warn",
        tol: float = 1e-8,
        names: Texts | None = None,
    ) -> Self:
        """The distribution that an estimator of scikit-learn was fitted to.

        Parameters
        ----------
        estimator : object with attributes ``location_`` and ``covariance_``
            Such as `sklearn.covariance.LedoitWolf`, fitted. Its ``feature_names_in_``, if it has them, are names.
        method, check_valid, tol, names
            As in `MultivariateNormal`.

        Raises
        ------
        ArgumentTypeError
            If it has no ``location_`` or ``covariance_``, as before it is fitted.

        See Also
        --------
        mvn_dask.covariance.nearest_psd : A covariance near a matrix that is none.

        Examples
        --------
        >>> from types import SimpleNamespace
        >>> fitted = SimpleNamespace(location_=[1.0, 2.0], covariance_=[[2.0, 1.0], [1.0, 2.0]])
        >>> MultivariateNormal.from_estimator(fitted)
        MultivariateNormal(ndim=2, covariance=Dense(ndim=2, method='auto'))
        """
        mean, _ = (fitted("estimator", estimator, attribute) for attribute in ("location_", "covariance_"))
        return cls(mean, estimator, method=method, check_valid=check_valid, tol=tol, names=names)

    def __repr__(self) -> str:
        parts = [*event_arguments(self.event, self.covariance.event_shape), f"covariance={self.covariance._text()}"]
        return f"MultivariateNormal({', '.join(parts)})"

    def _shown(self) -> Iterator[Html]:
        columns = {"mean": numbers_of(self.mean), "standard deviation": deviations_of(self.covariance)}
        yield from distribution_view(self.event, columns, self.mean, self.covariance, "Covariance")

    def _of(self, mean: Float64Array, covariance: Covariance, event: Event) -> Self:
        found = type(self)(mean, covariance, event_shape=event.shape, dims=event.dims, coords=event.coords)
        object.__setattr__(found, "event", replace(found.event, description=event.description))
        return found

    def _shown_law(self, places: npt.NDArray[np.intp]) -> tuple[Self, KnownLaw]:
        shown = self.marginal(places)
        return shown, normal_law(shown.mean, shown.covariance.to_dense())

    def sampler(self, dtype: np.dtype[np.floating[Any]]) -> NormalSampler:
        with np.errstate(over="ignore"):  # what is too large for the dtype is refused by name later
            factor, mean = self.covariance.factorize().astype(dtype), self.mean.reshape(-1).astype(dtype, copy=False)
        variances = self.covariance.variances()
        checks.not_too_small("cov", variances, dtype)
        if dtype == np.float32:
            checks.not_too_coarse(self.mean.reshape(-1), variances, dtype, self.names)
        return NormalSampler(mean, factor, variances, self.covariance.record())
