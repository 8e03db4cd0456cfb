"""A covariance with bands: each variable goes with those near it alone.

Input: the diagonal and u bands beside it, shape (u + 1, d). Output: a factor of the same shape; nothing of size d × d
is ever built. Memory: two arrays of that shape. Cost: d u² / 2 multiply-adds once, then 2 (u + 1) d flops a row.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

import numpy as np

from mvn_dask import checks, labels
from mvn_dask._typing import ArrayLike, Float64Array, Texts
from mvn_dask.array_likes import compute_together, is_instance, real_array
from mvn_dask.covariance.band_factors import BandFactor
from mvn_dask.covariance.band_triangle import PivotError, factorize_band
from mvn_dask.covariance.base import Covariance
from mvn_dask.covariance.shown_structures import Indices
from mvn_dask.errors import ArgumentError, NotPositiveDefiniteError
from mvn_dask.hashing import digest
from mvn_dask.memory_limit import refuse_beyond_memory
from mvn_dask.readable import plural, readable_bytes
from mvn_dask.signatures import short_signature

COPIES_OF_BANDS = 3
"""Arrays of the size of the bands that factorising takes, themselves included, at least."""


@short_signature
@dataclass(frozen=True, init=False, eq=False, repr=False)
class Banded(Covariance):
    """A covariance with bands, positive definite.

    Parameters
    ----------
    bands : array_like, shape (u + 1, d)
        The diagonal and the u bands on one side of it, as ``scipy.linalg.cholesky_banded`` takes them: entry (i, j)
        lies at ``bands[u + i - j, j]`` for i ≤ j or, with ``lower=True``, at ``bands[i - j, j]`` for i ≥ j. What lies
        outside of the matrix, in a corner of `bands`, may be anything, NaN included.
    lower : bool
        Whether they are the bands below the diagonal, which is in the first row then, else in the last.
    names : sequence of str, optional
        Names of the d variables; by default the labels of the columns of `bands`.

    Raises
    ------
    ArgumentError
        If it is not a matrix, empty, or not finite.
    ArgumentTypeError
        If it does not hold real numbers, or `lower` is no bool.
    NotPositiveDefiniteError
        From `factorize`, with the first variable that those before it determine, or more than that. A covariance
        that is only semidefinite is not supported here: `Dense` takes it.

    See Also
    --------
    mvn_dask.covariance.Precision : A precision with bands: autoregressions.
    mvn_dask.covariance.Sparse : Entries that are few, and lie anywhere.
    mvn_dask.covariance.Toeplitz : A stationary series.
    mvn_dask.MultivariateNormal : Takes it in place of a matrix.

    Notes
    -----
    Variable i is a sum over normals from i - u to i: its factor is Cholesky's, which has the same bands. They have the
    same bits on every machine. `whiten` is a forward substitution, as cheap as drawing. The form, and what lies outside
    of the matrix, decide nothing: covariances of the same entries are equal.

    References
    ----------
    G. H. Golub and C. F. Van Loan, Matrix Computations, 4th ed., 2013, section 4.3.5.

    Examples
    --------
    A moving average, ``x[t] = e[t] + 0.5 e[t - 1]``:

    >>> import numpy as np
    >>> cov = Banded([[0.5] * 1000, [1.25] * 1000])
    >>> cov
    Banded(ndim=1000, bandwidth=1)
    >>> cov.factorize().covariance_of([5], [4, 5, 6, 7]).round(6)
    array([[0.5 , 1.25, 0.5 , 0.  ]])
    >>> import mvn_dask
    >>> mvn_dask.MultivariateNormal(np.zeros(1000), cov).sample(10, seed=1)[:2, :3].compute().round(3)
    array([[ 1.226, -0.988,  3.239],
           [ 0.91 ,  1.316, -0.554]])
    """

    kind: ClassVar[str] = "banded"

    bands: Float64Array
    """The bands in the lower form, float64, shape (u + 1, d): entry (j + k, j) in place j of band k, then zeros."""
    names: tuple[str, ...] | None
    """Names of the variables, if there are any."""

    def __init__(self, bands: ArrayLike, lower: bool = False, *, names: Texts | None = None) -> None:
        lower = checks.flag("lower", lower)
        (bands,) = compute_together(bands)
        array = real_array("bands", bands)
        if array.ndim != 2 or not array.size:
            way_out = ": one band is [variances], and independent variables are Diagonal(variances)"
            raise ArgumentError(
                f"`bands` must be 2 dimensional and not empty, of shape (u + 1, d): its shape is {array.shape}"
                f"{way_out if array.ndim == 1 else ''}"
            )
        ndim = array.shape[1]
        axes = (*_axes(bands), *labels.given_names(names, ndim, "the `names` of `cov`"))
        object.__setattr__(self, "names", labels.agreed_names(axes))
        object.__setattr__(self, "axes", axes)
        array = _lower_form(array, lower=lower)
        array.setflags(write=False)
        object.__setattr__(self, "bands", array)

    def _arguments(self) -> list[str]:
        return [f"ndim={self.ndim}", f"bandwidth={len(self.bands) - 1}"]

    def _facts(self) -> dict[str, str]:
        return {"bandwidth": f"{len(self.bands) - 1:,}", "memory": readable_bytes(self.bands.nbytes)}

    @property
    def ndim(self) -> int:
        return int(self.bands.shape[1])

    def factorize(self) -> BandFactor:
        return self._factor

    @cached_property
    def _factor(self) -> BandFactor:
        self.check_memory("cov")
        try:
            return BandFactor(factorize_band(self.bands))
        except PivotError as error:
            raise NotPositiveDefiniteError(
                f"Matrix is not positive definite: {describe_pivot(self, error.variable, 'cov', 'before')}. A banded "
                "covariance must be positive definite: Dense(cov.to_dense()) takes a singular one"
            ) from error

    def check_memory(self, name: str) -> None:
        """Raise a `FactorTooLargeError` if factorising takes more memory than there may be; `name` is for the error."""
        refuse_beyond_memory(
            f"factorising `{name}` of {plural(len(self.bands), 'band')} of {plural(self.ndim, 'number', ',')}",
            COPIES_OF_BANDS * self.bands.nbytes,
            "take fewer variables, or fewer bands",
        )

    def variances(self) -> Float64Array:
        return np.asarray(self.bands[0])

    def _entries(self, places: Indices) -> Float64Array:
        lags = np.abs(np.subtract.outer(places, places))
        near = np.minimum(lags, len(self.bands) - 1)
        return np.where(lags == near, self.bands[near, np.minimum.outer(places, places)], 0.0)

    def to_dense(self) -> Float64Array:
        matrix, variables = np.zeros((self.ndim, self.ndim)), np.arange(self.ndim)
        for k, band in enumerate(self.bands):
            here, beside = variables[: self.ndim - k], variables[k:]
            matrix[here, beside] = matrix[beside, here] = band[: self.ndim - k]
        return matrix

    def digest(self) -> str:
        return digest(self.bands)


def describe_pivot(matrix: Banded, variable: int, name: str, side: str) -> str:
    """Why the pivot of a variable is not positive, given the variables on one side of it; `name` is the argument's."""
    entry = matrix.bands[0, variable]
    if entry <= 0:
        return f"{name}[{variable}, {variable}] is {entry:.3g}, and each on the diagonal must be positive"
    label = checks.variable_label(variable, matrix.names)
    return f"of the {entry:.3g} of {label} nothing is left, to rounding, given the variables {side} it"


def _lower_form(bands: Float64Array, *, lower: bool) -> Float64Array:
    """A copy in the lower form, with zeros outside of the matrix; bands that lie there as a whole are left out."""
    u, d = len(bands) - 1, bands.shape[1]
    found = np.zeros((min(u + 1, d), d))
    for k, band in enumerate(found):
        row, columns = (k, slice(d - k)) if lower else (u - k, slice(k, d))
        entries = bands[row, columns]
        is_finite = np.isfinite(entries)
        if not is_finite.all():
            place = int((~is_finite).argmax())
            cure = "; fill a missing value, or leave its variable out" if np.isnan(entries[place]) else ""
            where = [row, place + (columns.start or 0)]
            raise ArgumentError(f"`bands` must be finite: bands{where} is {entries[place]}{cure}")
        # A zero has two signs, which are one number, and must not give two digests.
        band[: d - k] = entries + 0.0
    return found


def _axes(bands: Any) -> list[labels.Axis]:
    """The labels of the variables, which are along the columns alone."""
    if is_instance(bands, "xarray", "DataArray"):
        return labels.axes_of("bands", bands[0])
    if is_instance(bands, "pandas", "DataFrame"):
        return labels.axes_of("bands", bands.head(0))[:1]
    return labels.axes_of("bands", bands)
