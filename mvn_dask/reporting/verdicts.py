"""All verdicts on a store, and their error rate: how often a sound sample would be called faulty.

Input: estimates. Output: eight verdicts. `ERROR_RATE` is that of all together. Each family of tests has an equal part
of it, and each test an equal part of its family's. Checks that no sound sample fails take no part.
"""

from mvn_dask.reporting.estimates import Estimates
from mvn_dask.reporting.moment_tests import covariances, drift, means, variances
from mvn_dask.reporting.number_format import plural
from mvn_dask.reporting.shape_tests import distances, marginals
from mvn_dask.reporting.verdict import Verdict, exact
from mvn_dask.store.format.layout import chunk_count, chunk_index

ERROR_RATE = 0.001
"""Share of sound samples that are called faulty, at most."""
FAMILIES = (means, variances, covariances, marginals, distances, drift)
"""Families of tests that share the error rate."""
NAMED_REPEATS = 3
"""Pairs of equal chunks that are named."""


def verdicts_on(estimates: Estimates, error_rate: float = ERROR_RATE) -> tuple[Verdict, ...]:
    """All verdicts."""
    own = error_rate / len(FAMILIES)
    return (*(family(estimates, own) for family in FAMILIES), _numbers(estimates), _chunks(estimates))


def _numbers(estimates: Estimates) -> Verdict:
    """Whether all are numbers, and those without variance their mean."""
    nonfinite, off_constant = estimates.measured.nonfinite, estimates.measured.off_constant
    faults = [f"{plural(nonfinite, 'number')} infinite or NaN"] if nonfinite else []
    faults += [f"{plural(off_constant, 'number')} of variables without variance not at the mean"] * bool(off_constant)
    text = " and ".join(faults) or "every one is finite, and those of variables without variance are their mean"
    return exact("numbers", "Numbers", ok=not faults, text=text)


def _chunks(estimates: Estimates) -> Verdict:
    """Whether chunks begin with the same numbers."""
    manifest, (distinct, repeated) = estimates.selection.manifest, estimates.measured.chunks
    chunks = chunk_count(manifest)
    text = f"no two of {plural(distinct, 'chunk')} are equal" if chunks > 1 else "there are no two"
    if chunks > 1 and distinct < chunks:
        text += f"; of {chunks:,}, the others were not compared, or hold too few different numbers"
    if repeated:
        pairs = [
            f"{chunk_index(manifest, first)} and {chunk_index(manifest, last)}"
            for _, first, last in repeated[:NAMED_REPEATS]
        ]
        more = sum(count - 1 for count, _, _ in repeated)
        text = f"those that repeat others: {more:,} of {chunks:,}, such as {', '.join(pairs)}"
    return exact("chunks", "Chunks", ok=not repeated, text=text)
