"""A verdict: what many tests of one kind say together."""

from dataclasses import dataclass

import numpy as np

from mvn_dask.reporting.expectation import Floats


@dataclass(frozen=True)
class Verdict:
    """What a family of tests says."""

    family: str
    """Which family."""
    title: str
    """What it looks at."""
    ok: bool
    """Whether nothing was found."""
    tests: int
    """How many statistical tests there were; 0 where nothing is left to chance, or nothing was tested."""
    chance: float | None
    """At most that share of sound samples has a worst case as bad; None where nothing was tested."""
    words: str
    """The worst case."""

    @property
    def grade(self) -> str:
        """The verdict in a word or two."""
        if not self.ok:
            return "NOT ok"
        return "not tested" if self.chance is None else "ok"

    def __str__(self) -> str:
        return f"{self.title}: {self.grade}; {self.words}"


def conclude(family: str, title: str, chances: Floats, limit: float, words: str) -> Verdict:
    """The verdict of tests with these chances, of which NaN is none; the limit is that of the family.

    Notes
    -----
    The chance of the family is its smallest, times the number of tests (Bonferroni): it holds whatever depends on what.
    """
    tests = int(np.count_nonzero(np.isfinite(chances)))
    chance = min(1.0, tests * float(np.nanmin(chances)))
    return Verdict(family, title, ok=chance >= limit, tests=tests, chance=chance, words=words)


def untested(family: str, title: str, why: str) -> Verdict:
    """The verdict where there is nothing to test."""
    return Verdict(family, title, ok=True, tests=0, chance=None, words=why)


def least(chances: Floats) -> tuple[int, ...] | None:
    """Where the smallest chance is, if there is any.

    Examples
    --------
    >>> least(np.array([np.nan, 0.3, 0.2])), least(np.array([np.nan]))
    ((2,), None)
    """
    if not np.isfinite(chances).any():
        return None
    return tuple(int(step) for step in np.unravel_index(int(np.nanargmin(chances)), chances.shape))
