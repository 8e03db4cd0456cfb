"""Continuous distributions of scipy.stats as marginal laws, by their names and numbers.

Input: frozen distributions, or names and numbers of a record. Output: their standard forms, locations and scales, and
quantiles. Cost: that of scipy, which is imported where a distribution is evaluated. A record names a distribution of
`MARGINAL_NAMES`: nothing else that it says is looked up.
"""

import threading
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from mvn_dask._typing import Float64Array
from mvn_dask.errors import ArgumentError, ArgumentTypeError
from mvn_dask.readable import short_repr

MARGINAL_NAMES = frozenset({
    "alpha", "anglit", "arcsine", "argus", "beta", "betaprime", "bradford", "burr", "burr12", "cauchy", "chi",
    "chi2", "cosine", "crystalball", "dgamma", "dweibull", "erlang", "expon", "exponnorm", "exponpow", "exponweib",
    "f", "fatiguelife", "fisk", "foldcauchy", "foldnorm", "gamma", "genexpon", "genextreme", "gengamma",
    "genhalflogistic", "genlogistic", "gennorm", "genpareto", "gibrat", "gompertz", "gumbel_l", "gumbel_r",
    "halfcauchy", "halfgennorm", "halflogistic", "halfnorm", "hypsecant", "invgamma", "invgauss", "invweibull",
    "jf_skew_t", "johnsonsb", "johnsonsu", "kappa3", "kappa4", "landau", "laplace", "laplace_asymmetric", "levy",
    "levy_l", "loggamma", "logistic", "loglaplace", "lognorm", "loguniform", "lomax", "maxwell", "mielke", "moyal",
    "nakagami", "ncf", "nct", "ncx2", "norm", "pareto", "pearson3", "powerlaw", "powerlognorm", "powernorm",
    "rayleigh", "rdist", "recipinvgauss", "reciprocal", "rice", "semicircular", "skewcauchy", "skewnorm", "t",
    "trapezoid", "triang", "truncexpon", "truncnorm", "truncpareto", "truncweibull_min", "tukeylambda", "uniform",
    "vonmises_line", "wald", "weibull_max", "weibull_min", "wrapcauchy",
})  # fmt: skip
"""Names of continuous distributions of scipy.stats that a record may name; a release of scipy may lack some. Those
whose quantiles take scipy a second for a thousand numbers are not among them."""
INACCURATE = frozenset({"beta"})
"""Families whose own quantiles in scipy are wrong in the tails: beta(0.5, 2) falls there by a factor of 100,000."""
EXACT_REACH = 8.2
"""Normal numbers up to which scipy is asked: beyond, probabilities that it subtracts from 1 are 0."""
MOST_SHAPES = 8
"""Shape parameters of a distribution, at most."""
_warnings_lock = threading.Lock()


@dataclass(frozen=True)
class Family:
    """A distribution of scipy.stats in its standard form, with location 0 and scale 1."""

    name: str
    """Its name there."""
    shapes: tuple[float, ...]
    """Its shape parameters."""

    def record(self) -> dict[str, Any]:
        return {"name": self.name, "shapes": list(self.shapes)}

    def text(self, location: float, scale: float) -> str:
        """The distribution with a location and a scale, as scipy.stats is called for it.

        >>> Family("lognorm", (0.5,)).text(0.0, 2.0)
        'lognorm(0.5, scale=2)'
        """
        others = {"loc": location or None, "scale": scale if scale != 1.0 else None}
        named = [f"{name}={value:.6g}" for name, value in others.items() if value is not None]
        return f"{self.name}({', '.join([*(f'{shape:.6g}' for shape in self.shapes), *named])})"

    @classmethod
    def of_record(cls, record: Any) -> "Family":
        """The family of a record, which may be hostile; an `ArgumentError` if there is none such."""
        name, shapes = record["name"], record["shapes"]
        is_list = isinstance(shapes, list) and len(shapes) <= MOST_SHAPES
        if not is_list or not all(type(shape) is float and np.isfinite(shape) for shape in shapes):
            raise ArgumentError(f"a marginal has the shape parameters {short_repr(shapes)}")
        if not isinstance(name, str):
            raise ArgumentError(f"a marginal has the name {short_repr(name)}")
        family = cls(name, tuple(shapes))
        family.distribution()
        return family

    def distribution(self) -> Any:
        """The frozen distribution of scipy; an `ArgumentError` if there is none of these shape parameters."""
        return _frozen(self.name, self.shapes)

    def placed(self, location: float, scale: float) -> Any:
        """The frozen distribution of scipy with a location and a scale."""
        from scipy import stats

        return getattr(stats, self.name)(*self.shapes, loc=location, scale=scale)

    def exact(self, z: Float64Array) -> Float64Array:
        """Quantiles as scipy computes them: ``ppf(Φ(z))``, and ``isf(Φ(-z))`` above 0; z is cut at ±8.2."""
        frozen = self.distribution()
        return _by_halves(z, EXACT_REACH, frozen.ppf, frozen.isf)

    def quantile(self) -> Callable[[Float64Array], Float64Array] | None:
        """Quantiles at normal numbers of any size, for tables; None where they take too long.

        Where scipy has no formula of its own, its distribution function is inverted to the last bit.
        """
        from scipy.stats import rv_continuous

        frozen = self.distribution()
        own = {name for name in ("_ppf", "_isf", "_cdf", "_sf") if _overrides(frozen.dist, rv_continuous, name)}
        if not own & {"_ppf", "_cdf"}:
            return None
        own -= {"_ppf", "_isf"} if self.name in INACCURATE else set()
        support = frozen.support()
        ppf = frozen.ppf if "_ppf" in own else lambda p: _inverted(frozen.cdf, p, support, rising=True)
        isf = frozen.isf if "_isf" in own else lambda p: _inverted(frozen.sf, p, support, rising=False)
        return lambda z: _by_halves(z, np.inf, ppf, isf)


def _by_halves(z: Float64Array, reach: float, ppf: Any, isf: Any) -> Float64Array:
    """Each half from the smaller probability, which has all its digits."""
    from scipy.special import ndtr

    z = np.clip(z, -reach, reach)
    found, below = np.empty_like(z), z <= 0
    # Some of scipy's warn of overflow by Python's warnings, whose filters all threads share.
    with _warnings_lock, warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        found[below], found[~below] = ppf(ndtr(z[below])), isf(ndtr(-z[~below]))
    return found


def _inverted(function: Any, p: Float64Array, support: tuple[float, float], *, rising: bool) -> Float64Array:
    """Where a monotone function takes some values, by bisection of the numbers of float64 in their order."""
    most = np.finfo(np.float64).max
    ends = np.clip(np.array(support, np.float64), -most, most)
    low, high = (np.full(p.shape, end, np.int64) for end in _ordered(ends))
    for _ in range(64):
        middle = (low >> 1) + (high >> 1) + (low & high & 1)
        beyond = (function(_unordered(middle)) >= p) == rising
        low, high = np.where(beyond, low, middle), np.where(beyond, middle, high)
    return _unordered(high)


def _ordered(numbers: Float64Array) -> Any:
    """Integers in the order of numbers of float64."""
    bits = (np.asarray(numbers, np.float64) + 0.0).view(np.int64)
    return np.where(bits < 0, np.int64(-(2**63)) - bits, bits)


def _unordered(integers: Any) -> Float64Array:
    return np.ascontiguousarray(np.where(integers < 0, np.int64(-(2**63)) - integers, integers)).view(np.float64)


def _overrides(dist: Any, base: type, name: str) -> bool:
    return getattr(type(dist), name) is not getattr(base, name)


@cache
def _frozen(name: object, shapes: tuple[float, ...]) -> Any:
    from scipy import stats

    dist: Any = getattr(stats, name, None) if isinstance(name, str) and name in MARGINAL_NAMES else None
    if not _is_continuous(dist):
        raise ArgumentError(f"no marginal is called {short_repr(name)}: give a continuous distribution of scipy.stats")
    # A list of parameters that is too long for scipy raises TypeError.
    if len(shapes) != dist.numargs or not np.all(dist._argcheck(*shapes)):
        raise ArgumentError(f"there is no {name} distribution with the shape parameters {list(shapes)}")
    return dist(*shapes)


def _dist_of(given: Any) -> Any:
    return getattr(given, "dist", None)


def _is_scipys(dist: Any) -> bool:
    from scipy import stats

    # A class of one's own may have any name.
    return dist.name in MARGINAL_NAMES and type(dist) is type(getattr(stats, dist.name, None))


def _is_discrete(dist: Any) -> bool:
    from scipy import stats

    return isinstance(dist, stats.rv_discrete)


def _is_continuous(dist: Any) -> bool:
    from scipy import stats

    return isinstance(dist, stats.rv_continuous)


def marginal_law(place: str, given: Any) -> tuple[Family, float, float]:
    """Standard form, location and scale of a frozen distribution of scipy.stats; `place` is what errors call it."""
    dist = _dist_of(given)
    if _is_discrete(dist):
        raise ArgumentError(
            f"`{place}` is the discrete distribution {dist.name!r}, and marginals must be continuous: draw uniform "
            "ones, and take its `ppf` of them"
        )
    if not _is_continuous(dist):
        raise ArgumentTypeError(
            f"`{place}` must be a frozen distribution of scipy.stats, as scipy.stats.lognorm(0.5), not "
            + short_repr(given)
        )
    if not _is_scipys(dist):
        raise ArgumentError(f"`{place}` must be one of scipy's own continuous distributions: {dist.name!r} is none")
    try:
        shapes, loc, scale = dist._parse_args(*given.args, **given.kwds)
        numbers = [float(each) for each in (*shapes, loc, scale)]
    except (TypeError, ValueError) as error:
        raise ArgumentTypeError(f"`{place}` must have numbers as parameters: {error}") from error
    *plain, loc, scale = numbers
    if not np.isfinite(numbers).all() or not scale > 0 or not np.all(dist._argcheck(*plain)):
        raise ArgumentError(f"`{place}` has parameters that no {dist.name} distribution has: {numbers}")
    return Family(str(dist.name), tuple(plain)), loc + 0.0, scale
