"""Sobol' points against numpy's normals and the other ways to them: time a number, and by how much less means err.

One thread, in turn, by the time of the thread, so that what other processes take of its core does not count.
"""

import time
from collections.abc import Callable

import numpy as np
from scipy import special
from scipy.stats import qmc

import mvn_dask
from benchmarks.timing import Row, at_least, at_most, best_in_turn
from mvn_dask.compiled.point_normals import PointNormals
from mvn_dask.random.inverse_normal import normal_quantiles
from mvn_dask.random.sobol import BITS, centered_points, scrambled_directions
from mvn_dask.random.streams import Root

DIMENSIONS = (2, 10, 30, 1000)
REPLICATES = 16

VOLATILITY = 0.3
Estimator = Callable[[np.ndarray], float]


def _basket(x: np.ndarray) -> np.ndarray:
    """The mean of ten lognormal prices of mean 1."""
    return np.asarray(np.exp(VOLATILITY * x - VOLATILITY**2 / 2).mean(axis=1))


def _shortfall(x: np.ndarray) -> float:
    losses = np.sort(-_basket(x))
    return float(losses[-(len(losses) // 100) :].mean())


ESTIMATORS: dict[str, tuple[Estimator, float | None]] = {
    "exp of a sum": (lambda x: float(np.exp(x.sum(axis=1) / 10).mean()), 100.0),
    "product of cosines": (lambda x: float(np.cos(x / 2).prod(axis=1).mean()), 30.0),
    "call on a basket": (lambda x: float(np.maximum(_basket(x) - 1, 0).mean()), None),
    "probability that a basket exceeds 1.2": (lambda x: float((_basket(x) > 1.2).mean()), None),
    "shortfall 99 % of a basket": (_shortfall, None),
    "value at risk 99.9 % of a basket": (
        lambda x: float(np.quantile(-_basket(x), 0.999, method="inverted_cdf")), None,
    ),
}  # fmt: skip
"""Estimates from rows of ten independent standard normals, and by how many times less these should err."""


def measure(small: bool) -> list[Row]:
    rows = [_time(d, 2**14 if small else 2**19, 3 if small else 15) for d in ((2, 30) if small else DIMENSIONS)]
    return rows + _gains(2**10 if small else 2**20, 2 if small else REPLICATES, small)


def _time(d: int, numbers: int, rounds: int) -> Row:
    """Points and their quantiles, as a sample takes them, against numpy's SFC64."""
    rows = 1 << (numbers // d).bit_length() - 1
    out = np.empty((rows, d))
    directions, shift = scrambled_directions(d, Root(1), 0)
    compiled, generator = PointNormals(directions, shift), np.random.Generator(np.random.SFC64(1))
    theirs = qmc.Sobol(d, scramble=True, bits=BITS)
    actions: dict[str, Callable[[], object]] = {
        "ours": lambda: compiled.draw(0, out),
        "numpy": lambda: generator.standard_normal(out=out),
        "without numba": lambda: normal_quantiles(centered_points(directions, shift, 0, rows)),
        "scipy": lambda: special.ndtri(theirs.reset().random(rows)),
    }
    compiled.draw(0, out)
    best = {name: 1e9 * seconds / out.size for name, seconds in best_in_turn(actions, rounds, time.thread_time).items()}
    ratio = best["ours"] / best["numpy"]
    others = ", ".join(f"{name} {best[name]:.1f} ns" for name in ("numpy", "without numba", "scipy"))
    against = f"{ratio:.2f}× numpy's standard_normal; {others}"
    return Row(f"Sobol' normals, d = {d}", best["ours"], "ns a number", against, at_most(0.65, ratio, "× numpy"))


def _gains(rows: int, replicates: int, small: bool) -> list[Row]:
    """Standard deviations of estimates over replicates: of independent rows, divided by those of scrambles."""
    normal = mvn_dask.MultivariateNormal(np.zeros(10), np.ones(10))
    found: dict[tuple[str, str], list[float]] = {}
    for replicate in range(replicates):
        for kind, sample in (
            ("streams", normal.sample(rows, seed=replicate)),
            ("points", normal.sample(rows, seed=1, points="sobol", replicate=replicate)),
        ):
            x = sample.compute(scheduler="synchronous")
            for name, (estimator, _) in ESTIMATORS.items():
                found.setdefault((name, kind), []).append(estimator(x))
    table = []
    for name, (_, goal) in ESTIMATORS.items():
        streams, points = (float(np.std(found[name, kind], ddof=1)) for kind in ("streams", "points"))
        target = "" if small or goal is None else at_least(goal, streams / points, "times")
        against = (
            f"independent rows err by {streams:.1e}, Sobol' points by {points:.1e}; 2**{rows.bit_length() - 1} rows"
        )
        table.append(Row(f"Sobol' error, {name}, d = 10", streams / points, "times less", against, target))
    return table
