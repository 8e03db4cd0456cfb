"""A verdict: what a family of tests says of the numbers of a store.

Input: the most extreme test of a family. Output: a frozen value with a grade. Cost: none.
"""

from dataclasses import dataclass

ERROR_RATE = 0.001
"""Share of sound samples that are called faulty, at most."""


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
    warning: bool = False
    """Whether something is off that is no fault of this sample."""

    @property
    def grade(self) -> str:
        """One of "ok", "warning", "NOT ok" and "not tested"."""
        if not self.ok:
            return "NOT ok"
        if self.warning:
            return "warning"
        return "not tested" if self.p_value is None else "ok"

    def __str__(self) -> str:
        return f"{self.title}: {self.grade}; {self.text}"
