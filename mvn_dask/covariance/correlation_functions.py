"""Covariances as functions of distance: exponential, gaussian, Matérn's and spherical.

Input: distances, an array of any shape. Output: covariances of the same shape. Cost: a few operations a distance, and
0.5 µs for Matérn's with a ν other than 1/2, 3/2 and 5/2.

References
----------
B. Matérn, Spatial Variation, 2nd ed., 1986, https://doi.org/10.1007/978-1-4615-7892-5.
C. E. Rasmussen and C. K. I. Williams, Gaussian Processes for Machine Learning, 2006, section 4.2.
J.-P. Chilès and P. Delfiner, Geostatistics, 2nd ed., 2012, section 2.5, https://doi.org/10.1002/9781118136188.
"""

import math
from dataclasses import dataclass

import numpy as np

from mvn_dask import checks
from mvn_dask._typing import Float64Array
from mvn_dask.errors import ArgumentError, ArgumentTypeError
from mvn_dask.readable import short_repr
from mvn_dask.signatures import short_signature

MAX_NU = 50.0
"""ν at most, from which on Matérn's function is the gaussian one to a hundredth."""


@short_signature
@dataclass(frozen=True, repr=False)
class CovarianceFunction:
    """A covariance as a function of distance.

    Parameters
    ----------
    name : str
        Name of the function that made it, such as `matern`.
    parameters : tuple of (str, float)
        Its arguments, by their names.

    See Also
    --------
    mvn_dask.covariance.matern : One with a chosen smoothness.
    mvn_dask.covariance.StationaryGrid : Takes it.

    Examples
    --------
    >>> exponential(2.0, variance=3.0)
    exponential(length=2.0, variance=3.0)
    >>> exponential(2.0)(np.array([0.0, 2.0])).round(3)
    array([1.   , 0.368])
    >>> exponential(2.0).record()["name"]
    'exponential'
    """

    name: str
    """Name of the function."""
    parameters: tuple[tuple[str, float], ...]
    """Its parameters in the order of its arguments."""

    def __repr__(self) -> str:
        return f"{self.name}({', '.join(f'{name}={value!r}' for name, value in self.parameters)})"

    def __call__(self, distances: Float64Array) -> Float64Array:
        """Covariances at distances, of the same shape."""
        given = dict(self.parameters)
        ratios = np.asarray(distances, np.float64) / given.get("length", given.get("range", 1.0))
        with np.errstate(under="ignore", over="ignore"):
            if self.name == "exponential":
                correlations = np.exp(-ratios)
            elif self.name == "gaussian":
                correlations = np.exp(-0.5 * ratios * ratios)
            elif self.name == "spherical":
                inside = np.minimum(ratios, 1.0)
                correlations = 1.0 - 1.5 * inside + 0.5 * inside**3
            else:
                correlations = _matern(ratios, given["nu"])
            return given["variance"] * correlations

    def record(self) -> dict[str, object]:
        """Name and parameters, JSON-able.

        See Also
        --------
        mvn_dask.covariance.Covariance.record : That of a covariance.
        """
        return {"name": self.name, **dict(self.parameters)}


@short_signature
def exponential(length: float, variance: float = 1.0) -> CovarianceFunction:
    """The exponential covariance, ``variance * exp(-h / length)``, of rough fields and of AR(1) series.

    Parameters
    ----------
    length : float
        Length ℓ of correlation, in the unit of the distances.
    variance : float
        Covariance at distance 0.

    Returns
    -------
    CovarianceFunction
        Of distances in the unit of `length`.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If one of them is not a positive number.

    See Also
    --------
    mvn_dask.covariance.matern : Smoother functions.
    mvn_dask.covariance.spherical : One that ends.
    mvn_dask.covariance.StationaryGrid : Takes it.

    Examples
    --------
    >>> exponential(3.0)
    exponential(length=3.0, variance=1.0)
    """
    return CovarianceFunction("exponential", _positive(length=length, variance=variance))


@short_signature
def gaussian(length: float, variance: float = 1.0) -> CovarianceFunction:
    """The gaussian or squared exponential covariance, ``variance * exp(-h² / (2 length²))``, of very smooth fields.

    Parameters
    ----------
    length : float
        Length ℓ of correlation, in the unit of the distances.
    variance : float
        Covariance at distance 0.

    Returns
    -------
    CovarianceFunction
        Of distances in the unit of `length`.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If one of them is not a positive number.

    See Also
    --------
    mvn_dask.covariance.matern : Functions that are less smooth.
    mvn_dask.covariance.StationaryGrid : Takes it.

    Examples
    --------
    >>> gaussian(3.0)(np.array([0.0, 3.0])).round(3)
    array([1.   , 0.607])
    """
    return CovarianceFunction("gaussian", _positive(length=length, variance=variance))


@short_signature
def matern(length: float, nu: float, variance: float = 1.0) -> CovarianceFunction:
    """Matérn's covariance, ``variance * 2**(1 - nu) / Γ(nu) * x**nu * K_nu(x)`` with ``x = sqrt(2 nu) * h / length``.

    Parameters
    ----------
    length : float
        Length ℓ of correlation, in the unit of the distances.
    nu : float
        Smoothness ν, at most 50: fields have derivatives of all orders below it. 0.5 is the exponential covariance, and
        a large one nearly the gaussian.
    variance : float
        Covariance at distance 0.

    Returns
    -------
    CovarianceFunction
        Of distances in the unit of `length`.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If one of them is not a positive number, or `nu` is larger.

    See Also
    --------
    mvn_dask.covariance.exponential : The one for nu = 1/2.
    mvn_dask.covariance.gaussian : The limit of large nu.
    mvn_dask.covariance.StationaryGrid : Takes it.

    Examples
    --------
    >>> matern(3.0, nu=1.5)(np.array([0.0, 3.0])).round(3)
    array([1.   , 0.483])
    """
    if (parameters := _positive(length=length, nu=nu, variance=variance))[1][1] > MAX_NU:
        raise ArgumentError(f"`nu` must be at most {MAX_NU:g}: it is {short_repr(nu)}; gaussian({length!r}) is near")
    return CovarianceFunction("matern", parameters)


@short_signature
def spherical(range: float, variance: float = 1.0) -> CovarianceFunction:  # noqa: A002 the field's own word
    """The spherical covariance, ``variance * (1 - 1.5 h / range + 0.5 (h / range)³)``, and 0 beyond the range.

    It is a covariance in one, two and three dimensions.

    Parameters
    ----------
    range : float
        Distance from which on there is no correlation, in the unit of the distances.
    variance : float
        Covariance at distance 0.

    Returns
    -------
    CovarianceFunction
        Of distances in the unit of `range`.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If one of them is not a positive number.

    See Also
    --------
    mvn_dask.covariance.exponential : One that never ends.
    mvn_dask.covariance.StationaryGrid : Takes it.

    Examples
    --------
    >>> spherical(2.0)(np.array([0.0, 1.0, 5.0]))
    array([1.    , 0.3125, 0.    ])
    """
    return CovarianceFunction("spherical", _positive(range=range, variance=variance))


def _positive(**parameters: object) -> tuple[tuple[str, float], ...]:
    found, rule = [], "positive and finite"
    for name, value in parameters.items():
        if isinstance(value, (str, bytes, bool, np.bool_)):
            raise ArgumentTypeError(f"`{name}` must be a real number, not {short_repr(value)}")
        number = checks.real_number(name, value, rule)
        if not 0.0 < number < math.inf:
            raise ArgumentError(f"`{name}` must be {rule}: it is {short_repr(value)}")
        found.append((name, number))
    return tuple(found)


def _matern(ratios: Float64Array, nu: float) -> Float64Array:
    """Matérn's correlations at distances in units of the length."""
    # No infinity, which times 0 is not a number.
    x = np.minimum(math.sqrt(2.0 * nu) * ratios, 1e100)
    if nu == 0.5:
        return np.exp(-x)
    if nu == 1.5:
        return (1.0 + x) * np.exp(-x)
    if nu == 2.5:
        return (1.0 + x + x * x / 3.0) * np.exp(-x)
    from scipy.special import gammaln, kve

    # In logarithms, since the factors leave the range of float64 long before their product does.
    with np.errstate(divide="ignore", invalid="ignore"):
        logarithms = (1.0 - nu) * math.log(2.0) - gammaln(nu) + nu * np.log(x) + np.log(kve(nu, x)) - x
    # Near 0 Bessel's function is infinite, and the correlation 1; far away it is 0.
    found = np.exp(np.minimum(logarithms, 0.0))
    return np.where(np.isnan(logarithms) | np.isposinf(logarithms), np.where(x < 1.0, 1.0, 0.0), found)
