"""The Gaussian copula: variables with any continuous laws, tied by normal ones; a value.

Input: correlations, and marginal distributions of scipy.stats. Output: rows whose variables are quantiles of these at
the probabilities of correlated normal ones. Cost: one factorisation, a table of 13 to 52 kB for each different marginal
(2 to 200 ms), then that of normal rows and 2 ns a number; quantiles of scipy's own take 50 ns to 1 ms a number.
"""

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import numpy as np

from mvn_dask import checks
from mvn_dask._typing import ArrayLike, Float64Array, Size, Texts
from mvn_dask.array_likes import compute_together
from mvn_dask.covariance import Covariance, Dense, from_correlation
from mvn_dask.covariance.correlations import TOLERANCE
from mvn_dask.covariance.marginal_covariance import marginal
from mvn_dask.display.markup import Html
from mvn_dask.distribution.base import Distribution
from mvn_dask.distribution.copula_sampler import KEPT_TABLES, GaussianCopulaSampler
from mvn_dask.distribution.marginal_laws import EXACT_REACH, Family, marginal_law
from mvn_dask.distribution.named_arguments import named_arguments
from mvn_dask.distribution.normal import MultivariateNormal
from mvn_dask.distribution.normal_sampler import NormalSampler
from mvn_dask.distribution.plots import Plots
from mvn_dask.distribution.quantile_tables import POLYNOMIAL_TERMS, Places, QuantileTables, tabulate
from mvn_dask.distribution.shown_distribution import distribution_view, event_arguments
from mvn_dask.errors import ArgumentError, ArgumentTypeError
from mvn_dask.event import Event
from mvn_dask.plotting.pair_plot import KnownLaw
from mvn_dask.readable import plural, short_repr
from mvn_dask.signatures import short_signature
from mvn_dask.slow_steps import name_if_slow

log = logging.getLogger(__name__)

SHOWN_FAMILIES = 3
"""Names of marginals that a `repr` shows, at most."""


@dataclass(frozen=True, init=False, eq=False, repr=False)
class GaussianCopula(Plots, Distribution):
    """Variables with given continuous laws, whose normal scores are jointly normal.

    Parameters
    ----------
    correlation : array_like, shape (d, d), or Covariance
        Correlations of the normal scores; a Covariance must have variances of 1.
    marginals : frozen distribution of scipy.stats, or sequence of d of them
        The law of each variable, as ``scipy.stats.lognorm(0.5, scale=2.0)``, or one for all.
    exact : bool
        Whether every number is scipy's own ``ppf``, in place of tables of it. Then its bits may depend on the processor
        and on the release of scipy.
    method : {"auto", "svd", "eigh", "cholesky"}
        As in `MultivariateNormal`, of the correlations; so are those that follow.
    check_valid : {"warn", "raise", "ignore"}
        What to do if they are not positive semidefinite.
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
    ArgumentError
        As from `MultivariateNormal`; for a discrete marginal, one that is not scipy's, another number of them than of
        variables, and variances other than 1.
    ArgumentTypeError
        As from `MultivariateNormal`, and if `marginals` holds anything but frozen distributions.

    See Also
    --------
    mvn_dask.MultivariateNormal : The distribution of the normals behind it.
    mvn_dask.MultivariateT : Heavy tails that variables have together.
    mvn_dask.covariance.nearest_psd : Correlations near a matrix that is none.

    Notes
    -----
    Variable i is ``marginals[i].ppf(Φ(z[i]))`` with rows z of ``MultivariateNormal(0, correlation)`` with the same
    seed; above 0 it is ``isf(Φ(-z[i]))``, which keeps the digits of the tail. Tables are polynomials of degree 5, 16 or
    64 a unit of z. Their error is at most 1e-8 of the larger of 1 and ``abs(x)``, in scipy's standard form of x. A
    normal number beyond ±8.5 counts as ±8.5. Where no table is so good, as where a density has a jump, scipy is asked
    for each number, which `repr` says.

    The correlations are those of normal scores, and not of the variables; rank correlations (Spearman's) are
    ``6 / π · asin(correlation / 2)``.

    References
    ----------
    R. B. Nelsen, An Introduction to Copulas, 2nd ed., 2006, section 2.5, doi:10.1007/0-387-28678-0.

    Examples
    --------
    >>> import mvn_dask
    >>> from scipy import stats
    >>> marginals = [stats.lognorm(0.5, scale=2.0), stats.gamma(3.0)]
    >>> copula = mvn_dask.GaussianCopula([[1.0, 0.7], [0.7, 1.0]], marginals)
    >>> copula
    GaussianCopula(ndim=2, correlation=Dense(ndim=2, method='auto'), marginals=[lognorm, gamma])
    >>> copula.sample(100_000, seed=42)[:2].compute().round(3)
    array([[2.062, 5.402],
           [2.589, 3.29 ]])
    """

    correlation: Covariance
    """Correlations of normal scores, of dimension d."""
    families: tuple[Family, ...]
    """The different marginals, in their standard forms."""
    tables: QuantileTables
    """Quantiles of these, and the marginal, the location and the scale of each variable."""
    exact: bool
    """Whether scipy computes every quantile."""
    event: Event
    """Shape of a draw, with the names and labels of its axes."""

    @short_signature
    def __init__(
        self,
        correlation: ArrayLike | Covariance,
        marginals: Any,
        *,
        exact: bool = False,
        method: checks.Method = "auto",
        check_valid: checks.CheckValid = "warn",
        tol: float = 1e-8,
        names: Texts | None = None,
        event_shape: Size = None,
        dims: str | Texts | None = None,
        coords: Mapping[str, Any] | None = None,
    ) -> None:
        exact = checks.flag("exact", exact)
        (correlation,) = compute_together(correlation)
        options: dict[str, Any] = {"method": method, "check_valid": check_valid, "tol": tol}
        with named_arguments({"cov": "correlation"}):
            if not isinstance(correlation, Covariance):
                correlation = from_correlation(correlation, 1.0, names=names, **options)
            _require_correlations(correlation)
            axes: dict[str, Any] = {"names": names, "event_shape": event_shape, "dims": dims, "coords": coords}
            normal = MultivariateNormal(0.0, correlation, **options, **axes)
        families, table, locations, scales = grouped_marginals(marginals, normal.ndim)
        with name_if_slow(log, f"making tables of {plural(len(families), 'marginal')}"):
            tables = _made_tables(families, exact=exact)
        object.__setattr__(self, "correlation", normal.covariance)
        object.__setattr__(self, "families", families)
        object.__setattr__(self, "tables", replace(tables, table=table, locations=locations, scales=scales))
        object.__setattr__(self, "exact", exact)
        object.__setattr__(self, "event", normal.event)
        object.__setattr__(self, "_normal", normal)

    def __repr__(self) -> str:
        event = ", ".join(event_arguments(self.event, self.correlation.event_shape))
        names = [
            f"{each.name}{'' if n else ' (exact)'}"
            for each, n in zip(self.families, self.tables.densities, strict=True)
        ]
        shown = ", ".join(dict.fromkeys(names[:SHOWN_FAMILIES])) + (", …" if len(names) > SHOWN_FAMILIES else "")
        return f"GaussianCopula({event}, correlation={self.correlation._text()}, marginals=[{shown}])"

    def _shown(self) -> Iterator[Html]:
        columns = {"marginal": self._marginal_texts}
        yield from distribution_view(self.event, columns, None, self.correlation, "Correlation of normal scores")

    def _marginal_texts(self, places: Places) -> list[str]:
        """The marginals of some variables, as scipy.stats is called for them."""
        return [family.text(loc, scale) for family, loc, scale in self._marginals(places)]

    def _marginals(self, places: Places) -> Iterator[tuple[Family, float, float]]:
        """Family, location and scale of some variables."""
        tables = self.tables
        numbers = (tables.table[places].tolist(), tables.locations[places].tolist(), tables.scales[places].tolist())
        return ((self.families[table], loc, scale) for table, loc, scale in zip(*numbers, strict=True))

    def _shown_law(self, places: Places) -> "tuple[GaussianCopula, KnownLaw]":
        laws = [family.placed(loc, scale) for family, loc, scale in self._marginals(places)]
        part = marginal(self.correlation, places).to_dense().copy()
        np.fill_diagonal(part, 1.0)
        shown = GaussianCopula(Dense(part, check_valid="ignore"), laws, exact=self.exact)
        return shown, KnownLaw(tuple(each.pdf for each in laws))

    def sampler(self, dtype: np.dtype[np.floating[Any]]) -> GaussianCopulaSampler:
        with named_arguments({"cov": "correlation"}):
            normal: NormalSampler = self._normal.sampler(dtype)  # type: ignore[attr-defined]
        found = GaussianCopulaSampler(normal.factor, normal.covariance, self.families, self.tables, self.exact)
        _refuse_too_large(found, dtype, self.names)
        return found


def _require_correlations(covariance: Covariance) -> None:
    off = np.abs(covariance.variances() - 1.0)
    if off.max() > TOLERANCE:
        label = checks.variable_label(int(off.argmax()), covariance.names)
        raise ArgumentError(
            f"`correlation` must have variances of 1: that of {label} is {covariance.variances()[off.argmax()]:.6g}. "
            "Divide by the standard deviations; scales belong to the marginals"
        )


def grouped_marginals(marginals: Any, ndim: int) -> tuple[tuple[Family, ...], Any, Float64Array, Float64Array]:
    """The different families, and family, location and scale of each variable."""
    if hasattr(marginals, "dist"):
        family, loc, scale = marginal_law("marginals", marginals)
        return (family,), np.zeros(ndim, np.int64), np.full(ndim, loc), np.full(ndim, scale)
    if isinstance(marginals, (str, bytes, Mapping)) or not isinstance(marginals, (Sequence, np.ndarray)):
        raise ArgumentTypeError(
            "`marginals` must be a frozen distribution of scipy.stats, or a sequence of them, not "
            f"{short_repr(marginals)}"
        )
    if len(marginals) != ndim:
        raise ArgumentError(
            f"`marginals` must hold one for each of {plural(ndim, 'variable')}, or be one for all: there are "
            f"{len(marginals)}"
        )
    laws = [marginal_law(f"marginals[{number}]", each) for number, each in enumerate(marginals)]
    numbers = {family: number for number, family in enumerate(dict.fromkeys(family for family, _, _ in laws))}
    table = np.array([numbers[family] for family, _, _ in laws], np.int64)
    return tuple(numbers), table, np.array([loc for _, loc, _ in laws]), np.array([scale for _, _, scale in laws])


def _made_tables(families: Sequence[Family], *, exact: bool) -> QuantileTables:
    """Tables of families, none of which a variable has yet."""
    densities, found = [], [np.empty((0, POLYNOMIAL_TERMS))]
    for family in families:
        table = None if exact else _table_of(family)
        densities.append(0 if table is None else table[0])
        found += [] if table is None else [table[1]]
    nothing = np.empty(0)
    return QuantileTables(np.array(densities, np.int64), np.concatenate(found), np.empty(0, np.int64), nothing, nothing)


@lru_cache(KEPT_TABLES)
def _table_of(family: Family) -> tuple[int, Float64Array] | None:
    quantile = family.quantile()
    return None if quantile is None else tabulate(quantile)


def _refuse_too_large(
    sampler: GaussianCopulaSampler, dtype: np.dtype[np.floating[Any]], names: tuple[str, ...] | None
) -> None:
    """Raise an `ArgumentError` where the tails of a marginal reach beyond what a dtype holds."""
    tables = sampler.tables
    for end in (-EXACT_REACH, EXACT_REACH):
        ends = np.array([each.exact(np.array([end]))[0] for each in sampler.families])
        with np.errstate(over="ignore", invalid="ignore"):
            numbers = (ends[tables.table] * tables.scales + tables.locations).astype(dtype)
        bad = ~np.isfinite(numbers)
        if bad.any():
            number = int(bad.argmax())
            raise ArgumentError(
                f"the marginal of {checks.variable_label(number, names)}, "
                f"{sampler.families[tables.table[number]].name}, has tails beyond what {dtype} holds: use "
                f"{'float64, or ' if dtype == np.float32 else ''}another scale, or a truncated distribution"
            )
