"""A draw with a covariance, beside other ways to the same rows.

Input: a covariance, and actions of others that make as many rows. Output: a line of the table, milliseconds a row, as
time of one thread on a processor, normals included, into memory that the task keeps. Cost: a few draws of each.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from benchmarks.timing import Row, best_in_turn
from mvn_dask.covariance.base import Covariance
from mvn_dask.random.streams import as_root
from mvn_dask.sampling import kernel
from mvn_dask.sampling.plan import Plan

Draw = Callable[[], object]


def drawer(cov: Covariance, n: int) -> Draw:
    """What draws n rows, as a task does."""
    factor = cov.factorize()
    plan, mean = Plan((n,), cov.ndim, factor.noise_ndim, "float64", as_root(1), (n,)), np.zeros(cov.ndim)
    return lambda: kernel.draw_rows(factor, mean, plan, 0, n)


@dataclass(frozen=True)
class Beside:
    """Times of a row of ours and of others, in seconds."""

    ours: float
    """Seconds a row."""
    others: dict[str, float]
    """Seconds a row of each other way."""

    def row(self, what: str, target: str = "", *more: str) -> Row:
        """A line with how many times as long as ours each other one takes, and what else there is to say."""
        relative = [f"{name} {seconds / self.ours:.2f}×" for name, seconds in self.others.items()]
        return Row(what, 1e3 * self.ours, "ms a row", ", ".join([*relative, *filter(None, more)]), target)


def measured(ours: Draw, others: Mapping[str, Draw], n: int, rounds: int) -> Beside:
    """Best of several rounds in turn, of n rows each, after one that compiles and warms up."""
    for action in (ours, *others.values()):
        action()
    best = best_in_turn({"ours": ours, **others}, rounds, time.process_time)
    return Beside(best["ours"] / n, {name: best[name] / n for name in others})
