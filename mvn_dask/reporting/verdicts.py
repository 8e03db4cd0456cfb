"""All verdicts of a page, and its error rate: how often a sound sample would be called faulty.

`ERROR_RATE` is that of the whole page. Each family of tests has an equal part of it, and each test an equal part of
its family's. What is left to no chance, such as numbers that are none, takes no part.
"""

from mvn_dask.reporting.findings import Findings
from mvn_dask.reporting.moments import correlations, drift, means, spreads
from mvn_dask.reporting.shapes import distances, margins
from mvn_dask.reporting.verdict import Verdict
from mvn_dask.reporting.words import count
from mvn_dask.store.layout import chunk_count, chunk_index

ERROR_RATE = 0.001
"""Share of sound samples that are called faulty, at most."""
FAMILIES = (means, spreads, correlations, margins, distances, drift)
"""Families of tests that share the error rate."""
_NAMED = 3
"""Pairs of equal chunks that are named."""


def judge(findings: Findings, error_rate: float = ERROR_RATE) -> tuple[Verdict, ...]:
    """All verdicts on what was found."""
    limit = error_rate / len(FAMILIES)
    return (*(family(findings, limit) for family in FAMILIES), _numbers(findings), _chunks(findings))


def _numbers(findings: Findings) -> Verdict:
    """Whether all are numbers, and those without variance their mean."""
    infinite, astray = findings.summary.broken.tolist()
    faults = [f"{count(infinite, 'number')} infinite or NaN"] if infinite else []
    faults += [f"{count(astray, 'number')} of variables without variance not at the mean"] if astray else []
    words = " and ".join(faults) or "every one is finite, and those of variables without variance are their mean"
    return Verdict("numbers", "Numbers", ok=not faults, tests=0, chance=0.0 if faults else 1.0, words=words)


def _chunks(findings: Findings) -> Verdict:
    """Whether chunks begin with the same numbers."""
    record, prints = findings.selection.record, findings.summary.prints
    repeated = prints.repeated
    named = [f"{chunk_index(record, first)} and {chunk_index(record, last)}" for _, first, last in repeated[:_NAMED]]
    chunks = chunk_count(record)
    words = f"no two of {count(len(prints.seen), 'chunk')} are equal" if chunks > 1 else "there are no two"
    if chunks > 1 and len(prints.seen) < chunks:
        words += f"; of {chunks:,}, the others were not compared, or hold too few different numbers"
    if repeated:
        more = sum(times - 1 for times, _, _ in repeated)
        words = f"those that repeat others: {more:,} of {chunks:,}, such as {', '.join(named)}"
    return Verdict("chunks", "Chunks", ok=not repeated, tests=0, chance=0.0 if repeated else 1.0, words=words)
