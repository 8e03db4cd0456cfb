"""A verdict: what a family of tests says of the numbers of a store.

Input: the most extreme test of a family. Output: a frozen value with a grade. Cost: none.
"""

from dataclasses import dataclass

ERROR_RATE = 0.001
"""Share of sound samples that are called faulty, at most."""
QUESTIONS_OF_FAMILIES = {
    "means": "Whether the mean of each variable is the one that was asked for, as far as so many rows can tell.",
    "variances": "Whether each variable spreads around its mean as widely as was asked for.",
    "covariances": "Whether each pair of variables is correlated as was asked for.",
    "marginals": "Whether each variable by itself follows its law, out to the tails.",
    "distances": "Whether whole rows lie as far from the mean as their joint law says, which no single pair shows.",
    "drift": "Whether means and variances are the same all along the rows.",
    "repeated_rows": "Whether rows come again in the same order, as after a copy in the wrong place.",
    "numbers": "Whether every number is there, and finite.",
    "chunks": "Whether the store holds the same numbers twice, as after a copy in the wrong place.",
    "factor": "Whether the matrix that rows are made with has the variances that were asked for.",
    "means_along": "Whether the mean of each column is the same all along the rows.",
    "variances_along": "Whether each column spreads as widely all along the rows.",
    "shares_along": "Whether large, small and missing numbers are as frequent all along the rows.",
}
"""What a family of tests asks, in one sentence each."""


@dataclass(frozen=True)
class Verdict:
    """What a family of tests says.

    See Also
    --------
    mvn_dask.Report : Has one for each family.

    Examples
    --------
    >>> import mvn_dask
    >>> mvn_dask.to_zarr(mvn_dask.MultivariateNormal([0.0, 1.0], 2.0).sample(1000, seed=1), "memory://verdict-shown")
    >>> found = mvn_dask.report("memory://verdict-shown").verdicts[0]
    >>> found.family, found.grade, found.tests
    ('means', 'ok', 2)
    >>> found.meaning
    'Whether the mean of each variable is the one that was asked for, as far as so many rows can tell.'
    """

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
    variables: tuple[int, ...] = ()
    """Numbers of the variables, or columns, that the text names."""

    @property
    def meaning(self) -> str:
        """What the family asks, in one sentence."""
        return QUESTIONS_OF_FAMILIES[self.family]

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
