"""The multivariate t distribution: a value, and the sampler that draws its rows.

Input: a location, a shape matrix and degrees of freedom. Output: rows ``location + sqrt(df / χ²) · A z``, with the
normals z of `MultivariateNormal` and a χ² number a row. Cost: one factorisation, then that of normal rows, and some
25 ns a row and 0.5 ns a number.

The χ² numbers of a stripe are ``chisquare(df, rows)`` of numpy's Generator on child 0 of the stripe's stream.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache, cached_property, partial
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from mvn_dask import checks
from mvn_dask._typing import ArrayLike, Arrays, CovarianceLike, Float64Array, FloatArray, Size, Texts
from mvn_dask.compiled import compiled_module
from mvn_dask.compiled.loops import COMPILED_SIZE
from mvn_dask.covariance import Covariance, Dense, Factor
from mvn_dask.covariance.marginal_covariance import Places, marginal
from mvn_dask.display.fragments import facts
from mvn_dask.display.markup import Html
from mvn_dask.distribution.base import Distribution
from mvn_dask.distribution.known_laws import t_law
from mvn_dask.distribution.named_arguments import named_arguments
from mvn_dask.distribution.normal import MultivariateNormal
from mvn_dask.distribution.normal_sampler import NormalSampler
from mvn_dask.distribution.plots import Plots
from mvn_dask.distribution.reference_laws import normal_laws, t_pair_radius
from mvn_dask.distribution.score_tables import KNOTS_PER_UNIT, SCORE_REACH, ScoreTable, equally_probable_length
from mvn_dask.distribution.shown_distribution import deviations_of, distribution_view, event_arguments, numbers_of
from mvn_dask.errors import ArgumentError
from mvn_dask.event import Event
from mvn_dask.plotting.pair_plot import KnownLaw
from mvn_dask.readable import number, short_repr
from mvn_dask.sampling import kernel
from mvn_dask.sampling.plan import Plan
from mvn_dask.sampling.sampler import Indices, ReferenceLaws, Sampler, ScoreLimits
from mvn_dask.signatures import short_signature

LEAST_DF = {"float64": 0.125, "float32": 0.5}
"""Degrees of freedom, at least: with fewer, one row in 1e19 or more is beyond what the dtype holds."""


@dataclass(frozen=True, eq=False)
class MultivariateTSampler(Sampler):
    """Draws rows of a multivariate t distribution."""

    kind: ClassVar[str] = "multivariate_t"

    location: FloatArray
    """The location, which is the median, shape (d,)."""
    factor: Factor
    """A factor of the shape matrix, in the same precision."""
    requested: Float64Array
    """Diagonal of the shape matrix that was asked for, float64, shape (d,)."""
    covariance: Mapping[str, Any]
    """The record of the shape matrix that was factorised."""
    df: float
    """Degrees of freedom."""

    def record(self) -> dict[str, Any]:
        own = {"kind": self.kind, "df": self.df}
        return {**own, "covariance": dict(self.covariance), "factor": self.factor.record()}

    def parameters(self) -> dict[str, npt.NDArray[Any]]:
        own = {"location": self.location, "variances": self.requested}
        return {**own, **{f"factor.{name}": array for name, array in self.factor.arrays().items()}}

    @classmethod
    def from_parameters(cls, record: Mapping[str, Any], parameters: Arrays) -> "MultivariateTSampler":
        if record.keys() != {"kind", "df", "covariance", "factor"}:
            raise ArgumentError(f"a multivariate t has other fields than {sorted(record)}")
        df = record["df"]
        if "location" not in parameters or "mean" in parameters:
            raise ArgumentError(f"a multivariate t has other arrays than {sorted(parameters)}")
        arrays = {"mean" if name == "location" else name: array for name, array in parameters.items()}
        normal = NormalSampler.from_parameters({name: record[name] for name in record if name != "df"}, arrays)
        # 5 and 5.0 would be one distribution under two fingerprints.
        if type(df) is not float or not LEAST_DF[normal.location.dtype.name] <= df < np.inf:
            raise ArgumentError(f"no multivariate t of {normal.location.dtype} has the df {short_repr(df)}")
        return cls(normal.location, normal.factor, normal.requested, normal.covariance, df)

    @property
    def dtype(self) -> np.dtype[np.floating[Any]]:
        return self.location.dtype

    def draw(self, plan: Plan, start: int, stop: int) -> FloatArray:
        rows = kernel.draw_rows(self.factor, zero_mean(plan.ndim, plan.dtype), plan, start, stop)
        for stripe, of_stripe, of_rows in plan.stripes_between(start, stop):
            # A stream is read from its beginning, up to the last row that is needed.
            chi2 = plan.root.child(stripe).child(0).generator().chisquare(self.df, of_stripe.stop)[of_stripe]
            with np.errstate(divide="ignore", over="ignore"):
                scales = np.sqrt(self.df / chi2).astype(plan.dtype)
            _scale_rows(rows[of_rows], scales, self.location)
        return rows

    def mean(self) -> Float64Array:
        """The median; it is the mean where there is one, with more than one degree of freedom."""
        return self.location.astype(np.float64)

    def requested_variances(self) -> Float64Array:
        """Diagonal of the shape matrix: the variances are ``df / (df - 2)`` times these, or infinite."""
        return self.requested

    def squared_distances(self, x: FloatArray) -> Float64Array:
        """Squares of χ distributed lengths, to which those of whitened rows, whose law is Fisher's F, are mapped."""
        return np.square(self._length_table.scores(np.sqrt(super().squared_distances(x))))

    def scores(self, x: FloatArray, columns: Indices) -> Float64Array:
        deviation = np.sqrt(self.requested[columns])
        centred = np.subtract(x, self.location[columns], dtype=np.float64)
        varying = deviation > 0
        found = self._score_table.scores(centred / np.where(varying, deviation, 1.0))
        return np.where(varying, found, centred)

    def score_limits(self, columns: Indices, eps: float) -> ScoreLimits:
        deviation = np.sqrt(self.requested[columns])
        with np.errstate(divide="ignore", invalid="ignore"):
            offsets = np.where(deviation > 0, np.abs(self.location[columns]) / deviation, np.inf)
        return self._score_table.limits(offsets, eps)

    @cached_property
    def _score_table(self) -> ScoreTable:
        df = self.df
        return ScoreTable.of(lambda z: np.sign(z) * equally_probable_length(np.abs(z), 1, df))

    @cached_property
    def _length_table(self) -> ScoreTable:
        centre = np.sqrt(self.rank)
        lengths = np.arange(max(0.0, centre - SCORE_REACH), centre + SCORE_REACH, 1.0 / KNOTS_PER_UNIT)
        return ScoreTable(lengths, equally_probable_length(lengths, self.rank, self.df))

    def __getstate__(self) -> dict[str, Any]:
        # What can be made again does not travel.
        return {name: value for name, value in self.__dict__.items() if not name.startswith("_")}

    def laws(self) -> ReferenceLaws:
        """Those of normal rows, for scores and for lengths that are mapped to χ distributed ones."""
        radius = partial(t_pair_radius, self.df)
        return normal_laws(self.rank, of_scores=True, pairs_known=False, pair_radius=radius)


def _scale_rows(rows: FloatArray, scales: FloatArray, location: FloatArray) -> None:
    """Overwrite rows with their multiples about a location."""
    # Few numbers are no reason to load compiled code.
    code = compiled_module("row_scaling") if rows.size >= COMPILED_SIZE else None
    if code is not None:
        code.scale_rows(rows, scales, location)
        return
    rows *= scales[:, None]
    rows += location


@cache
def zero_mean(ndim: int, dtype: str) -> FloatArray:
    """Zeros: always the same array, since compiled code is prepared for the array that it gets."""
    zeros: FloatArray = np.zeros(ndim, dtype)
    zeros.setflags(write=False)
    return zeros


@dataclass(frozen=True, init=False, eq=False, repr=False)
class MultivariateT(Plots, Distribution):
    """A multivariate t distribution of dimension d, whose shape matrix is checked and factorised once.

    Parameters
    ----------
    location : array_like, shape (d,) or the shape of a draw, or float
        Location: the median, and the mean where there is one.
    shape : array_like of shape (d, d), (d,) or (), or Covariance
        Shape matrix Σ, positive semidefinite; the covariance is ``df / (df - 2)`` times it, where df is above 2.
    df : float
        Degrees of freedom, at least 1/8, and 1/2 for samples of float32.
    method : {"auto", "svd", "eigh", "cholesky"}
        As in `MultivariateNormal`, of the shape matrix; so are those that follow.
    check_valid : {"warn", "raise", "ignore"}
        What to do if it is not positive semidefinite.
    tol : float
        Tolerance of that check.
    names : sequence of str, optional
        Names of the d variables.
    event_shape : int or tuple of int, optional
        Shape of one draw.
    dims : str or sequence of str, optional
        Names of the axes of a draw.
    coords : dict of str to array_like, optional
        Labels along axes of a draw, by their names.

    Raises
    ------
    ArgumentError, ArgumentTypeError, NotPositiveDefiniteError
        As from `MultivariateNormal`, and if `df` is not finite or too small.

    See Also
    --------
    mvn_dask.MultivariateNormal : The limit of many degrees of freedom.
    mvn_dask.GaussianCopula : Variables with laws of their own.

    Notes
    -----
    Rows are ``location + sqrt(df / w) · A z`` with independent standard normals z, ``A @ A.T == shape``, and w of the
    χ² distribution with df degrees of freedom. A z are the rows of ``MultivariateNormal(0, shape)`` with the same seed.
    The variables of a row are dependent whatever the shape matrix. The numbers w are numpy's; with less than 2 degrees
    of freedom they hold powers by the C library, whose last bits may depend on the machine.

    References
    ----------
    S. Kotz and S. Nadarajah, Multivariate t Distributions and Their Applications, 2004, section 1.1,
    doi:10.1017/CBO9780511550683.

    Examples
    --------
    >>> import mvn_dask
    >>> t = mvn_dask.MultivariateT([1.0, 2.0], [[2.0, 1.0], [1.0, 2.0]], df=5)
    >>> t
    MultivariateT(ndim=2, shape=Dense(ndim=2, method='auto'), df=5.0)
    >>> t.sample(100_000, seed=42)[:2].compute().round(3)
    array([[1.089, 4.298],
           [1.707, 2.342]])
    """

    location: Float64Array
    """Location, float64, of the shape of a draw."""
    shape: Covariance
    """Shape matrix, of dimension d."""
    df: float
    """Degrees of freedom."""
    event: Event
    """Shape of a draw, with the names and labels of its axes."""

    @short_signature
    def __init__(
        self,
        location: ArrayLike,
        shape: CovarianceLike | Covariance,
        df: float,
        *,
        method: checks.Method = "auto",
        check_valid: checks.CheckValid = "warn",
        tol: float = 1e-8,
        names: Texts | None = None,
        event_shape: Size = None,
        dims: str | Texts | None = None,
        coords: Mapping[str, Any] | None = None,
    ) -> None:
        degrees = degrees_of_freedom(df)
        axes: dict[str, Any] = {"names": names, "event_shape": event_shape, "dims": dims, "coords": coords}
        with named_arguments({"mean": "location", "cov": "shape"}):
            normal = MultivariateNormal(location, shape, method=method, check_valid=check_valid, tol=tol, **axes)
        object.__setattr__(self, "location", normal.mean)
        object.__setattr__(self, "shape", normal.covariance)
        object.__setattr__(self, "df", degrees)
        object.__setattr__(self, "event", normal.event)
        object.__setattr__(self, "_normal", normal)

    def __repr__(self) -> str:
        event = ", ".join(event_arguments(self.event, self.shape.event_shape))
        return f"MultivariateT({event}, shape={self.shape._text()}, df={self.df!r})"

    def _shown(self) -> Iterator[Html]:
        deviations = f"scales × {number((self.df / (self.df - 2)) ** 0.5)}" if self.df > 2 else "infinite"
        yield facts({"degrees of freedom": number(self.df), "standard deviations": deviations})
        columns = {"location": numbers_of(self.location), "scale": deviations_of(self.shape)}
        yield from distribution_view(self.event, columns, self.location, self.shape, "Shape")

    def _shown_law(self, places: Places) -> "tuple[MultivariateT, KnownLaw]":
        location, part = self.location.reshape(-1)[places], marginal(self.shape, places).to_dense()
        return MultivariateT(location, Dense(part, check_valid="ignore"), self.df), t_law(location, part, self.df)

    def sampler(self, dtype: np.dtype[np.floating[Any]]) -> MultivariateTSampler:
        least = LEAST_DF[dtype.name]
        if self.df < least:
            raise ArgumentError(
                f"`df` must be at least {least} for samples of {dtype}, which cannot hold the numbers of fewer: it is "
                f"{self.df}"
            )
        with named_arguments({"mean": "location", "cov": "shape"}):
            normal: NormalSampler = self._normal.sampler(dtype)  # type: ignore[attr-defined]
        return MultivariateTSampler(normal.location, normal.factor, normal.requested, normal.covariance, self.df)


def degrees_of_freedom(df: object) -> float:
    """The argument `df` of a t distribution, in any precision."""
    rule = f"finite and at least {LEAST_DF['float64']}"
    number = checks.real_number("df", df, rule)
    if number == np.inf:
        raise ArgumentError("`df` must be finite: with infinitely many the distribution is MultivariateNormal")
    if not number >= LEAST_DF["float64"]:
        raise ArgumentError(f"`df` must be {rule}: it is {short_repr(df)}")
    return number
