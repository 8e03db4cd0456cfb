"""How often nominal 95 % intervals hold the true value, by repetition.

Input: laws, statistics, numbers of rows. Output: shares of repetitions. Cost: some minutes of one core. What takes an
estimate twice over the rows is given all of them twice, as `mvn_dask.estimate` does.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import stats

from benchmarks.timing import Row
from mvn_dask.statistics import ExpectedShortfall, Mean, Moments, Probability, ValueAtRisk
from mvn_dask.statistics.base import NextPass, Rows, Scope
from mvn_dask.statistics.results import Estimate

REPETITIONS = 2000
LEVEL = 0.99


@dataclass(frozen=True)
class Law:
    """Independent numbers, and what is true of them."""

    draw: Callable[[np.random.Generator, int], Rows]
    mean: float
    variance: float
    quantile: float
    shortfall: float


def _shortfall_of(law: Any) -> float:
    return float(law.expect(lambda x: x, lb=law.ppf(LEVEL), conditional=True))


LAWS = {
    "normal": Law(lambda rng, n: rng.standard_normal((n, 1)), 0.0, 1.0, stats.norm.ppf(LEVEL),
                  float(stats.norm.pdf(stats.norm.ppf(LEVEL)) / (1 - LEVEL))),
    "lognormal": Law(lambda rng, n: np.exp(rng.standard_normal((n, 1))), float(np.exp(0.5)),
                     float((np.exp(1) - 1) * np.exp(1)),
                     stats.lognorm.ppf(LEVEL, 1.0),
                     float(np.exp(0.5) * stats.norm.cdf(1.0 - stats.norm.ppf(LEVEL)) / (1 - LEVEL))),
    "t, 5 degrees": Law(lambda rng, n: rng.standard_t(5, (n, 1)), 0.0, 5 / 3, stats.t.ppf(LEVEL, 5),
                        _shortfall_of(stats.t(5))),
}  # fmt: skip


def finished(statistic: Any, rows: Rows) -> Any:
    """The result of a statistic of some rows."""
    asked = statistic.prepared(Scope(len(rows), rows.shape[1], rows.dtype))
    while True:
        found = asked.finalize(asked.leaf(rows[: asked.first_rows(len(rows))], 0))
        if not isinstance(found, NextPass):
            return found
        asked = found.statistic


CASES: dict[str, tuple[Any, Callable[[Any], Estimate], str, tuple[int, ...]]] = {
    "mean": (Mean(), lambda found: found, "mean", (1_000, 10_000)),
    "variance": (Moments(), lambda found: found.variance, "variance", (1_000, 10_000)),
    "value at risk 99 %": (ValueAtRisk(LEVEL), lambda found: found, "quantile", (1_000, 10_000, 50_000)),
    "expected shortfall 99 %": (ExpectedShortfall(LEVEL), lambda found: found, "shortfall", (10_000, 50_000)),
    "probability": (Probability(lambda x: x > 1.0), lambda found: found, "", (1_000, 10_000)),
}
"""A statistic, its estimate, what is true of it, and rows."""


def coverage(law: Law, case: str, rows: int, repetitions: int, seed: int = 1) -> float:
    """Share of the repetitions whose interval holds the true value."""
    statistic, pick, field, _ = CASES[case]
    rng, held = np.random.default_rng(seed), 0
    if field:
        truth = getattr(law, field)
    else:
        truth = {"normal": stats.norm.sf(1.0), "lognormal": 0.5, "t, 5 degrees": stats.t.sf(1.0, 5)}[
            next(name for name, each in LAWS.items() if each is law)
        ]
    for _ in range(repetitions):
        interval = pick(finished(statistic, law.draw(rng, rows))).confidence_interval
        held += bool(np.all(interval.low <= truth) and np.all(truth <= interval.high))
    return held / repetitions


def measure(small: bool) -> list[Row]:
    """A row of the table for each law, statistic and number of rows."""
    found = []
    for case, (*_, counts) in CASES.items():
        for rows in counts[:1] if small else counts:
            for name, law in LAWS.items():
                share = coverage(law, case, rows, 20 if small else REPETITIONS)
                found.append(Row(f"coverage, {case}, {name}, {rows} rows", 100 * share, "%"))
    return found
