"""A verdict: what a family of tests says together.

Input: p-values of the family. Output: whether the smallest, corrected for their number, is below the error rate.
"""

from dataclasses import dataclass

import numpy as np

from mvn_dask._typing import Float64Array


@dataclass(frozen=True)
class Verdict:
    """What a family of tests says."""

    family: str
    """Which family."""
    title: str
    """What it looks at, for people."""
    ok: bool
    """Whether no fault was found."""
    tests: int
    """Statistical tests in it; 0 where a sound sample cannot fail, or nothing was tested."""
    p_value: float | None
    """At most that share of sound samples has an equally extreme test; None where nothing was tested."""
    text: str
    """The most extreme test, or why there is none."""

    @property
    def grade(self) -> str:
        """One of "ok", "NOT ok" and "not tested"."""
        if not self.ok:
            return "NOT ok"
        return "not tested" if self.p_value is None else "ok"

    def __str__(self) -> str:
        return f"{self.title}: {self.grade}; {self.text}"


def bonferroni(family: str, title: str, p_values: Float64Array, error_rate: float, text: str) -> Verdict:
    """The verdict of tests with these p-values, of which NaN is none; the error rate is that of the family.

    Notes
    -----
    The p-value of the family is its smallest, times the number of tests: it holds whatever depends on what.
    """
    tests = int(np.count_nonzero(np.isfinite(p_values)))
    p_value = min(1.0, tests * float(np.nanmin(p_values)))
    return Verdict(family, title, ok=p_value >= error_rate, tests=tests, p_value=p_value, text=text)


def exact(family: str, title: str, *, ok: bool, text: str) -> Verdict:
    """The verdict of a check that every sound sample passes."""
    return Verdict(family, title, ok=ok, tests=0, p_value=1.0 if ok else 0.0, text=text)


def not_tested(family: str, title: str, why: str) -> Verdict:
    """The verdict where there is nothing to test."""
    return Verdict(family, title, ok=True, tests=0, p_value=None, text=why)


def smallest(p_values: Float64Array) -> tuple[int, ...] | None:
    """Index of the smallest p-value, if there is any.

    Examples
    --------
    >>> smallest(np.array([np.nan, 0.3, 0.2])), smallest(np.array([np.nan]))
    ((2,), None)
    """
    if not np.isfinite(p_values).any():
        return None
    return tuple(int(axis) for axis in np.unravel_index(int(np.nanargmin(p_values)), p_values.shape))
